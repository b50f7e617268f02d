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
  inEachZone,
  kafka,
  NOW,
  notedBy,
  quorumOf,
  type Setting,
  step,
  unsafe,
} from "./scene.ts";

const { periods } = definition;
const mine = { instance: "i-1", zone: A, state: "InService", id: 1, served: true, address: "10.0.1.50" } as const;
const others = [
  { instance: "i-2", zone: B, state: "InService", id: 2, served: true, address: "10.0.2.50" },
  { instance: "i-3", zone: C, state: "InService", id: 3, served: true, address: "10.0.3.50" },
] as const;
const nodes = [mine, ...others];
const digest = digestOf("broker", 1, A, "10.0.1.50");
const record = (patch: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
  configured: { digest, at: NOW - 900_000, times: 1 },
  ...patch,
});
const up = { 2: at("10.0.2.50"), 3: at("10.0.3.50") };
const healthy = kafka({ 1: at("10.0.1.50"), ...up });
const missing = kafka({ 1: {}, ...up });
const online = { state: "online" } as const;
const out = (
  ago: number,
  extra: Partial<InstanceRecord> = {},
  seen: Setting["seen"] = {},
  sight: KafkaSight = missing,
): Setting => ({
  nodes,
  record: record({ unregistered: NOW - ago, alone: NOW - ago, ...extra }),
  seen: { kafka: sight, ...seen },
});
const asked = (sent: number, unit: string, supervisor?: string): [Partial<InstanceRecord>, Setting["seen"]] => [
  { command: { action: "status", digest: "", attempt: 1, sent, id: "c-3" } },
  {
    agent: online,
    command: {
      status: "success",
      detail: "",
      answer: { ok: true, action: "status", unit, ...(supervisor !== undefined && { supervisor }) },
    },
  },
];

test("without an id it is held, never replaced: it may be a broker of an adopted group", () => {
  expect(step({ nodes: [{ instance: "i-1", zone: A, state: "InService" }] })).toMatchObject({
    do: "hold",
    row: "in-service/0",
  });
});

describe("row 1: the observer is the suspect", () => {
  test("Kafka cannot be seen: changes nothing", () => {
    expect(changeOf({ nodes, record: record(), seen: { kafka: { seen: false, reason: "timeout" } } })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("changes nothing") } },
    });
  });
  const two = kafka({ 1: {}, 2: {}, 3: at("10.0.3.50") });
  const long = periods.silentGrace * 2;
  /** Whose record says that it was out while the observer was the suspect. */
  const suspected = (setting: Setting): Setting => {
    const { alone: _, ...record } = setting.record ?? {};
    return { ...setting, record };
  };
  test("several look dead at once: changes nothing", () => {
    expect(changeOf(suspected(out(long, {}, {}, two)))).toMatchObject({
      kind: "note",
      row: "in-service/1",
      patch: { hold: { reason: expect.stringContaining("1, 2") } },
    });
  });
  test("several look dead at once: since when is noted first, for their alarm", () => {
    expect(notedBy(changeOf({ nodes, record: record(), seen: { kafka: two } }))).toEqual({ unregistered: NOW });
  });
  test.each<[string, KafkaSight]>([
    ["several look dead at once", two],
    ["Kafka cannot be seen", { seen: false, reason: "timeout" }],
  ])("%s: its grace ends, which is written once, while its alarm goes on", (_, sight) => {
    const first = changeOf(out(long, {}, {}, sight));
    expect(first).toMatchObject({ kind: "note", row: "in-service/1" });
    if (first.kind !== "note") throw new Error("it notes that");
    expect(first.patch).toStrictEqual({ alone: undefined });
    const again = suspected(out(long, { hold: { reason: first.reason, since: NOW } }, {}, sight));
    expect(step(again)).toMatchObject({ do: "hold", row: "in-service/1" });
  });
  test("once only it is out, its grace begins: none has run while the observer was the suspect", () => {
    const silent = { agent: { state: "lost" } } as const;
    expect(changeOf(suspected(out(long, {}, silent)))).toMatchObject({
      kind: "note",
      row: "in-service/2",
      patch: { unregistered: NOW - long, alone: NOW, hold: undefined },
    });
    expect(step(out(long, { alone: NOW - periods.grace + 1 }, silent))).toMatchObject({ do: "wait" });
    // Held in whatever words meanwhile, it has had it.
    const hold = { reason: "they look dead at once: the observer is the suspect; changes nothing", since: NOW };
    expect(changeOf(out(long, { hold }, silent))).toMatchObject({ patch: { hold: undefined } });
    expect(changeOf(out(long, {}, silent))).toMatchObject({ kind: "take-turn" });
  });
  test("a peer that is only launching does not count as dead", () => {
    const launching = { ...others[0], state: "Pending:Wait" } as const;
    expect(
      changeOf({
        nodes: [mine, launching, others[1]],
        record: record(),
        seen: { kafka: kafka({ 1: {}, 2: {}, 3: at("10.0.3.50") }) },
      }),
    ).toMatchObject({ kind: "note", patch: { unregistered: NOW } });
  });
});

describe("row 2: out of Kafka", () => {
  test("notes since when, then waits out the grace", () => {
    expect(changeOf({ nodes, record: record(), seen: { kafka: missing } })).toMatchObject({
      kind: "note",
      patch: { unregistered: NOW },
    });
    expect(step(out(periods.grace - 1))).toMatchObject({ do: "wait", row: "in-service/2" });
  });
  test("asks the node whether the process lives", () => {
    expect(changeOf(out(periods.grace + 1, {}, { agent: online }))).toMatchObject({ kind: "send", action: "status" });
  });
  test.each(["active", "activating"])("alive (%s), as in log recovery: waits, and asks again later", (unit) => {
    expect(step(out(periods.grace + 1000, ...asked(NOW - 500, unit)))).toMatchObject({ do: "wait" });
    expect(changeOf(out(periods.grace * 3, ...asked(NOW - periods.grace - 1, unit)))).toMatchObject({
      kind: "send",
      action: "status",
      attempt: 2,
    });
  });
  test("dead: takes the turn, then marks it unhealthy", () => {
    const dead = out(periods.grace + 1000, ...asked(NOW - 500, "failed"));
    expect(changeOf(dead)).toMatchObject({ kind: "take-turn", turn: { id: 1 } });
    expect(
      changeOf({ ...dead, turn: { id: 1, instance: "i-1", reason: "the process of broker 1 is dead (failed)" } }),
    ).toMatchObject({ kind: "mark-unhealthy" });
  });
  test("dead, as whoever starts it there says too", () => {
    const dead = out(periods.grace + 1000, ...asked(NOW - 500, "failed", "down"));
    expect(changeOf(dead)).toMatchObject({
      kind: "take-turn",
      turn: { id: 1, reason: "the process of broker 1 is dead (failed; its supervisor says: down)" },
    });
  });
  test("an answer from before the grace was over is not an answer", () => {
    expect(changeOf(out(periods.grace + 1000, ...asked(NOW - periods.grace - 900, "failed")))).toMatchObject({
      kind: "send",
      action: "status",
    });
  });
  test("dead, but the turn is another's, or losing it is not safe: holds", () => {
    const dead = out(periods.grace + 1000, ...asked(NOW - 500, "failed"));
    expect(changeOf({ ...dead, turn: { id: 2, instance: "i-2" } })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("turn is broker 2") } },
    });
    expect(changeOf({ ...dead, seen: { ...dead.seen, kafka: kafka({ 1: { stop: unsafe }, ...up }) } })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("orders-0") } },
    });
  });
  test("a silent node is given longer", () => {
    const silent = { agent: { state: "lost" } } as const;
    expect(step(out(periods.grace + 1, {}, silent))).toMatchObject({ do: "wait" });
    expect(changeOf(out(periods.silentGrace + 1, {}, silent))).toMatchObject({ kind: "take-turn" });
  });
  test.each([undefined, "unknown", "deactivating"])(
    "its node cannot tell (%s): asks again, as it were silent",
    (unit) => {
      const answer = { ok: true, action: "status", ...(unit !== undefined && { unit }) } as const;
      const told = (ago: number, sent: number): Setting =>
        out(
          ago,
          { command: { action: "status", digest: "", attempt: 1, sent, id: "c-3" } },
          { agent: online, command: { status: "success", detail: "", answer } },
        );
      expect(step(told(periods.silentGrace - 1, NOW - 15_000))).toMatchObject({ do: "wait" });
      expect(changeOf(told(periods.silentGrace - 1, NOW - 15_001))).toMatchObject({ kind: "send", attempt: 2 });
      expect(changeOf(told(periods.silentGrace, NOW))).toMatchObject({
        kind: "take-turn",
        turn: { reason: expect.stringContaining("does not tell whether it lives") },
      });
    },
  );
  test.each(["inactive", "failed", "masked", "absent"])("a unit that is %s is dead", (unit) => {
    expect(changeOf(out(periods.grace + 1000, ...asked(NOW - 500, unit)))).toMatchObject({ kind: "take-turn" });
  });
  test("back again: forgets it", () => {
    const back = changeOf(out(1000, {}, {}, healthy));
    expect(back).toMatchObject({ kind: "note" });
    expect(back.kind === "note" && back.patch).toStrictEqual({ unregistered: undefined, alone: undefined });
  });
});

describe("row 3: another configuration", () => {
  const old = record({ configured: { digest: "old", at: 1, times: 1 } });
  test("takes the turn, configures, notes it", () => {
    const setting: Setting = { nodes, record: old, seen: { kafka: healthy, agent: online } };
    expect(changeOf(setting)).toMatchObject({ kind: "take-turn", row: "in-service/3" });
    expect(
      changeOf({ ...setting, turn: { id: 1, instance: "i-1", reason: "its configuration has changed" } }),
    ).toMatchObject({
      kind: "send",
      action: "configure",
      digest,
    });
    const command = { action: "configure", digest, attempt: 1, sent: NOW - 500, id: "c-4" } as const;
    expect(
      changeOf({
        ...setting,
        record: { ...old, command },
        seen: {
          ...setting.seen,
          command: { status: "success", detail: "", answer: { ok: true, action: "configure" } },
        },
      }),
    ).toMatchObject({ kind: "note", patch: { configured: { digest } } });
  });
  test("what the node answered is noted first, even while Kafka does not count the restarted broker in yet", () => {
    const command = { action: "configure", digest, attempt: 1, sent: NOW - 500, id: "c-4" } as const;
    const restarted: Setting = {
      nodes,
      record: { ...old, command, unregistered: NOW - periods.grace * 2 },
      seen: { kafka: missing, agent: online },
    };
    expect(step(restarted)).toMatchObject({ do: "look", facts: ["command"] });
    const done = { status: "success", detail: "", answer: { ok: true, action: "configure" } } as const;
    expect(changeOf({ ...restarted, seen: { ...restarted.seen, command: done } })).toMatchObject({
      kind: "note",
      patch: { configured: { digest } },
    });
  });
  test("not safe, or not its turn: holds", () => {
    const risky = kafka({ 1: { ...at("10.0.1.50"), stop: unsafe }, ...up });
    expect(changeOf({ nodes, record: old, seen: { kafka: risky, agent: online } })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("orders-0") } },
    });
    const waiting: Setting = { nodes, record: old, turn: { id: 3, instance: "i-3" } };
    expect(changeOf({ ...waiting, seen: { kafka: healthy, agent: online } })).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("turn is broker 3's") } },
    });
  });
  test("its agent is not online: holds without the turn, as that may last", () => {
    const away: Setting = { nodes, record: old, seen: { kafka: healthy, agent: { state: "lost" } } };
    expect(changeOf(away)).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("agent is not online") } },
    });
    const turn = { id: 1, instance: "i-1", reason: "its configuration has changed" };
    expect(changeOf({ ...away, turn })).toMatchObject({ kind: "give-turn" });
  });
  test("a configuration that keeps failing is held, its turn given back, and tried once more after a while", () => {
    const command = { action: "configure", digest, attempt: 3, sent: NOW - 500, id: "c-4" } as const;
    const failing: Setting = {
      nodes,
      record: { ...old, command },
      seen: { kafka: healthy, agent: online, command: { status: "failed", detail: "no space left" } },
    };
    expect(changeOf(failing)).toMatchObject({
      kind: "note",
      patch: { hold: { reason: expect.stringContaining("no space left") } },
    });
    const turn = { id: 1, instance: "i-1", reason: "its configuration has changed" };
    expect(changeOf({ ...failing, turn })).toMatchObject({ kind: "give-turn", turn: { id: 1 } });
    const later = { ...failing, turn, record: { ...old, command: { ...command, sent: NOW - periods.stop - 1 } } };
    expect(changeOf(later)).toMatchObject({ kind: "send", action: "configure", attempt: 4 });
  });
});

describe("row 4: well", () => {
  test("what was seen before it was configured anew, and so started again, does not give its turn back", () => {
    const configured = { digest, at: NOW - 1000, times: 1 };
    const setting: Setting = { nodes, record: record({ configured }), turn: { id: 1 }, seen: { kafka: healthy } };
    expect(step({ ...setting, stale: { kafka: 1001 } })).toMatchObject({ do: "look", facts: ["kafka"] });
    expect(changeOf({ ...setting, stale: { kafka: 1000 } })).toMatchObject({ kind: "give-turn" });
  });
  test("settled", () => {
    expect(step({ nodes, record: record(), seen: { kafka: healthy } })).toMatchObject({
      do: "settled",
      row: "in-service/4",
    });
  });
  test("the turn goes back only when it is in every ISR again", () => {
    const behind = kafka({ 1: { ...at("10.0.1.50"), replicas: 4, missing: 1 }, ...up });
    expect(step({ nodes, record: record(), turn: { id: 1 }, seen: { kafka: behind } })).toMatchObject({ do: "wait" });
    expect(changeOf({ nodes, record: record(), turn: { id: 1 }, seen: { kafka: healthy } })).toMatchObject({
      kind: "give-turn",
      turn: { id: 1 },
    });
  });
  test.each([
    ["it is well", healthy],
    ["it still lacks partitions", kafka({ 1: { ...at("10.0.1.50"), replicas: 4, missing: 1 }, ...up })],
  ])("a hold that is over is taken off the record: %s", (_, sight) => {
    const held = record({ hold: { reason: "something", since: 1 } });
    const noted = changeOf({ nodes, record: held, seen: { kafka: sight } });
    expect(noted).toMatchObject({ kind: "note", row: "in-service/4" });
    expect(noted.kind === "note" && noted.patch).toStrictEqual({ hold: undefined });
  });
});

describe("controllers", () => {
  const controllers = inEachZone([101, 102, 103], 10);
  const digest101 = digestOf("controller", 101, A, "10.0.1.10");
  const settings = (
    heard: [number, "listening" | "refused" | "silent"][],
    extra: Partial<InstanceRecord> = {},
    seen: Setting["seen"] = {},
  ): Setting => ({
    role: "controller",
    nodes: controllers,
    record: { configured: { digest: digest101, at: 1, times: 1 }, ...extra },
    seen: { listeners: new Map(heard), ...seen },
  });
  test("listening is well; one that refuses is out; two that refuse are the observer's fault", () => {
    expect(
      step(
        settings([
          [101, "listening"],
          [102, "listening"],
          [103, "listening"],
        ]),
      ),
    ).toMatchObject({ do: "settled" });
    expect(
      changeOf(
        settings([
          [101, "refused"],
          [102, "listening"],
          [103, "listening"],
        ]),
      ),
    ).toMatchObject({ kind: "note", patch: { unregistered: NOW } });
    expect(
      changeOf(
        settings(
          [
            [101, "refused"],
            [102, "refused"],
            [103, "listening"],
          ],
          { unregistered: NOW },
        ),
      ),
    ).toMatchObject({ kind: "note", row: "in-service/1" });
  });
  test("a dead one is replaced when the others carry the quorum, as one of them says", () => {
    const [extra, seen] = asked(NOW - 500, "failed");
    const dead = settings(
      [
        [101, "refused"],
        [102, "listening"],
        [103, "listening"],
      ],
      { unregistered: NOW - periods.grace - 1000, alone: NOW - periods.grace - 1000, ...extra },
      seen,
    );
    expect(step(dead)).toMatchObject({ do: "look", facts: ["quorum"], via: "i-2" });
    expect(
      changeOf({ ...dead, seen: { ...dead.seen, quorum: quorumOf({ 101: 60_000, 102: 0, 103: 0 }, [], 102) } }),
    ).toMatchObject({ kind: "take-turn" });
  });
  test("a view of the quorum that has grown old is had anew from a peer, not from the dead one", () => {
    const [extra, seen] = asked(NOW - 500, "failed");
    const quorum = quorumOf({ 101: 60_000, 102: 0, 103: 0 }, [], 102);
    const since = NOW - periods.grace - 1000;
    const dead = settings(
      [
        [101, "refused"],
        [102, "listening"],
        [103, "listening"],
      ],
      { unregistered: since, alone: since, ...extra },
      { ...seen, quorum },
    );
    const turn = { id: 101, instance: "i-1", reason: "the process of controller 101 is dead (failed)" };
    for (const setting of [dead, { ...dead, turn }])
      expect(step({ ...setting, stale: { quorum: 5_001 } })).toMatchObject({ facts: ["quorum"], via: "i-2" });
  });
  test("its turn goes back when it is a voter again that has caught up", () => {
    const setting = settings([
      [101, "listening"],
      [102, "listening"],
      [103, "listening"],
    ]);
    expect(step({ ...setting, turn: { id: 101 } })).toMatchObject({ do: "look", facts: ["quorum"] });
    expect(
      step({
        ...setting,
        turn: { id: 101 },
        seen: { ...setting.seen, quorum: quorumOf({ 102: 0, 103: 0 }, [101], 102) },
      }),
    ).toMatchObject({ do: "wait" });
    expect(
      changeOf({
        ...setting,
        turn: { id: 101 },
        seen: { ...setting.seen, quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }) },
      }),
    ).toMatchObject({ kind: "give-turn" });
  });
});
