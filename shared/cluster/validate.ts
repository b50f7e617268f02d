import type { Definition, Role, RoleName } from "./definition.ts";
import type { RoleContext } from "./identities.ts";
import { readNetwork } from "./network.ts";
import { checkNodes, readNodes } from "./nodes.ts";
import { readPeriods } from "./periods.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, Reader } from "./reader.ts";
import { checkRolesTogether, readRole } from "./roles.ts";
import { readSettings, type Settings } from "./settings.ts";
import { readAlarms, readRetention } from "./watch.ts";
import { readZones } from "./zones.ts";

/**
 * Names stacks, groups, functions, roles and documents, the shortest of which takes 64 characters (Lambda, IAM): 32 leave
 * room for `rollcall-` and what each is.
 */
const CLUSTER = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d+$/;
const VERSION = /^\d{1,3}\.\d{1,3}\.\d{1,3}$/;
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
  "periods",
  "retention",
  "alarms",
] as const;

const ROLES: readonly RoleName[] = ["controller", "broker"];

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
  const kafka = readKafka(reader, problems, ["kafka"], top.kafka);
  const nodes = readNodes(reader, ["nodes"], top.nodes);
  const roles = readRoles({ reader, problems, cluster, zones }, ["roles"], top.roles);
  const loadBalancer = absent(top.loadBalancer) ? true : reader.flag(["loadBalancer"], top.loadBalancer);
  const safety = readSafety(reader, ["safety"], top.safety);
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

function readRoles(context: RoleContext, path: Path, value: unknown): readonly Role[] | undefined {
  const mapping = context.reader.mapping(path, value, ROLES);
  if (mapping === undefined) return undefined;
  const read = ROLES.map((name) => readRole(context, [...path, name], name, mapping[name]));
  const roles = read.filter((role) => role !== undefined);
  checkRolesTogether(context.problems, path, roles);
  return roles.length === ROLES.length ? roles : undefined;
}

function readKafka(reader: Reader, problems: Problems, path: Path, value: unknown): Definition["kafka"] | undefined {
  const mapping = reader.mapping(path, value, ["version", "mode", "settings"]);
  if (mapping === undefined) return undefined;
  const version = reader.text([...path, "version"], mapping.version, VERSION, "a whole Kafka version", "4.3.1");
  if (version !== undefined) checkVersion(problems, [...path, "version"], version);
  const mode = absent(mapping.mode)
    ? "kraft"
    : reader.text([...path, "mode"], mapping.mode, /^kraft$/, "a mode that Rollcall runs", "kraft");
  const settings = readSettings(reader, problems, [...path, "settings"], mapping.settings);
  if (version === undefined || mode === undefined || settings === undefined) return undefined;
  return { version, mode: "kraft", settings };
}

/**
 * A replaced controller takes its former incarnation's vote by itself only from 4.2 on (`controller.quorum.auto.join.enable`);
 * 4.0 may besides elect an empty replica from its ELR, and before it quorums were static.
 */
function checkVersion(problems: Problems, path: Path, version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 4 && minor >= 2) return;
  const problem =
    major > 4
      ? "this Kafka is newer than this Rollcall knows"
      : "this Kafka is too old: only from 4.2 on does a replaced controller join its quorum by itself";
  problems.add(path, version, problem, "Use 4.2.0 or a later 4.x");
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
