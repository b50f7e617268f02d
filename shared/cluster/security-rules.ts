import { aclJson, readAcl } from "./acls.ts";
import type { Mode } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import type { Acl, SecretId, Security, User } from "./security.ts";

/** Kafka takes any; these need no quotes in a JAAS login, a SCRAM message, a secret's name or a principal. */
const USER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const RESERVED_USER = "rollcall-";

/** Secrets Manager's CreateSecret, "Name"; or a whole ARN. */
const SECRET = /^(arn:aws(-[a-z]+)*:secretsmanager:([a-z0-9-]+):\d{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}$/;
/** What the stack makes lies below it. */
const RESERVED_SECRET = "rollcall/";

const HIGHEST_GENERATION = 9999;

export interface SecurityContext {
  readonly reader: Reader;
  readonly problems: Problems;
  readonly region: string | undefined;
  readonly mode: Mode | undefined;
}

/** Who may do what; undefined where something of it could not be read. */
export function readSecurity(context: SecurityContext, path: Path, value: unknown): Security | undefined {
  const { reader, problems, mode } = context;
  const mapping = reader.mapping(path, value, [
    "sasl",
    "acl",
    "superUsers",
    "users",
    "certificate",
    "authority",
    "encrypt",
    "generation",
  ]);
  if (mapping === undefined) return undefined;
  const at = (key: string): Path => [...path, key];
  const sasl = reader.oneOf(at("sasl"), mapping.sasl, ["scram-sha-512"], "a way to log in that Rollcall keeps");
  const acl = absent(mapping.acl) ? true : reader.flag(at("acl"), mapping.acl);
  const superUsers = absent(mapping.superUsers)
    ? []
    : reader.distinct(at("superUsers"), mapping.superUsers, (here, name) => readUserName(context, here, name));
  const users = absent(mapping.users) ? [] : readUsers(context, at("users"), mapping.users);
  const certificate = absent(mapping.certificate)
    ? undefined
    : readSecret(context, at("certificate"), mapping.certificate, "orders/kafka-certificate");
  const authority = absent(mapping.authority)
    ? undefined
    : readSecret(context, at("authority"), mapping.authority, "orders/kafka-authority");
  const encrypt = absent(mapping.encrypt) ? !absent(mapping.certificate) : reader.flag(at("encrypt"), mapping.encrypt);
  const generation = absent(mapping.generation)
    ? 1
    : reader.whole(at("generation"), mapping.generation, 1, HIGHEST_GENERATION, "the credential's generation");
  if (absent(mapping.certificate)) {
    if (mode === "kraft") {
      problems.add(
        at("certificate"),
        undefined,
        "controllers compare passwords, so they need TLS",
        "Name a secret of Secrets Manager that has certificate and key, each as PEM",
      );
    } else if (encrypt === true) {
      problems.add(at("encrypt"), encrypt, "there is no certificate to encrypt with", "Name one by certificate");
    }
  }
  checkAuthority(context, path, mapping, { certificate, authority });
  if (acl === false) checkWithoutAcls(problems, path, superUsers ?? [], users ?? []);
  if (
    sasl === undefined ||
    acl === undefined ||
    superUsers === undefined ||
    users === undefined ||
    (certificate === undefined && !absent(mapping.certificate)) ||
    (authority === undefined && !absent(mapping.authority)) ||
    encrypt === undefined ||
    generation === undefined
  ) {
    return undefined;
  }
  return {
    sasl,
    acl,
    superUsers,
    users,
    ...(certificate === undefined ? {} : { certificate }),
    ...(authority === undefined ? {} : { authority }),
    encrypt,
    generation,
  };
}

/** As users write it; `readSecurity` makes it again from that. */
export function securityJson(security: Security): unknown {
  return {
    ...security,
    users: security.users.map((user) => ({ ...user, acls: user.acls.map(aclJson) })),
  };
}

/** Whoever speaks TLS has to know whom to believe, and most need not read the key for that. */
function checkAuthority(
  { problems }: SecurityContext,
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  { certificate, authority }: Readonly<Record<"certificate" | "authority", SecretId | undefined>>,
): void {
  const at = [...path, "authority"];
  const remedy = 'Name a secret of its own, {"authority": PEM of whoever signed the certificate}';
  if (!absent(mapping.certificate) && absent(mapping.authority)) {
    problems.add(at, undefined, "nobody would know whose certificates to believe", remedy);
  }
  if (absent(mapping.certificate) && !absent(mapping.authority)) {
    problems.add(
      at,
      authority,
      "there is no certificate that it has signed",
      "Name one by certificate, or leave it out",
    );
  }
  if (certificate !== undefined && authority !== undefined && nameOf(certificate) === nameOf(authority)) {
    problems.add(at, authority, "whoever reads whom to believe could read the certificate's key, too", remedy);
  }
}

/** Without an authorizer everybody who can log in may do everything: then rights that are declared would be none. */
function checkWithoutAcls(problems: Problems, path: Path, superUsers: readonly string[], users: readonly User[]): void {
  const complain = (at: Path, value: unknown): void => {
    problems.add(at, value, "without ACLs every user may do everything", "Leave it out, or set acl: true");
  };
  if (superUsers.length > 0) complain([...path, "superUsers"], superUsers);
  for (const [index, user] of users.entries()) {
    if (user.acls.length > 0) complain([...path, "users", index, "acls"], undefined);
  }
}

function readUserName({ reader, problems }: SecurityContext, path: Path, value: unknown): string | undefined {
  const name = reader.text(
    path,
    value,
    USER,
    "a user's name (at most 64 letters, digits, dots, dashes and underscores)",
    "orders-app",
  );
  if (name === undefined || !name.startsWith(RESERVED_USER)) return name;
  problems.add(path, name, `users whose names begin with ${RESERVED_USER} are Rollcall's own`, "Give another name");
  return undefined;
}

function readUsers(context: SecurityContext, path: Path, value: unknown): readonly User[] | undefined {
  const { reader, problems } = context;
  const list = reader.list(path, value);
  if (list === undefined) return undefined;
  const users: User[] = [];
  const names = new Set<string>();
  for (const [index, given] of list.entries()) {
    const at = [...path, index];
    const mapping = reader.mapping(at, given, ["name", "secret", "acls"]);
    if (mapping === undefined) continue;
    const name = readUserName(context, [...at, "name"], mapping.name);
    if (name !== undefined && names.has(name)) {
      problems.add([...at, "name"], name, "this user is given twice", "Give each once, with all of its ACLs");
    }
    if (name !== undefined) names.add(name);
    const secret = absent(mapping.secret)
      ? undefined
      : readSecret(context, [...at, "secret"], mapping.secret, "orders/kafka-user");
    const acls = absent(mapping.acls) ? [] : readAcls(context, [...at, "acls"], mapping.acls);
    if (name === undefined || acls === undefined || (secret === undefined && !absent(mapping.secret))) continue;
    users.push({ name, ...(secret === undefined ? {} : { secret }), acls });
  }
  return users.length === list.length ? users : undefined;
}

function readAcls({ reader, problems }: SecurityContext, path: Path, value: unknown): readonly Acl[] | undefined {
  const list = reader.list(path, value);
  if (list === undefined) return undefined;
  const acls = list.map((given, index) => readAcl(reader, problems, [...path, index], given));
  const read = acls.filter((acl) => acl !== undefined);
  return read.length === list.length ? read : undefined;
}

/** A secret of the cluster's region: the nodes' endpoint is there, and the stack's rights. */
function readSecret(
  { reader, problems, region }: SecurityContext,
  path: Path,
  value: unknown,
  example: string,
): SecretId | undefined {
  const secret = reader.text(path, value, SECRET, "the name or ARN of a secret in Secrets Manager", example);
  if (secret === undefined) return undefined;
  const its = SECRET.exec(secret)?.[3];
  if (its !== undefined && region !== undefined && its !== region) {
    problems.add(path, secret, `this secret is in ${its}`, `Give one in ${region}, where the nodes look`);
    return undefined;
  }
  if (nameOf(secret).startsWith(RESERVED_SECRET)) {
    problems.add(path, secret, `secrets below ${RESERVED_SECRET} are the stack's own`, "Give another, or leave it out");
    return undefined;
  }
  return secret;
}

/** A secret's name, with the characters that its ARN ends with where it is given by that. */
const nameOf = (secret: SecretId): string => secret.slice(secret.lastIndexOf(":") + 1);
