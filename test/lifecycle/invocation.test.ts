/** How one invocation goes on: what it takes up, how it waits, what it says, and what it forgets after a failure. */
import { describe, expect, test } from "vitest";
import type { Facts, Sights } from "../../shared/lifecycle/facts.ts";
import type { Ports } from "../../shared/lifecycle/ports.ts";
import { type Budget, reconcile, type Subject } from "../../shared/lifecycle/reconcile.ts";
import type { InstanceRecord, LifecycleState, SentCommand } from "../../shared/lifecycle/sights.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { type Answers, portsOf } from "./ports.ts";
import {
  A,
  at,
  B,
  C,
  classic,
  facts,
  inEachZone,
  kafka,
  NOW,
  type Node,
  plan,
  quorumOf,
  type Setting,
} from "./scene.ts";

const ME = "i-1";
/** One that the group has begun to launch and whose hook is not there yet: it waits for the fleet. */
const pending: Setting = { nodes: [{ instance: ME, zone: A, state: "Pending" }] };
const launch = (more: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
  action: { kind: "launch", since: NOW - 1000 },
  heartbeat: NOW - 1000,
  ...more,
});

interface Run {
  readonly setting: Setting;
  readonly subject?: Partial<Subject>;
  readonly budget?: Partial<Budget>;
  readonly answers?: Answers["by"];
  readonly table?: (table: Ports["table"]) => Partial<Ports["table"]>;
  /** Facts that whoever looks at many has seen already. */
  readonly seen?: (facts: Facts) => Subject["seen"];
}

/** The setting as the world is, and an invocation in it; waiting is all that takes time. */
async function run({ setting, subject, budget, answers = {}, table, seen }: Run) {
  const world = facts(setting);
  const stored = world.table?.value;
  const memory = memoryTable({
    contents: { ...stored, records: new Map(stored?.record ? [[ME, stored.record]] : []) },
  });
  let now = NOW;
  const waits: number[] = [];
  const fate = portsOf({
    now: () => now,
    table: { ...memory, ...table?.(memory) },
    by: {
      "clock.wait": (ms: number) => {
        waits.push(ms);
        now += ms;
      },
      "fleet.look": () => world.fleet?.value,
      ...answers,
    },
  });
  const known = seen?.(world);
  const invoked: Subject = { instance: ME, ...(known && { seen: known }), ...subject };
  const outcome = reconcile(setting.plan ?? plan, fate.ports, invoked, { deadline: NOW + 60_000, ...budget });
  return {
    outcome: await outcome.then(
      (value) => value,
      (error: unknown) => ({ thrown: error }),
    ),
    calls: fate.calls.map(({ name }) => name).filter((name) => name !== "clock.wait"),
    given: fate.calls,
    said: fate.said,
    waits,
    lasted: now - NOW,
    memory,
  };
}

describe("what woke it", () => {
  const attended = {
    setting: {
      nodes: [{ instance: ME, zone: A, state: "Pending:Wait", id: 1 }],
      record: launch({
        attended: NOW + 9000,
        address: "10.0.1.50",
        command: { action: "configure", digest: "d", attempt: 1, sent: NOW, id: "c-1" },
      }),
    },
    budget: { once: true },
    answers: { "commands.look": { status: "running", detail: "" } },
  } satisfies Run;

  test("news is never left to another invocation, an echo is", async () => {
    expect((await run(attended)).outcome).toMatchObject({ row: "launch/8", outcome: "waiting" });
    expect((await run({ ...attended, subject: { echo: true } })).outcome).toMatchObject({
      row: "state/attended",
      outcome: "settled",
      reason: "another invocation is at work on it",
    });
  });
  test("the end of a command is the business of whoever sent it", async () => {
    const { attended: _, ...unattended } = attended.setting.record;
    const waiting = { ...attended, setting: { ...attended.setting, record: unattended } };
    const told = (ended: string) => run({ ...waiting, subject: { echo: true, ended } });
    expect((await told("c-9")).outcome).toMatchObject({
      row: "state/attended",
      reason: "whoever sent command c-9 waits for its end",
    });
    expect((await told("c-1")).outcome).toMatchObject({ row: "launch/8" });
  });
  test("that EC2's state has changed is looked at there first", async () => {
    const answers = { "instances.look": new Map([[ME, "running"]]) };
    const budget = { once: true };
    expect((await run({ setting: pending, subject: { suspect: true }, budget, answers })).calls).toEqual([
      "fleet.look",
      "instances.look",
    ]);
    expect((await run({ setting: pending, budget, answers })).calls).toEqual(["fleet.look"]);
  });
  test("when its action began is the heartbeat that it had", async () => {
    const setting: Setting = { nodes: [{ instance: ME, zone: A, state: "Pending:Wait" }], desired: { [A]: 0 } };
    const noted = async (begun?: number) => {
      const { memory } = await run({
        setting,
        budget: { once: true },
        subject: begun === undefined ? {} : { begun },
        answers: { "fleet.heartbeat": "done" },
      });
      return (await memory.read(ME)).record?.heartbeat;
    };
    expect(await noted(NOW - 2000)).toBe(NOW - 2000);
    expect(await noted()).toBe(NOW);
  });
});

describe("waiting", () => {
  test("lasts a tenth of what it has lasted, from a quarter of a second to two", async () => {
    const { outcome, waits, lasted } = await run({ setting: pending });
    let since = 0;
    for (const wait of waits) {
      expect(wait).toBe(Math.min(Math.max(Math.round(since / 10), 250), 2000));
      since += wait;
    }
    expect(waits.at(-1)).toBe(2000);
    expect(lasted).toBeGreaterThanOrEqual(58_000);
    expect(outcome).toEqual({
      instance: ME,
      outcome: "waiting",
      row: "state/pending",
      reason: "Pending: its launch hook has not begun yet",
      changes: [],
    });
  });
  test.each([
    [250, []],
    [251, [250]],
    [500, [250]],
    [501, [250, 250]],
  ])("ends before a deadline %i ms away", async (ms, waited) => {
    expect((await run({ setting: pending, budget: { deadline: NOW + ms } })).waits).toEqual(waited);
  });
  test("for the same thing is told of once, in full", async () => {
    const { said } = await run({ setting: pending });
    expect(said).toEqual([
      {
        level: "info",
        message: "Pending: its launch hook has not begun yet",
        detail: { instance: ME, row: "state/pending", step: "wait" },
      },
    ]);
  });
  test("begins anew with another reason", async () => {
    const { waits } = await run({
      setting: { nodes: [{ instance: ME, zone: A, state: "Pending:Wait", id: 1 }], record: launch({ heartbeat: NOW }) },
      budget: { deadline: NOW + 9000 },
      answers: {
        "fleet.heartbeat": "done",
        "commands.agent": () => ({ state: agents++ < 16 ? "absent" : "online" }),
      },
    });
    const longer = waits.findIndex((ms) => ms > 250);
    expect(longer).toBeGreaterThan(0);
    expect(waits.slice(longer)).toContain(250);
  });
  let agents = 0;
  test("is no outcome for one that is held", async () => {
    const { outcome, said } = await run({
      setting: { nodes: [{ instance: ME, zone: A, state: "Standby", id: 1 }] },
      budget: { once: true },
    });
    expect(outcome).toMatchObject({ outcome: "held", row: "state/aside" });
    expect(said).toMatchObject([{ level: "warn", detail: { step: "hold" } }]);
  });
});

describe("a change", () => {
  const terminating: Setting = {
    nodes: [{ instance: ME, zone: A, state: "Terminating:Wait", id: 1 }],
    record: { configured: { digest: "d", at: NOW - 9000, times: 1 } },
  };
  const busy = {
    "kafka.brokers": { seen: false, reason: "a test" },
    "commands.agent": { state: "absent" },
    "instances.look": new Map(),
  };

  test("is told of with its kind, and counted", async () => {
    const { outcome, said } = await run({
      setting: { nodes: [{ instance: ME, zone: A, state: "Terminating:Wait" }] },
      answers: { "fleet.complete": "done" },
    });
    expect(outcome).toMatchObject({ outcome: "done", row: "terminate/1", changes: ["complete"] });
    expect(said).toEqual([
      {
        level: "info",
        message: "it holds no id",
        detail: { instance: ME, row: "terminate/1", step: "change", change: "complete" },
      },
    ]);
  });
  test("that somebody must know of is a warning", async () => {
    const { said } = await run({
      setting: { nodes: [{ instance: ME, zone: A, state: "Standby", id: 1 }], record: {} },
      budget: { once: true },
    });
    expect(said.map(({ level, detail }) => `${level} ${detail.step} ${detail.change}`)).toEqual(["warn change note"]);
  });
  test.each([
    ["no longer than the invocation may last", { deadline: NOW + 9000 }, NOW + 9000],
    ["for half a minute", { deadline: NOW + 90_000 }, NOW + 30_000],
    ["not at all by a sweep, which goes on to others", { once: true }, undefined],
  ])("says that the instance is attended to: %s", async (_, budget, until) => {
    let first: InstanceRecord | undefined;
    await run({
      setting: terminating,
      budget,
      answers: { ...busy, "fleet.heartbeat": "done" },
      table: (table) => ({
        async save(record) {
          first ??= record;
          return table.save(record);
        },
      }),
    });
    expect(first?.action?.kind).toBe("terminate");
    expect(first?.attended).toBe(until);
  });
  test("for which the world is not ready is made again, but not at once", async () => {
    let refused = 2;
    const launching = {
      setting: {
        nodes: [{ instance: ME, zone: A, state: "Pending:Wait" as const, id: 1 }],
        record: launch({ address: "10.0.1.50" }),
      },
      answers: {
        "commands.agent": { state: "online", address: "10.0.1.50" },
        "commands.send": () => (refused-- > 0 ? "unreachable" : { id: "c-1" }),
        "commands.look": { status: "running", detail: "" },
      },
    };
    expect((await run({ ...launching, budget: { once: true } })).outcome).toMatchObject({
      outcome: "waiting",
      row: "launch/7",
      changes: ["send"],
    });
    expect(refused).toBe(1);
  });
  test("that was lost ranks a claim anew", async () => {
    const asked: number[] = [];
    const nodes = ["i-0", ME].map((instance) => ({ instance, zone: A, state: "Pending:Wait" as const }));
    await run({
      setting: {
        nodes: [nodes[1] ?? { instance: ME, zone: A }, nodes[0] ?? { instance: ME, zone: A }],
        desired: { [A]: 4, [B]: 0, [C]: 0 },
      },
      subject: { begun: NOW },
      budget: { once: true },
      table: (table) => ({
        async claim(role, member) {
          asked.push(member.id);
          const { rosters } = await table.read(ME);
          const roster = rosters.get(role);
          if (!roster || asked.length > 2) throw new Error("enough");
          return { won: false, roster };
        },
      }),
    });
    expect(asked.slice(0, 2)).toEqual([2, 3]);
  });
});

/** Three controllers in service, but for the one that the invocation is about. */
const controllersWith = (state: LifecycleState): Node[] =>
  inEachZone([101, 102, 103], 10).map((node, n) => (n === 0 ? { ...node, state } : node));

describe("a look at the quorum, which takes a JVM on a node", () => {
  const controllers: Setting = {
    role: "controller",
    nodes: controllersWith("Terminating:Wait"),
    record: {
      configured: { digest: "d", at: NOW - 9000, times: 1 },
      action: { kind: "terminate", since: NOW - 1000 },
      heartbeat: NOW - 1000,
    },
  };
  const answers = { "kafka.quorum": { seen: false, reason: "a test" } };
  test.each([
    [21_999, 0],
    [22_000, 1],
  ])("is left to the sweep where its time may not suffice: %i ms", async (ms, asked) => {
    const { outcome, calls } = await run({ setting: controllers, answers, budget: { deadline: NOW + ms, once: true } });
    expect(calls.filter((name) => name === "kafka.quorum")).toHaveLength(asked);
    if (asked === 0) expect(outcome).toMatchObject({ outcome: "waiting", row: "terminate/2", changes: [] });
  });
  test("is none where each member says it itself", async () => {
    const { calls } = await run({
      setting: {
        plan: classic,
        role: "zookeeper",
        nodes: [{ instance: ME, zone: A, state: "InService", id: 1, served: true }],
      },
      answers: { "kafka.ensemble": quorumOf({ 1: 0 }, [], 1) },
      budget: { deadline: NOW + 1000, once: true },
    });
    expect(calls).toContain("kafka.ensemble");
  });
});

describe("what became of a command", () => {
  const command: SentCommand = { action: "configure", digest: "d", attempt: 1, sent: NOW - 1000 };
  const running = {
    setting: {
      nodes: [{ instance: ME, zone: A, state: "Pending:Wait", id: 1 }],
      record: launch({ heartbeat: NOW - 12_000, address: "10.0.1.50", command }),
    },
    budget: { once: true },
    answers: { "fleet.heartbeat": "done", "commands.look": { status: "running", detail: "" } },
  } as const;
  test.each([
    ["its digest", { digest: "other" }],
    ["its attempt", { attempt: 2 }],
    ["when it was sent", { sent: NOW - 999 }],
  ])("is asked anew where another was sent meanwhile, told by %s", async (_, other) => {
    const { given } = await run({
      ...running,
      // Another invocation writes first: the command that it sent is the one that counts.
      table: (table) => ({
        async save(mine) {
          const standing = (await table.read(ME)).record;
          if (standing?.version === 1) await table.save({ ...standing, command: { ...command, ...other } });
          return table.save(mine);
        },
      }),
    });
    const asked = given.filter(({ name }) => name === "commands.look").map(({ given: [, sent] }) => sent);
    expect(asked.slice(0, 2)).toEqual([command, { ...command, ...other }]);
  });
  test("is not asked again because its id was noted", async () => {
    const { given } = await run({
      ...running,
      table: (table) => ({
        save: (mine) => table.save({ ...mine, command: { ...command, id: "c-1" } }),
      }),
    });
    expect(given.filter(({ name }) => name === "commands.look")).toHaveLength(1);
  });
});

describe("a failure", () => {
  const failing = (thrown: unknown, times = Number.POSITIVE_INFINITY) => {
    let left = times;
    return () => {
      if (left-- > 0) throw thrown;
      return { groups: [] };
    };
  };
  test("is told of, and tried again ever later, five times in all", async () => {
    const error = new Error("Rate exceeded");
    const { outcome, waits, said } = await run({ setting: pending, answers: { "fleet.look": failing(error) } });
    expect(outcome).toEqual({ thrown: error });
    expect(waits).toEqual([500, 1000, 2000, 2000]);
    expect(said).toEqual(
      [1, 2, 3, 4, 5].map((failures) => ({
        level: "warn",
        message: "look failed: Rate exceeded",
        detail: { instance: ME, row: "state/look", failures },
      })),
    );
  });
  test("that is no error is told of in its own words", async () => {
    const { said } = await run({ setting: pending, answers: { "fleet.look": failing("throttled") } });
    expect(said[0]?.message).toBe("look failed: throttled");
  });
  test.each([
    [2000, 1],
    [2001, 2],
  ])("is not tried again where there is no time for it: %i ms", async (ms, tried) => {
    const { calls } = await run({
      setting: pending,
      budget: { deadline: NOW + ms },
      answers: { "fleet.look": failing(new Error("Rate exceeded")) },
    });
    expect(calls).toHaveLength(tried);
  });

  const broker = (state: "Pending:Wait" | "InService" | "Terminating:Wait") => [
    { instance: ME, zone: A, state, id: 1, served: true, address: "10.0.1.50" },
    { instance: "i-2", zone: B, state: "InService" as const, id: 2, served: true },
  ];
  const configured = { digest: "d", at: NOW - 9000, times: 1 };
  const ending = { action: { kind: "terminate" as const, since: NOW - 1000 }, heartbeat: NOW - 1000, configured };
  const listening = new Map([
    [101, "refused" as const],
    [102, "listening" as const],
    [103, "listening" as const],
  ]);
  const eni = { address: "10.0.1.10", eni: "eni-1", zone: A };

  /** A fact, the change that rests on it and fails at first, and the port by which the fact is looked at again. */
  const resting: readonly [keyof Sights, string, Partial<Sights>, Setting][] = [
    ["fleet", "fleet.look", {}, { nodes: broker("Terminating:Wait"), record: { ...ending, configured } }],
    [
      "kafka",
      "kafka.brokers",
      { kafka: kafka({ 1: at("10.0.1.50") }) },
      { nodes: broker("Terminating:Wait"), record: ending },
    ],
    [
      "quorum",
      "kafka.ensemble",
      { quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }) },
      { plan: classic, role: "zookeeper", nodes: controllersWith("Terminating:Wait"), record: ending },
    ],
    [
      "listeners",
      "kafka.listeners",
      { listeners: listening },
      { role: "controller", nodes: controllersWith("InService"), record: {} },
    ],
    ["ec2", "instances.look", { ec2: "terminated" }, { nodes: [{ instance: ME, zone: A, id: 1 }], record: {} }],
    [
      "address",
      "addresses.look",
      { address: eni },
      { role: "controller", nodes: controllersWith("Pending:Wait"), record: launch() },
    ],
    [
      "agent",
      "commands.agent",
      { agent: { state: "online", address: "10.0.1.50" } },
      { nodes: [{ instance: ME, zone: A, state: "Pending:Wait", id: 1 }], record: launch() },
    ],
  ];
  test.each(resting)("of a change that rests on %s: that is looked at again", async (_, port, seen, setting) => {
    const thrown = () => Promise.reject(new Error("ProvisionedThroughputExceeded"));
    const { calls } = await run({
      setting,
      // Given up before anything that was seen grows stale by itself.
      budget: { once: true, deadline: NOW + 4000 },
      seen: (world) => ({
        ...(world.fleet && { fleet: world.fleet }),
        ...(world.table && { table: world.table }),
        ...Object.fromEntries(Object.entries(seen).map(([name, value]) => [name, { at: NOW, value }])),
      }),
      table: () => ({ takeTurn: thrown, save: thrown, release: thrown, drop: thrown }),
      answers: {
        "addresses.attach": () => {
          throw new Error("RequestLimitExceeded");
        },
        "addresses.look": eni,
        "kafka.brokers": kafka({ 1: at("10.0.1.50") }),
        "kafka.ensemble": quorumOf({ 101: 0, 102: 0, 103: 0 }),
        "kafka.listeners": new Map([
          ["10.0.2.10:9093", "listening"],
          ["10.0.3.10:9093", "listening"],
          ["10.0.1.10:9093", "refused"],
        ]),
        "instances.look": new Map([[ME, "terminated"]]),
        "commands.agent": { state: "online", address: "10.0.1.50" },
      },
    });
    expect(calls).toContain(port);
  });

  test("of a change that what became of a command led to: that is asked again, too", async () => {
    const record = launch({
      address: "10.0.1.50",
      command: { action: "configure", digest: "d", attempt: 1, sent: NOW - 1000 },
    });
    const { calls } = await run({
      setting: { nodes: [{ instance: ME, zone: A, state: "Pending:Wait", id: 1 }], record },
      budget: { once: true, deadline: NOW + 4000 },
      answers: {
        "commands.look": { status: "failed", detail: "" },
        "commands.agent": { state: "online", address: "10.0.1.50" },
        "kafka.brokers": { seen: false, reason: "no broker answered" },
        "commands.send": () => {
          throw new Error("ThrottlingException");
        },
      },
      table: (table) => ({ read: table.read, save: async (mine) => ({ ...mine, version: mine.version + 1 }) }),
    });
    expect(calls.filter((name) => name === "commands.look").length).toBeGreaterThan(1);
    expect(calls.filter((name) => name === "commands.agent").length).toBeGreaterThan(1);
  });
});
