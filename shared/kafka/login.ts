/** Who Rollcall is to a cluster that asks: its observer, whose password and trust lie in Secrets Manager. */
import { OBSERVER, type SecretId } from "../cluster/security.ts";

/** Secrets Manager, as far as it lets one read. */
export interface Secrets {
  /** The secret's present value, JSON. Throws where it cannot be read, without a word of what is in it. */
  read(id: SecretId): Promise<unknown>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  /** PEM of the authority that signed the brokers' certificates; absent: they speak no TLS. */
  readonly authority?: string;
}

export interface LoginSource {
  /** The login, read once and kept. */
  current(): Promise<Login>;
  /** Another than the one that was refused, where there is one by now: read again, unless somebody else has done so since. */
  renewed(refused: Login): Promise<Login>;
}

export interface ObserverSecrets {
  /** `{"password": "…"}` */
  readonly observer: SecretId;
  /** `{"authority": PEM}`; absent: no TLS. */
  readonly authority?: SecretId;
}

/** The observer's login out of those secrets. `current` and `renewed` throw where a secret cannot be read or lacks its key. */
export function observerLogin(secrets: Secrets, secretIds: ObserverSecrets): LoginSource {
  let known: Promise<Login> | undefined;

  async function read(): Promise<Login> {
    const [password, authority] = await Promise.all([
      textIn(secrets, secretIds.observer, "password"),
      secretIds.authority === undefined ? undefined : textIn(secrets, secretIds.authority, "authority"),
    ]);
    return { username: OBSERVER, password, ...(authority === undefined ? {} : { authority }) };
  }

  async function current(): Promise<Login> {
    known ??= read();
    try {
      return await known;
    } catch (error) {
      // Not kept: the secret may be there the next time.
      known = undefined;
      throw error;
    }
  }

  return {
    current,
    async renewed(refused) {
      if ((await current()) === refused) known = undefined;
      const login = await current();
      return login.password === refused.password && login.authority === refused.authority ? refused : login;
    },
  };
}

async function textIn(secrets: Secrets, id: SecretId, key: string): Promise<string> {
  const value = await secrets.read(id);
  const text = typeof value === "object" && value !== null && Object.entries(value).find(([name]) => name === key)?.[1];
  if (typeof text !== "string" || text === "") throw new Error(`secret ${id} has no "${key}"`);
  return text;
}
