/**
 * What taking a broker down, or letting it come back empty, would do to partitions: pure questions, each answered with the
 * partition that decides it. A replica is in sync where the leader says so; everything else about it is unknown.
 */
import type { Verdict } from "../lifecycle/sights.ts";

export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Node id; undefined where it has none that is alive. */
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** The topic's `min.insync.replicas`. */
  readonly minIsr: number;
}

/**
 * May broker b be stopped, its disk lost? Every partition with a replica on b has to keep a leader and min ISR members without
 * b. This is Strimzi's `KafkaAvailability`, made stricter where the disk goes: it stops a broker whose partition
 * has no more replicas than min ISR, as it comes back with them, while here the last copies would be gone.
 */
export function safeToStop(partitions: Iterable<Partition>, b: number): Verdict {
  let count = 0;
  for (const partition of onBroker(partitions, b)) {
    count++;
    const rest = partition.isr.filter((id) => id !== b).length;
    const name = nameOf(partition);
    if (rest === 0) return unsafe(`${name} would have no in-sync replica left without broker ${b}`);
    if (rest < partition.minIsr) {
      return unsafe(`${name} would keep ${rest} in sync without broker ${b}, below its min ISR ${partition.minIsr}`);
    }
    if (partition.leader === undefined)
      return unsafe(`${name} has no leader, so the copy on broker ${b} may be needed`);
  }
  return { safe: true, reason: `every partition stays at min ISR without broker ${b} (${count} of them on it)` };
}

/**
 * May broker b start with an empty disk? Only where every partition with a replica on b has a live leader other than b, does
 * not count b as in sync, and has min ISR members: otherwise b can become a leader with nothing, and the others cut their
 * logs back to that. Eligible leader replicas (KIP-966) need no look: they exist only while a partition is under its min ISR.
 */
export function safeToStartEmpty(partitions: Iterable<Partition>, b: number): Verdict {
  let count = 0;
  for (const partition of onBroker(partitions, b)) {
    count++;
    const name = nameOf(partition);
    if (partition.leader === b) return unsafe(`${name} still has broker ${b} as its leader`);
    if (partition.isr.includes(b)) return unsafe(`${name} still counts broker ${b} as in sync`);
    if (partition.leader === undefined) return unsafe(`${name} has no live leader to copy from`);
    if (partition.isr.length < partition.minIsr) {
      return unsafe(`${name} has ${partition.isr.length} in sync, below its min ISR ${partition.minIsr}`);
    }
  }
  return { safe: true, reason: `every partition of broker ${b} can be copied from its leader (${count} of them)` };
}

/** How many partitions have a replica on b, and how many of them lack it in their ISR, with one of these for an example. */
export function inSync(
  partitions: Iterable<Partition>,
  b: number,
): { readonly replicas: number; readonly missing: number; readonly example?: string } {
  let replicas = 0;
  let missing = 0;
  let example: string | undefined;
  for (const partition of onBroker(partitions, b)) {
    replicas++;
    if (partition.isr.includes(b)) continue;
    missing++;
    example ??= nameOf(partition);
  }
  return { replicas, missing, ...(example === undefined ? {} : { example }) };
}

function* onBroker(partitions: Iterable<Partition>, b: number): Iterable<Partition> {
  for (const partition of partitions) if (partition.replicas.includes(b)) yield partition;
}

function nameOf({ topic, partition }: Partition): string {
  return `${topic}-${partition}`;
}

function unsafe(reason: string): Verdict {
  return { safe: false, reason };
}
