import { afterEach, expect, test, vi } from "vitest";
import { brokerView } from "../../shared/kafka/view.ts";
import type { KafkaQuestion } from "../../shared/lifecycle/ports.ts";
import type { KafkaSight } from "../../shared/lifecycle/sights.ts";
import { closedPort, type FakeBroker, fakeBroker, type Told } from "./broker.ts";

const started: FakeBroker[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((broker) => broker.close()));
});

const TOPICS: Told["topics"] = [
  { name: "orders", minIsr: 2, partitions: [{ leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3] }] },
];

/** Brokers 1, 2, …, each telling what `told` makes of the list of all of them. */
async function cluster(
  size: number,
  told: (brokers: Told["brokers"], id: number) => Told | undefined = (brokers) => ({ brokers, topics: TOPICS }),
): Promise<FakeBroker[]> {
  const list: { id: number; server: string }[] = [];
  const brokers: FakeBroker[] = [];
  for (let id = 1; id <= size; id++) {
    const broker = await fakeBroker(() => told(list, id));
    brokers.push(broker);
    started.push(broker);
    list.push({ id, server: broker.server });
  }
  return brokers;
}

/** `patience` in milliseconds, for connections and for answers; ample, so that only silence uses it up. */
async function look(
  bootstrap: readonly string[],
  {
    ids = [1, 2, 3],
    ignoreTopics = [] as string[],
    quorum = [] as string[],
    asked = "tool" as KafkaQuestion["asked"],
    patience = 10_000,
  } = {},
): Promise<KafkaSight> {
  return brokerView({ connect: patience, request: patience, look: 20_000 })({
    bootstrap,
    quorum,
    asked,
    ids,
    ignoreTopics,
  });
}

function servers(brokers: readonly FakeBroker[]): string[] {
  return brokers.map((broker) => broker.server);
}

test("a whole cluster: registered where each listens, in every ISR, any one safe to stop", async () => {
  const brokers = await cluster(3);
  const sight = await look(servers(brokers));
  expect(sight).toMatchObject({ seen: true, clusterId: "cluster" });
  if (!sight.seen) throw new Error(sight.reason);
  for (const [index, broker] of brokers.entries()) {
    expect(sight.brokers.get(index + 1)).toMatchObject({
      registered: { host: "127.0.0.1", port: Number(broker.server.split(":")[1]) },
      replicas: 1,
      missing: 0,
      stop: { safe: true },
      startEmpty: { safe: false },
    });
  }
});

test("asks for metadata of two at most three times, and for the topics' settings once", async () => {
  const brokers = await cluster(3);
  await look(servers(brokers));
  const asked = brokers.flatMap((broker) => broker.asked);
  expect(asked.filter((name) => name === "DescribeConfigs")).toHaveLength(1);
  expect(asked.filter((name) => name === "Metadata").length).toBeLessThanOrEqual(3);
});

test("asks for no settings where no topic has a replica on the brokers in question", async () => {
  const brokers = await cluster(3);
  const sight = await look(servers(brokers), { ids: [9] });
  expect(sight).toMatchObject({ seen: true });
  expect(brokers.flatMap((broker) => broker.asked)).not.toContain("DescribeConfigs");
});

test("a partition without a leader does not hide the rest", async () => {
  const topics: Told["topics"] = [
    ...TOPICS,
    { name: "scratch", error: 5, minIsr: 1, partitions: [{ leader: -1, replicas: [2], isr: [2] }] },
  ];
  const brokers = await cluster(3, (all) => ({ brokers: all, topics }));
  const sight = await look(servers(brokers));
  if (!sight.seen) throw new Error(sight.reason);
  expect(sight.brokers.get(1)?.stop.safe).toBe(true);
  expect(sight.brokers.get(2)?.stop).toMatchObject({ safe: false, reason: expect.stringContaining("scratch-0") });
  const without = await look(servers(brokers), { ids: [2], ignoreTopics: ["scratch"] });
  expect(without.seen && without.brokers.get(2)?.stop.safe).toBe(true);
});

test("a dead and a dumb broker among the addresses cost no time where two others answer", async () => {
  const brokers = await cluster(2);
  const dumb = await fakeBroker(() => undefined);
  started.push(dumb);
  const began = performance.now();
  const sight = await look([await closedPort(), ...servers(brokers)]);
  const other = await look([dumb.server, ...servers(brokers)]);
  expect(sight.seen && other.seen).toBe(true);
  expect(performance.now() - began).toBeLessThan(5000);
});

test("where the first addresses are all dead, the next are asked", async () => {
  const brokers = await cluster(2);
  const dead = await Promise.all([closedPort(), closedPort(), closedPort()]);
  expect(await look([...dead, ...servers(brokers)])).toMatchObject({ seen: true });
});

test("one known address is enough: a second answer is had from a broker that it names", async () => {
  const brokers = await cluster(3);
  expect(await look(servers(brokers).slice(0, 1))).toMatchObject({ seen: true });
  expect(brokers.filter((broker) => broker.asked.includes("Metadata")).length).toBeGreaterThanOrEqual(2);
});

test("a broker that Kafka still counts in but cannot be reached is not leant on", async () => {
  const brokers = await cluster(3);
  await brokers[2]?.close();
  const sight = await look(servers(brokers));
  if (!sight.seen) throw new Error(sight.reason);
  expect(sight.brokers.get(1)?.stop).toEqual({
    safe: false,
    reason:
      "orders-0 would keep 1 in sync without broker 1, below its min ISR 2, leaving out 3, which can't be reached from here",
  });
  // Its own silence does not make the dead one's stop unsafe.
  expect(sight.brokers.get(3)?.stop.safe).toBe(true);
});

test("where half of the brokers counted in cannot be reached, the observer is the suspect", async () => {
  const brokers = await cluster(3);
  await brokers[1]?.close();
  await brokers[2]?.close();
  expect(await look(servers(brokers))).toMatchObject({
    seen: false,
    reason: expect.stringContaining("2, 3 cannot be"),
  });
});

test("a broker cut off from the quorum, with the metadata of before, is not believed over another", async () => {
  const before = TOPICS;
  const now: Told["topics"] = [
    { name: "orders", minIsr: 2, partitions: [{ leader: 1, replicas: [1, 2, 3], isr: [1, 2] }] },
  ];
  const brokers = await cluster(3, (all, id) => ({ brokers: all, topics: id === 1 ? before : now }));
  const sight = await look(servers(brokers).slice(0, 2));
  if (!sight.seen) throw new Error(sight.reason);
  expect(sight.brokers.get(2)?.stop.safe).toBe(false);
  expect(sight.brokers.get(3)).toMatchObject({ missing: 1, startEmpty: { safe: false } });
});

test.each<{ rule: string; told: Told | undefined; reason: RegExp }>([
  { rule: "no answer", told: undefined, reason: /no broker answers: 127\.0\.0\.1:\d+: .*timed out/ },
  {
    rule: "an error for a topic",
    told: { brokers: [], topics: [{ name: "secret", error: 29, partitions: [] }] },
    reason: /nothing of topic secret: error code 29/,
  },
])("unseen, with the reason: $rule", async ({ told, reason }) => {
  const [broker] = await cluster(1, () => told);
  expect(await look([broker?.server ?? ""], { patience: 100 })).toMatchObject({
    seen: false,
    reason: expect.stringMatching(reason),
  });
});

test("unseen, with the reason: a topic's settings are withheld", async () => {
  const partitions = [{ leader: 1, replicas: [1], isr: [1] }];
  const brokers = await cluster(1, (all) => ({ brokers: all, topics: [{ name: "secret", minIsr: -29, partitions }] }));
  const sight = await look(servers(brokers));
  expect(sight).toMatchObject({ seen: false, reason: expect.stringMatching(/topic secret: denied/) });
});

test("a topic that is deleted between the two requests counts no more", async () => {
  const doomed = { name: "doomed", minIsr: 2, partitions: [{ leader: 2, replicas: [2], isr: [2] }] };
  const brokers: FakeBroker[] = await cluster(2, (all) => ({
    brokers: all,
    topics: brokers.some(({ asked }) => asked.includes("DescribeConfigs")) ? TOPICS : [...TOPICS, doomed],
  }));
  const sight = await look(servers(brokers));
  if (!sight.seen) throw new Error(sight.reason);
  expect(sight.brokers.get(2)).toMatchObject({ replicas: 1, stop: { safe: true } });
});

test("unseen, with the reason: nobody listens, or nobody is known", async () => {
  expect(await look([await closedPort()])).toMatchObject({
    seen: false,
    reason: expect.stringMatching(/ECONNREFUSED/),
  });
  expect(await look([])).toEqual({ seen: false, reason: "no broker is known that could be asked" });
});

test("a ZooKeeper member that only accepts connections does not count: it has to say that it serves", async () => {
  const brokers = await cluster(3);
  const quorum = servers(brokers);
  expect(await look(servers(brokers), { quorum })).toMatchObject({ seen: true });
  expect(await look(servers(brokers), { quorum, asked: "words" })).toMatchObject({
    seen: false,
    reason: expect.stringContaining("0 of 3 members of the quorum"),
  });
});

test("unseen while no majority of the controllers listens, however well brokers answer", async () => {
  const brokers = await cluster(3);
  const [controller, ...gone] = [servers(brokers).slice(0, 1), await closedPort(), await closedPort()].flat();
  expect(await look(servers(brokers), { quorum: [controller ?? "", ...gone] })).toMatchObject({
    seen: false,
    reason: expect.stringContaining("1 of 3 members of the quorum"),
  });
  expect(await look(servers(brokers), { quorum: servers(brokers) })).toMatchObject({ seen: true });
});

test("unseen, with the reason: the whole look takes too long, however patient with each broker", async () => {
  const brokers = await cluster(4, () => undefined);
  const began = performance.now();
  const view = brokerView({ connect: 20_000, request: 20_000, look: 50 });
  expect(await view({ bootstrap: servers(brokers), quorum: [], asked: "tool", ids: [1], ignoreTopics: [] })).toEqual({
    seen: false,
    reason: "Kafka did not tell what was asked within 50 ms",
  });
  expect(performance.now() - began).toBeLessThan(5000);
  await vi.waitFor(() => expect(brokers.map((broker) => broker.connections())).toEqual([0, 0, 0, 0]));
});

test("no connection stays, whatever came of the look", async () => {
  const brokers = await cluster(3);
  const dumb = await fakeBroker(() => undefined);
  started.push(dumb);
  await look([dumb.server, ...servers(brokers)]);
  await look([dumb.server], { patience: 100 });
  await vi.waitFor(() => expect([...brokers, dumb].map((broker) => broker.connections())).toEqual([0, 0, 0, 0]));
});
