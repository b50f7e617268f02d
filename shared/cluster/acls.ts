import { parseIpv4 } from "./ipv4.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import type { Acl, AclOperation, AclResourceType } from "./security.ts";

interface ResourceKind {
  readonly type: AclResourceType;
  /** What it may be called, beside `*`; absent: there is one, by that name. */
  readonly name: RegExp | string;
  readonly example: string;
  /** What can be done with it, in Kafka's own order (`AclEntry.supportedOperations`). */
  readonly operations: readonly AclOperation[];
}

/** By the key that names one in a definition. */
const RESOURCES = {
  topic: {
    type: "topic",
    name: /^[A-Za-z0-9._-]{1,249}$/,
    example: "orders",
    operations: ["all", "read", "write", "create", "delete", "alter", "describe", "describe-configs", "alter-configs"],
  },
  group: {
    type: "group",
    // Kafka takes any text; these are the characters that part nothing in its tools' output.
    name: /^[A-Za-z0-9._:@/+~-]{1,255}$/,
    example: "orders-billing",
    operations: ["all", "read", "delete", "describe"],
  },
  cluster: {
    type: "cluster",
    name: "kafka-cluster",
    example: "true",
    operations: [
      "all",
      "create",
      "alter",
      "describe",
      "cluster-action",
      "describe-configs",
      "alter-configs",
      "idempotent-write",
    ],
  },
  transactionalId: {
    type: "transactional-id",
    name: /^[A-Za-z0-9._:@/+~-]{1,255}$/,
    example: "orders-1",
    operations: ["all", "write", "describe"],
  },
} as const satisfies Readonly<Record<string, ResourceKind>>;

type ResourceKey = keyof typeof RESOURCES;
const RESOURCE_KEYS = Object.keys(RESOURCES) as readonly ResourceKey[];

const KEYS = [...RESOURCE_KEYS, "pattern", "allow", "deny", "host"] as const;

/** One ACL; undefined where something of it could not be read. */
export function readAcl(reader: Reader, problems: Problems, path: Path, value: unknown): Acl | undefined {
  const mapping = reader.mapping(path, value, KEYS);
  if (mapping === undefined) return undefined;
  const key = oneKey(problems, path, mapping, RESOURCE_KEYS, "what the ACL is about");
  const permission = oneKey(problems, path, mapping, ["allow", "deny"] as const, "what may or may not be done");
  const host = absent(mapping.host) ? "*" : readHost(reader, problems, [...path, "host"], mapping.host);
  const pattern = absent(mapping.pattern)
    ? "literal"
    : reader.oneOf([...path, "pattern"], mapping.pattern, ["literal", "prefixed"], "a way to match names");
  if (key === undefined) return undefined;
  const kind: ResourceKind = RESOURCES[key];
  const name = readName(reader, problems, [...path, key], mapping[key], kind);
  const operations =
    permission === undefined
      ? undefined
      : readOperations(reader, problems, [...path, permission], mapping[permission], kind);
  if (pattern === "prefixed" && (name === "*" || typeof kind.name === "string")) {
    const problem = name === "*" ? "* is all there are already" : "there is only one cluster";
    problems.add([...path, "pattern"], pattern, problem, "Leave it out, or give a name that others begin with");
    return undefined;
  }
  if (
    permission === undefined ||
    host === undefined ||
    pattern === undefined ||
    name === undefined ||
    operations === undefined
  ) {
    return undefined;
  }
  return { permission, resource: kind.type, name, pattern, operations, host };
}

/** As users write it; `readAcl` makes it again from that. */
export function aclJson({ permission, resource, name, pattern, operations, host }: Acl): unknown {
  const key = RESOURCE_KEYS.find((candidate) => RESOURCES[candidate].type === resource) ?? "topic";
  const named = typeof RESOURCES[key].name === "string" ? true : name;
  return { [key]: named, pattern, [permission]: operations, host };
}

/** The one of these keys that is given. */
function oneKey<Key extends string>(
  problems: Problems,
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  keys: readonly Key[],
  what: string,
): Key | undefined {
  const [given, second] = keys.filter((key) => !absent(mapping[key]));
  if (given === undefined) problems.add(path, undefined, `${what} is missing`, `Give one of ${keys.join(", ")}`);
  if (second !== undefined) {
    problems.add([...path, second], mapping[second], `${given} is given too`, "Make it two ACLs");
    return undefined;
  }
  return given;
}

function readName(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
  { type, name, example }: ResourceKind,
): string | undefined {
  if (typeof name === "string") {
    if (value === true) return name;
    problems.add(path, value, "the cluster has no name here", "Write cluster: true");
    return undefined;
  }
  if (value === "*") return value;
  return reader.text(path, value, name, `a ${type}'s name, or *`, example);
}

/** Distinct, in Kafka's order. */
function readOperations(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
  { type, operations }: ResourceKind,
): readonly AclOperation[] | undefined {
  const given = reader.distinct(path, value, (at, operation) =>
    reader.oneOf(at, operation, operations, `an operation on a ${type}`),
  );
  if (given?.length === 0) {
    problems.add(path, value, "there is no operation", `Give at least one of ${operations.join(", ")}`);
    return undefined;
  }
  return given === undefined ? undefined : operations.filter((operation) => given.includes(operation));
}

function readHost(reader: Reader, problems: Problems, path: Path, value: unknown): string | undefined {
  const host = reader.text(path, value, /^/, "an IPv4 address, or *", "10.0.1.10");
  if (host === undefined || host === "*" || parseIpv4(host) !== undefined) return host;
  problems.add(path, host, "this is no IPv4 address, which is all that ACLs know of a host", "Give one, or *");
  return undefined;
}
