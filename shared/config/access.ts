/**
 * What the node script is handed to bring a cluster's users and ACLs to what is declared, packed like a configuration:
 *
 * ```
 * rollcall 1
 * action access
 * digest <sha256 of the declaration, hex>
 * region <AWS region>
 * keep <user>                                             neither it nor its ACLs are anybody's business here
 * user <name> <secret id> <JSON key> <version|->          must be; its password is that of the secret, last set from that version
 * acls kept|off                                           off: the cluster has no authorizer, so there are none to look at
 * acl User:<name> <host> ALLOW|DENY <operation> <resource type> LITERAL|PREFIXED <resource name>
 * ```
 *
 * ACLs are in the words that Kafka's own tool lists them by, one line for each operation, so that what is and what should be
 * can be compared line by line. Whatever is neither named nor kept is removed.
 */
import { createHash } from "node:crypto";
import type { Definition } from "../cluster/definition.ts";
import { type Acl, adminUser, generationsAfter, OBSERVER, userSecret } from "../cluster/security.ts";
import type { AccessMark } from "../lifecycle/sights.ts";
import { firstUsers, password } from "./credentials.ts";
import { PAYLOAD_VERSION, pack, type ScramUser } from "./payload.ts";

export interface RenderedAccess {
  /** Names the declaration. */
  readonly digest: string;
  /** What the node script takes. */
  readonly payload: string;
}

/**
 * Rollcall looks at topics and brokers, and at ACLs, to know that it may: without the right to see a topic Kafka does not
 * refuse, but shows none.
 */
const OBSERVING: readonly Acl[] = (
  [
    { resource: "cluster", name: "kafka-cluster" },
    { resource: "topic", name: "*" },
  ] as const
).map((what) => ({
  ...what,
  permission: "allow",
  pattern: "literal",
  operations: ["describe", "describe-configs"],
  host: "*",
}));

/**
 * Deterministic; undefined where nobody is asked who he is.
 *
 * @param mark how far users and ACLs were brought last, from which passwords that have not changed since are known
 */
export function renderAccess(definition: Definition, mark?: AccessMark): RenderedAccess | undefined {
  const { security } = definition;
  if (!security) return undefined;
  const users = declaredUsers(definition);
  const keep = [
    ...security.superUsers.filter((name) => !users.some(({ user }) => user === name)),
    ...generationsAfter(security).map(adminUser),
  ];
  const acls = [...aclLines(OBSERVER, OBSERVING), ...security.users.flatMap((user) => aclLines(user.name, user.acls))];
  const rest = [
    ...keep.map((name) => `keep ${name}`),
    `acls ${security.acl ? "kept" : "off"}`,
    // Two declarations may say the same right twice.
    ...(security.acl ? [...new Set(acls)] : []),
  ];
  const userLine = ({ user, secret, key }: ScramUser): string => `user ${user} ${secret} ${key}`;
  const digest = createHash("sha256")
    .update([...users.map(userLine), ...rest].join("\n"))
    .digest("hex");
  const payload = pack([
    PAYLOAD_VERSION,
    "action access",
    `digest ${digest}`,
    `region ${definition.region}`,
    ...users.map((user) => `${userLine(user)} ${mark?.versions[user.user] ?? "-"}`),
    ...rest,
  ]);
  return { digest, payload };
}

/** Rollcall's own, then the definition's. */
function declaredUsers(definition: Definition): ScramUser[] {
  const own = definition.security?.users ?? [];
  return [
    ...firstUsers(definition),
    ...own.map((user) => ({ user: user.name, ...password(userSecret(definition.cluster, user)) })),
  ];
}

/** Kafka's word for each: `describe-configs` is `DESCRIBE_CONFIGS`. */
const word = (text: string): string => text.toUpperCase().replaceAll("-", "_");

function aclLines(user: string, acls: readonly Acl[]): string[] {
  return acls.flatMap(({ permission, resource, name, pattern, operations, host }) =>
    operations.map(
      (operation) =>
        `acl User:${user} ${host} ${word(permission)} ${word(operation)} ${word(resource)} ${word(pattern)} ${name}`,
    ),
  );
}
