/**
 * One partition as Kafka's controller keeps it, and what its events make of it: pure rules, as in
 * `PartitionChangeBuilder` and `ReplicationControlManager` of Kafka 4.x, with KIP-966's eligible leader replicas (ELR)
 * or, where they are off, without.
 */
export interface Partition {
  readonly topic: string;
  readonly index: number;
  readonly replicas: readonly number[];
  readonly minIsr: number;
  /** -1: none. */
  readonly leader: number;
  readonly isr: readonly number[];
  /** Out of the ISR, and yet known to have every acknowledged message. */
  readonly elr: readonly number[];
  /** The one that led last, once ISR and ELR may both run empty. */
  readonly lastKnownLeader?: number;
}

export function nameOf(partition: Pick<Partition, "topic" | "index">): string {
  return `${partition.topic}-${partition.index}`;
}

/** It gets these replicas: what was there before stays until all of them are in the ISR. */
export function reassigned(partition: Partition, replicas: readonly number[]): Partition {
  if (!replicas.every((id) => partition.isr.includes(id)))
    return { ...partition, replicas: [...new Set([...replicas, ...partition.replicas])] };
  const leader = replicas.includes(partition.leader) ? partition.leader : -1;
  return { ...partition, replicas, leader, isr: partition.isr.filter((id) => replicas.includes(id)) };
}

/** The broker is fenced, or shuts down in order: it leaves the ISR and leads no more. */
export function withoutBroker(partition: Partition, id: number, elr: boolean): Partition {
  const next = withIsr(
    partition,
    partition.isr.filter((member) => member !== id),
    elr,
  );
  return next.leader === id ? { ...next, leader: -1 } : next;
}

/** The broker registers after an unclean shutdown: what it still has is not to be trusted. Known only with ELR. */
export function afterUncleanShutdown(partition: Partition, id: number, elr: boolean): Partition {
  if (!elr) return partition;
  const next = withoutBroker(partition, id, elr);
  return { ...next, elr: next.elr.filter((member) => member !== id) };
}

/** A follower has caught up. */
export function withIsrMember(partition: Partition, id: number, elr: boolean): Partition {
  return withIsr(
    partition,
    partition.replicas.filter((replica) => replica === id || partition.isr.includes(replica)),
    elr,
  );
}

/**
 * Gives a partition without an acceptable leader one: the first replica in the ISR; else one of the ELR; else, with ISR
 * and ELR both empty, the last known leader, *whatever it still has*. Unclean election is off.
 */
export function elected(partition: Partition, acceptable: (id: number) => boolean): Partition {
  if (partition.leader !== -1 && acceptable(partition.leader)) return partition;
  const leader = candidate(partition, acceptable);
  if (leader === undefined) return partition.leader === -1 ? partition : { ...partition, leader: -1 };
  if (partition.isr.includes(leader)) return { ...partition, leader };
  const { lastKnownLeader: _, ...rest } = partition;
  return { ...rest, leader, isr: [leader], elr: partition.elr.filter((member) => member !== leader) };
}

function candidate(partition: Partition, acceptable: (id: number) => boolean): number | undefined {
  const inSync = partition.replicas.find((id) => partition.isr.includes(id) && acceptable(id));
  if (inSync !== undefined) return inSync;
  if (partition.isr.length > 0) return undefined;
  const eligible = partition.replicas.find((id) => partition.elr.includes(id) && acceptable(id));
  if (eligible !== undefined) return eligible;
  const last = partition.elr.length === 0 ? partition.lastKnownLeader : undefined;
  return last !== undefined && acceptable(last) ? last : undefined;
}

function withIsr(partition: Partition, isr: readonly number[], elr: boolean): Partition {
  // Without ELR the last member is never removed: it comes back as a clean leader, whatever became of its disk.
  if (!elr) return isr.length === 0 ? partition : { ...partition, isr };
  const { lastKnownLeader, ...rest } = partition;
  if (isr.length >= partition.minIsr) return { ...rest, isr, elr: [] };
  const eligible = partition.replicas.filter(
    (id) => !isr.includes(id) && (partition.elr.includes(id) || partition.isr.includes(id)),
  );
  const last = isr.length === 0 ? (lastKnownLeader ?? partition.leader) : undefined;
  return { ...rest, isr, elr: eligible, ...(last === undefined ? {} : { lastKnownLeader: last }) };
}
