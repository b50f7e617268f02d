import { beforeEach, describe, expect, test } from "vitest";
import type { Machine } from "../../lab/machines/machine.ts";
import { brokerPartitions, modelledKafkaView } from "../../lab/machines/modelled-view.ts";
import {
  address,
  CLUSTER_ID,
  directory,
  FOUNDERS,
  founder,
  JOIN,
  MINUTE,
  modelledCluster,
  on,
} from "./modelled-cluster.ts";

type Cluster = ReturnType<typeof modelledCluster>;
let cluster: Cluster;
let machines: ReadonlyMap<number, Machine>;

const TOPIC = { partitions: 3, replication: 3, minIsr: 2 };
const kinds = () => cluster.kafka.violations.map(({ kind }) => kind);
const isrOf = (index: number) => cluster.kafka.partitions()[index]?.isr ?? [];
const leaders = () => cluster.kafka.partitions().map(({ leader }) => leader);
const registered = () => cluster.kafka.registered().map(({ id }) => id);

async function up(options?: { elr: boolean }, brokers?: readonly number[]) {
  cluster = modelledCluster(options);
  machines = await cluster.launch(brokers);
}

/** Sudden death, disk and all. */
const destroy = (id: number) => on(machines, id).destroy();

async function replace(id: number): Promise<Machine> {
  const machine = cluster.machineFor(id);
  await cluster.settle(cluster.configure(machine, id, JOIN));
  return machine;
}

describe("the quorum", () => {
  test("is founded by a majority of its initial controllers, and only then has a leader", async () => {
    cluster = modelledCluster();
    await cluster.settle(cluster.configure(cluster.machineFor(101), 101, founder(101)));
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.quorum()).toMatchObject({ leader: -1, voters: [] });
    await cluster.settle(cluster.configure(cluster.machineFor(103), 103, founder(103)));
    await cluster.until(() => cluster.kafka.quorum().leader !== -1);
    expect(cluster.kafka.clusterId).toBe(CLUSTER_ID);
    expect(cluster.kafka.quorum().voters.map(({ id }) => id)).toEqual([101, 102, 103]);
  });

  test("waits for founders that take long to start", async () => {
    cluster = modelledCluster({ recovery: 20_000 });
    for (const id of [101, 103]) await cluster.settle(cluster.configure(cluster.machineFor(id), id, founder(id)));
    await cluster.clock.runFor(19_000);
    expect(cluster.kafka.processes()).toHaveLength(2);
    expect(cluster.kafka.quorum().leader).toBe(-1);
    await cluster.clock.runFor(6_000);
    expect(cluster.kafka.quorum().leader).toBe(101);
  });

  test("loses its leader to another while a majority is alive, and altogether without one", async () => {
    await up(undefined, []);
    expect(cluster.kafka.quorum().leader).toBe(101);
    await destroy(101);
    expect(cluster.kafka.quorum().leader).toBe(-1);
    await cluster.until(() => cluster.kafka.quorum().leader === 102);
    await destroy(102);
    await cluster.clock.runFor(10 * MINUTE);
    expect(cluster.kafka.quorum().leader).toBe(-1);
  });

  test("a controller with an empty disk joins as an observer, catches up, and takes its predecessor's place", async () => {
    await up(undefined, []);
    await destroy(102);
    await replace(102);
    await cluster.until(() => cluster.kafka.quorum().observers.some(({ id }) => id === 102));
    const before = cluster.kafka.quorum().voters.find(({ id }) => id === 102);
    expect(before?.directoryId).toBe(directory(102));
    expect(before?.lag).toBeGreaterThan(0);
    await cluster.until(() => !cluster.kafka.quorum().voters.some(({ id }) => id === 102));
    await cluster.until(() => cluster.kafka.quorum().voters.some(({ id }) => id === 102));
    const { voters, observers } = cluster.kafka.quorum();
    const joined = voters.find(({ id }) => id === 102);
    expect(joined?.directoryId).not.toBe(directory(102));
    expect(joined).toMatchObject({ lag: 0, caughtUpAgo: 0 });
    expect([voters.length, observers]).toEqual([3, []]);
    expect(kinds()).toEqual([]);
  });

  test("half of the voters are no majority: between its removal and its return, none of the other two may go", async () => {
    await up(undefined, []);
    await destroy(102);
    await replace(102);
    await cluster.until(() => cluster.kafka.quorum().voters.length === 2);
    await destroy(103);
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.quorum()).toMatchObject({ leader: -1, voters: [{ id: 101 }, { id: 103 }] });
  });

  test("without auto-join it stays an observer", async () => {
    await up(undefined, []);
    await destroy(102);
    const settings = { "controller.quorum.auto.join.enable": "false" };
    await cluster.settle(cluster.configure(cluster.machineFor(102), 102, JOIN, { settings }));
    await cluster.clock.runFor(5 * MINUTE);
    expect(cluster.kafka.quorum().observers.map(({ id }) => id)).toEqual([102]);
    expect(cluster.kafka.quorum().voters.map(({ directoryId }) => directoryId)).toContain(directory(102));
  });

  test("a restarted voter with its disk is a voter again, whatever order they come back in", async () => {
    await up(undefined, []);
    await cluster.settle(Promise.all([101, 102, 103].map((id) => on(machines, id).reboot())));
    await cluster.until(() => cluster.kafka.quorum().leader !== -1);
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.quorum().voters.map(({ id }) => id)).toEqual([101, 102, 103]);
    expect(cluster.kafka.quorum().observers).toEqual([]);
  });

  test("sees a founder's disk formatted again with its old directory id", async () => {
    await up(undefined, []);
    await destroy(102);
    await cluster.settle(cluster.configure(cluster.machineFor(102), 102, founder(102)));
    await cluster.clock.runFor(MINUTE);
    expect(kinds()).toEqual(["voter emptied"]);
  });

  test("sees a second founding", async () => {
    await up(undefined, []);
    const voters = FOUNDERS.map((voter) => `${voter}-again`);
    const again = (id: number) => ({ kind: "founder" as const, directoryId: `${directory(id)}-again`, voters });
    await destroy(101);
    await destroy(102);
    for (const id of [101, 102]) await cluster.settle(cluster.configure(cluster.machineFor(id), id, again(id)));
    await cluster.clock.runFor(MINUTE);
    expect(kinds()).toContain("second quorum");
  });

  test("sees a controller stopped on purpose that its majority needs", async () => {
    await up(undefined, []);
    await cluster.settle(cluster.run(on(machines, 101), "stop"));
    expect(kinds()).toEqual([]);
    await cluster.settle(cluster.run(on(machines, 102), "stop"));
    expect(kinds()).toEqual(["stopped under majority"]);
  });

  test("a voter whose address is unplugged does not count, and does again when it is back", async () => {
    await up(undefined, []);
    on(machines, 101).unplug(address(101));
    on(machines, 102).unplug(address(102));
    expect(cluster.kafka.quorum().leader).toBe(-1);
    on(machines, 102).plug(address(102));
    await cluster.until(() => cluster.kafka.quorum().leader === 102);
  });
});

describe("brokers", () => {
  beforeEach(() => up());

  test("register with address and rack, and count once they are unfenced", () => {
    expect(cluster.kafka.registered()[1]).toEqual({ id: 2, host: address(2), port: 9092, rack: "eu-central-1b" });
  });

  test("a dead one stays registered until its session ends", async () => {
    cluster.kafka.createTopic("orders", TOPIC);
    const died = cluster.clock.now();
    await destroy(2);
    expect(registered()).toEqual([1, 2, 3]);
    await cluster.until(() => !registered().includes(2));
    expect(cluster.clock.now() - died).toBeGreaterThan(6_999);
    expect(cluster.clock.now() - died).toBeLessThan(9_001);
    expect(isrOf(0)).not.toContain(2);
    expect(leaders()).not.toContain(2);
  });

  test("one that stops in order is out at once, its leaders moved before it ends", async () => {
    cluster.kafka.createTopic("orders", TOPIC);
    const stopped = cluster.run(on(machines, 2), "stop");
    await cluster.until(() => !leaders().includes(2));
    expect(registered()).toContain(2);
    await cluster.settle(stopped);
    expect(registered()).toEqual([1, 3]);
    expect(kinds()).toEqual([]);
  });

  test("a new incarnation is refused while the old one's session lasts, tries again, and gets in", async () => {
    const died = cluster.clock.now();
    await destroy(2);
    const machine = cluster.machineFor(2);
    await cluster.settle(cluster.configure(machine, 2, JOIN));
    await cluster.until(() => !registered().includes(2));
    await cluster.until(() => registered().includes(2));
    expect(cluster.clock.now() - died).toBeGreaterThan(7_000);
    expect(cluster.clock.now() - died).toBeLessThan(12_000);
    expect(kinds()).toEqual([]);
  });

  test("one that stopped in order and starts again is refused until its session ends, too", async () => {
    const settings = { "num.io.threads": "4" };
    await cluster.settle(cluster.configure(on(machines, 2), 2, JOIN, { settings }));
    expect(registered()).toEqual([1, 3]);
    const from = cluster.clock.now();
    await cluster.until(() => registered().includes(2));
    expect(cluster.clock.now() - from).toBeGreaterThan(5_000);
    expect(cluster.clock.now() - from).toBeLessThan(10_000);
  });

  test("without a controller no session ends and nobody registers; a new one gives the dead their full time", async () => {
    for (const id of [101, 102]) await destroy(id);
    await destroy(2);
    await cluster.clock.runFor(MINUTE);
    expect(registered()).toEqual([1, 2, 3]);
    const back = cluster.machineFor(101);
    // The disk of 101 is gone for good, so only its old directory id brings the majority back; it is told below.
    await cluster.settle(cluster.configure(back, 101, founder(101)));
    await cluster.until(() => cluster.kafka.quorum().leader !== -1);
    const from = cluster.clock.now();
    await cluster.until(() => !registered().includes(2));
    expect(cluster.clock.now() - from).toBe(9_000);
    expect(kinds()).toEqual(["voter emptied"]);
  });

  test("one that finds no quorum for a minute gives up, and systemd starts it again until it finds one", async () => {
    cluster = modelledCluster();
    const machine = cluster.machineFor(1);
    await cluster.settle(cluster.configure(machine, 1, JOIN));
    await cluster.clock.runFor(2 * MINUTE);
    expect((await cluster.settle(cluster.run(machine, "status"))).answer.unit).toBe("active");
    for (const id of [101, 102, 103]) {
      await cluster.settle(cluster.configure(cluster.machineFor(id), id, founder(id)));
    }
    await cluster.until(() => registered().includes(1));
  });

  test("one of another cluster is not let in", async () => {
    const clusterId = "AAAAAAAAAAAAAAAAAAAAAA";
    await cluster.settle(cluster.configure(cluster.machine(address(4)), 4, JOIN, { clusterId }));
    await cluster.clock.runFor(3 * MINUTE);
    expect(registered()).toEqual([1, 2, 3]);
  });

  test("sees two processes with one id", async () => {
    const twin = cluster.machine("10.0.2.51");
    await cluster.settle(cluster.configure(twin, 2, JOIN, { address: "10.0.2.51" }));
    expect(kinds()).toEqual(["two processes"]);
    await cluster.clock.runFor(10 * MINUTE);
    expect(cluster.kafka.registered()[1]?.host).toBe(address(2));
  });
});

describe("topics", () => {
  test("replicas are spread over racks, the first of each leads", async () => {
    await up();
    cluster.kafka.createTopic("orders", TOPIC);
    expect(cluster.kafka.partitions().map(({ replicas }) => replicas)).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
    ]);
    expect(leaders()).toEqual([1, 2, 3]);
  });

  test("are refused where Kafka refuses them", async () => {
    await up(undefined, [1, 2]);
    expect(() => cluster.kafka.createTopic("orders", TOPIC)).toThrow("replication factor 3, but 2 brokers");
    cluster.kafka.createTopic("orders", { ...TOPIC, replication: 2 });
    expect(() => cluster.kafka.createTopic("orders", { ...TOPIC, replication: 2 })).toThrow("exists");
    await destroy(101);
    await destroy(102);
    expect(() => cluster.kafka.createTopic("other", { ...TOPIC, replication: 2 })).toThrow("no leader");
  });

  test("an empty replacement copies from the leaders, and is back in every ISR after a while; nothing is lost", async () => {
    await up();
    cluster.kafka.createTopic("orders", TOPIC);
    await cluster.clock.runFor(MINUTE);
    await destroy(2);
    await cluster.until(() => !registered().includes(2));
    await replace(2);
    await cluster.until(() => registered().includes(2));
    expect(isrOf(0)).toEqual([1, 3]);
    await cluster.until(() => cluster.kafka.partitions().every(({ isr }) => isr.length === 3));
    expect(kinds()).toEqual([]);
    expect(cluster.kafka.messages().lost).toBe(0);
    expect(cluster.kafka.messages().acknowledged).toBeGreaterThan(3 * MINUTE);
  });

  test("a restarted replica with its disk is back sooner than an empty one", async () => {
    await up();
    cluster.kafka.createTopic("orders", TOPIC);
    await cluster.clock.runFor(1_000);
    await cluster.settle(on(machines, 2).reboot());
    await cluster.until(() => !isrOf(0).includes(2));
    await cluster.until(() => registered().includes(2));
    const from = cluster.clock.now();
    await cluster.until(() => isrOf(0).includes(2));
    expect(cluster.clock.now() - from).toBe(500);
    expect(kinds()).toEqual([]);
  });

  test("messages are acknowledged only with every ISR member alive and at least min ISR of them", async () => {
    await up();
    cluster.kafka.createTopic("orders", { ...TOPIC, partitions: 1 });
    const count = async (ms: number) => {
      const before = cluster.kafka.messages().acknowledged;
      await cluster.clock.runFor(ms);
      return cluster.kafka.messages().acknowledged - before;
    };
    expect(await count(1_000)).toBe(1_000);
    await destroy(3);
    expect(await count(1_000)).toBe(0);
    await cluster.until(() => isrOf(0).length === 2);
    expect(await count(1_000)).toBe(1_000);
    await destroy(2);
    await cluster.until(() => isrOf(0).length === 1);
    expect(await count(1_000)).toBe(0);
  });

  test.each([true, false])(
    "the last ISR member let in empty leads and truncates: seen as a loss (ELR %s)",
    async (elr) => {
      await up({ elr });
      cluster.kafka.createTopic("orders", { partitions: 1, replication: 3, minIsr: 1 });
      await cluster.clock.runFor(1_000);
      for (const id of [3, 2]) {
        await cluster.settle(on(machines, id).breakKafka());
        await cluster.until(() => isrOf(0).length === id - 1);
      }
      await cluster.clock.runFor(5_000);
      await destroy(1);
      await cluster.until(() => leaders()[0] === -1);
      expect(kinds()).toEqual(["last copy gone"]);
      await replace(1);
      await cluster.until(() => leaders()[0] === 1);
      expect(kinds()).toEqual(["last copy gone", "messages lost"]);
      expect(cluster.kafka.messages().lost).toBeGreaterThan(5_000);
    },
  );

  test("with ELR, min ISR 2 and two disks lost, the third copy leads: nothing is lost", async () => {
    await up({ elr: true });
    cluster.kafka.createTopic("orders", { ...TOPIC, partitions: 1 });
    await cluster.clock.runFor(1_000);
    await destroy(1);
    await cluster.until(() => isrOf(0).length === 2);
    await destroy(2);
    await cluster.until(() => leaders()[0] === 3);
    await replace(1);
    await replace(2);
    await cluster.until(() => isrOf(0).length === 3);
    expect(cluster.kafka.violations).toEqual([]);
  });

  test("sees a broker stopped on purpose while a partition needs it", async () => {
    await up();
    cluster.kafka.createTopic("orders", { ...TOPIC, partitions: 1 });
    await cluster.settle(cluster.run(on(machines, 1), "stop"));
    expect(kinds()).toEqual([]);
    await cluster.settle(cluster.run(on(machines, 2), "stop"));
    expect(kinds()).toEqual(["stopped under min ISR"]);
  });

  test("sees the only replica stopped", async () => {
    await up();
    cluster.kafka.createTopic("scratch", { partitions: 1, replication: 1, minIsr: 1 });
    await cluster.settle(cluster.run(on(machines, 2), "stop"));
    expect(kinds()).toEqual([]);
    await cluster.settle(cluster.run(on(machines, 1), "stop"));
    expect(kinds()).toEqual(["stopped under min ISR"]);
  });
});

describe("Kafka's view", () => {
  const ask = (ids: readonly number[], of: readonly number[] = [1, 2, 3]) =>
    modelledKafkaView(cluster.kafka).brokers({
      bootstrap: of.map((id) => `${address(id)}:9092`),
      quorum: [],
      asked: "tool",
      ids,
      ignoreTopics: [],
    });

  test("tells of registrations, ISRs, and what would be safe", async () => {
    await up();
    cluster.kafka.createTopic("orders", TOPIC);
    const healthy = await ask([2, 9]);
    expect(healthy).toMatchObject({ seen: true, clusterId: CLUSTER_ID });
    if (!healthy.seen) return;
    expect(healthy.brokers.get(2)).toMatchObject({ registered: { host: address(2) }, replicas: 3, missing: 0 });
    expect(healthy.brokers.get(2)?.stop.safe).toBe(true);
    expect(healthy.brokers.get(2)?.startEmpty.safe).toBe(false);
    expect(healthy.brokers.get(9)).not.toHaveProperty("registered");

    await destroy(2);
    await cluster.until(() => !registered().includes(2));
    const after = await ask([1, 2]);
    expect(after.seen && after.brokers.get(2)?.startEmpty.safe).toBe(true);
    expect(after.seen && after.brokers.get(1)?.stop.safe).toBe(false);
  });

  test("a broker that just died is counted in still, but not on", async () => {
    await up();
    cluster.kafka.createTopic("orders", TOPIC);
    await destroy(2);
    const sight = await ask([1, 2]);
    expect(sight.seen && sight.brokers.get(2)?.registered?.host).toBe(address(2));
    expect(sight.seen && sight.brokers.get(1)?.stop).toMatchObject({ safe: false });
  });

  test("is unknown where no broker answers", async () => {
    await up();
    expect(await ask([1], [])).toMatchObject({ seen: false });
    expect(await ask([1], [7])).toMatchObject({ seen: false });
  });

  test("listeners: open, refused by a machine without the process, silent where there is no machine", async () => {
    await up();
    const machine = cluster.machineFor(2);
    await cluster.settle(cluster.run(on(machines, 102), "stop"));
    await destroy(103);
    const servers = [101, 102, 103].map((id) => `${address(id)}:9093`);
    const sights = await modelledKafkaView(cluster.kafka).listeners(servers);
    expect([...sights.values()]).toEqual(["listening", "refused", "silent"]);
    await machine.destroy();
  });

  test("partitions have the shape that the safety rules take", async () => {
    await up();
    cluster.kafka.createTopic("orders", { ...TOPIC, partitions: 1 });
    expect(brokerPartitions(cluster.kafka)).toEqual([
      { topic: "orders", partition: 0, leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3], minIsr: 2 },
    ]);
  });
});
