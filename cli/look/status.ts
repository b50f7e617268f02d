/** The status of a cluster: every group and node, what each waits for and since when, and what keeps it from being well. */
import { groupOf, type RoleName } from "../../shared/cluster/definition.ts";
import { globalLimit } from "../../shared/lifecycle/decide/scene.ts";
import { type Explanation, explain } from "../../shared/lifecycle/explain.ts";
import type { Facts, Seen } from "../../shared/lifecycle/facts.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  GroupMember,
  InstanceRecord,
  OperatorWish,
  QuorumMark,
  RosterMember,
  TableSight,
  Turn,
} from "../../shared/lifecycle/sights.ts";
import type { Step } from "../../shared/lifecycle/steps.ts";
import { deadLetters } from "../aws/queues.ts";
import type { Cluster } from "../cluster.ts";
import { type ClusterSight, everyInstance, type Look, look, lookAtCluster } from "./cluster.ts";

export interface Next {
  readonly do: Step["do"];
  readonly row: string;
  readonly reason: string;
  /** When it began to wait for that, ms since the epoch. */
  readonly since?: number;
  /** When Auto Scaling ends the lifecycle action, whatever heartbeats it gets. */
  readonly until?: number;
}

export interface NodeStatus {
  readonly instance: string;
  /** Auto Scaling's; absent: no group lists it. */
  readonly state?: string;
  readonly ec2?: string;
  readonly role?: RoleName;
  readonly id?: number;
  readonly zone?: string;
  readonly address?: string;
  /** Kafka's view of its id, in a few words; empty where there is none. */
  readonly kafka: string;
  readonly next: Next;
  readonly operator?: OperatorWish;
}

export interface GroupStatus {
  readonly name: string;
  readonly role: RoleName;
  readonly zone: string;
  /** Absent: there is no such group. */
  readonly desired?: number;
  readonly deleting: boolean;
  readonly nodes: readonly NodeStatus[];
}

export interface Status {
  readonly at: number;
  readonly cluster: string;
  readonly groups: readonly GroupStatus[];
  /** Instances that hold something or are remembered, and that no group lists (or none can be seen). */
  readonly outside: readonly NodeStatus[];
  readonly vacant: readonly (RosterMember & { readonly role: RoleName })[];
  readonly turn?: Turn;
  readonly quorum?: QuorumMark;
  /** Messages in each dead-letter queue, by its name. */
  readonly letters: Readonly<Record<string, number>>;
  /** What could not be seen, and why. */
  readonly unseen: readonly { readonly what: string; readonly reason: string }[];
}

/** How many instances are looked at at the same time. */
const AT_ONCE = 8;

export async function lookAtStatus(cluster: Cluster): Promise<Status> {
  const { definition, names } = cluster;
  const { now } = cluster.ports.clock;
  const counting = [names.failures, names.undelivered].map(
    async (name) =>
      [
        name,
        await look(
          cluster.clients.sqs().then((client) => deadLetters(client, name).count()),
          now,
        ),
      ] as const,
  );
  const sight = await lookAtCluster(cluster);
  const { fleet, table } = sight;
  const contents: TableContents = table.seen ? table.value : { rosters: new Map(), records: new Map() };
  const groups = fleet.seen ? fleet.value.groups : [];
  const explanations = await explainAll(cluster, sight, contents);
  const node = (instance: string, member?: GroupMember, group?: string): NodeStatus =>
    nodeStatus(cluster, sight, contents, { instance, member, group, explanation: explanations.get(instance) });

  const listed = new Set(groups.flatMap((group) => group.members.map((m) => m.instance)));
  const letters = await Promise.all(counting);
  const counts = letters.flatMap(([name, one]) => (one.seen ? [[name, one.value] as const] : []));
  return {
    at: sight.at,
    cluster: definition.cluster,
    groups: definition.roles.flatMap((role) =>
      role.groups.map(({ name, zone }): GroupStatus => {
        const group = groups.find((g) => g.name === name);
        return {
          name,
          role: role.name,
          zone,
          ...(group && { desired: group.desired }),
          deleting: group?.deleting ?? false,
          nodes: (group?.members ?? []).map((member) => node(member.instance, member, name)),
        };
      }),
    ),
    outside: everyInstance({ groups: [] }, contents)
      .filter((instance) => !listed.has(instance))
      .map((instance) => node(instance)),
    vacant: [...contents.rosters.values()].flatMap(({ role, members }) =>
      [...members.values()].filter((m) => m.owner === undefined).map((m) => ({ ...m, role })),
    ),
    ...(contents.turn && { turn: contents.turn }),
    ...(contents.quorum && { quorum: contents.quorum }),
    letters: Object.fromEntries(counts),
    unseen: unseenOf(sight, letters),
  };
}

function unseenOf(sight: ClusterSight, letters: readonly (readonly [string, Look<number>])[]): Status["unseen"] {
  const looks: [string, Look<unknown>][] = [
    ["Auto Scaling groups", sight.fleet],
    ["the table", sight.table],
    ["EC2 instances", sight.ec2],
    ["Kafka", sight.kafka],
    ["the controllers' listeners", sight.listeners],
    ...letters.map(([name, count]): [string, Look<number>] => [`queue ${name}`, count]),
  ];
  return looks.flatMap(([what, one]) => (one.seen ? [] : [{ what, reason: one.reason }]));
}

/** What decide says of each, from what was seen of all; nothing where groups or table cannot be seen. */
async function explainAll(
  { plan, ports }: Cluster,
  { fleet, table, ec2, kafka, listeners }: ClusterSight,
  contents: TableContents,
): Promise<ReadonlyMap<string, Explanation>> {
  const explanations = new Map<string, Explanation>();
  if (!fleet.seen || !table.seen) return explanations;
  const states = new Map(fleet.value.groups.flatMap((g) => g.members.map((m) => [m.instance, m.state] as const)));
  const { records: _, ...shared } = contents;
  const queue = everyInstance(fleet.value, contents);
  const work = async (): Promise<void> => {
    for (let instance = queue.shift(); instance !== undefined; instance = queue.shift()) {
      const record = contents.records.get(instance);
      const tableSight: TableSight = { ...shared, ...(record && { record }) };
      const state = ec2.seen ? ec2.value.get(instance) : undefined;
      // A launching broker may be the only one that can answer about itself, so it is asked on its own.
      const launching = states.get(instance)?.startsWith("Pending") ?? false;
      const seen: Partial<Facts> = {
        fleet: seenNow(fleet.value, fleet.at),
        table: seenNow(tableSight, table.at),
        ...(state && ec2.seen && { ec2: seenNow(state, ec2.at) }),
        ...(!launching && {
          kafka: kafka.seen ? kafka : seenNow({ seen: false as const, reason: kafka.reason }, table.at),
        }),
        listeners: listeners.seen ? listeners : seenNow(new Map(), table.at),
      };
      explanations.set(instance, await explain(plan, ports, instance, { seen }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return explanations;
}

const seenNow = <T>(value: T, at: number): Seen<T> => ({ at, value });

interface Subject {
  readonly instance: string;
  readonly member: GroupMember | undefined;
  readonly group: string | undefined;
  readonly explanation: Explanation | undefined;
}

function nodeStatus(
  { definition }: Cluster,
  sight: ClusterSight,
  { rosters, records }: TableContents,
  { instance, member, group, explanation }: Subject,
): NodeStatus {
  const record = records.get(instance);
  const held = [...rosters.values()].flatMap(({ role, members }) =>
    [...members.values()].filter((m) => m.owner === instance).map((m) => ({ ...m, role })),
  )[0];
  const place = group === undefined ? undefined : groupOf(definition, group);
  const role = held?.role ?? place?.role.name ?? record?.role;
  const pooled = definition.roles.find((r) => r.name === role)?.pool?.find((p) => p.id === held?.id)?.address;
  const address = pooled ?? record?.address ?? held?.address;
  const ec2 = sight.ec2.seen ? sight.ec2.value.get(instance) : undefined;
  const zone = member?.zone ?? held?.zone ?? record?.zone;
  return {
    instance,
    kafka: held ? standing(sight, held.role, held) : "",
    next: nextOf(definition.periods.heartbeat, member?.state, record, explanation),
    ...(member && { state: member.state }),
    ...(ec2 && { ec2 }),
    ...(role && { role }),
    ...(held && { id: held.id }),
    ...(zone !== undefined && { zone }),
    ...(address !== undefined && { address }),
    ...(record?.operator && { operator: record.operator }),
  };
}

/** What an explanation leads to, with its times. */
export function nextOf(
  heartbeat: number,
  state: string | undefined,
  record: InstanceRecord | undefined,
  explanation: Explanation | undefined,
): Next {
  if (!explanation) return { do: "look", row: "state/look", reason: "its group or the table cannot be seen" };
  const { step, failed } = explanation;
  const why = [...failed].map(([fact, error]) => `; ${fact} cannot be seen: ${error.message}`).join("");
  const action = state?.endsWith(":Wait") ? record?.action : undefined;
  const since = (step.do === "hold" ? record?.hold?.since : undefined) ?? action?.since ?? record?.unregistered;
  return {
    do: step.do,
    row: step.row,
    reason: `${step.reason}${why}`,
    ...(step.do !== "settled" && since !== undefined && { since }),
    ...(action && { until: action.since + globalLimit(heartbeat) }),
  };
}

function standing({ kafka, listeners }: ClusterSight, role: RoleName, { id }: RosterMember): string {
  if (role === "controller") return (listeners.seen && listeners.value.get(id)) || "";
  const broker = kafka.seen ? kafka.value.brokers.get(id) : undefined;
  if (!broker) return "";
  if (!broker.registered) return "out";
  return broker.replicas === 0 ? "registered" : `in sync ${broker.replicas - broker.missing}/${broker.replicas}`;
}
