import type { Group, PoolAddress, Role, RoleName } from "./definition.ts";
import { parseIpv4 } from "./ipv4.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import { readSettings } from "./settings.ts";
import { checkAddress, type ZonesRead } from "./zones.ts";

/** KRaft's `node.id` is a Java int from 0 on. */
const HIGHEST_ID = 2 ** 31 - 1;
/** A role's roster is one DynamoDB item, of at most 400 KB; its members take some 150 bytes each. */
const MOST_IDS = 2000;

/** MiB; 1 GiB is what Kafka's own start scripts give a broker. */
const DEFAULT_HEAP: Readonly<Record<RoleName, number>> = { controller: 512, broker: 1024 };

const INSTANCE_TYPE = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/;
/** Auto Scaling takes 1 to 255 characters without a colon; of these, the ones that need no quotes anywhere. */
const GROUP_NAME = /^[A-Za-z0-9][\w.-]{0,254}$/;

const KEYS = ["perZone", "instanceType", "heap", "ids", "addresses", "groups", "settings"] as const;

export interface RoleContext {
  readonly reader: Reader;
  readonly problems: Problems;
  readonly cluster: string | undefined;
  readonly zones: ZonesRead;
}

/** One role, checked by itself; undefined where something of it could not be read. */
export function readRole(context: RoleContext, path: Path, name: RoleName, value: unknown): Role | undefined {
  const { reader, problems, zones } = context;
  const mapping = reader.mapping(path, value, KEYS);
  if (mapping === undefined) return undefined;
  const perZone = reader.whole([...path, "perZone"], mapping.perZone, 1, 1000, "how many nodes each zone has");
  const instanceType = reader.text(
    [...path, "instanceType"],
    mapping.instanceType,
    INSTANCE_TYPE,
    "an EC2 instance type",
    "m7g.large",
  );
  const heap = absent(mapping.heap)
    ? DEFAULT_HEAP[name]
    : reader.whole([...path, "heap"], mapping.heap, 64, 1_048_576, "the JVM's heap in MiB");
  const settings = readSettings(reader, problems, [...path, "settings"], mapping.settings);
  const groups = readGroups(context, [...path, "groups"], name, mapping.groups);
  const pool = readPool(context, path, name, mapping);
  const ids = pool === undefined ? readRange(context, path, mapping) : pool.map((entry) => entry.id);

  if (perZone !== undefined && zones.complete) {
    if (pool !== undefined) checkPoolSize(context, [...path, "addresses"], pool, perZone);
    else if (ids !== undefined && absent(mapping.addresses))
      checkRangeSize(context, [...path, "ids"], mapping.ids, ids, perZone);
    if (name === "controller") checkVoters(context, [...path, "perZone"], perZone);
  }
  if (
    perZone === undefined ||
    instanceType === undefined ||
    heap === undefined ||
    settings === undefined ||
    groups === undefined ||
    ids === undefined
  ) {
    return undefined;
  }
  return { name, perZone, instanceType, ids, ...(pool === undefined ? {} : { pool }), groups, heap, settings };
}

/** The pool in the order of its ids; undefined where the role has none, or one that could not be read. */
function readPool(
  context: RoleContext,
  path: Path,
  name: RoleName,
  mapping: Readonly<Record<string, unknown>>,
): readonly PoolAddress[] | undefined {
  const { reader, problems, zones } = context;
  const at = [...path, "addresses"];
  if (absent(mapping.addresses)) {
    if (name === "controller") {
      problems.add(
        at,
        undefined,
        "controllers need fixed addresses, where brokers and each other look for the quorum",
        "List id, zone and address of each, as {id: 101, zone: eu-central-1a, address: 10.0.1.10}",
      );
    }
    return undefined;
  }
  if (!absent(mapping.ids)) {
    problems.add([...path, "ids"], mapping.ids, "a role with addresses has exactly their ids", "Leave ids out");
  }
  const list = reader.list(at, mapping.addresses);
  if (list === undefined) return undefined;
  const pool: PoolAddress[] = [];
  const ids = new Set<number>();
  const addresses = new Set<string>();
  for (const [index, value] of list.entries()) {
    const here = [...at, index];
    const entry = reader.mapping(here, value, ["id", "zone", "address"]);
    if (entry === undefined) continue;
    const id = reader.whole([...here, "id"], entry.id, 0, HIGHEST_ID, "a node id");
    const zone = reader.text([...here, "zone"], entry.zone, /^/, "the zone of this address", "eu-central-1a");
    const address = reader.text([...here, "address"], entry.address, /^/, "an IPv4 address", "10.0.1.10");
    if (id !== undefined && ids.has(id)) {
      problems.add([...here, "id"], id, "this id is given twice", "Give each address an id of its own");
    } else if (id !== undefined) ids.add(id);
    if (zone !== undefined && zones.complete && !zones.names.has(zone)) {
      problems.add(
        [...here, "zone"],
        zone,
        "this zone is not one of the cluster's",
        `Known are ${[...zones.names].join(", ")}`,
      );
    }
    if (address !== undefined) {
      const known = zones.zones.find((candidate) => candidate.name === zone);
      if (parseIpv4(address) === undefined) {
        problems.add([...here, "address"], address, "this is not an IPv4 address", "Give one such as 10.0.1.10");
      } else if (addresses.has(address)) {
        problems.add(
          [...here, "address"],
          address,
          "this address is given twice",
          "Give each id an address of its own",
        );
      } else if (known !== undefined) checkAddress(problems, [...here, "address"], address, known);
      addresses.add(address);
    }
    if (id !== undefined && zone !== undefined && address !== undefined) pool.push({ id, zone, address });
  }
  if (pool.length < list.length) return undefined;
  return pool.sort((a, b) => a.id - b.id);
}

/** `{from, to}`, both included, or a list; lowest first. */
function readRange(
  context: RoleContext,
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
): readonly number[] | undefined {
  const { reader, problems } = context;
  const at = [...path, "ids"];
  const value = mapping.ids;
  // Where there are addresses or should be, what is wrong with them has been said.
  if (!absent(mapping.addresses) || (absent(value) && path.at(-1) === "controller")) return undefined;
  if (Array.isArray(value)) {
    const ids = value.map((id, index) => reader.whole([...at, index], id, 0, HIGHEST_ID, "a node id"));
    const seen = new Set<number>();
    for (const [index, id] of ids.entries()) {
      if (id === undefined) continue;
      if (seen.has(id)) problems.add([...at, index], id, "this id is given twice", "Give each id once");
      seen.add(id);
    }
    return seen.size === value.length ? [...seen].sort((a, b) => a - b) : undefined;
  }
  const range = reader.mapping(at, value, ["from", "to"]);
  if (range === undefined) return undefined;
  const from = reader.whole([...at, "from"], range.from, 0, HIGHEST_ID, "the lowest node id");
  const to = reader.whole([...at, "to"], range.to, 0, HIGHEST_ID, "the highest node id");
  if (from === undefined || to === undefined) return undefined;
  if (from > to) {
    problems.add(at, value, "the range is empty: from is above to", "Put the lower id first");
    return undefined;
  }
  if (to - from >= MOST_IDS) {
    problems.add(
      at,
      value,
      `a role can have at most ${MOST_IDS} ids, as its roster is one item of the table`,
      "Narrow the range",
    );
    return undefined;
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** One group per zone, named `<cluster>-<role>-<zone>` where the user names none. */
function readGroups(context: RoleContext, path: Path, name: RoleName, value: unknown): readonly Group[] | undefined {
  const { reader, problems, zones, cluster } = context;
  const given = absent(value) ? {} : reader.openMapping(path, value);
  if (given === undefined) return undefined;
  const names = new Map<string, string>();
  for (const [zone, group] of Object.entries(given)) {
    const at = [...path, zone];
    if (zones.complete && !zones.names.has(zone)) {
      problems.add(at, group, "this zone is not one of the cluster's", `Known are ${[...zones.names].join(", ")}`);
      continue;
    }
    const read = reader.text(at, group, GROUP_NAME, "an Auto Scaling group's name", "kafka-brokers-a");
    if (read !== undefined) names.set(zone, read);
  }
  return zones.zones.map((zone) => ({
    name: names.get(zone.name) ?? `${cluster}-${name}-${zone.name}`,
    zone: zone.name,
  }));
}

function checkPoolSize(context: RoleContext, path: Path, pool: readonly PoolAddress[], perZone: number): void {
  for (const zone of context.zones.names) {
    const count = pool.filter((entry) => entry.zone === zone).length;
    if (count < perZone) {
      context.problems.add(
        path,
        undefined,
        `${zone} has ${count} addresses for its ${perZone} nodes`,
        `List ${perZone - count} more there, or lower perZone`,
      );
    }
  }
}

function checkRangeSize(
  context: RoleContext,
  path: Path,
  value: unknown,
  ids: readonly number[],
  perZone: number,
): void {
  const zones = context.zones.names.size;
  const needed = zones * perZone;
  if (ids.length >= needed) return;
  context.problems.add(
    path,
    value,
    `${ids.length} ids are too few for ${needed} nodes (${zones} zones, ${perZone} in each)`,
    `Give at least ${needed} ids`,
  );
}

/**
 * One or two voters can never lose any, so none of them could ever be replaced; an even number survives no more losses than
 * one less and only adds ways to tie; beyond five, every write waits for more of them (Kafka documentation, "KRaft").
 */
function checkVoters(context: RoleContext, path: Path, perZone: number): void {
  const zones = context.zones.names.size;
  const voters = zones * perZone;
  if (voters === 3 || voters === 5) return;
  context.problems.add(
    path,
    perZone,
    `${voters} controllers (${zones} zones, ${perZone} in each) are no sound quorum`,
    "Have 3 controllers, or 5: one per zone in 3 or 5 zones, or 3 or 5 in a single zone",
  );
}

/** What has to differ between roles: KRaft's controllers and brokers share `node.id`, and all share the network and AWS. */
export function checkRolesTogether(problems: Problems, path: Path, roles: readonly Role[]): void {
  for (const [index, role] of roles.entries()) {
    for (const other of roles.slice(0, index)) {
      const shared = role.ids.filter((id) => other.ids.includes(id));
      if (shared.length > 0) {
        problems.add(
          [...path, role.name, role.pool === undefined ? "ids" : "addresses"],
          shared.length === 1 ? shared[0] : { from: shared[0], to: shared.at(-1) },
          `these ids are also ${other.name} ids, and Kafka's nodes share one node.id`,
          "Keep the ids of the roles apart",
        );
      }
      for (const entry of role.pool ?? []) {
        if (!other.pool?.some((theirs) => theirs.address === entry.address)) continue;
        problems.add(
          [...path, role.name, "addresses"],
          entry.address,
          `this address is also a ${other.name}'s`,
          "Give each id an address of its own",
        );
      }
    }
  }
  const seen = new Map<string, string>();
  for (const role of roles) {
    for (const group of role.groups) {
      const other = seen.get(group.name);
      if (other !== undefined) {
        problems.add(
          [...path, role.name, "groups", group.zone],
          group.name,
          `this group is also that of ${other}`,
          "Name one group for each role and zone",
        );
      }
      seen.set(group.name, `${role.name}, ${group.zone}`);
    }
  }
}
