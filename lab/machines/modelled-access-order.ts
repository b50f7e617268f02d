/** What the node script's `access` brings about on the modelled Kafka: the same order, the same words. */
import { unpack } from "../../shared/config/payload.ts";
import type { AccessAnswer } from "../../shared/lifecycle/sights.ts";
import type { Access } from "./modelled-access.ts";
import { Failure } from "./modelled-failure.ts";
import type { Credential } from "./modelled-process.ts";

interface User {
  readonly name: string;
  readonly secret: string;
  readonly key: string;
  /** The version its password was last set from; `-`: none that is known. */
  readonly applied: string;
}

export interface AccessOrder {
  readonly digest: string;
  readonly users: readonly User[];
  readonly kept: ReadonlySet<string>;
  /** Undefined: there are none to look at. */
  readonly acls: readonly string[] | undefined;
}

/** Throws Failure where it is not whole. */
export function readOrder(encoded: string): AccessOrder {
  if (encoded === "") throw new Failure("access needs a payload, and there is none");
  const rows = unpack(encoded).map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)] as const);
  const all = (key: string): string[] => rows.filter(([found]) => found === key).map(([, value]) => value);
  const one = (key: string): string => {
    const [value] = all(key);
    if (value === undefined) throw new Failure(`the payload has no ${key} line`);
    return value;
  };
  if (one("action") !== "access") throw new Failure(`the payload is for ${one("action")}, not for access`);
  one("region");
  one("user");
  return {
    digest: one("digest"),
    users: all("user").map((line) => {
      const [name = "", secret = "", key = "", applied = ""] = line.split(" ");
      return { name, secret, key, applied };
    }),
    kept: new Set(all("keep")),
    acls: one("acls") === "kept" ? all("acl") : undefined,
  };
}

/** Whatever opens a door comes before what closes one. `passwords`: by user. */
export function carryOut(
  { users, kept, acls }: AccessOrder,
  passwords: ReadonlyMap<string, Credential>,
  access: Access,
): AccessAnswer {
  const before = new Map(access.users);
  const put = ({ name, applied }: User): string[] => {
    const wanted = passwords.get(name);
    const found = before.get(name);
    if (!wanted) return [];
    if (found?.version === wanted.version && (applied === "-" || applied === wanted.version)) return [];
    access.setUser(name, wanted);
    return [`user ${name}`];
  };
  const created = users.filter(({ name }) => !before.has(name)).flatMap(put);
  const missing = (acls ?? []).filter((line) => !access.acls.has(line));
  for (const line of missing) access.addAcl(line);
  const changed = users.filter(({ name }) => before.has(name)).flatMap(put);
  const declared = new Set(acls);
  const extra = acls
    ? [...access.acls].filter(
        (line) => !declared.has(line) && !kept.has(line.split(" ", 1)[0]?.slice("User:".length) ?? ""),
      )
    : [];
  for (const line of extra) access.removeAcl(line);
  const strangers = [...before.keys()].filter((name) => !kept.has(name) && !users.some((user) => user.name === name));
  for (const name of strangers) access.removeUser(name);
  return {
    created: [...created, ...inWords(missing)],
    changed,
    removed: [...inWords(extra), ...strangers.map((name) => `user ${name}`)],
    versions: Object.fromEntries([...passwords].map(([name, { version }]) => [name, version])),
  };
}

/** One for each principal and resource, e.g. `allow User:app describe,read on topic orders`. */
function inWords(lines: readonly string[]): string[] {
  const operations = new Map<string, string[]>();
  for (const line of [...lines].sort()) {
    const [principal = "", host = "", permission = "", operation = "", type = "", pattern = "", name = ""] =
      line.split(" ");
    const where = `${name}${pattern === "PREFIXED" ? "*" : ""}${host === "*" ? "" : ` from ${host}`}`;
    const key = `${word(permission)} ${principal}|${word(type)} ${where}`;
    operations.set(key, [...(operations.get(key) ?? []), word(operation)]);
  }
  return [...operations].map(([key, all]) => key.replace("|", ` ${all.join(",")} on `));
}

const word = (text: string): string => text.toLowerCase().replaceAll("_", "-");
