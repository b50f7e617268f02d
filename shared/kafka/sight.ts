/**
 * From what brokers answered to what is believed. A broker that is cut off from the quorum goes on serving the metadata it last
 * had, and without a quorum all of them do; nor does a truthful one know of a death before the session's end, 9 s later (18 s
 * with ZooKeeper). So nothing rests on one broker's word alone: two are asked where two can be had, every broker that is counted
 * in has to accept a connection from here, and where they differ the worse is believed.
 */
import type { KafkaQuestion } from "../lifecycle/ports.ts";
import type { BrokerSight, KafkaSight, ListenerSight, Verdict } from "../lifecycle/sights.ts";
import { inSync, type Partition, safeToStartEmpty, safeToStop } from "./availability.ts";

/** One broker's answer to a Metadata request for all topics. */
export interface Answer {
  /** `host:port` that answered. */
  readonly server: string;
  readonly clusterId: string;
  /** Registered and unfenced, by id. */
  readonly brokers: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
  readonly partitions: readonly Omit<Partition, "minIsr">[];
}

export interface Findings {
  /** At least one. */
  readonly answers: readonly Answer[];
  /** `min.insync.replicas` by topic; topics that are missing here have been deleted meanwhile. */
  readonly minIsr: ReadonlyMap<string, number>;
  /** Brokers that are counted in but accept no connection. */
  readonly silent: ReadonlySet<number>;
}

/**
 * Why nothing that brokers say can be trusted, if so: without a majority of its quorum metadata stands still, and ISRs with
 * it, however well the brokers answer.
 */
export function quorumLost(members: ReadonlyMap<string, ListenerSight>): string | undefined {
  const listening = [...members.values()].filter((sight) => sight === "listening").length;
  if (members.size === 0 || listening * 2 > members.size) return undefined;
  return `only ${listening} of ${members.size} members of the quorum serve: without most of them what brokers say may be old`;
}

/** Topics that a question rests on: those with a replica on one of its brokers, but for the ignored ones. */
export function topicsOf(question: KafkaQuestion, answers: readonly Answer[]): string[] {
  const topics = new Set<string>();
  for (const { partitions } of answers) {
    for (const { topic, replicas } of partitions) {
      if (!question.ignoreTopics.includes(topic) && replicas.some((id) => question.ids.includes(id))) topics.add(topic);
    }
  }
  return [...topics].sort();
}

/** Every broker that some answer counts in. */
export function countedIn(answers: readonly Answer[]): Map<number, { readonly host: string; readonly port: number }> {
  return new Map(answers.flatMap(({ brokers }) => [...brokers]));
}

/** What the answers together say to the question, pessimistically; unseen where none came, or where they cannot all be right. */
export function sightOf(question: KafkaQuestion, findings: Findings): KafkaSight {
  const { answers, silent } = findings;
  const clusterIds = new Set(answers.map(({ clusterId }) => clusterId));
  const [clusterId] = clusterIds;
  if (clusterId === undefined) return { seen: false, reason: "no broker answered" };
  if (clusterIds.size > 1) {
    const each = answers.map((answer) => `${answer.server} is of ${answer.clusterId}`).join(", ");
    return { seen: false, reason: `brokers of different clusters answered: ${each}` };
  }
  const counted = countedIn(answers);
  if (silent.size * 2 >= counted.size && silent.size > 0) {
    const reason = `of ${counted.size} brokers that Kafka counts in, ${list(silent)} cannot be reached from here`;
    return { seen: false, reason: `${reason}: the network here, or what Kafka says, cannot be trusted` };
  }
  const views = answers.map((answer) => partitionsOf(question, answer, findings));
  return {
    seen: true,
    clusterId,
    brokers: new Map(question.ids.map((id) => [id, brokerSight(id, answers, views, silent)])),
  };
}

function brokerSight(
  id: number,
  answers: readonly Answer[],
  views: readonly (readonly Partition[])[],
  silent: ReadonlySet<number>,
): BrokerSight {
  const registered = agreed(answers.map(({ brokers }) => brokers.get(id)));
  const counts = views.map((partitions) => inSync(partitions, id));
  // Others' silence weakens what b leans on; b's own says nothing of them.
  const others = new Set(silent);
  others.delete(id);
  const reachable = others.size === 0 ? [] : views.map((partitions) => without(partitions, others));
  return {
    ...counts.reduce((worst, count) => (count.missing > worst.missing ? count : worst)),
    replicas: Math.max(...counts.map(({ replicas }) => replicas)),
    ...(registered === undefined ? {} : { registered }),
    stop: strictest(views, reachable, others, (partitions) => safeToStop(partitions, id)),
    startEmpty: strictest(views, reachable, others, (partitions) => safeToStartEmpty(partitions, id)),
  };
}

/** The partitions that count, as that answer tells of them. */
function partitionsOf(question: KafkaQuestion, answer: Answer, { minIsr }: Findings): Partition[] {
  return answer.partitions.flatMap((partition): Partition[] => {
    const least = minIsr.get(partition.topic);
    return least === undefined || question.ignoreTopics.includes(partition.topic)
      ? []
      : [{ ...partition, minIsr: least }];
  });
}

/** The partitions as they would be with these brokers gone from here: not in sync, and leading nothing. */
function without(partitions: readonly Partition[], gone: ReadonlySet<number>): Partition[] {
  return partitions.map((partition) => ({
    ...partition,
    leader: partition.leader !== undefined && gone.has(partition.leader) ? undefined : partition.leader,
    isr: partition.isr.filter((id) => !gone.has(id)),
  }));
}

/** The first unsafe verdict, on what was told or else on what of it can be reached; the first verdict where all are safe. */
function strictest(
  told: readonly (readonly Partition[])[],
  reachable: readonly (readonly Partition[])[],
  silent: ReadonlySet<number>,
  judge: (partitions: readonly Partition[]) => Verdict,
): Verdict {
  const verdicts = told.map(judge);
  const unsafe = verdicts.find(({ safe }) => !safe);
  if (unsafe !== undefined) return unsafe;
  const unreachable = reachable.map(judge).find(({ safe }) => !safe);
  if (unreachable === undefined) return verdicts[0] ?? { safe: false, reason: "no broker answered" };
  return {
    safe: false,
    reason: `${unreachable.reason}, leaving out ${list(silent)}, which can't be reached from here`,
  };
}

/** The address that all answers give; none where one of them does not count the broker in, or gives another. */
function agreed(
  addresses: readonly ({ readonly host: string; readonly port: number } | undefined)[],
): { readonly host: string; readonly port: number } | undefined {
  const [first, ...rest] = addresses;
  return rest.every((other) => other?.host === first?.host && other?.port === first?.port) ? first : undefined;
}

function list(ids: ReadonlySet<number>): string {
  return [...ids].sort((a, b) => a - b).join(", ");
}
