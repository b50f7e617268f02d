/** The status of a cluster: every group and node, what each waits for and since when, and what keeps it from being well. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import { type Explanation, explain } from "../../shared/lifecycle/explain.ts";
import type { Facts, Seen } from "../../shared/lifecycle/facts.ts";
import { quorumAsked } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  AccessMark,
  GroupMember,
  QuorumMark,
  RosterMember,
  TableSight,
  Turn,
} from "../../shared/lifecycle/sights.ts";
import { deadLetters } from "../aws/queues.ts";
import type { Cluster } from "../cluster.ts";
import { type ClusterSight, everyInstance, type Look, look, lookAtCluster } from "./cluster.ts";
import { type NodeStatus, nodeStatus, type Surroundings } from "./node.ts";
import { lookAtQuorum, type QuorumSeen } from "./quorum.ts";
import { together } from "./together.ts";

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
  /** Whether there is any of it: its table, or a group. */
  readonly deployed: boolean;
  readonly groups: readonly GroupStatus[];
  /** Instances that hold something or are remembered, and that no group lists (or none can be seen). */
  readonly outside: readonly NodeStatus[];
  readonly vacant: readonly (RosterMember & { readonly role: RoleName })[];
  readonly turn?: Turn;
  readonly quorum?: QuorumMark;
  /** The quorum's own view of itself, where it was asked. */
  readonly voters?: QuorumSeen;
  /** How far users and ACLs are as declared; null: they are declared, and were never applied; absent: nobody is asked who he is. */
  readonly access?: AccessMark | null;
  /** Messages in each dead-letter queue, by its name. */
  readonly letters: Readonly<Record<string, number>>;
  /** What could not be seen, and why. */
  readonly unseen: readonly { readonly what: string; readonly reason: string }[];
}

export interface StatusOptions {
  /** Whether a member of the quorum is asked about it, by a command. */
  readonly askQuorum?: boolean;
}

/** @throws what the first call failed with, where neither Auto Scaling nor the table can be read */
export async function lookAtStatus(cluster: Cluster, { askQuorum = false }: StatusOptions = {}): Promise<Status> {
  const { definition } = cluster;
  const counting = countLetters(cluster);
  const sight = await lookAtCluster(cluster);
  const { fleet, table } = sight;
  const contents: TableContents = table.seen ? table.value : { rosters: new Map(), records: new Map() };
  const groups = fleet.seen ? fleet.value.groups : [];
  const [explanations, letters, quorum] = await Promise.all([
    explainAll(cluster, sight, contents),
    counting,
    askQuorum || (contents.quorum && quorumAsked(definition) === "words")
      ? lookAtQuorum(cluster, { groups }, contents)
      : undefined,
  ]);
  const voters = quorum?.seen ? quorum.value : undefined;
  const around: Surroundings = { definition, sight, contents, voters };
  const node = (instance: string, place?: { member: GroupMember; group: string }): NodeStatus =>
    nodeStatus(around, instance, explanations.get(instance), place);

  const listed = new Set(groups.flatMap((group) => group.members.map((m) => m.instance)));
  const counts = letters.flatMap(([name, one]) => (one.seen ? [[name, one.value] as const] : []));
  const deployed = table.seen || !table.missing || groups.length > 0;
  return {
    at: sight.at,
    cluster: definition.cluster,
    deployed,
    groups: definition.roles.flatMap((role) =>
      role.groups.map(({ name, zone }): GroupStatus => {
        const group = groups.find((g) => g.name === name);
        return {
          name,
          role: role.name,
          zone,
          ...(group && { desired: group.desired }),
          deleting: group?.deleting ?? false,
          nodes: (group?.members ?? []).map((member) => node(member.instance, { member, group: name })),
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
    ...(voters && { voters }),
    ...(definition.security && { access: contents.access ?? null }),
    letters: Object.fromEntries(counts),
    unseen: deployed ? unseenOf(sight, letters, quorum) : [],
  };
}

type Counts = readonly (readonly [queue: string, count: Look<number>])[];

function countLetters({ clients, names, ports }: Cluster): Promise<Counts> {
  return Promise.all(
    [names.failures, names.undelivered].map(async (name) => {
      const count = clients.sqs().then((client) => deadLetters(client, name).count());
      return [name, await look(count, ports.clock.now)] as const;
    }),
  );
}

function unseenOf(sight: ClusterSight, letters: Counts, quorum: Look<unknown> | undefined): Status["unseen"] {
  const looks: [string, Look<unknown>][] = [
    ["Auto Scaling groups", sight.fleet],
    ["the table", sight.table],
    ["EC2 instances", sight.ec2],
    ["Kafka", sight.kafka],
    ["the quorum's listeners", sight.listeners],
    ...(quorum ? [["the quorum", quorum] as [string, Look<unknown>]] : []),
    ...letters.map(([name, count]): [string, Look<number>] => [`queue ${name}`, count]),
  ];
  return looks.flatMap(([what, one]) => (one.seen || one.early ? [] : [{ what, reason: one.reason }]));
}

/** What decide says of each, from what was seen of all; nothing where groups or table cannot be seen. */
async function explainAll(
  { plan, ports }: Cluster,
  { fleet, table, ec2, kafka, listeners }: ClusterSight,
  contents: TableContents,
): Promise<ReadonlyMap<string, Explanation>> {
  if (!fleet.seen || !table.seen) return new Map();
  const states = new Map(fleet.value.groups.flatMap((g) => g.members.map((m) => [m.instance, m.state] as const)));
  const { records: _, ...shared } = contents;
  const explained = await together(everyInstance(fleet.value, contents), (instance) => {
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
    return explain(plan, ports, instance, { seen });
  });
  return new Map(explained.map((explanation) => [explanation.instance, explanation]));
}

const seenNow = <T>(value: T, at: number): Seen<T> => ({ at, value });
