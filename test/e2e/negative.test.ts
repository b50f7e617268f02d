/** The check that nothing is lost can fail: the one mistake that the gates are there for, made on purpose, on real Kafka. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Machine } from "../../lab/machines/machine.ts";
import { startWorkload, type Workload } from "../../lab/workload.ts";
import { kafkaTitle } from "./found-kafka.ts";
import { kafka, openCluster, type RealCluster } from "./real-cluster.ts";

/** Messages, at the least, in each part of a test. */
const SOME = 50;

describe.skipIf("missing" in kafka)(kafkaTitle(kafka), () => {
  let cluster: RealCluster;
  let workload: Workload;
  let first: Machine;
  let second: Machine;

  beforeEach(async () => {
    cluster = await openCluster(1, { "min.insync.replicas": "1" });
    const controller = cluster.launch(101);
    first = cluster.launch(1);
    second = cluster.launch(2);
    await Promise.all([cluster.configure(controller, 101), cluster.configure(first, 1), cluster.configure(second, 2)]);
    workload = await startWorkload({
      topic: { name: "control", partitions: 3, replication: 2, minIsr: 1 },
      bootstrap: () => cluster.servers([1, 2]),
      clock: cluster.clock,
      rate: 60,
      producer: "control",
      within: 60_000,
    });
    await acknowledged();
    // Broker 2 is gone with its disk: broker 1 is the last member of every ISR, and goes on alone, as min ISR 1 allows.
    await second.destroy();
    await acknowledged();
  });

  afterEach(async () => {
    await workload.stop();
    await cluster.close();
  });

  /** Waits for some more messages. */
  async function acknowledged(): Promise<void> {
    const goal = workload.counts().acknowledged + SOME;
    await expect.poll(() => workload.counts().acknowledged, { timeout: 60_000 }).toBeGreaterThanOrEqual(goal);
  }

  test("an empty disk that catches up with a live leader loses nothing", async () => {
    await cluster.configure(cluster.launch(2), 2);
    const verification = await workload.verify(60_000);
    expect(verification.acknowledged).toBeGreaterThanOrEqual(2 * SOME);
    expect(verification).toMatchObject({ lost: 0, duplicated: 0, examples: [] });
  });

  test("an empty disk let in as the last member of an ISR loses what was acknowledged, and the check says so", async () => {
    await workload.stop();
    await first.destroy();
    await cluster.configure(cluster.launch(1), 1);
    // Only then broker 2, whose place is empty rightly.
    await cluster.configure(cluster.launch(2), 2);
    const verification = await workload.verify(60_000);
    expect(verification.acknowledged).toBeGreaterThanOrEqual(2 * SOME);
    expect(verification.lost).toBe(verification.acknowledged);
    expect(verification.examples[0]).toMatch(/was acknowledged at partition \d, offset \d+, but the log ends at 0/);
  });
});
