import { describe, expect, test } from "vitest";
import { STANDS, uttered } from "../../shared/lifecycle/decide/wish.ts";
import type { AddressSight, InstanceRecord, LifecycleState, OperatorWish } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  changeOf,
  definition,
  digestOf,
  facts,
  kafka,
  mark,
  NOW,
  notedBy,
  type Setting,
  step,
  unsafe,
} from "./scene.ts";

const wish = (what: OperatorWish["wish"], ago = 1_000, more: Partial<OperatorWish> = {}): Partial<InstanceRecord> => ({
  operator: { wish: what, since: NOW - ago, reason: "a test", ...more },
});
const others = [
  { instance: "i-2", zone: B, state: "InService", id: 2, served: true },
  { instance: "i-3", zone: C, state: "InService", id: 3, served: true },
] as const;
const base = { instance: "i-1", zone: A, id: 1, served: true, address: "10.0.1.50" } as const;
const launching = { ...base, state: "Pending:Wait" } as const;
const serving = { ...base, state: "InService" } as const;
const leaving = { ...base, state: "Terminating:Wait" } as const;
const digest = digestOf("broker", 1, A, "10.0.1.50");
const configured = { digest, at: NOW - 900_000, times: 1 };
const terminating = (ago = 60_000): Partial<InstanceRecord> => ({
  action: { kind: "terminate", since: NOW - ago },
  heartbeat: NOW,
  configured,
});
const up = { 2: at("10.0.2.50"), 3: at("10.0.3.50") };
const unsafeToStop = kafka({ 1: { ...at("10.0.1.50"), stop: unsafe }, ...up });
const online = { state: "online", address: "10.0.1.50" } as const;

test.each<[LifecycleState | undefined, OperatorWish["action"]]>([
  ["Pending:Wait", "launch"],
  ["InService", undefined],
  ["Terminating:Wait", "terminate"],
  [undefined, undefined],
])("what is asked of one that is %s is for its %s", (state, action) => {
  const asked = uttered(
    facts({ nodes: [{ ...base, ...(state && { state }) }, ...others] }),
    { wish: "force" },
    "a test",
  );
  expect(asked).toStrictEqual({ wish: "force", since: NOW, ...(action && { action }), reason: "a test" });
});

describe("a hold", () => {
  const held = "an operator holds it: a test";
  test("keeps Rollcall's hands off a member in service", () => {
    const setting: Setting = {
      nodes: [serving, ...others],
      record: { configured, unregistered: NOW - 3_600_000, ...wish("hold"), hold: { reason: held, since: NOW } },
      seen: { kafka: kafka({ 1: {}, ...up }) },
    };
    expect(step(setting)).toMatchObject({ do: "hold", row: "operator/hold", reason: held });
  });
  test("stands until it is taken back", () => {
    const record = { configured, ...wish("hold", 30 * 86_400_000), hold: { reason: held, since: NOW } };
    expect(step({ nodes: [serving, ...others], record })).toMatchObject({ do: "hold", row: "operator/hold" });
  });
  test("keeps a lifecycle action open with heartbeats, and says for how long that can be", () => {
    const action = { kind: "launch", since: NOW - 60_000 } as const;
    const setting = (heartbeat: number): Setting => ({
      nodes: [launching, ...others],
      record: { action, heartbeat, ...wish("hold") },
    });
    expect(changeOf(setting(NOW - definition.periods.heartbeat))).toMatchObject({
      kind: "heartbeat",
      action: "launch",
    });
    expect(notedBy(changeOf(setting(NOW)))).toMatchObject({
      hold: { reason: expect.stringMatching(/^an operator holds it: a test \(held until 2027-/) },
    });
  });
  test("does not keep an id from being freed once EC2 has ended the instance", () => {
    const setting: Setting = { nodes: [serving, ...others], record: wish("hold"), seen: { ec2: "terminated" } };
    expect(changeOf(setting)).toMatchObject({ kind: "release", id: 1, row: "gone/free" });
  });
});

describe("a force", () => {
  test("passes the gates of a termination: stops what is not safe to stop, whoever has the turn", () => {
    const setting: Setting = {
      nodes: [leaving, ...others],
      record: { ...terminating(), ...wish("force", 1_000, { action: "terminate" }) },
      turn: { id: 2, instance: "i-2" },
      seen: { kafka: unsafeToStop, agent: online },
    };
    expect(changeOf(setting)).toMatchObject({
      kind: "send",
      action: "stop",
      reason: "an operator forces its stop: a test",
    });
    expect(changeOf({ ...setting, record: terminating() })).toMatchObject({ kind: "note", row: "terminate/2" });
  });
  test.each<[string, number, number, OperatorWish["action"]]>([
    ["one that was asked for before the termination began", 120_000, 60_000, undefined],
    ["one that was asked for while it launched", 120_000, 60_000, "launch"],
    ["one that has not been carried out for too long", STANDS + 1, STANDS + 60_000, "terminate"],
  ])("%s counts no more", (_, asked, begun, action) => {
    const record = { ...terminating(begun), ...wish("force", asked, action && { action }) };
    expect(changeOf({ nodes: [leaving, ...others], record, seen: { kafka: unsafeToStop } })).toMatchObject({
      kind: "note",
      row: "terminate/2",
    });
  });
  test("one that was asked for before anybody had seen the termination counts", () => {
    const record = { ...terminating(60_000), ...wish("force", 120_000, { action: "terminate" }) };
    const setting: Setting = { nodes: [leaving, ...others], record, turn: { id: 2 } };
    const seen = { kafka: unsafeToStop, agent: online };
    expect(changeOf({ ...setting, seen })).toMatchObject({ kind: "send", action: "stop" });
  });
  test("of a launch is over with it, though its record tells of that still: later gates are not passed", () => {
    const action = { kind: "launch", since: NOW - 60_000 } as const;
    const former = { ...configured, digest: "f".repeat(64) };
    const setting = (asked: Partial<OperatorWish>): Setting => ({
      nodes: [serving, ...others],
      record: { action, configured: former, ...wish("force", 30_000, asked) },
      turn: { id: 2, instance: "i-2" },
      seen: { kafka: unsafeToStop, agent: online },
    });
    expect(changeOf(setting({ action: "launch" }))).toMatchObject({ kind: "note", row: "in-service/3" });
    expect(changeOf(setting({}))).toMatchObject({ kind: "send", action: "configure" });
  });
  test("replaces a member whose process is dead, though that is not safe", () => {
    const { grace } = definition.periods;
    const setting = (more: Partial<InstanceRecord>): Setting => ({
      nodes: [serving, ...others],
      record: {
        configured,
        unregistered: NOW - 2 * grace,
        alone: NOW - 2 * grace,
        command: { action: "status", digest: "", attempt: 1, sent: NOW - 500, id: "c-1" },
        ...more,
      },
      seen: {
        kafka: kafka({ 1: { stop: unsafe }, ...up }),
        agent: online,
        command: { status: "success", detail: "", answer: { ok: true, action: "status", unit: "failed" } },
      },
    });
    expect(changeOf(setting({}))).toMatchObject({ kind: "note", row: "in-service/2" });
    // It waits for nobody's turn, but others shall wait for it.
    expect(changeOf(setting(wish("force")))).toMatchObject({ kind: "take-turn" });
    for (const turn of [{ id: 1, instance: "i-1", reason: "the process of broker 1 is dead (failed)" }, { id: 2 }]) {
      expect(changeOf({ ...setting(wish("force")), turn })).toMatchObject({ kind: "mark-unhealthy" });
    }
  });
  test("never makes Kafka's being out of sight a death", () => {
    const dark = { seen: false, reason: "no broker answers" } as const;
    const record = { configured, unregistered: NOW - 3_600_000, ...wish("force") };
    expect(changeOf({ nodes: [serving, ...others], record, seen: { kafka: dark } })).toMatchObject({
      kind: "note",
      row: "in-service/1",
    });
  });
  test("configures anew without its turn, and is spent with that configuration", () => {
    const former = { ...configured, digest: "f".repeat(64) };
    const setting = (more: Partial<InstanceRecord>, seen: Setting["seen"] = {}): Setting => ({
      nodes: [serving, ...others],
      record: { configured: former, ...wish("force"), ...more },
      turn: { id: 2, instance: "i-2" },
      seen: { kafka: unsafeToStop, agent: online, ...seen },
    });
    expect(changeOf(setting({}))).toMatchObject({ kind: "send", action: "configure", digest });
    const command = { action: "configure", digest, attempt: 1, sent: NOW - 5_000, id: "c-1" } as const;
    const done = { status: "success", detail: "", answer: { ok: true, action: "configure" } } as const;
    const noted = changeOf(setting({ command }, { command: done }));
    expect(noted).toMatchObject({ kind: "note", row: "in-service/3", patch: { operator: undefined } });
    expect(noted).toHaveProperty("patch.operator");
  });
  test("lets a broker come back empty where that is not safe, but never beside its former session", () => {
    const setting = (sight: NonNullable<Setting["seen"]>["kafka"]): Setting => ({
      nodes: [launching, ...others],
      record: {
        action: { kind: "launch", since: NOW - 10_000 },
        heartbeat: NOW,
        ...wish("force", 1_000, { action: "launch" }),
      },
      seen: { agent: online, ...(sight && { kafka: sight }) },
    });
    expect(changeOf(setting(kafka({ 1: { startEmpty: unsafe }, ...up })))).toMatchObject({
      kind: "send",
      action: "configure",
    });
    expect(changeOf(setting({ seen: false, reason: "dark" }))).toMatchObject({ kind: "send", action: "configure" });
    expect(step(setting(kafka({ 1: at("10.0.1.9"), ...up })))).toMatchObject({ do: "wait", row: "launch/6" });
  });
});

describe("giving up a launch", () => {
  const record = { action: { kind: "launch", since: NOW - 60_000 }, heartbeat: NOW } as const;
  test("ends the lifecycle action with ABANDON, whatever the launch waits for", () => {
    const asked = wish("abandon", 1_000, { action: "launch" });
    expect(changeOf({ nodes: [launching, ...others], record: { ...record, ...asked } })).toMatchObject({
      kind: "complete",
      action: "launch",
      result: "ABANDON",
      row: "operator/abandon",
    });
  });
  test.each([serving, leaving])("means nothing to an instance that is $state", (node) => {
    const setting: Setting = {
      nodes: [node, ...others],
      record: {
        ...terminating(),
        action: { kind: node === leaving ? "terminate" : "launch", since: NOW - 60_000 },
        ...wish("abandon", 1_000, node === leaving ? { action: "terminate" } : {}),
      },
      seen: { kafka: kafka({ 1: at("10.0.1.50"), ...up }) },
    };
    const { row } = step(setting);
    expect(row).not.toMatch(/^operator/);
  });
});

describe("taking an id away", () => {
  test("frees it, from whatever instance holds it", () => {
    const record = { configured, ...wish("release", 0, { id: 1 }) };
    for (const state of ["Standby", "InService", "Terminating:Retained"] as const) {
      expect(changeOf({ nodes: [{ ...base, state }, ...others], record })).toMatchObject({
        kind: "release",
        id: 1,
        row: "operator/release",
      });
    }
  });
  test("also where no group lists the instance, though EC2 says that it runs", () => {
    const setting: Setting = { nodes: [base, ...others], record: { configured }, seen: { ec2: "stopped" } };
    expect(changeOf(setting)).toMatchObject({ kind: "note", row: "state/aside" });
    expect(changeOf({ ...setting, record: { configured, ...wish("release", 0, { id: 1 }) } })).toMatchObject({
      kind: "release",
      role: "broker",
      id: 1,
    });
  });
  test("detaches its address first", () => {
    const controller = { instance: "i-1", zone: A, id: 101, served: true, address: "10.0.1.10" } as const;
    const attachment = { id: "eni-attach-1", instance: "i-1", status: "attached", deleteOnTermination: false } as const;
    const setting: Setting = {
      role: "controller",
      nodes: [{ ...controller, state: "Standby" }],
      record: { configured, ...wish("release", 0, { id: 101 }) },
      quorum: mark,
      seen: { address: { address: "10.0.1.10", eni: "eni-1", zone: A, attachment } },
    };
    expect(changeOf(setting)).toMatchObject({ kind: "detach", attachment: "eni-attach-1" });
  });
  test("detaches it first, too, where no group lists the instance", () => {
    const aside = { instance: "i-1", zone: A, id: 101, served: true, address: "10.0.1.10" } as const;
    const attachment = { id: "eni-attach-1", instance: "i-1", status: "attached", deleteOnTermination: false } as const;
    const pooled = { address: "10.0.1.10", eni: "eni-1", zone: A };
    const setting = (address?: AddressSight): Setting => ({
      role: "controller",
      nodes: [aside],
      record: { configured, ...wish("release", 0, { id: 101 }) },
      seen: { ec2: "running", ...(address && { address }) },
    });
    expect(step(setting())).toMatchObject({ do: "look", facts: ["address"] });
    expect(changeOf(setting({ ...pooled, attachment }))).toMatchObject({ kind: "detach", attachment: "eni-attach-1" });
    expect(changeOf(setting(pooled))).toMatchObject({ kind: "release", role: "controller", id: 101 });
  });
  test("takes none that it has claimed since, though it is the same", () => {
    const setting = (held: number): Setting => ({
      nodes: [{ ...base, state: "Standby", held }, ...others],
      record: { configured, ...wish("release", 1_000, { id: 1 }) },
    });
    expect(changeOf(setting(1_000))).toMatchObject({ kind: "release", row: "operator/release" });
    expect(changeOf(setting(999))).toMatchObject({ kind: "note", row: "state/aside" });
  });
  test("takes no other id than the one that was meant", () => {
    const setting: Setting = {
      nodes: [{ ...base, state: "Standby" }, ...others],
      record: wish("release", 0, { id: 7 }),
    };
    expect(changeOf(setting)).toMatchObject({ kind: "note", row: "state/aside" });
  });
});
