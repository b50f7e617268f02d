import { beforeEach, describe, expect, test } from "vitest";
import { NODE_DURATIONS } from "../../lab/machines/modelled-durations.ts";
import { ModelledUnit } from "../../lab/machines/modelled-unit.ts";
import { decodePayload } from "../../shared/config/payload.ts";
import { address, BROKERS, founder, JOIN, MINUTE, modelledCluster, on, payloadFor } from "./modelled-cluster.ts";

type Cluster = ReturnType<typeof modelledCluster>;
let cluster: Cluster;
const registered = () => cluster.kafka.registered().map(({ id }) => id);
const digestFor = (id: number) => decodePayload(payloadFor(id, JOIN)).digest;

beforeEach(() => {
  cluster = modelledCluster();
});

describe("configure", () => {
  test("formats, starts, answers with digest and unit, and takes about as long as a real one", async () => {
    const machine = cluster.machineFor(1);
    const from = cluster.clock.now();
    const { code, answer } = await cluster.settle(cluster.configure(machine, 1, JOIN));
    expect([code, answer]).toEqual([
      0,
      { ok: true, action: "configure", digest: digestFor(1), unit: "active", tombstone: false },
    ]);
    expect(cluster.clock.now() - from).toBe(NODE_DURATIONS.script + NODE_DURATIONS.tool + NODE_DURATIONS.settle);
  });

  test("restarts nothing for the same digest, whatever the format says by now", async () => {
    const machines = await cluster.launch();
    const from = cluster.clock.now();
    const { answer } = await cluster.settle(cluster.configure(on(machines, 101), 101, JOIN));
    expect(answer).toMatchObject({ ok: true, unit: "active" });
    expect(cluster.clock.now() - from).toBe(NODE_DURATIONS.script);
    expect(cluster.kafka.quorum().leader).toBe(101);
  });

  test("restarts in order for another digest, and keeps the disk", async () => {
    const machines = await cluster.launch();
    cluster.kafka.createTopic("orders", { partitions: 3, replication: 3, minIsr: 2 });
    await cluster.clock.runFor(MINUTE);
    const settings = { "num.io.threads": "4" };
    const { answer } = await cluster.settle(cluster.configure(on(machines, 2), 2, JOIN, { settings }));
    expect(answer.ok && answer.digest).not.toBe(digestFor(2));
    await cluster.until(() => cluster.kafka.partitions().every(({ isr }) => isr.length === 3));
    expect(cluster.kafka.messages().lost).toBe(0);
    expect(cluster.kafka.violations).toEqual([]);
  });

  test("starts a unit again that runs no more, and fails where it ends at once", async () => {
    const machine = cluster.machineFor(1);
    await cluster.settle(cluster.configure(machine, 1, JOIN));
    await machine.breakKafka();
    await cluster.clock.runFor(2 * MINUTE);
    const { code, answer } = await cluster.settle(cluster.configure(machine, 1, JOIN));
    expect([code, answer.unit]).toEqual([1, "activating"]);
    expect(answer.error).toContain("ended right after its start");
  });

  test("waits for its address, and fails in words where it does not come", async () => {
    const machine = cluster.machine("10.0.9.9");
    const waiting = cluster.configure(machine, 101, founder(101));
    await cluster.clock.runFor(5_000);
    machine.plug(address(101));
    expect((await cluster.settle(waiting)).answer.ok).toBe(true);

    const { code, answer } = await cluster.settle(cluster.configure(cluster.machine("10.0.9.8"), 102, founder(102)));
    expect(code).toBe(1);
    expect(answer).toMatchObject({ ok: false, action: "configure" });
    expect(answer.error).toBe("address 10.0.2.10 did not appear on this machine within 60 s; it has 10.0.9.8");
  });

  test("an attached address is usable a little later, not at once", async () => {
    const machine = cluster.machineFor(101);
    expect(cluster.kafka.isPlugged(address(101))).toBe(false);
    await cluster.clock.runFor(NODE_DURATIONS.plug);
    expect(cluster.kafka.isPlugged(address(101))).toBe(true);
    machine.unplug(address(101));
    expect(cluster.kafka.isPlugged(address(101))).toBe(false);
    machine.plug(address(101));
    machine.unplug(address(101));
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.isPlugged(address(101))).toBe(false);
  });

  test.each([
    ["another cluster", 1, JOIN, { clusterId: "AAAAAAAAAAAAAAAAAAAAAA" }, "the disk belongs to cluster"],
    ["another node", 2, JOIN, { address: address(1) }, "the disk belongs to node '1', not to 2"],
  ])("leaves the disk of %s alone", async (_, id, format, change, error) => {
    const machine = cluster.machineFor(1);
    await cluster.settle(cluster.configure(machine, 1, JOIN));
    const { code, answer } = await cluster.settle(cluster.configure(machine, id, format, change));
    expect(code).toBe(1);
    expect(answer.error).toContain(error);
  });

  test("a controller that joined is not made a founder", async () => {
    const machine = cluster.machineFor(101);
    await cluster.settle(cluster.configure(machine, 101, JOIN));
    const { answer } = await cluster.settle(cluster.configure(machine, 101, founder(101)));
    expect(answer.error).toContain("the quorum is not founded a second time");
  });

  test.each([
    ["", "configure needs a payload"],
    ["bm8=", "the payload is not whole"],
    [payloadFor(1, founder(101)), "has a broker found the quorum"],
    [payloadFor(104, founder(101)), "founder 104 is not among its voters"],
  ])("refuses a payload that cannot be (%#)", async (payload, error) => {
    const { code, answer } = await cluster.settle(cluster.run(cluster.machineFor(1), "configure", payload));
    expect([code, answer.ok]).toEqual([1, false]);
    expect(answer.error).toContain(error);
  });

  test("an unknown action is refused", async () => {
    const { code, answer } = await cluster.settle(cluster.run(cluster.machineFor(1), "dance"));
    expect([code, answer.error]).toEqual([
      1,
      "SSM_action must be configure, stop, status, verify or access; it is 'dance'",
    ]);
  });
});

describe("stop", () => {
  test("is final: confirmed, masked, and no configure gets past it", async () => {
    const machines = await cluster.launch();
    const machine = on(machines, 2);
    const stopped = await cluster.settle(cluster.run(machine, "stop"));
    expect(stopped).toEqual({
      code: 0,
      answer: { ok: true, action: "stop", unit: "masked", tombstone: true, stopped: true },
    });
    const { code, answer } = await cluster.settle(cluster.configure(machine, 2, JOIN));
    expect([code, answer.tombstone, answer.unit]).toEqual([1, true, "masked"]);
    expect(answer.error).toContain("stopped for good");
    await cluster.settle(machine.reboot());
    await cluster.clock.runFor(5 * MINUTE);
    expect(registered()).toEqual([1, 3]);
    expect((await cluster.settle(cluster.run(machine, "stop"))).answer.stopped).toBe(true);
  });

  test("a configure that waits for its address gives up when the stop comes", async () => {
    const machine = cluster.machine("10.0.9.9");
    const configuring = cluster.configure(machine, 101, founder(101));
    await cluster.clock.runFor(5_000);
    await cluster.settle(cluster.run(machine, "stop"));
    expect((await cluster.settle(configuring)).answer).toMatchObject({ ok: false, tombstone: true });
  });

  test("on a machine that was never configured there is nothing to stop", async () => {
    const { answer } = await cluster.settle(cluster.run(cluster.machineFor(1), "stop"));
    expect(answer).toMatchObject({ ok: true, stopped: true, unit: "masked" });
  });

  test("waits for a configure that holds the lock, and stops what it started", async () => {
    const machine = cluster.machineFor(1);
    const configured = cluster.configure(machine, 1, JOIN);
    await cluster.clock.runFor(500);
    const stopped = cluster.run(machine, "stop");
    expect((await cluster.settle(configured)).answer.ok).toBe(true);
    expect((await cluster.settle(stopped)).answer).toMatchObject({ stopped: true, unit: "masked" });
    expect(cluster.kafka.listenerAt(address(1), 9092)).toBeUndefined();
  });

  test("without a controller it takes the shutdown's five minutes, then is confirmed all the same", async () => {
    const machines = await cluster.launch();
    for (const id of [101, 102]) await on(machines, id).destroy();
    const from = cluster.clock.now();
    const { answer } = await cluster.settle(cluster.run(on(machines, 2), "stop"));
    expect(answer.stopped).toBe(true);
    expect(cluster.clock.now() - from).toBeGreaterThan(4 * MINUTE);
  });
});

describe("status and verify", () => {
  test("status tells unit, digest and tombstone, at any time", async () => {
    const machine = cluster.machineFor(1);
    expect((await cluster.settle(cluster.run(machine, "status"))).answer).toEqual({
      ok: true,
      action: "status",
      unit: "absent",
      tombstone: false,
    });
    await cluster.settle(cluster.configure(machine, 1, JOIN));
    expect((await cluster.settle(cluster.run(machine, "status"))).answer).toMatchObject({
      unit: "active",
      digest: digestFor(1),
    });
    await cluster.settle(cluster.run(machine, "stop"));
    expect((await cluster.settle(cluster.run(machine, "status"))).answer).toMatchObject({
      unit: "masked",
      tombstone: true,
      stopped: true,
    });
  });

  test("verify brings the quorum's own view; brokers are its observers", async () => {
    const machines = await cluster.launch();
    const { code, answer } = await cluster.settle(cluster.run(on(machines, 102), "verify"));
    expect(code).toBe(0);
    expect(answer.quorum?.leader).toBe(101);
    expect(answer.quorum?.voters.map(({ id, lag }) => [id, lag])).toEqual([
      [101, 0],
      [102, 0],
      [103, 0],
    ]);
    expect(answer.quorum?.observers.map(({ id }) => id)).toEqual(BROKERS);
  });

  test("verify fails in words without a configuration, or without a leader", async () => {
    const bare = await cluster.settle(cluster.run(cluster.machineFor(3), "verify"));
    expect([bare.code, bare.answer.error]).toEqual([1, "this node is not configured, so it knows no quorum to ask"]);
    const machine = cluster.machineFor(101);
    await cluster.settle(cluster.configure(machine, 101, founder(101)));
    const { code, answer } = await cluster.settle(cluster.run(machine, "verify"));
    expect(code).toBe(1);
    expect(answer.error).toContain("does not answer");
    expect(answer.unit).toBe("active");
  });
});

describe("what happens to a machine", () => {
  test("a run past its time limit is killed: 137, no answer, the lock free again", async () => {
    const machine = cluster.machine("10.0.9.9");
    const from = cluster.clock.now();
    const { code } = await cluster.settle(cluster.run(machine, "configure", payloadFor(101, founder(101)), 10_000));
    expect(code).toBe(137);
    expect(cluster.clock.now() - from).toBe(10_000);

    const other = cluster.machineFor(1);
    const killed = cluster.run(other, "configure", payloadFor(1, JOIN), 1_500);
    expect((await cluster.settle(killed)).code).toBe(137);
    expect((await cluster.settle(cluster.configure(other, 1, JOIN))).answer.ok).toBe(true);
  });

  test("a restart that is killed half way, and another after it, start one process", async () => {
    const machines = await cluster.launch();
    const machine = on(machines, 2);
    const settings = { "num.io.threads": "4" };
    const payload = payloadFor(2, JOIN, { settings });
    const first = cluster.run(machine, "configure", payload, NODE_DURATIONS.script + 500);
    expect((await cluster.settle(first)).code).toBe(137);
    expect((await cluster.settle(cluster.run(machine, "configure", payload))).answer.ok).toBe(true);
    await cluster.until(() => registered().length === 3);
    expect(cluster.kafka.violations).toEqual([]);
  });

  test("reboot: everything stops, the disk stays, the enabled unit starts again at its address", async () => {
    const machines = await cluster.launch();
    const rebooting = on(machines, 102).reboot();
    expect(cluster.kafka.listenerAt(address(102), 9093)).toBeUndefined();
    await cluster.settle(rebooting);
    await cluster.until(() => cluster.kafka.listenerAt(address(102), 9093) !== undefined);
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.quorum().voters.map(({ directoryId }) => directoryId)).toContain("founding-directory-102");
  });

  test("a reboot kills the commands that run", async () => {
    const machine = cluster.machineFor(1);
    const configuring = cluster.configure(machine, 1, JOIN);
    await cluster.clock.runFor(500);
    const rebooting = machine.reboot();
    expect((await configuring).code).toBe(137);
    await cluster.settle(rebooting);
    expect((await cluster.settle(cluster.configure(machine, 1, JOIN))).answer.ok).toBe(true);
  });

  test("destroy: nothing of it runs any more, nor ever again; what ran is killed", async () => {
    const machines = await cluster.launch();
    const machine = on(machines, 2);
    const verifying = cluster.run(machine, "verify");
    await machine.destroy();
    expect((await verifying).code).toBe(137);
    expect((await cluster.run(machine, "status")).code).toBe(137);
    expect(cluster.kafka.isPlugged(address(2))).toBe(false);
    machine.plug("10.0.9.99");
    await machine.breakKafka();
    await cluster.settle(machine.reboot());
    await cluster.clock.runFor(MINUTE);
    expect(cluster.kafka.isPlugged("10.0.9.99")).toBe(false);
    expect(registered()).toEqual([1, 3]);
  });

  test("a machine destroyed in the middle of a restart starts nothing", async () => {
    const machines = await cluster.launch();
    const machine = on(machines, 2);
    const restarting = cluster.configure(machine, 2, JOIN, { settings: { "num.io.threads": "4" } });
    await cluster.clock.runFor(NODE_DURATIONS.script + 500);
    await machine.destroy();
    expect((await restarting).code).toBe(137);
    await cluster.clock.runFor(MINUTE);
    expect(registered()).toEqual([1, 3]);
  });

  test("broken Kafka: dead at once, tried again, failed in the end; stop still confirms", async () => {
    const machines = await cluster.launch();
    const machine = on(machines, 3);
    await machine.breakKafka();
    expect((await cluster.settle(cluster.run(machine, "status"))).answer.unit).toBe("activating");
    await cluster.clock.runFor(MINUTE);
    expect((await cluster.settle(cluster.run(machine, "status"))).answer.unit).toBe("failed");
    expect(registered()).toEqual([1, 2]);
    expect((await cluster.settle(cluster.run(machine, "stop"))).answer).toMatchObject({ ok: true, stopped: true });
  });

  test("close destroys them all", async () => {
    await cluster.launch();
    await cluster.kind.close();
    expect([101, 102, 103].map((id) => cluster.kafka.isPlugged(address(id)))).toEqual([false, false, false]);
    expect(cluster.kafka.listenerAt(address(1), 9092)).toBeUndefined();
    await cluster.clock.runUntilIdle(MINUTE);
  });
});

test("a unit whose machine loses its power in the middle of a restart starts only with the machine", async () => {
  const unit = new ModelledUnit(cluster.clock, 1_000);
  let started = 0;
  const stopping = Promise.withResolvers<void>();
  unit.install(() => {
    started++;
    return { kill: stopping.resolve, stop: () => stopping.promise, reach() {} };
  });
  unit.enable();
  await unit.restart();
  const restarting = unit.restart();
  expect(unit.state).toBe("deactivating");
  unit.powerOff();
  await restarting;
  expect([unit.state, started]).toEqual(["inactive", 1]);
  unit.boot();
  expect([unit.state, started]).toEqual(["active", 2]);
});

test("the same history twice is the same, to the directory ids and the millisecond", async () => {
  async function history() {
    cluster = modelledCluster();
    const machines = await cluster.launch();
    cluster.kafka.createTopic("orders", { partitions: 6, replication: 3, minIsr: 2 });
    await on(machines, 2).destroy();
    await cluster.settle(cluster.configure(cluster.machineFor(2), 2, JOIN));
    await cluster.until(() => cluster.kafka.partitions().every(({ isr }) => isr.length === 3));
    return JSON.stringify([cluster.clock.now(), cluster.kafka.quorum(), cluster.kafka.messages()]);
  }
  expect(await history()).toBe(await history());
});
