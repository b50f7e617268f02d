import type { Group, Role, RoleName } from "./definition.ts";
import { checkPoolSize, checkRangeSize, type RoleContext, readPool, readRange } from "./identities.ts";
import type { Path, Problems } from "./problems.ts";
import { absent } from "./reader.ts";
import { ROLE_KINDS } from "./role-kinds.ts";
import { readSettings } from "./settings.ts";
import { readSupervisor } from "./supervisor.ts";
import { readVolume } from "./volume.ts";

const INSTANCE_TYPE = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/;
/** Auto Scaling takes 1 to 255 characters without a colon; of these, the ones that need no quotes anywhere. */
const GROUP_NAME = /^[A-Za-z0-9][\w.-]{0,254}$/;

const KEYS = ["perZone", "instanceType", "heap", "volume", "ids", "addresses", "groups", "settings"] as const;

/** Keys that a role knows beside those of all. */
const OWN_KEYS: Readonly<Partial<Record<RoleName, readonly string[]>>> = { zookeeper: ["supervisor"] };

/** One role, checked by itself; undefined where something of it could not be read. */
export function readRole(context: RoleContext, path: Path, name: RoleName, value: unknown): Role | undefined {
  const { reader, problems, zones } = context;
  const kind = ROLE_KINDS[name];
  const ownKeys = OWN_KEYS[name] ?? [];
  const mapping = reader.mapping(path, value, [...KEYS, ...ownKeys]);
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
    ? kind.heap
    : reader.whole([...path, "heap"], mapping.heap, 64, 1_048_576, "the JVM's heap in MiB");
  const volume = readVolume(reader, problems, [...path, "volume"], name, mapping.volume);
  const settings = readSettings(reader, problems, [...path, "settings"], mapping.settings, kind.runs);
  const supervised = ownKeys.includes("supervisor");
  const supervisor = supervised
    ? readSupervisor(reader, problems, [...path, "supervisor"], mapping.supervisor)
    : undefined;
  const groups = readGroups(context, [...path, "groups"], name, mapping.groups);
  const pool = readPool(context, path, name, mapping);
  const ids = pool === undefined ? readRange(context, path, name, mapping) : pool.map((entry) => entry.id);

  if (perZone !== undefined && zones.complete) {
    if (pool !== undefined) checkPoolSize(context, [...path, "addresses"], name, pool, perZone);
    else if (ids !== undefined && absent(mapping.addresses))
      checkRangeSize(context, [...path, "ids"], mapping.ids, ids, perZone);
    if (kind.duty === "quorum") checkVoters(context, [...path, "perZone"], name, perZone);
  }
  if (
    perZone === undefined ||
    instanceType === undefined ||
    heap === undefined ||
    volume === undefined ||
    settings === undefined ||
    groups === undefined ||
    ids === undefined ||
    (supervised && supervisor === undefined)
  ) {
    return undefined;
  }
  return {
    name,
    perZone,
    instanceType,
    ids,
    ...(pool === undefined ? {} : { pool }),
    groups,
    heap,
    volume,
    settings,
    ...(supervisor === undefined ? {} : { supervisor }),
  };
}

/** One group per zone: the one that exists under the name the user gave, or the stack's own, `<cluster>-<role>-<zone>`. */
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
  return zones.zones.map(({ name: zone }): Group => {
    const existing = names.get(zone);
    return existing === undefined
      ? { name: `${cluster}-${name}-${zone}`, zone }
      : { name: existing, zone, existing: true };
  });
}

/**
 * One or two voters can never lose any, so none of them could ever be replaced; an even number survives no more losses than
 * one less and only adds ways to tie; beyond five, every write waits for more of them (Kafka documentation, "KRaft").
 */
function checkVoters(context: RoleContext, path: Path, name: RoleName, perZone: number): void {
  const zones = context.zones.names.size;
  const voters = zones * perZone;
  if (voters === 3 || voters === 5) return;
  const { members } = ROLE_KINDS[name];
  context.problems.add(
    path,
    perZone,
    `${voters} ${members} (${zones} zones, ${perZone} in each) are no sound quorum`,
    `Have 3 ${members}, or 5: one per zone in 3 or 5 zones, or 3 or 5 in a single zone`,
  );
}

/** What has to differ between roles: Kafka's nodes share `node.id`, and all share the network and AWS. */
export function checkRolesTogether(problems: Problems, path: Path, roles: readonly Role[]): void {
  for (const [index, role] of roles.entries()) {
    for (const other of roles.slice(0, index)) {
      const alike = ROLE_KINDS[role.name].runs === ROLE_KINDS[other.name].runs;
      const shared = alike ? role.ids.filter((id) => other.ids.includes(id)) : [];
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
