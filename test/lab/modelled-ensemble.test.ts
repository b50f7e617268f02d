/** A ZooKeeper ensemble of modelled machines: who votes, who serves, and what must never be forgotten. */
import { beforeEach, describe, expect, test } from "vitest";
import { modelledKafkaView } from "../../lab/machines/modelled-view.ts";
import { address, classicCluster, MEMBERS, NEW, on, SYNCING } from "./classic-cluster.ts";

let cluster: ReturnType<typeof classicCluster>;
beforeEach(() => {
  cluster = classicCluster();
});

const modes = async () => {
  const members = MEMBERS.map((id) => ({ id, server: `${address(id)}:2181` }));
  const sight = await modelledKafkaView(cluster.kafka).ensemble(members);
  return sight.seen
    ? { leader: sight.leader, serving: sight.voters.filter((v) => v.caughtUpAgo === 0).map((v) => v.id) }
    : sight;
};
const kinds = () => cluster.kafka.violations.map(({ kind }) => kind);

describe("a new ensemble", () => {
  test("forms of members with the mark, led by the highest id; the third follows once it has synced", async () => {
    const [one, two] = [cluster.machineFor(101), cluster.machineFor(102)];
    await cluster.settle(Promise.all([cluster.configure(one, 101, NEW), cluster.configure(two, 102, NEW)]));
    await cluster.until(() => cluster.kafka.hasQuorum);
    expect(await modes()).toEqual({ leader: 102, serving: [101, 102] });
    await cluster.settle(cluster.configure(cluster.machineFor(103), 103, SYNCING));
    await cluster.until(() => cluster.kafka.quorum().voters.every(({ caughtUpAgo }) => caughtUpAgo === 0));
    expect(await modes()).toEqual({ leader: 102, serving: [101, 102, 103] });
  });
  test("never forms of empty members without the mark, though all of them listen", async () => {
    const all = MEMBERS.map((id) => cluster.configure(cluster.machineFor(id), id, SYNCING));
    await cluster.settle(Promise.all(all));
    await cluster.clock.runFor(600_000);
    expect(await modes()).toEqual({ leader: -1, serving: [] });
    expect(MEMBERS.every((id) => cluster.kafka.listenerAt(address(id), 2181))).toBe(true);
  });
  test("loses the mark where the member is told to join before it has ever started", async () => {
    const late = cluster.machine("10.0.9.77");
    // Without its address it is cut off before it starts.
    await cluster.settle(cluster.run(late, "configure", cluster.payload(103, NEW), 1_000));
    late.plug(address(103));
    await cluster.settle(cluster.configure(late, 103, SYNCING));
    await cluster.settle(cluster.configure(cluster.machineFor(102), 102, NEW));
    await cluster.clock.runFor(60_000);
    expect(cluster.kafka.hasQuorum).toBe(false);
  });
});

describe("a formed ensemble", () => {
  test("serves on while a member with an empty disk replaces another, and that one votes only then", async () => {
    const machines = await cluster.formEnsemble();
    await cluster.settle(on(machines, 101).destroy());
    expect(await modes()).toEqual({ leader: 103, serving: [102, 103] });
    await cluster.settle(cluster.configure(cluster.machineFor(101), 101, SYNCING));
    await cluster.until(() => cluster.kafka.quorum().voters.every(({ caughtUpAgo }) => caughtUpAgo === 0));
    // It has what the others have: it can stand in for either.
    await cluster.settle(on(machines, 103).destroy());
    await cluster.until(() => cluster.kafka.hasQuorum);
    expect([await modes(), kinds()]).toEqual([{ leader: 102, serving: [101, 102] }, []]);
  });
  test("stands still where two disks are gone, and forgets nothing", async () => {
    const machines = await cluster.formEnsemble();
    await cluster.settle(Promise.all([on(machines, 101).destroy(), on(machines, 102).destroy()]));
    const anew = [101, 102].map((id) => cluster.configure(cluster.machineFor(id), id, SYNCING));
    await cluster.settle(Promise.all(anew));
    await cluster.clock.runFor(600_000);
    expect([await modes(), kinds()]).toEqual([{ leader: -1, serving: [] }, []]);
  });
  test("forgets everything where members found it a second time, and that is seen", async () => {
    const machines = await cluster.formEnsemble();
    await cluster.clock.runFor(60_000);
    await cluster.settle(Promise.all(MEMBERS.map((id) => on(machines, id).destroy())));
    const anew = [101, 102].map((id) => cluster.configure(cluster.machineFor(id), id, NEW));
    await cluster.settle(Promise.all(anew));
    await cluster.until(() => cluster.kafka.hasQuorum);
    expect(kinds()).toEqual(["metadata lost"]);
  });
  test("is brought under its majority by a stop on purpose, and that is seen", async () => {
    const machines = await cluster.formEnsemble();
    await cluster.settle(cluster.run(on(machines, 101), "stop"));
    expect(kinds()).toEqual([]);
    await cluster.settle(cluster.run(on(machines, 102), "stop"));
    expect(kinds()).toEqual(["stopped under majority"]);
  });
  test("a member without a majority listens, and yet does not count as one that serves", async () => {
    const machines = await cluster.formEnsemble();
    await cluster.settle(Promise.all([on(machines, 101).destroy(), on(machines, 102).destroy()]));
    const view = modelledKafkaView(cluster.kafka);
    const server = `${address(103)}:2181`;
    expect((await view.listeners([server])).get(server)).toBe("listening");
    const question = { bootstrap: [], quorum: [server], asked: "words", ids: [1], ignoreTopics: [] } as const;
    expect(await view.brokers(question)).toMatchObject({
      seen: false,
      reason: expect.stringMatching(/0 of 1 members/),
    });
  });
  test("has no quorum of Kafka's own to verify", async () => {
    const machines = await cluster.formEnsemble();
    const { code, answer } = await cluster.settle(cluster.run(on(machines, 101), "verify"));
    expect([code, answer.error]).toEqual([1, expect.stringContaining("ZooKeeper keeps it")]);
  });
});
