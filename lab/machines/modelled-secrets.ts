/** Secrets as the node script fetches them, and what a node then logs in with. */
import * as v from "valibot";
import type { SecretValue } from "../../shared/config/payload.ts";
import type { AwsCall } from "./machine.ts";
import { Failure } from "./modelled-failure.ts";
import type { Credential, Login } from "./modelled-process.ts";

const Fetched = v.object({ SecretString: v.string(), VersionId: v.string() });
const Content = v.record(v.string(), v.unknown());

/** That string of the secret's JSON. Throws Failure, with what the machine's role was told. */
export async function readSecret({ secret, key }: SecretValue, call: AwsCall | undefined): Promise<Credential> {
  if (!call) throw new Failure(`fetching secret ${secret} failed: this machine has no credentials`);
  let fetched: v.InferOutput<typeof Fetched>;
  try {
    fetched = v.parse(Fetched, await call("secretsmanager", "GetSecretValue", { SecretId: secret }));
  } catch (error) {
    throw new Failure(`fetching secret ${secret} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const content: unknown = JSON.parse(fetched.SecretString);
  const password = v.is(Content, content) ? content[key] : undefined;
  if (typeof password !== "string" || password === "") {
    throw new Failure(`secret ${secret} is not a JSON object with a string '${key}'`);
  }
  return { password, version: fetched.VersionId };
}

const LOGIN = /\busername="([^"]+)" password="\$\{secrets:secrets:([^}]+)\}"/;
const ACCEPTED = /\buser_([^=]+)="\$\{secrets:secrets:([^}]+)\}"/g;

/**
 * Who the node is by its settings, and whom it lets in; undefined where nobody is asked.
 *
 * @param files what lies in `secrets/`, by file
 */
export function loginOf(
  settings: Readonly<Record<string, string>>,
  files: ReadonlyMap<string, string>,
): Login | undefined {
  const modules = Object.entries(settings).filter(([name]) => name.endsWith("sasl.jaas.config"));
  const [, user, file] = modules.map(([, value]) => LOGIN.exec(value)).find((found) => found !== null) ?? [];
  if (user === undefined || file === undefined) return undefined;
  const accepted = modules.flatMap(([, value]) => [...value.matchAll(ACCEPTED)]);
  return {
    user,
    password: files.get(file) ?? "",
    accepts: new Map(accepted.map(([, name = "", named = ""]) => [name, files.get(named) ?? ""])),
  };
}
