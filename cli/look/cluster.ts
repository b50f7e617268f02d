/** The whole cluster as it is now: everything that can be looked at with a few reads, and what could not be seen. */
import { brokerQuestion, lookAtListeners } from "../../shared/lifecycle/look.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  FleetSight,
  InstanceState,
  KafkaSight,
  ListenerSight,
  TableSight,
} from "../../shared/lifecycle/sights.ts";
import type { Cluster } from "../cluster.ts";
import { NOT_THERE, reasonOf, wasAnswered } from "../exit.ts";

/** What a look brought, or why it did not. */
export type Look<T> = { readonly seen: true; readonly value: T; readonly at: number } | Unseen;

export interface Unseen {
  readonly seen: false;
  readonly reason: string;
  /** What was asked for does not exist: nothing is deployed there. */
  readonly missing?: true;
  /** There is nobody yet who could be asked, which is as it should be in a cluster that is young. */
  readonly early?: true;
}

export interface ClusterSight {
  readonly at: number;
  readonly fleet: Look<FleetSight>;
  readonly table: Look<TableContents>;
  readonly ec2: Look<ReadonlyMap<string, InstanceState>>;
  readonly kafka: Look<Extract<KafkaSight, { seen: true }>>;
  readonly listeners: Look<ReadonlyMap<number, ListenerSight>>;
}

/**
 * Looks at everything once. A part that cannot be seen does not hide the others.
 *
 * @throws what the first call failed with, where neither Auto Scaling nor the table can be read: then AWS is out of reach
 */
export async function lookAtCluster(cluster: Cluster): Promise<ClusterSight> {
  const { plan, ports } = cluster;
  const at = ports.clock.now();
  const looking = <T>(answer: Promise<T>) => look(answer, () => ports.clock.now());
  const answers = [ports.fleet.look(), ports.table.readAll()] as const;
  const [fleet, table] = await Promise.all([looking(answers[0]), looking(answers[1])]);
  if (!fleet.seen && !table.seen && !table.missing) await answers[0];

  const contents: TableContents = table.seen ? table.value : { rosters: new Map(), records: new Map() };
  const sight: TableSight = {
    rosters: contents.rosters,
    ...(contents.turn && { turn: contents.turn }),
    ...(contents.quorum && { quorum: contents.quorum }),
  };
  const instances = everyInstance(fleet.seen ? fleet.value : { groups: [] }, contents);
  const question = brokerQuestion(plan, sight);
  const none = Promise.resolve<ReadonlyMap<string, InstanceState>>(new Map());
  const [ec2, kafka, listeners] = await Promise.all([
    looking(instances.length > 0 ? ports.instances.look(instances) : none),
    question.bootstrap.length === 0
      ? { ...unseen("no broker has been in service yet"), early: true as const }
      : looking(ports.kafka.brokers(question)),
    looking(listen(cluster, sight)),
  ]);
  return { at, fleet, table, ec2, kafka: inSight(kafka), listeners };
}

/** In groups, rosters or records. */
export function everyInstance(fleet: FleetSight, { rosters, records }: TableContents): string[] {
  const listed = fleet.groups.flatMap((group) => group.members.map((member) => member.instance));
  const owners = [...rosters.values()].flatMap((roster) => [...roster.members.values()].flatMap((m) => m.owner ?? []));
  return [...new Set([...listed, ...owners, ...records.keys()])].sort();
}

export async function look<T>(answer: Promise<T>, now: () => number): Promise<Look<T>> {
  try {
    const value = await answer;
    return { seen: true, value, at: now() };
  } catch (error) {
    const missing = wasAnswered(error, ...NOT_THERE);
    return { ...unseen(reasonOf(error)), ...(missing && { missing }) };
  }
}

export function unseen(reason: string): Unseen {
  return { seen: false, reason };
}

function inSight(kafka: Look<KafkaSight>): ClusterSight["kafka"] {
  if (!kafka.seen) return kafka;
  return kafka.value.seen ? { ...kafka, value: kafka.value } : unseen(kafka.value.reason);
}

/** The port's own failure is only warned of; here it is the answer. */
async function listen(cluster: Cluster, table: TableSight): Promise<ReadonlyMap<number, ListenerSight>> {
  let failure: string | undefined;
  const log = {
    info() {},
    warn(message: string) {
      failure = message;
    },
  };
  const heard = await lookAtListeners(cluster.plan, { ...cluster.ports, log }, table);
  if (failure !== undefined) throw new Error(failure);
  return heard;
}
