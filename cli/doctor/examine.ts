/** Everything that the doctor looks at, and what it finds. What cannot be looked at is a finding, and hides nothing else. */
import { readFileSync } from "node:fs";
import { FUNCTION_NAMES, functionNames } from "../../resources/functions.ts";
import { questionFor } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { AgentSight } from "../../shared/lifecycle/sights.ts";
import {
  callerOf,
  concurrencyOf,
  coreQuota,
  coresOf,
  decisionsOn,
  documentOf,
  functionsOf,
  groupLimits,
  groupsWithHooks,
  interfacesWith,
  rulesWithTargets,
  subnetsOf,
} from "../aws/ground.ts";
import { deadLetters } from "../aws/queues.ts";
import { archiveOf } from "../aws/replays.ts";
import type { Cluster } from "../cluster.ts";
import { isAwsFailure, reasonOf, wasAnswered } from "../exit.ts";
import { type ClusterSight, lookAtCluster } from "../look/cluster.ts";
import { idsOf } from "../look/member.ts";
import { addressFindings } from "./addresses.ts";
import { type Finding, unseen } from "./finding.ts";
import { groupFindings } from "./groups.ts";
import { kafkaFindings } from "./kafka.ts";
import { memberFindings } from "./members.ts";
import { nodeFindings } from "./nodes.ts";
import { permissionFindings, toDeploy, toOperate } from "./permissions.ts";
import { quotaFindings } from "./quotas.ts";
import { subnetFindings } from "./subnets.ts";
import { wiringFindings } from "./wiring.ts";

export interface Examination {
  /** Whether there is a table: without, only what a deployment would meet is looked at. */
  readonly deployed: boolean;
  readonly findings: readonly Finding[];
}

const SCRIPT = new URL("../../resources/node/rollcall-node.sh", import.meta.url);

/** @throws where AWS does not answer at all */
export async function examineCluster(cluster: Cluster): Promise<Examination> {
  const sight = await lookAtCluster(cluster);
  const deployed = sight.table.seen || !sight.table.missing;
  const contents = sight.table.seen ? sight.table.value : undefined;
  const ground = [
    area("subnets", () => subnets(cluster, deployed)),
    area("addresses", () => addresses(cluster, deployed, contents)),
    area("groups", () => groups(cluster, deployed)),
    area("quotas", () => quotas(cluster, deployed)),
    area("permissions", () => permissions(cluster, deployed)),
  ];
  const inside = deployed
    ? [
        area("functions", () => wiring(cluster)),
        area("members", () => members(cluster, sight)),
        area("nodes", () => nodes(cluster, sight)),
        area("Kafka", () => kafka(cluster, sight)),
      ]
    : [];
  const findings = (await Promise.all([...ground, ...inside])).flat();
  return { deployed, findings };
}

async function area(name: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!isAwsFailure(error)) throw error;
    const denied = wasAnswered(error, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation");
    return [unseen(name, reasonOf(error), denied ? "allow the caller to look, or use another role" : undefined)];
  }
}

async function subnets({ clients, definition }: Cluster, deployed: boolean): Promise<Finding[]> {
  const sights = await subnetsOf(
    await clients.ec2(),
    definition.zones.map((z) => z.subnet),
  );
  return subnetFindings(definition, sights, deployed);
}

async function addresses(
  { clients, definition }: Cluster,
  deployed: boolean,
  contents: TableContents | undefined,
): Promise<Finding[]> {
  if (deployed && !contents) return [unseen("addresses", "the table cannot be read")];
  const pool = definition.roles.flatMap((role) => (role.pool ?? []).map((entry) => entry.address));
  const interfaces = await interfacesWith(
    await clients.ec2(),
    definition.zones.map((z) => z.subnet),
    pool,
  );
  return addressFindings(definition, interfaces, contents);
}

async function groups({ clients, definition }: Cluster, deployed: boolean): Promise<Finding[]> {
  const names = definition.roles.flatMap((role) => role.groups.map((group) => group.name));
  return groupFindings(definition, await groupsWithHooks(await clients.autoScaling(), names), deployed);
}

async function quotas({ clients, definition }: Cluster, deployed: boolean): Promise<Finding[]> {
  const [cores, types, limits, concurrency] = await Promise.all([
    clients.quotas().then(coreQuota),
    clients.ec2().then((ec2) =>
      coresOf(
        ec2,
        definition.roles.map((role) => role.instanceType),
      ),
    ),
    clients.autoScaling().then(groupLimits),
    clients.lambda().then(concurrencyOf),
  ]);
  return quotaFindings(definition, { cores, coresOf: types, groups: limits, concurrency }, deployed);
}

async function permissions({ clients, definition }: Cluster, deployed: boolean): Promise<Finding[]> {
  const iam = await clients.iam();
  const caller = await callerOf(await clients.sts(), iam);
  const questions = (deployed ? toOperate : toDeploy)(definition, caller.account, caller.partition);
  return permissionFindings(caller.arn, await decisionsOn(iam, caller, questions));
}

async function wiring({ clients, definition, names }: Cluster): Promise<Finding[]> {
  const [lambda, events, ssm, sqs] = await Promise.all([
    clients.lambda(),
    clients.events(),
    clients.ssm(),
    clients.sqs(),
  ]);
  const byName = functionNames(definition);
  const [functions, rules, archive, document, ...letters] = await Promise.all([
    functionsOf(
      lambda,
      FUNCTION_NAMES.map((name) => byName[name]),
    ),
    rulesWithTargets(events, `${names.stack}-`),
    existing(archiveOf(events, names.archive), "ResourceNotFoundException"),
    documentOf(ssm, names.document),
    ...[names.failures, names.undelivered].map(async (name) => {
      const count = await existing(deadLetters(sqs, name).count(), "QueueDoesNotExist");
      return count === undefined ? [] : [[name, count] as const];
    }),
  ]);
  const sight = {
    functions,
    rules,
    letters: Object.fromEntries(letters.flat()),
    ...(archive && { archive: archive.state }),
    ...(document !== undefined && { document }),
  };
  return wiringFindings(definition, sight, readFileSync(SCRIPT, "utf8"));
}

async function members({ definition }: Cluster, { fleet, table, ec2, at }: ClusterSight): Promise<Finding[]> {
  if (!fleet.seen) return [unseen("roster", fleet.reason)];
  if (!table.seen) return [unseen("roster", table.reason)];
  if (!ec2.seen) return [unseen("roster", ec2.reason)];
  return memberFindings(definition, { now: at, fleet: fleet.value, contents: table.value, ec2: ec2.value });
}

async function nodes({ plan, ports }: Cluster, { fleet, table }: ClusterSight): Promise<Finding[]> {
  if (!fleet.seen || !table.seen) return [unseen("agents", "groups or table cannot be seen")];
  const owners = idsOf(table.value).flatMap((member) => member.owner ?? []);
  const agents = await Promise.all(
    owners.map(async (owner): Promise<[string, AgentSight]> => [owner, await ports.commands.agent(owner)]),
  );
  return nodeFindings(plan, fleet.value, table.value, new Map(agents));
}

async function kafka({ definition, ports }: Cluster, { fleet, table, listeners }: ClusterSight): Promise<Finding[]> {
  if (!fleet.seen || !table.seen) return [unseen("Kafka", "groups or table cannot be seen")];
  const question = questionFor(definition, table.value.rosters);
  if (question.bootstrap.length === 0)
    return [{ area: "Kafka", level: "note", what: "no broker has been in service yet" }];
  // Also about ids that nobody was ever given: whoever has one of them is no node of this cluster.
  const all = new Set([...question.ids, ...definition.roles.filter((r) => r.name === "broker").flatMap((r) => r.ids)]);
  const sight = await ports.kafka.brokers({ ...question, ids: [...all] });
  if (!sight.seen) return [unseen("Kafka", sight.reason, "rollcall status; and see that the Kafka function runs")];
  if (!listeners.seen) return [unseen("controllers", listeners.reason)];
  return kafkaFindings(definition, {
    fleet: fleet.value,
    contents: table.value,
    kafka: sight,
    listeners: listeners.value,
  });
}

/** Undefined where the service says that there is no such thing. */
async function existing<T>(answer: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (wasAnswered(error, code)) return undefined;
    throw error;
  }
}
