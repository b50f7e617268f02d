import { describe, expect, test } from "vitest";
import type { InstanceRecord, KafkaSight } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  changeOf,
  definition,
  digestOf,
  facts,
  interfaceOf101,
  kafka,
  mark,
  NOW,
  notedBy,
  quorumOf,
  type Setting,
  step,
  unsafe,
} from "./scene.ts";

const { periods } = definition;
const me = { instance: "i-1", zone: A, state: "Pending:Wait" } as const;
const launched = (ago = 0): Partial<InstanceRecord> => ({
  action: { kind: "launch", since: NOW - ago },
  heartbeat: NOW,
});
const mine = { ...me, id: 1 };
const online = { agent: { state: "online", address: "10.0.1.50" } } as const;
const digest = digestOf("broker", 1, A, "10.0.1.50");
const command = { action: "configure", digest, attempt: 1, sent: NOW - 500, id: "c-1" } as const;
const configured = { digest, at: NOW - 400, times: 1 };
const allListen = new Map([101, 102, 103].map((id) => [id, "listening" as const]));
const registered = (extra: object = {}) => kafka({ 1: { ...at("10.0.1.50"), ...extra } });

describe("row 0: EC2 takes it down", () => {
  test.each(["shutting-down", "stopping", "stopped"] as const)(
    "%s: nothing is begun on it, nor is it let in",
    (ec2) => {
      const ready: Setting = {
        nodes: [{ ...mine, served: true, address: "10.0.1.50" }],
        record: { ...launched(), address: "10.0.1.50", command, configured },
        seen: { kafka: registered(), ec2 },
      };
      expect(step(ready)).toMatchObject({
        do: "wait",
        row: "launch/0",
        reason: `EC2 says ${ec2}`,
        on: ["ec2", "fleet"],
      });
      expect(step({ nodes: [me], record: launched(), seen: { ec2 } })).toMatchObject({ do: "wait", row: "launch/0" });
    },
  );
  test("it is given up at the deadline, on EC2's word of just now", () => {
    const late: Setting = { nodes: [me], record: launched(periods.identity + 1), seen: { ec2: "stopped" } };
    expect(changeOf(late)).toMatchObject({ kind: "complete", result: "ABANDON", row: "launch/0" });
    expect(step({ ...late, stale: { ec2: 6_000 } })).toMatchObject({ do: "look", facts: ["ec2"] });
  });
  test("running, or not known yet, is no word of an end", () => {
    for (const ec2 of ["running", "pending", "unknown"] as const) {
      expect(changeOf({ nodes: [me], record: launched(), seen: { ec2 } })).toMatchObject({ kind: "claim" });
    }
  });
});

describe("row 1: an id of its own", () => {
  test("a first launch claims the lowest fresh id", () => {
    expect(changeOf({ nodes: [me] })).toMatchObject({ kind: "claim", role: "broker", id: 1, zone: A, row: "launch/1" });
  });
  test("three zones at once take three different ids without talking", () => {
    const crowd = [me, { ...me, instance: "i-2", zone: B }, { ...me, instance: "i-3", zone: C }];
    const ids = crowd.map((first) => changeOf({ nodes: [first, ...crowd.filter((n) => n !== first)] }));
    expect(ids.map((c) => c.kind === "claim" && c.id)).toEqual([1, 2, 3]);
  });
  test("a vacant id of its own zone comes before a fresh one", () => {
    expect(changeOf({ nodes: [me], vacant: [{ id: 7, zone: A }] })).toMatchObject({ kind: "claim", id: 7 });
  });
  test("a vacant id of another zone is not for it", () => {
    expect(changeOf({ nodes: [me], vacant: [{ id: 1, zone: B }] })).toMatchObject({ kind: "claim", id: 2 });
  });
  test("it waits for the id of an instance on its way out rather than take a fresh one", () => {
    const leaving = { instance: "i-0", zone: A, state: "Terminating:Wait", id: 4 } as const;
    expect(step({ nodes: [me, leaving], record: launched() })).toMatchObject({
      do: "wait",
      row: "launch/1",
      on: ["fleet", "table"],
    });
  });
  test("it gives up at the deadline, holding nothing", () => {
    const leaving = { instance: "i-0", zone: A, state: "Terminating:Wait", id: 4 } as const;
    expect(changeOf({ nodes: [me, leaving], record: launched(periods.identity + 1) })).toMatchObject({
      kind: "complete",
      action: "launch",
      result: "ABANDON",
    });
  });
  test("a claim rests on a group and a roster seen just now", () => {
    expect(step({ nodes: [me], stale: { fleet: 6_000 } })).toMatchObject({ do: "look", facts: ["fleet"] });
  });
  test("a pooled role takes the fixed address of its zone with the id", () => {
    expect(changeOf({ role: "controller", nodes: [{ ...me, zone: B }], quorum: null })).toMatchObject({
      kind: "claim",
      id: 102,
      address: "10.0.2.10",
    });
  });
});

describe("row 2: nothing at its rank", () => {
  const holder = { instance: "i-0", zone: A, state: "InService", id: 1 } as const;
  test("over the desired capacity it waits, then gives up", () => {
    expect(step({ nodes: [me, holder], record: launched() })).toMatchObject({ do: "wait", row: "launch/2" });
    expect(changeOf({ nodes: [me, holder], record: launched(periods.identity + 1) })).toMatchObject({
      result: "ABANDON",
      row: "launch/2",
    });
  });
  test.each(["Standby", "Terminating:Retained"] as const)(
    "an instance in %s keeps its id, so its replacement waits for it",
    (state) => {
      expect(step({ nodes: [me, { ...holder, state }], record: launched() })).toMatchObject({
        do: "wait",
        row: "launch/2",
        reason: expect.stringContaining("i-0"),
      });
    },
  );
  test("a pool that is used up is given up at once", () => {
    const controllers = { role: "controller", desired: { [A]: 2 }, nodes: [me, { ...holder, id: 101 }] } as const;
    expect(changeOf(controllers)).toMatchObject({
      result: "ABANDON",
      row: "launch/2",
      reason: expect.stringContaining("fixed address"),
    });
  });
});

describe("row 3: its fixed address", () => {
  const eni = { address: "10.0.1.10", eni: "eni-1", zone: A };
  const controller = { ...me, id: 101 };
  const attachment = { id: "a-1", instance: "i-1", status: "attached", deleteOnTermination: false } as const;
  const setting = (address: unknown, extra: Partial<Setting> = {}): Setting =>
    ({
      role: "controller",
      nodes: [controller],
      record: launched(),
      quorum: null,
      seen: { address },
      ...extra,
    }) as Setting;
  test("free: attaches it", () => {
    expect(changeOf(setting(eni))).toMatchObject({ kind: "attach", eni: "eni-1" });
  });
  test("attached to it, but dying with the instance: keeps it", () => {
    expect(changeOf(setting({ ...eni, attachment: { ...attachment, deleteOnTermination: true } }))).toMatchObject({
      kind: "keep-on-termination",
    });
  });
  test("still attached to the former holder: waits, never forces", () => {
    const step_ = step(
      setting(
        { ...eni, attachment: { ...attachment, instance: "i-0" } },
        { nodes: [controller, { instance: "i-0", zone: A, state: "Terminating:Wait" }] },
      ),
    );
    expect(step_).toMatchObject({ do: "wait", row: "launch/3" });
  });
  test("attached to somebody in service: holds, naming it", () => {
    const busy = setting(
      { ...eni, attachment: { ...attachment, instance: "i-9" } },
      { nodes: [controller, { instance: "i-9", zone: A, state: "InService" }] },
    );
    const held = changeOf(busy);
    expect(held).toMatchObject({
      kind: "note",
      row: "launch/3",
      patch: { hold: { reason: expect.stringContaining("i-9") } },
    });
    expect(step({ ...busy, record: { ...launched(), ...notedBy(held) } })).toMatchObject({
      do: "hold",
      row: "launch/3",
    });
  });
  test("not in the cluster at all: holds, and says so", () => {
    expect(changeOf(setting(null))).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("no network interface of this cluster has") } },
    });
  });
  test("past the deadline it gives the launch up", () => {
    expect(
      changeOf(
        setting(
          { ...eni, attachment: { ...attachment, instance: "i-0" } },
          { nodes: [{ ...controller, held: periods.identity + 1 }], record: launched(periods.identity + 1) },
        ),
      ),
    ).toMatchObject({ result: "ABANDON", row: "launch/3" });
  });
});

describe("row 4: its agent", () => {
  test("not online yet: waits; at the deadline gives up", () => {
    const setting = (ago: number): Setting => ({
      nodes: [{ ...mine, held: ago }],
      record: launched(ago),
      seen: { agent: { state: "absent" } },
    });
    expect(step(setting(0))).toMatchObject({ do: "wait", row: "launch/4", on: ["agent"] });
    expect(changeOf(setting(periods.agent + 1))).toMatchObject({ result: "ABANDON", row: "launch/4" });
  });
  test("its time counts from its id, however long it waited for that", () => {
    const setting: Setting = {
      nodes: [mine],
      record: launched(periods.agent * 3),
      seen: { agent: { state: "absent" } },
    };
    expect(step(setting)).toMatchObject({ do: "wait", row: "launch/4" });
  });
  test("online without an address: waits for it", () => {
    expect(step({ nodes: [mine], record: launched(), seen: { agent: { state: "online" } } })).toMatchObject({
      do: "wait",
      row: "launch/4",
    });
  });
});

describe("row 5: the quorum", () => {
  const controller = { ...me, id: 101 };
  const address = interfaceOf101({});
  test("the first controller founds it with every founder's id", () => {
    expect(
      changeOf({
        role: "controller",
        nodes: [controller],
        quorum: null,
        record: launched(),
        seen: { address, ...online },
      }),
    ).toMatchObject({ kind: "found", voters: [101, 102, 103] });
  });
  test("a broker waits until it has formed", () => {
    for (const quorum of [null, { ...mark, formed: false }]) {
      expect(step({ nodes: [mine], quorum, record: launched(), seen: online })).toMatchObject({
        do: "wait",
        row: "launch/5",
        on: ["table"],
      });
    }
  });
  test("a controller that does not found it waits until it has formed", () => {
    const quorum = { ...mark, formed: false, voters: mark.voters.slice(1) };
    expect(
      step({ role: "controller", nodes: [controller], quorum, record: launched(), seen: { address, ...online } }),
    ).toMatchObject({ do: "wait", row: "launch/5" });
  });
  test("the first majority seen marks it formed", () => {
    const digest = digestOf("controller", 101, A, "10.0.1.10", { ...mark, formed: false });
    const setting: Setting = {
      role: "controller",
      nodes: [
        controller,
        { ...controller, instance: "i-2", zone: B, id: 102 },
        { ...controller, instance: "i-3", zone: C, id: 103 },
      ],
      quorum: { ...mark, formed: false },
      record: { ...launched(), command: { ...command, digest }, configured: { ...configured, digest } },
      seen: { address, quorum: quorumOf({ 101: 0, 102: 0, 103: 99_999 }), listeners: allListen },
    };
    expect(changeOf(setting)).toMatchObject({ kind: "form" });
    expect(
      step({ ...setting, seen: { ...setting.seen, quorum: quorumOf({ 101: 0, 102: 99_999, 103: 99_999 }) } }),
    ).toMatchObject({ do: "change", change: { kind: "serve" } });
  });
});

describe("row 6: the former incarnation", () => {
  const returning = { ...mine, served: true };
  const setting = (sight: NonNullable<Setting["seen"]>["kafka"], ago = 0): Setting => ({
    nodes: [returning],
    record: launched(ago),
    seen: { ...online, ...(sight && { kafka: sight }) },
  });
  test("looks at Kafka before an id that was in service starts again", () => {
    expect(step({ nodes: [returning], record: launched(), seen: online })).toMatchObject({
      do: "look",
      row: "launch/6",
      facts: ["kafka"],
    });
  });
  test("its session is not over: waits", () => {
    expect(step(setting(kafka({ 1: at("10.0.1.9") })))).toMatchObject({ do: "wait", row: "launch/6" });
  });
  test("an empty disk is not safe: holds with the partition", () => {
    expect(changeOf(setting(kafka({ 1: { startEmpty: unsafe } })))).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("orders-0") } },
    });
  });
  test("a configuration that its node never had is weighed anew: nothing runs there, and much may have changed", () => {
    const tried = (status: "undelivered" | "failed", sight: KafkaSight, attempt = 1): Setting => ({
      ...setting(sight),
      record: { ...launched(), command: { ...command, attempt }, address: "10.0.1.50" },
      seen: { ...online, kafka: sight, command: { status, detail: "" } },
    });
    const risky = kafka({ 1: { startEmpty: unsafe } });
    expect(changeOf(tried("undelivered", risky))).toMatchObject({
      kind: "note",
      row: "launch/6",
      patch: { hold: { reason: expect.stringContaining("orders-0") } },
    });
    expect(changeOf(tried("undelivered", kafka({ 1: {} })))).toMatchObject({ kind: "send", attempt: 2 });
    // It may have started, and its disk be empty no more.
    expect(changeOf(tried("failed", risky))).toMatchObject({ kind: "send", attempt: 2 });
    expect(changeOf(tried("undelivered", risky, 2))).toMatchObject({ kind: "send", attempt: 3 });
  });
  test("Kafka out of sight is unsafe: waits, and after the grace holds", () => {
    const dark = { seen: false, reason: "no broker answers" } as const;
    expect(step(setting(dark))).toMatchObject({ do: "wait", row: "launch/6" });
    expect(changeOf(setting(dark, periods.grace + 1))).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("unknown") } },
    });
  });
  test("an id whose node ran, though nobody saw it in service, may have had data all the same", () => {
    const ran: Setting = {
      ...setting(kafka({ 1: { startEmpty: unsafe } })),
      nodes: [{ ...mine, address: "10.0.1.7" }],
    };
    expect(changeOf(ran)).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("orders-0") } },
    });
    expect(step({ ...ran, seen: online })).toMatchObject({ do: "look", row: "launch/6", facts: ["kafka"] });
    expect(changeOf({ ...ran, nodes: [mine] })).toMatchObject({ kind: "send", action: "configure" });
  });
  test("but at a cluster's first start, when nobody answers, there is nothing yet to be lost", () => {
    const dark = { seen: false, reason: "no broker answers" } as const;
    const ran: Setting = { ...setting(dark, periods.grace + 1), nodes: [{ ...mine, address: "10.0.1.7" }] };
    expect(changeOf(ran)).toMatchObject({ kind: "send", action: "configure" });
    expect(step({ ...ran, stale: { kafka: 6_000 } })).toMatchObject({ do: "look", facts: ["kafka"] });
    for (const other of [
      { ...ran, vacant: [{ id: 2, zone: B, served: true }] },
      { ...ran, seen: { ...online, kafka: { ...dark, unasked: true } } },
    ] as const) {
      expect(changeOf(other)).toMatchObject({ kind: "note", patch: { hold: {} } });
    }
  });
  test("safe: configures, resting on what Kafka says", () => {
    expect(changeOf(setting(kafka({ 1: {} })))).toMatchObject({ kind: "send", action: "configure", row: "launch/7" });
    expect(step({ ...setting(kafka({ 1: {} })), stale: { kafka: 6_000 } })).toMatchObject({
      do: "look",
      facts: ["kafka"],
    });
  });
});

describe("rows 7 and 8: its configuration", () => {
  test("not configured: sends it, with the address kept beside it", () => {
    expect(changeOf({ nodes: [mine], record: launched(), seen: online })).toMatchObject({
      kind: "send",
      action: "configure",
      digest,
      attempt: 1,
      address: "10.0.1.50",
    });
  });
  const sent = (status: object): Setting => ({
    nodes: [mine],
    record: { ...launched(), address: "10.0.1.50", command },
    seen: { command: { detail: "", ...status } as never, ...online, kafka: kafka({}) },
  });
  test("looks at the command that was sent, and waits while it runs", () => {
    expect(step({ nodes: [mine], record: { ...launched(), address: "10.0.1.50", command } })).toMatchObject({
      do: "look",
      facts: ["command"],
    });
    expect(step(sent({ status: "running" }))).toMatchObject({ do: "wait", row: "launch/8", on: ["command"] });
  });
  test("succeeded: notes it", () => {
    expect(
      changeOf(sent({ status: "success", answer: { ok: true, action: "configure", unit: "active" } })),
    ).toMatchObject({ kind: "note", patch: { configured: { digest, times: 1 } } });
  });
  test("failed: tries again, then gives up with the node's own words", () => {
    expect(changeOf(sent({ status: "failed", detail: "no space left" }))).toMatchObject({ kind: "send", attempt: 2 });
    const third = sent({ status: "failed", detail: "no space left" });
    expect(changeOf({ ...third, record: { ...third.record, command: { ...command, attempt: 3 } } })).toMatchObject({
      result: "ABANDON",
      reason: expect.stringContaining("no space left"),
    });
  });
  test("success without an answer is not success", () => {
    expect(changeOf(sent({ status: "success" }))).toMatchObject({ kind: "send", attempt: 2 });
  });
  test("a command that SSM does not list is sent again, but not before its listing must have caught up", () => {
    expect(step(sent({ status: "unsent" }))).toMatchObject({ do: "wait" });
    const late = sent({ status: "unsent" });
    expect(
      changeOf({ ...late, record: { ...late.record, command: { ...command, sent: NOW - 16_000 } } }),
    ).toMatchObject({ kind: "send", attempt: 2 });
  });
  test("a definition deployed meanwhile waits until it is in service: what counts on the node already must not see it restart", () => {
    const begun = { ...launched(), address: "10.0.1.50", command: { ...command, digest: "old" } };
    expect(
      step({ nodes: [mine], record: begun, seen: { ...online, command: { status: "running", detail: "" } } }),
    ).toMatchObject({
      do: "wait",
      row: "launch/8",
    });
    const done = { ok: true, action: "configure", unit: "active" } as const;
    expect(
      changeOf({
        nodes: [mine],
        record: begun,
        seen: { ...online, command: { status: "success", detail: "", answer: done } },
      }),
    ).toMatchObject({ kind: "note", patch: { configured: { digest: "old" } } });
    const record = { ...begun, configured: { ...configured, digest: "old" } };
    expect(step({ nodes: [mine], record, seen: { ...online, kafka: registered() } })).toMatchObject({
      row: "launch/11",
    });
  });
  test("a try that failed is followed by one with the definition of now", () => {
    const record = { ...launched(), address: "10.0.1.50", command: { ...command, digest: "old" } };
    expect(
      changeOf({
        nodes: [mine],
        record,
        seen: { ...online, kafka: kafka({}), command: { status: "failed", detail: "no disk" } },
      }),
    ).toMatchObject({ kind: "send", digest, attempt: 2 });
  });
});

describe("rows 9 to 11: Kafka counts it in", () => {
  const ready = (
    sight: NonNullable<Setting["seen"]>["kafka"],
    extra: Partial<Setting> = {},
    patch: Partial<InstanceRecord> = {},
  ): Setting => ({
    nodes: [mine],
    record: { ...launched(), address: "10.0.1.50", command, configured, ...patch },
    seen: { ...(sight && { kafka: sight }) },
    ...extra,
  });
  const long = { ...configured, at: NOW - periods.register - 1 };
  const old = { ...command, sent: long.at - 100 };
  test("not registered: waits, then configures once more, then gives up", () => {
    expect(step(ready(kafka({ 1: {} })))).toMatchObject({ do: "wait", row: "launch/9" });
    expect(
      changeOf(
        ready(kafka({ 1: {} }), { seen: { kafka: kafka({ 1: {} }), ...online } }, { configured: long, command: old }),
      ),
    ).toMatchObject({ kind: "send", action: "configure", attempt: 2 });
    expect(changeOf(ready(kafka({ 1: {} }), {}, { configured: { ...long, times: 2 }, command: old }))).toMatchObject({
      result: "ABANDON",
      row: "launch/9",
    });
  });
  test("configuring it once more rests on its group and on what said so, both seen just now", () => {
    const again = ready(kafka({ 1: {} }), { seen: { kafka: kafka({ 1: {} }), ...online } }, { configured: long });
    const unsent = { ...again, record: { ...again.record, command: old } };
    expect(changeOf(unsent)).toMatchObject({ kind: "send", action: "configure" });
    for (const name of ["fleet", "kafka", "agent"] as const) {
      expect(step({ ...unsent, stale: { [name]: 6_000 } })).toMatchObject({ do: "look", facts: [name] });
    }
  });
  test("Kafka out of sight does not start a node again that it may count in; in the end it is given up", () => {
    const dark = { kafka: { seen: false, reason: "no broker answers" }, ...online } as const;
    expect(step(ready(dark.kafka, { seen: dark }, { configured: long, command: old }))).toMatchObject({
      do: "wait",
      row: "launch/9",
    });
    const longer = { configured: { ...long, at: NOW - 2 * periods.register - 1 }, command: { ...old, sent: 0 } };
    expect(changeOf(ready(dark.kafka, { seen: dark }, longer))).toMatchObject({
      result: "ABANDON",
      row: "launch/9",
      reason: expect.stringContaining("configured once"),
    });
  });
  test("Kafka out of sight gives up a node that was never in service, and holds one that was", () => {
    const dark = { seen: false, reason: "no broker answers" } as const;
    const gone = { configured: { ...long, times: 2 }, command: old };
    expect(changeOf(ready(dark, {}, gone))).toMatchObject({ result: "ABANDON" });
    expect(changeOf(ready(dark, { nodes: [{ ...mine, served: true }] }, gone))).toMatchObject({
      kind: "note",
      patch: { hold: {} },
    });
  });
  test("registered at another address: waits", () => {
    expect(step(ready(kafka({ 1: at("10.0.1.9") })))).toMatchObject({ do: "wait", row: "launch/10" });
  });
  test("missing from an ISR: waits", () => {
    expect(step(ready(registered({ replicas: 4, missing: 1, example: "orders-3" })))).toMatchObject({
      do: "wait",
      row: "launch/10",
      reason: expect.stringContaining("orders-3"),
    });
  });
  test("missing from an ISR near the global limit: goes in with an alarm", () => {
    const near = ready(registered({ replicas: 4, missing: 1 }), {}, launched(100 * periods.heartbeat - 10));
    expect(step({ ...near, record: { ...near.record, heartbeat: NOW } })).toMatchObject({
      do: "change",
      change: { kind: "serve" },
      alarm: true,
    });
  });
  test("in service: the roster first, then CONTINUE", () => {
    expect(changeOf(ready(registered()))).toMatchObject({ kind: "serve", id: 1, address: "10.0.1.50" });
    expect(changeOf(ready(registered(), { nodes: [{ ...mine, served: true, address: "10.0.1.50" }] }))).toMatchObject({
      kind: "complete",
      action: "launch",
      result: "CONTINUE",
      row: "launch/11",
    });
  });
  test("what Kafka said before the node was configured says nothing of it", () => {
    const before = ready(registered(), { stale: { kafka: NOW - configured.at + 1 } });
    expect(step(before)).toMatchObject({ do: "look", row: "launch/10", facts: ["kafka"] });
    expect(changeOf({ ...before, stale: { kafka: NOW - configured.at } })).toMatchObject({ kind: "serve" });
  });
  test("CONTINUE rests on Kafka seen just now", () => {
    expect(step(ready(registered(), { stale: { kafka: 6_000 } }))).toMatchObject({ do: "look", facts: ["kafka"] });
  });

  const eni = interfaceOf101({});
  const voterDigest = digestOf("controller", 101, A, "10.0.1.10");
  const voter = (quorum: ReturnType<typeof quorumOf>): Setting => ({
    role: "controller",
    nodes: [{ ...me, id: 101, served: true, address: "10.0.1.10" }],
    record: {
      ...launched(),
      command: { ...command, digest: voterDigest },
      configured: { ...configured, digest: voterDigest },
    },
    seen: { address: eni, quorum, listeners: allListen },
  });
  test("a controller goes in only as a voter that has caught up", () => {
    expect(changeOf(voter(quorumOf({ 101: 0, 102: 0, 103: 0 })))).toMatchObject({
      kind: "complete",
      result: "CONTINUE",
    });
    expect(step(voter(quorumOf({ 101: 60_000, 102: 0, 103: 0 }, [], 102)))).toMatchObject({
      do: "wait",
      row: "launch/10",
    });
    expect(step(voter(quorumOf({ 101: 60_000, 102: 0, 103: 0 }, [101], 102)))).toMatchObject({
      do: "wait",
      reason: expect.stringContaining("observer"),
    });
    expect(step(voter(quorumOf({ 102: 0, 103: 0 }, [], 102)))).toMatchObject({ do: "wait", row: "launch/9" });
  });
  test("who listens is asked of those that hold an id now: the roster is read again, too", () => {
    const alone = voter(quorumOf({}));
    const listeners = new Map([[101, "listening" as const]]);
    expect(step({ ...alone, seen: { ...alone.seen, listeners } })).toMatchObject({
      do: "wait",
      row: "launch/10",
      on: ["listeners", "table"],
    });
  });
  test("the voter that it replaces, which followed until a moment ago, is not taken for it", () => {
    expect(step(voter(quorumOf({ 101: 600, 102: 0, 103: 0 }, [], 102)))).toMatchObject({
      do: "wait",
      row: "launch/10",
      reason: expect.stringContaining("has not followed since it was configured"),
    });
    expect(step(voter(quorumOf({ 101: 600, 102: 0, 103: 0 }, [101], 102)))).toMatchObject({
      do: "wait",
      reason: expect.stringContaining("observer"),
    });
  });
});

describe("the action is kept open", () => {
  test("what is first seen is written down before the first wait", () => {
    expect(changeOf({ nodes: [mine], seen: { agent: { state: "absent" } } })).toMatchObject({
      kind: "note",
      row: "launch/begin",
      patch: { action: { kind: "launch", since: NOW } },
    });
  });
  test("an event tells when the action began, and its heartbeats count from there", () => {
    const setting: Setting = { nodes: [mine], seen: { agent: { state: "absent" } }, begun: NOW - 700 };
    expect(changeOf(setting)).toMatchObject({ kind: "note", patch: { heartbeat: NOW - 700 } });
  });
  test("the first heartbeat is due at once, since the action may have been open for long before it was first seen", () => {
    const begun = changeOf({ nodes: [me], begun: null });
    expect(begun).toMatchObject({ kind: "note", row: "launch/begin", patch: { heartbeat: undefined } });
    const record = { action: { kind: "launch", since: NOW } } as const;
    expect(changeOf({ nodes: [me], record })).toMatchObject({ kind: "heartbeat", action: "launch" });
  });
  test("a heartbeat is recorded each third of its period", () => {
    const setting = (ago: number): Setting => ({
      nodes: [mine],
      record: { ...launched(), heartbeat: NOW - ago },
      seen: { agent: { state: "absent" } },
    });
    expect(step(setting(periods.heartbeat / 3 - 1))).toMatchObject({ do: "wait" });
    expect(changeOf(setting(periods.heartbeat / 3))).toMatchObject({ kind: "heartbeat", action: "launch" });
  });
  test("once its termination has begun, a view that still says Pending:Wait is behind", () => {
    expect(step({ nodes: [mine], record: { action: { kind: "terminate", since: 1 } } })).toMatchObject({
      do: "wait",
      row: "state/behind",
    });
  });
  test("nothing of it reads a clock", () => {
    const setting = { nodes: [me] };
    expect(step(setting)).toEqual(step(setting));
    expect(facts(setting).now).toBe(NOW);
  });
});
