import type { Definition, Mode, Role } from "./definition.ts";
import type { RoleContext } from "./identities.ts";
import { readKafka } from "./kafka.ts";
import { readNetwork } from "./network.ts";
import { checkNodes, readNodes } from "./nodes.ts";
import { readPeriods } from "./periods.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, Reader } from "./reader.ts";
import { ROLE_KINDS, ROLE_NAMES, rolesOfMode } from "./role-kinds.ts";
import { checkRolesTogether, readRole } from "./roles.ts";
import { readSecurity } from "./security-rules.ts";
import type { Settings } from "./settings.ts";
import { readAlarms, readRetention } from "./watch.ts";
import { readZones } from "./zones.ts";

/**
 * Names stacks, groups, functions, roles and documents, the shortest of which takes 64 characters (Lambda, IAM): 32 leave
 * room for `rollcall-` and what each is.
 */
const CLUSTER = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d+$/;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

const REPLICATION_FACTORS = [
  "default.replication.factor",
  "offsets.topic.replication.factor",
  "transaction.state.log.replication.factor",
  "share.coordinator.state.topic.replication.factor",
] as const;

const KEYS = [
  "cluster",
  "region",
  "zones",
  "network",
  "kafka",
  "nodes",
  "roles",
  "loadBalancer",
  "safety",
  "security",
  "periods",
  "retention",
  "alarms",
] as const;

/**
 * Reads a whole definition, reports everything that is wrong with it to `problems`, and answers undefined where something is.
 */
export function readDefinition(value: unknown, problems: Problems): Definition | undefined {
  const reader = new Reader(problems);
  const top = reader.mapping([], value, KEYS);
  if (top === undefined) return undefined;
  const cluster = reader.text(
    ["cluster"],
    top.cluster,
    CLUSTER,
    "a cluster name (at most 32 lower-case letters, digits and dashes, a letter first)",
    "orders-prod",
  );
  const region = reader.text(["region"], top.region, REGION, "an AWS region", "eu-central-1");
  const zones = readZones(reader, problems, ["zones"], top.zones, region);
  const network = readNetwork(reader, problems, ["network"], top.network);
  const { mode, kafka } = readKafka(reader, problems, ["kafka"], top.kafka);
  const nodes = readNodes(reader, ["nodes"], top.nodes);
  const roles = readRoles({ reader, problems, cluster, zones }, ["roles"], top.roles, mode);
  const loadBalancer = absent(top.loadBalancer) ? true : reader.flag(["loadBalancer"], top.loadBalancer);
  const safety = readSafety(reader, ["safety"], top.safety);
  const security = absent(top.security)
    ? undefined
    : readSecurity({ reader, problems, region, mode }, ["security"], top.security);
  const periods = readPeriods(reader, problems, ["periods"], top.periods);
  const retention = readRetention(reader, problems, ["retention"], top.retention);
  const alarms = readAlarms(reader, problems, ["alarms"], top.alarms, region);
  if (
    cluster === undefined ||
    region === undefined ||
    network === undefined ||
    kafka === undefined ||
    nodes === undefined ||
    roles === undefined ||
    loadBalancer === undefined ||
    safety === undefined ||
    (security === undefined && !absent(top.security)) ||
    periods === undefined ||
    retention === undefined ||
    alarms === undefined
  ) {
    return undefined;
  }
  if (zones.complete) checkReplication(problems, kafka.settings, roles);
  checkNodes(problems, ["nodes"], nodes, { version: kafka.version, roles, periods });
  return {
    cluster,
    region,
    zones: zones.zones,
    network,
    kafka,
    nodes,
    roles,
    loadBalancer,
    safety,
    ...(security === undefined ? {} : { security }),
    periods,
    retention,
    alarms,
  };
}

/**
 * A topic that needs all its replicas in sync lets none of its brokers be stopped, and one with more replicas than brokers cannot
 * be made.
 */
function checkReplication(problems: Problems, common: Settings, roles: readonly Role[]): void {
  const broker = roles.find((role) => role.name === "broker");
  if (broker === undefined) return;
  const brokers = broker.perZone * broker.groups.length;
  const given = (setting: string): { readonly value: string; readonly path: Path } | undefined => {
    const own = broker.settings[setting];
    if (own !== undefined) return { value: own, path: ["roles", "broker", "settings", setting] };
    const shared = common[setting];
    return shared === undefined ? undefined : { value: shared, path: ["kafka", "settings", setting] };
  };
  for (const setting of REPLICATION_FACTORS) {
    const factor = given(setting);
    if (factor === undefined || !(Number(factor.value) > brokers)) continue;
    problems.add(
      factor.path,
      factor.value,
      `there are only ${brokers} brokers to replicate to`,
      `Give at most ${brokers}`,
    );
  }
  const factor = given("default.replication.factor");
  const replication = factor === undefined ? Math.min(3, brokers) : Number(factor.value);
  const minInSync = given("min.insync.replicas");
  if (minInSync !== undefined && Number(minInSync.value) >= replication && brokers > 1) {
    problems.add(
      minInSync.path,
      minInSync.value,
      `with ${replication} replicas this leaves none to spare, so no broker could ever be stopped in order`,
      `Give at most ${replication - 1}`,
    );
  }
}

/** The roles of the cluster's mode, all of them and no other; those that were given where the mode could not be read. */
function readRoles(
  context: RoleContext,
  path: Path,
  value: unknown,
  mode: Mode | undefined,
): readonly Role[] | undefined {
  const { reader, problems } = context;
  const mapping = reader.mapping(path, value, ROLE_NAMES);
  if (mapping === undefined) return undefined;
  const wanted = mode === undefined ? ROLE_NAMES.filter((name) => !absent(mapping[name])) : rolesOfMode(mode);
  for (const name of ROLE_NAMES) {
    if (absent(mapping[name]) || wanted.includes(name)) continue;
    problems.add(
      [...path, name],
      undefined,
      `a cluster in mode ${mode} has no ${name}`,
      `Its roles are ${wanted.join(" and ")}: leave this one out, or set kafka.mode to ${ROLE_KINDS[name].modes.join(" or ")}`,
    );
  }
  const read = wanted.map((name) => readRole(context, [...path, name], name, mapping[name]));
  const roles = read.filter((role) => role !== undefined);
  checkRolesTogether(problems, path, roles);
  return roles.length === wanted.length ? roles : undefined;
}

function readSafety(reader: Reader, path: Path, value: unknown): Definition["safety"] | undefined {
  if (absent(value)) return { ignoreTopics: [] };
  const mapping = reader.mapping(path, value, ["ignoreTopics"]);
  if (mapping === undefined) return undefined;
  if (absent(mapping.ignoreTopics)) return { ignoreTopics: [] };
  const at = [...path, "ignoreTopics"];
  const ignoreTopics = reader.distinct(at, mapping.ignoreTopics, (here, topic) =>
    reader.text(here, topic, TOPIC, "a topic's exact name", "clicks"),
  );
  return ignoreTopics === undefined ? undefined : { ignoreTopics };
}
