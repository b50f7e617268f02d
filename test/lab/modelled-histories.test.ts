/** Whole histories of faults: the modelled Kafka has to tell a gate that keeps messages from one that does not. */
import { expect, test } from "vitest";
import type { Machine } from "../../lab/machines/machine.ts";
import { brokerPartitions } from "../../lab/machines/modelled-view.ts";
import { seededRandom } from "../../lab/random.ts";
import { safeToStartEmpty } from "../../shared/kafka/availability.ts";
import { address, BROKERS, JOIN, modelledCluster } from "./modelled-cluster.ts";

type Gate = (cluster: ReturnType<typeof modelledCluster>, id: number) => boolean;

const careful: Gate = ({ kafka }, id) => safeToStartEmpty(brokerPartitions(kafka), id).safe;
const careless: Gate = () => true;

/** Half an hour in which brokers restart at any time and one at a time loses its disk; the gate says when it may come back. */
async function history(seed: number, elr: boolean, gate: Gate) {
  const cluster = modelledCluster({ elr });
  const random = seededRandom(seed);
  const machines = new Map<number, Machine>(await cluster.launch());
  cluster.kafka.createTopic("orders", { partitions: 3, replication: 3, minIsr: 2 });
  let lost: number | undefined;
  for (let second = 0; second < 1_800; second += 1) {
    await cluster.clock.runFor(1_000);
    if (lost !== undefined && gate(cluster, lost)) {
      const machine = cluster.machine(address(lost));
      machines.set(lost, machine);
      void cluster.configure(machine, lost, JOIN);
      lost = undefined;
    }
    const id = random.pick(BROKERS);
    if (id !== lost && random.chance(0.03)) void machines.get(id)?.reboot();
    const whole = cluster.kafka.partitions().every(({ isr }) => isr.length === 3);
    if (lost === undefined && random.chance(whole ? 0.01 : 0.03)) {
      lost = random.pick(BROKERS);
      await machines.get(lost)?.destroy();
    }
  }
  const violations = cluster.kafka.violations.filter(({ kind }) => kind !== "last copy gone");
  return { violations, ...cluster.kafka.messages() };
}

const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);

test.each([true, false])("with the gate no message is lost, and the cluster goes on (ELR %s)", async (elr) => {
  for (const seed of SEEDS) {
    const { violations, acknowledged } = await history(seed, elr, careful);
    expect({ seed, violations: violations.filter(({ kind }) => kind === "messages lost") }).toEqual({
      seed,
      violations: [],
    });
    expect(acknowledged).toBeGreaterThan(10_000);
  }
});

test("without it some history loses messages, and is seen to", async () => {
  const losses = [];
  for (const seed of SEEDS) losses.push((await history(seed, false, careless)).lost);
  expect(Math.max(...losses)).toBeGreaterThan(0);
});
