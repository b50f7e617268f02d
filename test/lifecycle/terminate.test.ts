import { describe, expect, test } from "vitest";
import type { CommandSight, InstanceRecord, KafkaSight } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  changeOf,
  definition,
  interfaceOf101,
  kafka,
  mark,
  NOW,
  notedBy,
  quorumOf,
  type Setting,
  safe,
  step,
  unsafe,
} from "./scene.ts";

const { periods } = definition;
const me = { instance: "i-1", zone: A, state: "Terminating:Wait" } as const;
const mine = { ...me, id: 1, served: true, address: "10.0.1.50" };
const others = [
  { instance: "i-2", zone: B, state: "InService", id: 2, served: true },
  { instance: "i-3", zone: C, state: "InService", id: 3, served: true },
] as const;
const digest = "d".repeat(64);
const leaving = (ago = 0, patch: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
  action: { kind: "terminate", since: NOW - ago },
  heartbeat: NOW,
  configured: { digest, at: NOW - 900_000, times: 1 },
  ...patch,
});
const healthy = kafka({ 1: at("10.0.1.50"), 2: at("10.0.2.50"), 3: at("10.0.3.50") });
const online = { state: "online", address: "10.0.1.50" } as const;
const stopping = (sent: number, attempt = 1) => ({ action: "stop", digest: "", attempt, sent, id: "c-2" }) as const;
const turn = { id: 1, instance: "i-1", since: NOW - 3_600_000, reason: "its group ends its instance" };

describe("row 1: nothing to stop", () => {
  const begun = { action: { kind: "terminate", since: NOW }, heartbeat: NOW } as const;
  test("it holds no id: CONTINUE at once, as after an abandoned launch", () => {
    expect(changeOf({ nodes: [me] })).toMatchObject({
      kind: "complete",
      action: "terminate",
      result: "CONTINUE",
      row: "terminate/1",
    });
  });
  test("before it frees anything it marks that the end has begun, so that nobody configures it any more", () => {
    expect(changeOf({ nodes: [mine] })).toMatchObject({
      kind: "note",
      row: "terminate/begin",
      patch: { action: { kind: "terminate", since: NOW } },
    });
  });
  test("what belonged to its service is forgotten then", () => {
    const gone = { unregistered: NOW - 2, alone: NOW - 1, hold: { reason: "the turn is broker 2's", since: NOW } };
    const begun = changeOf({ nodes: [mine], record: { action: { kind: "launch", since: NOW - 3 }, ...gone } });
    const forgotten = { unregistered: undefined, alone: undefined, hold: undefined };
    expect(begun.kind === "note" && { ...begun.patch, ...forgotten }).toStrictEqual(
      begun.kind === "note" && begun.patch,
    );
  });
  test("never configured: frees the id without a stop", () => {
    expect(changeOf({ nodes: [mine], record: begun })).toMatchObject({
      kind: "release",
      id: 1,
      row: "terminate/1",
    });
  });
  test("a configure command that may be out there counts as configured", () => {
    const command = { action: "configure", digest, attempt: 1, sent: NOW } as const;
    expect(step({ nodes: [mine, ...others], record: { ...begun, command } })).toMatchObject({
      do: "look",
      facts: ["kafka"],
    });
  });
});

describe("row 2: is it safe, and its turn", () => {
  test("not safe any more, and it has the turn: gives it back, as another may need it to make it safe again", () => {
    const sight = kafka({ 1: { ...at("10.0.1.50"), stop: unsafe }, 2: {}, 3: {} });
    const setting: Setting = { nodes: [mine, ...others], record: leaving(), turn, seen: { kafka: sight } };
    expect(changeOf(setting)).toMatchObject({ kind: "give-turn", turn: { id: 1 }, row: "terminate/2" });
  });
  test("the turn is another's: holds, naming it", () => {
    const setting: Setting = { nodes: [mine, ...others], record: leaving(), turn: { id: 2, instance: "i-2" } };
    expect(changeOf(setting)).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("broker 2") } },
    });
  });
  test("not safe: holds with the partition and its limit, and goes on holding with heartbeats", () => {
    const setting: Setting = {
      nodes: [mine, ...others],
      record: leaving(),
      seen: { kafka: kafka({ 1: { stop: unsafe } }) },
    };
    const held = changeOf(setting);
    expect(held).toMatchObject({
      kind: "note",
      row: "terminate/2",
      patch: { hold: { reason: expect.stringMatching(/orders-0.*held until \d{4}-/) } },
    });
    const record = { ...leaving(), ...notedBy(held) };
    expect(step({ ...setting, record })).toMatchObject({ do: "hold", row: "terminate/2" });
    expect(changeOf({ ...setting, record: { ...record, heartbeat: NOW - periods.heartbeat } })).toMatchObject({
      kind: "heartbeat",
    });
  });
  test("a first start that fails does not hold its own replacement: nothing rests on it", () => {
    const first = { ...mine, served: false };
    const dark = { kafka: { seen: false, reason: "timeout" } } as const;
    const others = { turn: { id: 9 }, record: leaving() };
    expect(changeOf({ nodes: [first], ...others, seen: { ...dark, agent: online } })).toMatchObject({ action: "stop" });
    expect(step({ nodes: [first], ...others })).toMatchObject({ do: "look", facts: ["kafka"] });
    expect(changeOf({ nodes: [mine], record: leaving(), seen: dark })).toMatchObject({
      kind: "note",
      patch: { hold: {} },
    });
    const founder: Setting = {
      role: "controller",
      nodes: [{ ...first, id: 101 }],
      record: leaving(),
      seen: { quorum: dark.kafka, agent: online },
    };
    const unformed = { ...mark, formed: false };
    expect(changeOf({ ...founder, quorum: unformed })).toMatchObject({ kind: "leave-founding" });
    expect(changeOf({ ...founder, quorum: { ...unformed, left: ["i-0"] } })).toMatchObject({ kind: "leave-founding" });
    expect(changeOf({ ...founder, quorum: { ...unformed, left: ["i-0", "i-1"] } })).toMatchObject({ action: "stop" });
    expect(changeOf(founder)).toMatchObject({ kind: "note", patch: { hold: {} } });
  });
  test("later it may have registered, and have a replica: unknown while Kafka is out of sight", () => {
    const first = { ...mine, served: false };
    const seen = { kafka: { seen: false, reason: "timeout" }, agent: online } as const;
    expect(changeOf({ nodes: [first, ...others], record: leaving(), seen })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("Kafka cannot be seen") } },
    });
  });
  test("at a cluster's first start, too, the question has to have come through: nobody answered is not nobody asked", () => {
    const dark = { seen: false, reason: "Rate exceeded" } as const;
    const first = (kafka: KafkaSight): Setting => ({
      nodes: [{ ...mine, served: false }],
      record: leaving(),
      seen: { kafka, agent: online },
    });
    expect(changeOf(first(dark))).toMatchObject({ kind: "send", action: "stop" });
    expect(changeOf(first({ ...dark, unasked: true }))).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("Rate exceeded") } },
    });
  });
  test("never in service and seen to have no replica: it waits for no turn, which may be held by one that waits for it", () => {
    const first = { ...mine, served: false };
    const held = { nodes: [first, ...others], record: leaving(), turn: { id: 9 } };
    const having = (replicas: number) => ({ kafka: kafka({ 1: { ...at("10.0.1.50"), replicas } }), agent: online });
    expect(changeOf({ ...held, seen: having(0) })).toMatchObject({ kind: "send", action: "stop" });
    expect(changeOf({ ...held, seen: having(1) })).toMatchObject({ kind: "note", patch: { hold: {} } });
  });
  test("Kafka out of sight is unknown, and unknown is not safe", () => {
    expect(
      changeOf({ nodes: [mine, ...others], record: leaving(), seen: { kafka: { seen: false, reason: "timeout" } } }),
    ).toMatchObject({ kind: "note", patch: { hold: {} } });
  });
  test("safe: takes the turn, then stops", () => {
    const setting: Setting = { nodes: [mine, ...others], record: leaving(), seen: { kafka: healthy, agent: online } };
    expect(changeOf(setting)).toMatchObject({ kind: "take-turn", turn: { role: "broker", id: 1, instance: "i-1" } });
    expect(changeOf({ ...setting, turn })).toMatchObject({ kind: "send", action: "stop" });
  });
  test("a turn it has for another purpose, or that a former incarnation took, is taken anew", () => {
    const setting: Setting = { nodes: [mine, ...others], record: leaving(), seen: { kafka: healthy, agent: online } };
    for (const other of [
      { ...turn, reason: "its configuration has changed" },
      { ...turn, instance: "i-0" },
    ]) {
      expect(changeOf({ ...setting, turn: other })).toMatchObject({ kind: "take-turn", turn: { reason: turn.reason } });
    }
  });
  test.each([{ desired: { [A]: 0 } }, { deleting: [A] }])(
    "a group that is being emptied asks nobody: %o",
    (emptied) => {
      expect(
        changeOf({ nodes: [mine], record: leaving(), turn: { id: 2 }, seen: { agent: online }, ...emptied }),
      ).toMatchObject({ kind: "send", action: "stop" });
    },
  );
  test("a controller is asked about its quorum, through a member that is well", () => {
    const controller = { ...mine, id: 101 };
    const setting: Setting = { role: "controller", nodes: [controller], record: leaving() };
    expect(step(setting)).toMatchObject({ do: "look", facts: ["quorum"], via: "i-1" });
    const peer = { instance: "i-2", zone: B, state: "InService", id: 102, served: true } as const;
    expect(step({ ...setting, nodes: [controller, peer] })).toMatchObject({
      do: "look",
      facts: ["quorum"],
      via: "i-2",
    });
    const leavingToo = { instance: "i-3", zone: C, state: "Terminating:Wait", id: 103, served: true } as const;
    const three = { ...setting, nodes: [controller, peer, leavingToo] };
    const asked = [0, 7_000, 14_000].map((ago) =>
      step({ ...three, record: { ...leaving(), hold: { reason: "not seen", since: NOW - ago } } }),
    );
    expect(asked.map((s) => s.do === "look" && s.via)).toEqual(["i-2", "i-3", "i-1"]);
    expect(
      changeOf({
        role: "controller",
        nodes: [controller],
        record: leaving(),
        seen: { quorum: quorumOf({ 101: 0, 102: 0, 103: 60_000 }) },
      }),
    ).toMatchObject({ kind: "note", patch: { hold: {} } });
    expect(
      changeOf({
        role: "controller",
        nodes: [controller],
        record: leaving(),
        seen: { quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }) },
      }),
    ).toMatchObject({ kind: "take-turn" });
  });
});

describe("row 3: a member that goes for good", () => {
  const scaledIn: Setting = {
    nodes: [mine, { instance: "i-4", zone: A, state: "InService", id: 4 }, ...others],
    record: leaving(),
    turn,
  };
  test("still carries replicas: holds with the remedy, and without the turn", () => {
    const carrying = { ...scaledIn, seen: { kafka: kafka({ 1: { replicas: 12 } }) } };
    expect(changeOf(carrying)).toMatchObject({ kind: "give-turn", row: "terminate/3" });
    const { turn: _, ...free } = carrying;
    expect(changeOf(free)).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("kafka-reassign-partitions") } },
    });
  });
  test("carries nothing any more: stops", () => {
    expect(
      changeOf({ ...scaledIn, seen: { kafka: kafka({ 1: { replicas: 0, stop: safe } }), agent: online } }),
    ).toMatchObject({ kind: "send", action: "stop" });
  });
  test("one that is replaced may carry what it likes", () => {
    expect(
      changeOf({
        nodes: [mine, ...others],
        record: leaving(),
        turn,
        seen: { kafka: kafka({ 1: { replicas: 12 } }), agent: online },
      }),
    ).toMatchObject({ kind: "send", action: "stop" });
  });
});

describe("row 4: the stop", () => {
  const stopped = (status: object, sent = NOW - 500, ago = 0): Setting => ({
    nodes: [mine, ...others],
    record: leaving(ago, { command: stopping(sent) }),
    turn,
    seen: { agent: online, command: { detail: "", ...status } as CommandSight },
  });
  test("confirmed by the node: noted, then freed", () => {
    expect(changeOf(stopped({ status: "success", answer: { ok: true, action: "stop", stopped: true } }))).toMatchObject(
      { kind: "note", patch: { stopped: NOW } },
    );
    expect(changeOf({ nodes: [mine], record: leaving(0, { stopped: NOW }) })).toMatchObject({
      kind: "release",
      row: "terminate/4",
    });
  });
  test("a success that does not say stopped frees nothing", () => {
    const said = stopped({ status: "success", answer: { ok: true, action: "stop", stopped: false } });
    expect(changeOf({ ...said, seen: { ...said.seen, kafka: kafka({}) } })).toMatchObject({
      kind: "complete",
      row: "terminate/5",
    });
  });
  test("runs: waits; failed: tries again while there is time", () => {
    expect(step(stopped({ status: "running" }))).toMatchObject({ do: "wait", row: "terminate/4" });
    expect(changeOf(stopped({ status: "failed", detail: "systemctl: no bus" }))).toMatchObject({
      kind: "send",
      attempt: 2,
    });
  });
  test("a stop cannot be called back: it rests on its group's size, and on what says it is safe, seen just now", () => {
    const setting: Setting = {
      nodes: [mine, ...others],
      record: leaving(),
      turn,
      seen: { kafka: healthy, agent: online },
    };
    expect(changeOf(setting)).toMatchObject({ kind: "send", action: "stop" });
    for (const name of ["fleet", "kafka", "agent"] as const) {
      expect(step({ ...setting, stale: { [name]: 6_000 } })).toMatchObject({ do: "look", facts: [name] });
    }
    const emptied = { ...setting, desired: { [A]: 0 } };
    expect(changeOf(emptied)).toMatchObject({ kind: "send", reason: "the group is being emptied" });
    expect(step({ ...emptied, stale: { fleet: 6_000 } })).toMatchObject({ do: "look", facts: ["fleet"] });
  });
  test("a stop that the node never had is weighed anew, and past the stop timeout left to EC2 where that is safe", () => {
    const command = { status: "undelivered", detail: "DeliveryTimedOut" } as const;
    const lost = (ago: number, sight: KafkaSight): Setting => ({
      nodes: [mine, ...others],
      record: leaving(ago, { command: stopping(NOW - 90_000) }),
      turn,
      seen: { kafka: sight, agent: online, command },
    });
    expect(changeOf(lost(0, healthy))).toMatchObject({
      kind: "send",
      action: "stop",
      attempt: 2,
      reason: "stop never reached the node: DeliveryTimedOut; tries again",
    });
    expect(step({ ...lost(0, healthy), stale: { kafka: 6_000 } })).toMatchObject({ do: "look", facts: ["kafka"] });
    const risky = kafka({ 1: { ...at("10.0.1.50"), stop: unsafe }, 2: {}, 3: {} });
    for (const ago of [0, periods.stop + 1]) {
      expect(changeOf(lost(ago, risky))).toMatchObject({ kind: "give-turn", row: "terminate/2" });
    }
    expect(changeOf(lost(periods.stop + 1, healthy))).toMatchObject({ kind: "complete", row: "terminate/5" });
  });
  test("a stop that is on its way weighs nothing any more", () => {
    expect(step({ ...stopped({ status: "running" }), turn: { id: 2 } })).toMatchObject({ do: "wait" });
  });
  const eni = interfaceOf101({});
  describe("an id that is freed", () => {
    const freeing = (desired: number, replicas?: number): Setting => ({
      nodes: [{ ...mine, state: "Terminating:Wait" }, ...others, { ...others[0], instance: "i-9", zone: A, id: 9 }],
      desired: { [A]: desired },
      record: leaving(0, { stopped: NOW, address: "10.0.1.50" }),
      seen: replicas === undefined ? {} : { kafka: kafka({ 1: { replicas } }) },
    });
    const left = { address: "10.0.1.50" };
    test("says where its node ran", () => {
      expect(changeOf(freeing(2))).toMatchObject({ kind: "release", left });
      expect(changeOf(freeing(2))).not.toHaveProperty("left.retired");
    });
    test("is retired where nobody will take it over, and nobody has to", () => {
      expect(step(freeing(1))).toMatchObject({ do: "look", facts: ["kafka"] });
      expect(changeOf(freeing(1, 0))).toMatchObject({ kind: "release", left: { ...left, retired: true } });
    });
    test("is not where it carries something, since its group was made smaller after its stop was decided", () => {
      expect(changeOf(freeing(1, 3))).toMatchObject({ kind: "release", left });
      expect(changeOf(freeing(1, 3))).not.toHaveProperty("left.retired");
    });
    test("nor where its group goes as a whole, when nobody can be asked", () => {
      expect(changeOf(freeing(0))).not.toHaveProperty("left.retired");
      expect(changeOf({ ...freeing(1), deleting: [A] })).not.toHaveProperty("left.retired");
    });
  });
  test("a fixed address goes before its id", () => {
    const controller: Setting = {
      role: "controller",
      nodes: [{ ...mine, id: 101 }],
      record: leaving(0, { stopped: NOW }),
    };
    expect(step(controller)).toMatchObject({ do: "look", facts: ["address"] });
    expect(changeOf({ ...controller, seen: { address: eni } })).toMatchObject({
      kind: "detach",
      attachment: "attach-1",
    });
    for (const gone of [{ status: "detaching" }, { instance: "i-8" }] as const) {
      expect(changeOf({ ...controller, seen: { address: interfaceOf101(gone) } })).toMatchObject({ kind: "release" });
    }
  });
});

describe("row 5: nobody there to stop it", () => {
  const silent = (ago: number, ec2: "running" | "shutting-down" = "running"): Setting => ({
    nodes: [mine, ...others],
    record: leaving(ago),
    turn,
    seen: { kafka: healthy, agent: { state: "lost" }, ec2 },
  });
  test("asks EC2, waits for the agent, and past the stop timeout lets EC2 end it, keeping the id held", () => {
    expect(step({ ...silent(0), seen: { kafka: healthy, agent: { state: "lost" } } })).toMatchObject({
      do: "look",
      facts: ["ec2"],
    });
    expect(step(silent(0))).toMatchObject({ do: "wait", row: "terminate/5" });
    expect(changeOf(silent(periods.stop + 1))).toMatchObject({
      kind: "complete",
      result: "CONTINUE",
      row: "terminate/5",
    });
  });
  describe("one that was held for longer than the stop timeout", () => {
    const ago = periods.stop * 3;
    const had = (since: number) => ({ ...turn, since: NOW - since });
    test("has all of that from the moment that it may be stopped", () => {
      expect(step({ ...silent(ago), turn: had(periods.stop) })).toMatchObject({ do: "wait", row: "terminate/5" });
      expect(changeOf({ ...silent(ago), turn: had(periods.stop + 1) })).toMatchObject({ row: "terminate/5" });
      // Another's turn tells nothing of it, and nobody asks for one where its group is emptied.
      const emptied = { ...silent(ago), deleting: [A], turn: { ...had(0), id: 2 } };
      expect(changeOf(emptied)).toMatchObject({ kind: "complete", row: "terminate/5" });
    });
    test.each(["failed", "undelivered"] as const)("is tried again where its stop has %s", (status) => {
      const record = leaving(ago, { command: stopping(NOW - 1000) });
      const seen = { kafka: healthy, agent: online, command: { status, detail: "a detail" } } as const;
      const setting: Setting = { nodes: [mine, ...others], record, seen };
      expect(changeOf({ ...setting, turn: had(2000) })).toMatchObject({ kind: "send", action: "stop", attempt: 2 });
      expect(changeOf({ ...setting, turn: had(periods.stop + 1) })).toMatchObject({ kind: "complete" });
    });
  });
  test("a stop that is never confirmed ends the same way", () => {
    const setting: Setting = {
      nodes: [mine, ...others],
      record: leaving(periods.stop + 1, { command: stopping(NOW - periods.stop - 1) }),
      turn,
      seen: { agent: online, command: { status: "running", detail: "" }, kafka: kafka({}) },
    };
    expect(changeOf(setting)).toMatchObject({ kind: "complete", result: "CONTINUE", row: "terminate/5" });
    // Whether it serves on is asked first.
    const { kafka: _, ...unasked } = setting.seen ?? {};
    expect(step({ ...setting, seen: unasked })).toMatchObject({ do: "look", facts: ["kafka"] });
  });
});
