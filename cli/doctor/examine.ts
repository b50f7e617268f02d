/** Everything that the doctor looks at, and what it finds. What cannot be looked at is a finding, and hides nothing else. */
import { FUNCTION_NAMES, functionNames } from "../../resources/functions.ts";
import { changesOf, countedOn, secretStates } from "../../resources/given-secrets.ts";
import { NODE_SCRIPT } from "../../resources/node-script.ts";
import { eventRules } from "../../resources/rules.ts";
import { waysOut } from "../../resources/way-out.ts";
import { calling } from "../../shared/aws/call.ts";
import { questionFor } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { AgentSight } from "../../shared/lifecycle/sights.ts";
import { callerOf, decisionsOn } from "../aws/caller.ts";
import { groupsWithHooks } from "../aws/groups.ts";
import { interfacesWith, subnetsOf } from "../aws/network.ts";
import { deadLetters } from "../aws/queues.ts";
import { concurrencyOf, coreQuota, coresOf, groupLimits } from "../aws/quotas.ts";
import { archiveOf, rulesOf } from "../aws/replays.ts";
import { documentOf, functionsOf, rulesWithTargets } from "../aws/stack.ts";
import type { Cluster } from "../cluster.ts";
import { isAwsFailure, reasonOf, wasAnswered } from "../exit.ts";
import { type ClusterSight, lookAtCluster } from "../look/cluster.ts";
import { idsOf } from "../look/member.ts";
import { together } from "../look/together.ts";
import { accessFindings } from "./access.ts";
import { addressFindings } from "./addresses.ts";
import { commandFindings, ordersIn } from "./commands.ts";
import { type Finding, unseen } from "./finding.ts";
import { groupFindings } from "./groups.ts";
import { kafkaFindings } from "./kafka.ts";
import { memberFindings } from "./members.ts";
import { nodeFindings } from "./nodes.ts";
import { permissionFindings, toDeploy, toOperate } from "./permissions.ts";
import { quotaFindings } from "./quotas.ts";
import { ofTls, renewalFindings, secretFindings } from "./secrets.ts";
import { subnetFindings } from "./subnets.ts";
import { wiringFindings } from "./wiring.ts";

export interface Examination {
  /** Whether there is a table: without, only what a deployment would meet is looked at. */
  readonly deployed: boolean;
  readonly findings: readonly Finding[];
}

/** @throws where AWS does not answer at all */
export async function examineCluster(cluster: Cluster): Promise<Examination> {
  const sight = await lookAtCluster(cluster);
  const remains = sight.table.seen && (await isLeftBehind(cluster, sight));
  const deployed = (sight.table.seen || !sight.table.missing) && !remains;
  const contents = sight.table.seen && deployed ? sight.table.value : undefined;
  const ground = [
    area("subnets", () => subnets(cluster, deployed)),
    area("addresses", () => addresses(cluster, deployed, contents)),
    area("groups", () => groups(cluster, deployed)),
    area("quotas", () => quotas(cluster, deployed)),
    area("permissions", () => permissions(cluster, deployed)),
    ...(cluster.definition.security ? [area("secrets", () => secrets(cluster))] : []),
  ];
  const inside = deployed
    ? [
        area("functions", () => wiring(cluster)),
        area("members", () => members(cluster, sight)),
        area("agents", () => nodes(cluster, sight)),
        area("commands", () => commands(cluster, sight)),
        area("Kafka", () => kafka(cluster, sight)),
        area("access", async () => access(cluster, sight)),
        ...(cluster.definition.security?.certificate ? [area("certificate", () => renewals(cluster, sight))] : []),
      ]
    : [];
  const findings = (await Promise.all([...ground, ...inside])).flat();
  return { deployed, findings: remains ? [leftBehind(cluster), ...findings] : findings };
}

/** Whether the table is all there is: it outlives its stack, and says who was who. */
async function isLeftBehind({ clients, definition, names }: Cluster, { fleet }: ClusterSight): Promise<boolean> {
  const own = new Set(definition.roles.flatMap((r) => r.groups.filter((g) => !g.existing).map((g) => g.name)));
  if (!fleet.seen || fleet.value.groups.some((g) => own.has(g.name))) return false;
  try {
    const [functions, rules] = await Promise.all([
      clients.lambda().then((lambda) => functionsOf(lambda, Object.values(functionNames(definition)))),
      clients.events().then((events) => rulesOf(events, `${names.stack}-`)),
    ]);
    // Another cluster's names may begin as this one's: `orders-eu` beside `orders`.
    const wanted = new Set([...eventRules(definition).map(({ name }) => name), names.schedule]);
    return functions.length === 0 && !rules.some(({ name }) => wanted.has(name));
  } catch (error) {
    // Who may not look there cannot tell, and the areas below say so.
    if (!isAwsFailure(error)) throw error;
    return false;
  }
}

function leftBehind({ names: { table } }: Cluster): Finding {
  return {
    area: "table",
    level: "wrong",
    what: `${table} is there and nothing else of the stack: a former one left it, and a deployment would fail at it`,
    remedy: `once nobody needs to know any more who was who: aws dynamodb update-table --table-name ${table} --no-deletion-protection-enabled; aws dynamodb delete-table --table-name ${table}`,
  };
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

async function secrets({ clients, definition }: Cluster): Promise<Finding[]> {
  const named = countedOn(definition).map(({ secret }) => secret);
  const [states, ways] = await Promise.all([
    clients.secrets().then((client) => calling("look for the secrets", secretStates(client, named))),
    clients.ec2().then((ec2) => calling("look for a way out", waysOut(ec2, definition.network.vpc))),
  ]);
  return secretFindings(definition, states, ways);
}

async function renewals({ clients, definition }: Cluster, { table, at }: ClusterSight): Promise<Finding[]> {
  if (!table.seen) return [unseen("certificate", table.reason)];
  const named = ofTls(definition.security ?? {}).map(([, secret]) => secret);
  const client = await clients.secrets();
  const changes = await calling("look when the certificate was changed", changesOf(client, named));
  return renewalFindings(definition, changes, table.value, at);
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
  // IAM cannot be asked about it, and no policy of the account limits it.
  if (caller.arn.endsWith(":root"))
    return [{ area: "permissions", level: "note", what: `${caller.arn} calls, who may do everything` }];
  const questions = (deployed ? toOperate : toDeploy)(definition, caller.account, caller.partition);
  return permissionFindings(caller.arn, await decisionsOn(iam, caller, definition.cluster, questions));
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
  return wiringFindings(definition, sight, NODE_SCRIPT);
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
  const agents = await together(
    owners,
    async (owner): Promise<[string, AgentSight]> => [owner, await ports.commands.agent(owner)],
  );
  return nodeFindings(plan, fleet.value, table.value, new Map(agents));
}

async function commands({ definition, ports }: Cluster, { table, at }: ClusterSight): Promise<Finding[]> {
  if (!table.seen) return [unseen("commands", table.reason)];
  const fates = await together(ordersIn(table.value, at), async (order) => ({
    ...order,
    fate: await ports.commands.look(order.instance, order.command),
  }));
  return commandFindings(definition.periods, table.value, fates, at);
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
  if (!listeners.seen) return [unseen("quorum", listeners.reason)];
  return kafkaFindings(definition, {
    fleet: fleet.value,
    contents: table.value,
    kafka: sight,
    listeners: listeners.value,
  });
}

function access({ definition, plan }: Cluster, { table, at }: ClusterSight): Finding[] {
  if (!definition.security) return [];
  return table.seen ? accessFindings(plan, table.value.access, at) : [unseen("access", table.reason)];
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
