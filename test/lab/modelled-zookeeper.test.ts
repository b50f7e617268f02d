/** Kafka on a ZooKeeper ensemble, modelled: sessions, the controller, and what stands still without the ensemble. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Machine } from "../../lab/machines/machine.ts";
import { classicCluster, on } from "./classic-cluster.ts";

const SESSION = 18_000;
let cluster: ReturnType<typeof classicCluster>;
let members: Map<number, Machine>;
let brokers: Map<number, Machine>;
beforeEach(async () => {
  cluster = classicCluster();
  members = await cluster.formEnsemble();
  brokers = await cluster.startBrokers([1, 2, 3]);
  cluster.kafka.createTopic("orders", { partitions: 3, replication: 3, minIsr: 2 });
});
const ids = () => cluster.kafka.registered().map(({ id }) => id);
const isr = () => cluster.kafka.partitions().map((p) => [...p.isr].sort().join());
const violations = () => cluster.kafka.violations;

describe("a session", () => {
  test("outlives its broker by 18 s at most, a ping's third of it less at least", async () => {
    await cluster.settle(on(brokers, 3).destroy());
    await cluster.clock.runFor((SESSION * 2) / 3 - 1_000);
    expect(ids()).toEqual([1, 2, 3]);
    await cluster.clock.runFor(SESSION / 3 + 2_000);
    expect([ids(), isr()]).toEqual([
      [1, 2],
      ["1,2", "1,2", "1,2"],
    ]);
  });
  test("of the former incarnation ends a process that starts with its id, until it is over", async () => {
    await cluster.settle(on(brokers, 3).destroy());
    const anew = cluster.machineFor(3);
    await cluster.settle(cluster.configure(anew, 3, { kind: "none" }));
    // Its first processes have found the node, and exited.
    await cluster.until(() => !cluster.kafka.processes().some(({ id, role }) => id === 3 && role === "broker"));
    await cluster.until(() => isr().every((each) => each === "1,2,3"));
    expect([ids(), violations()]).toEqual([[1, 2, 3], []]);
  });
  test("ends with a controlled shutdown, at once", async () => {
    await cluster.settle(cluster.run(on(brokers, 3), "stop"));
    expect([...cluster.kafka.sessions().keys()]).toEqual(["/brokers/ids/1", "/brokers/ids/2"]);
    expect(isr()).toEqual(["1,2", "1,2", "1,2"]);
  });
  test("is the same before and after a member of the ensemble is replaced", async () => {
    const before = [...cluster.kafka.sessions()];
    await cluster.settle(on(members, 103).destroy());
    await cluster.clock.runFor(60_000);
    expect([...cluster.kafka.sessions()]).toEqual(before);
  });
});

describe("the controller", () => {
  test("is a broker: while its session lasts nothing changes, then another one takes its place", async () => {
    // The first to register.
    await cluster.settle(on(brokers, 1).destroy());
    expect(cluster.kafka.hasController).toBe(false);
    await cluster.clock.runFor(SESSION / 2);
    expect([isr(), ids()]).toEqual([
      ["1,2,3", "1,2,3", "1,2,3"],
      [1, 2, 3],
    ]);
    await cluster.until(() => cluster.kafka.hasController);
    expect([isr(), ids()]).toEqual([
      ["2,3", "2,3", "2,3"],
      [2, 3],
    ]);
    expect(cluster.kafka.partitions().map(({ leader }) => leader)).not.toContain(1);
  });
  test("hands over at once where it is stopped in order", async () => {
    await cluster.settle(cluster.run(on(brokers, 1), "stop"));
    await cluster.clock.runFor(2_000);
    expect(cluster.kafka.hasController).toBe(true);
  });
});

describe("without a majority of the ensemble", () => {
  beforeEach(async () => {
    await cluster.settle(Promise.all([on(members, 101).destroy(), on(members, 102).destroy()]));
  });
  test("no ISR changes, no topic is made, and no session ends", async () => {
    await cluster.settle(on(brokers, 3).destroy());
    await cluster.clock.runFor(10 * SESSION);
    expect([isr(), ids()]).toEqual([
      ["1,2,3", "1,2,3", "1,2,3"],
      [1, 2, 3],
    ]);
    expect(() => cluster.kafka.createTopic("more", { partitions: 1, replication: 1, minIsr: 1 })).toThrow("no leader");
  });
  test("a broker that starts gives up after the connection's timeout, and is started again", async () => {
    const fourth = cluster.machineFor(4);
    await cluster.settle(cluster.configure(fourth, 4, { kind: "none" }));
    await cluster.until(() => cluster.kafka.processes().some(({ id, up }) => id === 4 && up));
    await cluster.until(() => !cluster.kafka.processes().some(({ id }) => id === 4), 2 * SESSION);
    await cluster.clock.runFor(10_000);
    expect((await cluster.settle(cluster.run(fourth, "status"))).answer.unit).toBe("active");
    expect(ids()).toEqual([1, 2, 3]);
  });
});

test("there are no eligible leader replicas: the last in-sync replica leads again whatever it has", async () => {
  for (const id of [3, 2]) {
    await cluster.settle(on(brokers, id).destroy());
    await cluster.clock.runFor(2 * SESSION);
  }
  await cluster.settle(on(brokers, 1).destroy());
  const anew = cluster.machineFor(1);
  await cluster.settle(cluster.configure(anew, 1, { kind: "none" }));
  await cluster.until(() => cluster.kafka.hasController);
  await cluster.until(() => cluster.kafka.partitions().every(({ leader }) => leader === 1));
  expect(violations().map(({ kind }) => kind)).toContain("messages lost");
});
