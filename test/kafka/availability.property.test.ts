import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inSync, type Partition, safeToStartEmpty, safeToStop } from "../../shared/kafka/availability.ts";

const BROKERS = [1, 2, 3, 4];

/** Any partition that Kafka could tell of: ISR and leader among the replicas, a leader only from the ISR. */
const PARTITION: fc.Arbitrary<Partition> = fc
  .record({
    topic: fc.constantFrom("orders", "clicks"),
    partition: fc.nat(9),
    replicas: fc.shuffledSubarray(BROKERS, { minLength: 1 }),
    minIsr: fc.integer({ min: 1, max: 4 }),
    kept: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    leading: fc.option(fc.nat(3), { nil: undefined }),
  })
  .map(({ topic, partition, replicas, minIsr, kept, leading }) => {
    const isr = replicas.filter((_, i) => kept[i]);
    const leader = leading === undefined ? undefined : isr[leading % Math.max(1, isr.length)];
    return { topic, partition, replicas, isr, minIsr, leader };
  });

const PARTITIONS = fc.array(PARTITION, { maxLength: 6 });
const BROKER = fc.constantFrom(...BROKERS);

/** Takes b away, then asks of what is left whether a producer with acks=all could still write. */
function writableWithout({ leader, isr, minIsr }: Partition, b: number): boolean {
  const alive = new Set(BROKERS);
  alive.delete(b);
  const left = isr.filter((id) => alive.has(id));
  const electable = leader !== undefined && left.length > 0;
  return electable && left.length >= minIsr;
}

/** Lets b back in with nothing, then asks whether any election Kafka might hold could make it the leader, or lose its peers. */
function losable({ leader, isr, minIsr }: Partition, b: number): boolean {
  const electable = [...isr, ...(leader === undefined ? BROKERS : [leader])];
  return electable.includes(b) || isr.length < minIsr;
}

test("stopping b is safe exactly where each of its partitions stays writable without it", () => {
  fc.assert(
    fc.property(PARTITIONS, BROKER, (partitions, b) => {
      const concerned = partitions.filter(({ replicas }) => replicas.includes(b));
      expect(safeToStop(partitions, b).safe).toBe(concerned.every((partition) => writableWithout(partition, b)));
    }),
    { numRuns: 1000 },
  );
});

test("starting b empty is safe exactly where no election could make it lead", () => {
  fc.assert(
    fc.property(PARTITIONS, BROKER, (partitions, b) => {
      const concerned = partitions.filter(({ replicas }) => replicas.includes(b));
      expect(safeToStartEmpty(partitions, b).safe).toBe(!concerned.some((partition) => losable(partition, b)));
    }),
    { numRuns: 1000 },
  );
});

test("a verdict names a partition that alone brings it about", () => {
  fc.assert(
    fc.property(PARTITIONS, BROKER, (partitions, b) => {
      for (const judge of [safeToStop, safeToStartEmpty]) {
        const verdict = judge(partitions, b);
        if (verdict.safe) continue;
        const named = partitions.filter(({ topic, partition }) => verdict.reason.startsWith(`${topic}-${partition} `));
        expect(named.some((partition) => !judge([partition], b).safe)).toBe(true);
      }
    }),
  );
});

test("less in sync never makes anything safe", () => {
  fc.assert(
    fc.property(PARTITIONS, BROKER, BROKER, (partitions, b, lost) => {
      fc.pre(lost !== b);
      const fewer = partitions.map((partition) => ({
        ...partition,
        isr: partition.isr.filter((id) => id !== lost),
        leader: partition.leader === lost ? undefined : partition.leader,
      }));
      if (!safeToStop(partitions, b).safe) expect(safeToStop(fewer, b).safe).toBe(false);
      if (!safeToStartEmpty(partitions, b).safe) expect(safeToStartEmpty(fewer, b).safe).toBe(false);
    }),
  );
});

test("counts the partitions of b, and those that lack it in their ISR", () => {
  fc.assert(
    fc.property(PARTITIONS, BROKER, (partitions, b) => {
      const counted = inSync(partitions, b);
      const concerned = partitions.filter(({ replicas }) => replicas.includes(b));
      expect(counted.replicas).toBe(concerned.length);
      expect(counted.missing).toBe(concerned.filter(({ isr }) => !isr.includes(b)).length);
      expect(counted.example !== undefined).toBe(counted.missing > 0);
    }),
  );
});

describe("in words", () => {
  const orders = { topic: "orders", partition: 3, leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3], minIsr: 2 };
  test.each<{ rule: string; partition: Partition; stop: string }>([
    {
      rule: "min ISR stays",
      partition: orders,
      stop: "every partition stays at min ISR without broker 2 (1 of them on it)",
    },
    {
      rule: "one too few",
      partition: { ...orders, isr: [1, 2] },
      stop: "orders-3 would keep 1 in sync without broker 2, below its min ISR 2",
    },
    {
      rule: "under min ISR already, though b is not in it",
      partition: { ...orders, isr: [1] },
      stop: "orders-3 would keep 1 in sync without broker 2, below its min ISR 2",
    },
    {
      rule: "replication 1",
      partition: { ...orders, leader: 2, replicas: [2], isr: [2], minIsr: 1 },
      stop: "orders-3 would have no in-sync replica left without broker 2",
    },
    {
      rule: "as many replicas as min ISR asks for",
      partition: { ...orders, replicas: [1, 2], isr: [1, 2] },
      stop: "orders-3 would keep 1 in sync without broker 2, below its min ISR 2",
    },
    {
      rule: "no leader",
      partition: { ...orders, leader: undefined, isr: [1, 3] },
      stop: "orders-3 has no leader, so the copy on broker 2 may be needed",
    },
  ])("stopping broker 2: $rule", ({ partition, stop }) => {
    expect(safeToStop([partition], 2).reason).toBe(stop);
  });
});
