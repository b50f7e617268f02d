import { describe, expect, test } from "vitest";
import type { LabClock } from "../../lab/clock.ts";
import { virtualClock } from "../../lab/clock.ts";
import type { Ports } from "../../shared/lifecycle/ports.ts";
import { type Budget, reconcile, type Subject } from "../../shared/lifecycle/reconcile.ts";
import type {
  AgentSight,
  CommandSight,
  FleetSight,
  LifecycleState,
  SentCommand,
} from "../../shared/lifecycle/sights.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { A, groupName, kafka, mark, plan } from "./scene.ts";

const ME = "i-1";
const START = 1_800_000_000_000;

/** A world of one broker group with one instance; each port answers what the test says, and every call is written down. */
class World {
  readonly clock = virtualClock(START);
  readonly table = memoryTable({ contents: { quorum: mark } });
  readonly calls: string[] = [];
  state: LifecycleState = "Pending:Wait";
  agent: () => AgentSight = () => ({ state: "online", address: "10.0.1.50" });
  completed: "done" | "gone" = "done";
  command: (sent: SentCommand) => CommandSight | Promise<CommandSight> = () => ({
    status: "success",
    detail: "",
    answer: { ok: true, action: "configure", unit: "active" },
  });
  fleet: () => FleetSight = () => ({
    groups: [
      {
        name: groupName("broker", A),
        desired: 1,
        deleting: false,
        members: [{ instance: ME, state: this.state, zone: A, healthy: true }],
      },
    ],
  });

  get ports(): Ports {
    const said = <T>(name: string, answer: () => T | Promise<T>): Promise<T> => {
      this.calls.push(name);
      // What answers by throwing rejects, as a call does.
      return new Promise((resolve) => resolve(answer()));
    };
    const never = (): never => {
      throw new Error("not in this world");
    };
    const clock: LabClock = this.clock;
    return {
      clock,
      table: this.table,
      fleet: {
        look: () => said("fleet", () => this.fleet()),
        complete: (_action, result) => said(`complete ${result}`, () => this.completed),
        heartbeat: () => said("heartbeat", () => "done" as const),
        markUnhealthy: never,
      },
      instances: { look: (ids) => said("ec2", () => new Map(ids.map((id) => [id, "running" as const]))) },
      addresses: { look: never, attach: never, detach: never, keepOnTermination: never },
      commands: {
        agent: () => said("agent", () => this.agent()),
        send: ({ action }) => said(`send ${action}`, () => ({ id: "c-1" })),
        look: (_instance, command) => said("command", () => this.command(command)),
      },
      kafka: {
        brokers: () => said("kafka", () => kafka({ 1: { registered: { host: "10.0.1.50", port: 9092 } } })),
        listeners: never,
        quorum: never,
        ensemble: never,
      },
      ids: { kafkaUuid: () => "4L6g3nShT-eMCtK--X86sw" },
      log: { info() {}, warn() {} },
    };
  }

  async run(subject: Partial<Subject> = {}, budget: Partial<Budget> = {}) {
    const news = { instance: ME, begun: START };
    const running = reconcile(plan, this.ports, { ...news, ...subject }, { deadline: START + 60_000, ...budget });
    return this.clock.settle(running, 3_600_000);
  }
}

describe("from the first look to the last change", () => {
  test("an uncontended launch makes each call once", async () => {
    const world = new World();
    const outcome = await world.run();
    expect(outcome).toMatchObject({
      outcome: "done",
      row: "launch/11",
      changes: ["claim", "send", "note", "serve", "complete"],
    });
    expect(world.calls).toEqual(["fleet", "agent", "send configure", "command", "kafka", "complete CONTINUE"]);
  });
  test("an action that is gone by then is looked at again, and its new state decides", async () => {
    const world = new World();
    world.completed = "gone";
    const fleet = world.fleet;
    world.fleet = () => {
      if (world.calls.includes("complete CONTINUE")) world.state = "InService";
      return fleet();
    };
    expect(await world.run()).toMatchObject({ outcome: "settled", row: "in-service/4" });
  });
  test("nor does it ask over and over while its group's view lags behind", async () => {
    const world = new World();
    world.completed = "gone";
    expect(await world.run({}, { deadline: START + 10_000 })).toMatchObject({ outcome: "waiting", row: "launch/11" });
    expect(world.calls.filter((call) => call === "complete CONTINUE").length).toBeLessThan(30);
    expect(await world.run({}, { once: true })).toMatchObject({ outcome: "waiting", row: "launch/11" });
  });
});

test("what became of a command says nothing of another that was sent meanwhile", async () => {
  const world = new World();
  world.command = async ({ action }) => {
    if (action === "stop") {
      return { status: "success", detail: "", answer: { ok: true, action, stopped: true, tombstone: true } };
    }
    // Just now another invocation has found the instance leaving, and sent its stop: its configuration fails by that.
    const { record } = await world.table.read(ME);
    if (!record) throw new Error("no record");
    world.state = "Terminating:Wait";
    const now = world.clock.now();
    await world.table.save({
      ...record,
      action: { kind: "terminate", since: now },
      command: { action: "stop", digest: "", attempt: 1, sent: now },
    });
    return { status: "failed", detail: "", answer: { ok: false, action, error: "this node was stopped for good" } };
  };
  expect(await world.run()).toMatchObject({ outcome: "done", row: "terminate/1" });
  expect(world.calls).not.toContain("send stop");
});

describe("waiting", () => {
  test("looks again at what it waits for alone, ever more rarely, and goes on when it has come", async () => {
    const world = new World();
    const come = START + 10_000;
    world.agent = () => (world.clock.now() >= come ? { state: "online", address: "10.0.1.50" } : { state: "absent" });
    expect(await world.run()).toMatchObject({ outcome: "done" });
    const agents = world.calls.filter((c) => c === "agent").length;
    expect(agents).toBeGreaterThan(5);
    expect(agents).toBeLessThan(35);
    expect(world.calls.filter((c) => c === "fleet")).toHaveLength(1);
  });
  test("ends in time, and leaves the rest to the sweep", async () => {
    const world = new World();
    world.agent = () => ({ state: "absent" });
    expect(await world.run({}, { deadline: START + 5_000 })).toMatchObject({ outcome: "waiting", row: "launch/4" });
    expect(world.clock.now()).toBeLessThanOrEqual(START + 5_000);
  });
  test("a sweep's pass ends at the first wait, and says of nobody that it stays", async () => {
    const world = new World();
    world.agent = () => ({ state: "absent" });
    expect(await world.run({ echo: true }, { once: true })).toMatchObject({
      outcome: "waiting",
      changes: ["claim", "note"],
    });
    expect((await world.table.read(ME)).record?.attended).toBeUndefined();
    expect(world.clock.now()).toBe(START);
  });
  test("an echo leaves alone whom an invocation stays with, until that lapses", async () => {
    const world = new World();
    world.agent = () => ({ state: "absent" });
    await world.run({}, { deadline: START + 1_000 });
    const attended = (await world.table.read(ME)).record?.attended ?? 0;
    expect(attended).toBe(START + 1_000);
    expect(await world.run({ echo: true }, { once: true })).toMatchObject({
      row: world.clock.now() < attended ? "state/attended" : "launch/4",
    });
  });
});

describe("failing calls", () => {
  test("are made again after a pause, from fresh looks", async () => {
    const world = new World();
    let failures = 2;
    const fleet = world.fleet;
    world.fleet = () => {
      if (failures-- > 0) throw new Error("Rate exceeded");
      return fleet();
    };
    expect(await world.run()).toMatchObject({ outcome: "done" });
    expect(world.clock.now()).toBeGreaterThan(START);
  });
  test("fail the invocation in the end, with their own words", async () => {
    const world = new World();
    world.fleet = () => {
      throw new Error("Rate exceeded");
    };
    await expect(world.run()).rejects.toThrow("Rate exceeded");
    expect(world.calls.filter((c) => c === "fleet")).toHaveLength(5);
  });
  test("fail it too where other looks succeed in between: to have looked is no progress", async () => {
    const world = new World();
    world.agent = () => {
      throw new Error("not authorized to perform: ssm:DescribeInstanceInformation");
    };
    await expect(world.run()).rejects.toThrow("not authorized");
    expect(world.clock.now() - START).toBeLessThan(10_000);
  });
});
