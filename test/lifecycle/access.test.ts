import { describe, expect, test } from "vitest";
import { decide } from "../../shared/lifecycle/decide/index.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { AccessAnswer, AccessMark, CommandSight, InstanceRecord } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  changeOf,
  classic,
  digestIn,
  facts,
  inEachZone,
  kafka,
  NOW,
  plan as plain,
  type Setting,
  step,
} from "./scene.ts";

const { periods } = classic.definition;
const declared = classic.access()?.digest ?? "";
const nodes = inEachZone([1, 2, 3], 50);
const whole = { 1: at("10.0.1.50"), 2: at("10.0.2.50"), 3: at("10.0.3.50") };
const denied = { seen: false, reason: "User:rollcall-observer may not describe every topic", denied: true } as const;
const dark = { seen: false, reason: "no broker answers" } as const;
const online = { state: "online" } as const;
const mark = (more: Partial<AccessMark> = {}): AccessMark => ({
  digest: declared,
  at: NOW - 1000,
  versions: { "orders-app": "v1" },
  drift: [],
  ...more,
});
const nothing: AccessAnswer = { created: [], changed: [], removed: [], versions: { "orders-app": "v1" } };
const sent = (ago = 500, attempt = 1) =>
  ({ action: "access", digest: declared, attempt, sent: NOW - ago, id: "c-5" }) as const;
const ended = (access: AccessAnswer | undefined): CommandSight => ({
  status: "success",
  detail: "",
  answer: { ok: true, action: "access", ...(access && { access }) },
});
const failed: CommandSight = {
  status: "failed",
  detail: "",
  answer: { ok: false, action: "access", error: "no tool" },
};

/** The same cluster, where users and ACLs are compared every quarter of an hour. */
const rarely = planFor({ ...classic.definition, periods: { ...periods, access: 900_000 } });

/** When the broker of that place among those in service has the watch. */
const watch = (place: number): number => NOW + ((place - (Math.floor(NOW / 120_000) % 3) + 3) % 3) * 120_000;

describe("a broker in service", () => {
  const configuration = digestIn(classic, "broker", 1, A, "10.0.1.50");
  const record = (patch: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
    configured: { digest: configuration, at: NOW - 900_000, times: 1 },
    ...patch,
  });
  const serving = (more: Partial<Setting> = {}): Setting => ({
    plan: classic,
    nodes,
    record: record(),
    ...more,
    seen: { kafka: kafka(whole), agent: online, ...more.seen },
  });
  /** The step of broker 1 while the broker of that place has the watch. */
  const during = (place: number, setting: Setting) => {
    const now = watch(place);
    const plan = setting.plan ?? classic;
    const moved = Object.entries(facts(setting)).map(([name, fact]) => [
      name,
      typeof fact === "object" && fact !== null && "at" in fact ? { ...fact, at: Number(fact.at) + now - NOW } : fact,
    ]);
    return decide(plan, { ...Object.fromEntries(moved), now });
  };
  const first = (setting: Setting) => during(0, setting);

  test("applies users and ACLs that were never applied", () => {
    expect(first(serving())).toMatchObject({
      do: "change",
      row: "in-service/5",
      change: { kind: "send", action: "access", digest: declared, attempt: 1, payload: classic.access()?.payload },
    });
  });
  test("does nothing of the kind where nobody is asked who he is", () => {
    const digest = digestIn(plain, "broker", 1, A, "10.0.1.50");
    const setting = { ...serving(), plan: plain, record: record({ configured: { digest, at: 1, times: 1 } }) };
    expect(step(setting)).toMatchObject({ do: "settled", row: "in-service/4" });
  });
  test("one after the other has the watch, but none that is known to be out", () => {
    expect([0, 1, 2].map((place) => during(place, serving()).do)).toEqual(["change", "settled", "settled"]);
    const alone = serving({ seen: { kafka: kafka({ ...whole, 2: {}, 3: {} }) } });
    expect([0, 1, 2].map((place) => during(place, alone).do)).toEqual(["change", "change", "change"]);
  });
  test("waits for its command, whoever has the watch by then", () => {
    for (const place of [0, 1, 2]) {
      const running = serving({
        record: record({ command: { ...sent(), sent: watch(place) - 500 } }),
        seen: { command: { status: "running", detail: "" } },
      });
      expect(during(place, running)).toMatchObject({ do: "wait", row: "in-service/5" });
    }
  });
  test("writes down what the node did, with the versions of the passwords", () => {
    const did = { ...nothing, created: ["user orders-app"], removed: ["user stranger"] };
    const done = serving({ record: record({ command: sent() }), seen: { command: ended(did) } });
    expect(first(done)).toMatchObject({
      change: {
        kind: "note-access",
        mark: { digest: declared, at: watch(0), since: watch(0), versions: { "orders-app": "v1" }, drift: [] },
      },
      reason: "users and ACLs put right: created user orders-app; removed user stranger",
    });
  });
  test("remembers since when this declaration has stood, and not the one before it", () => {
    const done = (access: AccessMark) =>
      first(serving({ access, record: record({ command: sent() }), seen: { command: ended(nothing) } }));
    const standing = { at: NOW - periods.access - 1000, since: NOW - 5_000_000 };
    expect(done(mark(standing))).toMatchObject({ change: { mark: { since: NOW - 5_000_000 } } });
    expect(done(mark({ at: standing.at }))).not.toHaveProperty("change.mark.since");
    expect(done(mark({ ...standing, digest: "old" }))).toMatchObject({ change: { mark: { since: watch(0) } } });
  });
  test("compares again after as long as the declaration has stood: what comes late is undone as soon", () => {
    /** The last check was `age` ms ago, when the declaration had stood for `stood` ms. */
    const checked = (age: number, stood: number) => {
      const at = watch(0) - age;
      return during(0, serving({ plan: rarely, access: mark({ at, since: at - stood }) })).do;
    };
    for (const [stood, next] of [
      [0, 60_000],
      [60_000, 60_000],
      [120_000, 120_000],
      [480_000, 480_000],
      [1_000_000, 900_000],
    ] as const) {
      expect([stood, checked(next, stood), checked(next + 1, stood)]).toEqual([stood, "settled", "change"]);
    }
  });
  test("a user whose secret cannot be read holds nothing up: the rest is written down with that, and tried again soon", () => {
    const troubles = { reader: "fetching secret s/reader failed: ResourceNotFoundException" };
    const did = { ...nothing, created: ["user orders-app"], troubles };
    const done = serving({ record: record({ command: sent() }), seen: { command: ended(did) } });
    expect(first(done)).toMatchObject({
      change: { kind: "note-access", mark: { digest: declared, troubles, drift: [] } },
      reason: `users and ACLs put right: created user orders-app; but for user reader (${troubles.reader})`,
    });
    const said = "cannot be kept as declared: user reader (fetching secret s/reader failed: ResourceNotFoundException)";
    const steps = [0, 1, 2].map((place) => during(place, serving({ access: mark({ at: watch(place), troubles }) })));
    expect(steps).toMatchObject([
      { row: "in-service/5", reason: expect.stringContaining(said), change: { patch: { hold: {} } } },
      { do: "settled" },
      { do: "settled" },
    ]);
    /** That check was `age` ms ago, and nothing else is due for long. */
    const later = (age: number) =>
      during(0, serving({ plan: rarely, access: mark({ at: watch(0) - age, since: 1, troubles }) }));
    expect(later(120_000)).toMatchObject({ reason: expect.stringContaining(said) });
    expect(later(120_001)).toMatchObject({ change: { kind: "send", action: "access" } });
  });
  test("a user that was waited for is no drift, and nobody is named any more", () => {
    const before = mark({ at: NOW - 130_000, troubles: { reader: "no secret" } });
    const did = { ...nothing, created: ["user reader", "user stranger"] };
    const done = first(serving({ access: before, record: record({ command: sent() }), seen: { command: ended(did) } }));
    expect(done).toMatchObject({ change: { mark: { drift: ["created user stranger"] } } });
    expect(done).not.toHaveProperty("change.mark.troubles");
  });
  test("what had to be put right though it was declared so is drift, and alarms", () => {
    const before = mark({ at: NOW - periods.access - 1000 });
    const looked = (did: AccessAnswer) =>
      first(serving({ access: before, record: record({ command: sent() }), seen: { command: ended(did) } }));
    expect(looked({ ...nothing, removed: ["allow User:x read on topic orders"] })).toMatchObject({
      change: { mark: { drift: ["removed allow User:x read on topic orders"] } },
      alarm: true,
    });
    expect(looked({ ...nothing, changed: ["user orders-app"] })).toMatchObject({
      change: { mark: { drift: ["changed user orders-app"] } },
    });
    const rotated = looked({ ...nothing, changed: ["user orders-app"], versions: { "orders-app": "v2" } });
    expect(rotated).toMatchObject({ change: { mark: { drift: [], versions: { "orders-app": "v2" } } } });
    expect(rotated).not.toHaveProperty("alarm");
  });
  test("compares again when its period is over, and not before", () => {
    const fresh = serving({ access: mark({ at: NOW - periods.access + 2000 }) });
    expect(first({ ...fresh, access: mark({ at: watch(0) - periods.access + 1000 }) }).do).toBe("settled");
    // The command that the mark tells of is not taken for a new one.
    const old = serving({
      access: mark({ at: NOW - periods.access - 1 }),
      record: record({ command: sent(periods.access + 5000) }),
    });
    expect(first(old)).toMatchObject({ change: { kind: "send", action: "access", attempt: 1 } });
  });
  test("another declaration is applied at once, with the versions that are known", () => {
    const setting = serving({ access: mark({ digest: "old", at: NOW }) });
    expect(first(setting)).toMatchObject({
      reason: "users and ACLs are declared anew",
      change: { payload: classic.access(mark())?.payload },
    });
    expect(classic.access(mark())?.payload).not.toBe(classic.access()?.payload);
  });
  test("what fails is tried again, then held, without the turn, and tried again later", () => {
    const setting = (ago: number, attempt: number, more: Partial<Setting> = {}) =>
      serving({ record: record({ command: sent(ago, attempt) }), seen: { command: failed }, ...more });
    expect(first(setting(1000, 1))).toMatchObject({ do: "wait" });
    expect(first(setting(16_000, 1))).toMatchObject({ change: { kind: "send", attempt: 2 } });
    expect(first(setting(16_000, 3))).toMatchObject({
      change: { kind: "note", patch: { hold: { reason: "users and ACLs cannot be applied: access failed: no tool" } } },
    });
    const turn = { id: 1, instance: "i-1" };
    expect(first(setting(16_000, 3, { turn }))).toMatchObject({ change: { kind: "give-turn" } });
    expect(first(setting(121_000, 3))).toMatchObject({ change: { kind: "send", attempt: 4 } });
  });
  test("a success that does not tell what was done is none", () => {
    const vague = serving({ record: record({ command: sent(16_000, 3) }), seen: { command: ended(undefined) } });
    expect(first(vague)).toMatchObject({
      change: { patch: { hold: { reason: expect.stringContaining("did not tell") } } },
    });
  });
  test("waits where its own agent is not online: the next one has the watch soon", () => {
    expect(first(serving({ seen: { agent: { state: "lost" } } }))).toMatchObject({ do: "wait", row: "in-service/5" });
  });
  test("a turn goes back meanwhile, but not before it is in every ISR again", () => {
    const turn = { id: 1, instance: "i-1" };
    const away = { agent: { state: "lost" } } as const;
    expect(first(serving({ turn, seen: away }))).toMatchObject({ change: { kind: "give-turn" } });
    const behind = { ...whole, 1: { ...whole[1], missing: 1, replicas: 2, example: "orders-0" } };
    const catching = serving({ turn, seen: { ...away, kafka: kafka(behind) } });
    expect(first(catching)).toMatchObject({ do: "wait", row: "in-service/5" });
  });
  test("Kafka that does not let its observer see is put right, though it cannot be seen", () => {
    const shut = serving({ access: mark({ at: NOW - 61_000 }), seen: { kafka: denied } });
    expect(first(shut)).toMatchObject({ row: "in-service/5", change: { kind: "send", action: "access" } });
    // All know of it only after a while.
    expect(first({ ...shut, access: mark({ at: watch(0) - 1000 }) })).toMatchObject({ row: "in-service/1" });
    const unseen = serving({ seen: { kafka: dark } });
    expect(first(unseen)).toMatchObject({ row: "in-service/1", change: { kind: "note", patch: { hold: {} } } });
  });

  describe("that is to be configured anew", () => {
    const old = record({ configured: { digest: "old", at: NOW - 900_000, times: 1 } });
    test.each(["broker", "zookeeper"] as const)("%s: only once the users are there that it logs in as", (role) => {
      const voters = [1, 2, 3].map((id) => ({ id, directoryId: "", logEndOffset: 1, lag: 0, caughtUpAgo: 0 }));
      const setting = serving({
        role,
        record: old,
        access: mark({ digest: "old", at: NOW }),
        seen: { quorum: { seen: true, leader: 1, voters, observers: [] } },
      });
      expect(during(1, setting)).toMatchObject({
        do: "wait",
        row: "in-service/3",
        reason: expect.stringContaining("have not been applied"),
      });
      expect(during(1, { ...setting, access: mark({ at: watch(1) }) })).toMatchObject({
        change: { kind: "take-turn" },
      });
    });
    test("a turn that it has already goes back meanwhile", () => {
      const setting = serving({ record: old, access: mark({ digest: "old" }), turn: { id: 1, instance: "i-1" } });
      expect(during(1, setting)).toMatchObject({ change: { kind: "give-turn" } });
    });
    test("forced, it is not asked", () => {
      const force = { wish: "force", since: watch(1) - 10, reason: "a test" } as const;
      const turn = { id: 1, instance: "i-1", reason: "its configuration has changed" };
      const setting = serving({ record: { ...old, operator: force }, access: mark({ digest: "old" }), turn });
      expect(during(1, setting)).toMatchObject({ change: { kind: "send", action: "configure" } });
    });
  });
});

describe("a launching broker", () => {
  const own = "10.0.1.99";
  const digest = digestIn(classic, "broker", 1, A, own);
  const me = { instance: "i-1", zone: A, state: "Pending:Wait", id: 1 } as const;
  const others = [
    { instance: "i-2", zone: B, state: "Pending:Wait", id: 2 },
    { instance: "i-3", zone: C, state: "Pending:Wait", id: 3 },
  ] as const;
  const launching = (more: Partial<Setting> = {}, ago = 400, patch: Partial<InstanceRecord> = {}): Setting => ({
    plan: classic,
    nodes: [me, ...others],
    ...more,
    record: {
      action: { kind: "launch", since: NOW - ago },
      heartbeat: NOW,
      address: own,
      command: { action: "configure", digest, attempt: 1, sent: NOW - ago - 100, id: "c-1" },
      configured: { digest, at: NOW - ago, times: 1 },
      ...patch,
    },
    seen: { kafka: denied, agent: online, ...more.seen },
  });

  test("opens the door where Kafka does not let its observer see, the first one at once", () => {
    expect(changeOf(launching())).toMatchObject({ row: "launch/10", kind: "send", action: "access", digest: declared });
  });
  test("the others come after it, each in its turn, and after those in service", () => {
    const third = { ...me, id: 7 };
    const stepAfter = (ago: number, nodes: Setting["nodes"]) => step(launching({ nodes }, ago)).do;
    expect([29_000, 30_000].map((ago) => stepAfter(ago, [third, ...others]))).toEqual(["wait", "change"]);
    const serving = [{ ...others[0], state: "InService" as const }];
    expect([14_000, 15_000].map((ago) => stepAfter(ago, [me, ...serving]))).toEqual(["wait", "change"]);
  });
  test("writes down what was done, then waits until it is known everywhere", () => {
    const done = launching({ seen: { command: ended(nothing) } }, 400, { command: sent(100) });
    expect(changeOf(done)).toMatchObject({ kind: "note-access", row: "launch/10" });
    expect(step(launching({ access: mark() }))).toMatchObject({ do: "wait", row: "launch/10", on: ["kafka", "table"] });
    expect(changeOf(launching({ access: mark({ at: NOW - 61_000 }) }))).toMatchObject({ action: "access" });
  });
  test("is not given up for it, however long it lasts", () => {
    const late = launching({ access: mark() }, periods.register + 1, {
      configured: { digest, at: NOW - periods.register - 1, times: 2 },
    });
    expect(step(late)).toMatchObject({ do: "wait", row: "launch/10" });
  });
  test("what cannot be applied is held", () => {
    const stuck = launching({ seen: { command: failed } }, 60_000, { command: sent(16_000, 3) });
    expect(changeOf(stuck)).toMatchObject({ patch: { hold: { reason: expect.stringContaining("no tool") } } });
  });
  test("counts only once users and ACLs have been applied for the first time", () => {
    const seen = { kafka: kafka({ 1: at(own) }) };
    expect(changeOf(launching({ seen }))).toMatchObject({ kind: "send", action: "access" });
    expect(changeOf(launching({ seen, access: mark() }))).toMatchObject({ kind: "serve" });
  });
  test("a new declaration is the business of those in service, and does not keep it", () => {
    const seen = { kafka: kafka({ 1: at(own) }) };
    expect(changeOf(launching({ seen, access: mark({ digest: "old" }) }))).toMatchObject({ kind: "serve" });
  });
  test("Kafka out of sight for another reason is row 9's", () => {
    expect(step(launching({ seen: { kafka: dark } }))).toMatchObject({ do: "wait", row: "launch/9" });
  });
  test("while it may not be seen, nobody comes back empty or is stopped", () => {
    const returning = { ...me, served: true };
    const { command: _, configured: __, ...fresh } = launching().record ?? {};
    expect(step({ ...launching({ nodes: [returning] }), record: fresh })).toMatchObject({
      row: "launch/6",
      do: "wait",
    });
    const leaving: Setting = {
      plan: classic,
      nodes: [
        { ...me, state: "Terminating:Wait", served: true },
        { ...others[0], state: "InService", served: true },
      ],
      record: { action: { kind: "terminate", since: NOW }, heartbeat: NOW, configured: { digest, at: 1, times: 1 } },
      seen: { kafka: denied, agent: online },
    };
    expect(changeOf(leaving)).toMatchObject({ row: "terminate/2", patch: { hold: {} } });
  });
});

describe("a leaving broker, which serves on", () => {
  const leaving = (nodes: Setting["nodes"], ago = 5_000, more: Partial<Setting> = {}): Setting => ({
    plan: classic,
    nodes,
    access: mark({ at: NOW - 61_000 }),
    record: {
      action: { kind: "terminate", since: NOW - ago },
      heartbeat: NOW,
      configured: { digest: "d".repeat(64), at: NOW - 900_000, times: 1 },
    },
    ...more,
    seen: { kafka: denied, agent: online, ...more.seen },
  });
  const [first, ...others] = nodes.map((node, n) => (n === 0 ? { ...node, state: "Terminating:Wait" as const } : node));
  const me = first ? [first] : [];
  const opens = { row: "terminate/2", kind: "send", action: "access", digest: declared };

  test("opens the door where none is in service, since nothing can be said to be safe before", () => {
    expect(changeOf(leaving(me))).toMatchObject(opens);
  });
  test("leaves that to those in service for a while: they may not be able to", () => {
    expect(changeOf(leaving([...me, ...others]))).toMatchObject({ kind: "note" });
    expect(changeOf(leaving([...me, ...others], 121_000))).toMatchObject(opens);
  });
  test("does so while the turn is another's, too, which may wait for that very view", () => {
    const turn = { role: "broker", id: 2, instance: "i-2", reason: "its group ends its instance" } as const;
    expect(changeOf(leaving(me, 5_000, { turn }))).toMatchObject(opens);
  });
  test("has no business with it where Kafka lets itself be seen, or not at all", () => {
    expect(changeOf(leaving(me, 5_000, { seen: { kafka: dark } }))).toMatchObject({ kind: "note" });
  });
});
