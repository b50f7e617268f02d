/**
 * The definition as it is packaged with the functions: validated when it is packaged, and so only checked for its form when it is
 * read. The validation and its advice to users would be a tenth of all that a function loads before its first answer.
 */
import * as v from "valibot";
import type {
  Definition,
  Group,
  NodeImage,
  Periods,
  PoolAddress,
  Role,
  Supervisor,
  Volume,
  Zone,
} from "./definition.ts";
import { ROLE_NAMES } from "./role-kinds.ts";
import type { Acl, AclOperation, AclResourceType, Security, User } from "./security.ts";

type Fields<T> = Record<keyof T, v.GenericSchema>;

const text = v.string();
const whole = v.pipe(v.number(), v.safeInteger());
const texts = v.array(text);
const settings = v.record(text, text);
const roleName = v.picklist(ROLE_NAMES);

const zone = v.strictObject({ name: text, subnet: text, cidr: text } satisfies Fields<Zone>);

const volume = v.strictObject({
  size: whole,
  type: v.picklist(["gp3", "io2"]),
  iops: v.exactOptional(whole),
  throughput: v.exactOptional(whole),
} satisfies Fields<Volume>);

const supervisor: v.GenericSchema<Supervisor> = v.variant("kind", [
  v.strictObject({ kind: v.literal("systemd") }),
  v.strictObject({ kind: v.literal("exhibitor"), bucket: text, key: text }),
]);

const role = v.strictObject({
  name: roleName,
  perZone: whole,
  instanceType: text,
  ids: v.array(whole),
  pool: v.exactOptional(
    v.array(v.strictObject({ id: whole, zone: text, address: text } satisfies Fields<PoolAddress>)),
  ),
  groups: v.array(
    v.strictObject({ name: text, zone: text, existing: v.exactOptional(v.literal(true)) } satisfies Fields<Group>),
  ),
  heap: whole,
  volume,
  settings,
  supervisor: v.exactOptional(supervisor),
} satisfies Fields<Role>);

const acl = v.strictObject({
  permission: v.picklist(["allow", "deny"]),
  resource: v.picklist(["topic", "group", "cluster", "transactional-id"] satisfies AclResourceType[]),
  name: text,
  pattern: v.picklist(["literal", "prefixed"]),
  operations: v.array(
    v.picklist([
      "all",
      "read",
      "write",
      "create",
      "delete",
      "alter",
      "describe",
      "cluster-action",
      "describe-configs",
      "alter-configs",
      "idempotent-write",
    ] satisfies AclOperation[]),
  ),
  host: text,
} satisfies Fields<Acl>);

const security = v.strictObject({
  sasl: v.literal("scram-sha-512"),
  acl: v.boolean(),
  superUsers: texts,
  users: v.array(
    v.strictObject({ name: text, secret: v.exactOptional(text), acls: v.array(acl) } satisfies Fields<User>),
  ),
  certificate: v.exactOptional(text),
  authority: v.exactOptional(text),
  encrypt: v.boolean(),
  generation: whole,
} satisfies Fields<Security>);

const definition = v.strictObject({
  cluster: text,
  region: text,
  zones: v.array(zone),
  kafka: v.strictObject({ version: text, mode: v.picklist(["kraft", "zookeeper"]), settings } satisfies Fields<
    Definition["kafka"]
  >),
  roles: v.array(role),
  safety: v.strictObject({ ignoreTopics: texts } satisfies Fields<Definition["safety"]>),
  periods: v.strictObject({
    sweep: whole,
    heartbeat: whole,
    agent: whole,
    identity: whole,
    command: whole,
    register: whole,
    stop: whole,
    grace: whole,
    silentGrace: whole,
    access: whole,
  } satisfies Fields<Periods>),
  security: v.exactOptional(security),
  network: v.strictObject({ vpc: text, clients: texts } satisfies Fields<Definition["network"]>),
  nodes: v.strictObject({
    image: v.exactOptional(text),
    archive: v.exactOptional(v.strictObject({ url: text, sha512: text })),
  } satisfies Fields<NodeImage>),
  loadBalancer: v.boolean(),
  retention: v.strictObject({ logs: whole, events: whole } satisfies Fields<Definition["retention"]>),
  alarms: texts,
} satisfies Fields<Definition>);

/** @throws where the value is no definition, naming the field; `source` names where it comes from */
export function readPackagedDefinition(value: unknown, source: string): Definition {
  const { success, output, issues } = v.safeParse(definition, value);
  if (success) return output;
  const [issue] = issues;
  throw new Error(`${source} is no packaged definition: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
}
