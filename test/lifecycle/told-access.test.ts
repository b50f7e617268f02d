/** What is told of users and ACLs, at each row that keeps them, and how long each step takes. */
import { describe, expect, test } from "vitest";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { AccessAnswer, AccessMark, CommandSight, InstanceRecord } from "../../shared/lifecycle/sights.ts";
import { A, at, B, C, changeOf, classic, digestIn, kafka, NOW, type Setting } from "./scene.ts";
import { told } from "./told.ts";

const WATCH = 120_000;
const STAGGER = 15_000;
const HOST = "10.0.1.50";
const ME = "i-1";
const declared = classic.access()?.digest ?? "";
const digest = digestIn(classic, "broker", 1, A, HOST);
/** The same cluster, where users and ACLs are compared once an hour. */
const rarely = planFor({ ...classic.definition, periods: { ...classic.definition.periods, access: 3_600_000 } });
const mark = (more: Partial<AccessMark> = {}): AccessMark => ({
  digest: declared,
  at: NOW - 1000,
  versions: {},
  drift: [],
  ...more,
});
const denied = { seen: false, reason: "User:rollcall-observer may not see", denied: true } as const;
const online = { state: "online" } as const;
const sent = (ago: number, attempt = 1, of = declared) =>
  ({ action: "access", digest: of, attempt, sent: NOW - ago, id: "c-5" }) as const;
const failed: CommandSight = { status: "failed", detail: "no tool" };
const done = (access?: AccessAnswer): CommandSight => ({
  status: "success",
  detail: "a detail",
  answer: { ok: true, action: "access", ...(access && { access }) },
});
const nothing: AccessAnswer = { created: [], changed: [], removed: [], versions: {} };

describe("a broker in service, the only one", () => {
  const node = { instance: ME, zone: A, state: "InService", id: 1, served: true, address: HOST } as const;
  const serving = (
    seen: Setting["seen"],
    more: Partial<Setting> = {},
    record: Partial<InstanceRecord> = {},
  ): Setting => ({
    plan: rarely,
    nodes: [node],
    record: { configured: { digest, at: NOW - 9_000_000, times: 1 }, ...record },
    ...more,
    seen: { kafka: kafka({ 1: at(HOST) }), agent: online, ...seen },
  });
  const troubled = { access: mark({ troubles: { app: "no such secret", web: "denied" }, at: NOW - WATCH }) };
  const aged = (ms: number) => ({ access: mark({ at: NOW - ms, since: NOW - 9_000_000 }) });
  const command = (ago: number, attempt = 1) => ({ command: sent(ago, attempt) });
  test.each<[string, Setting, string]>([
    [
      "never applied",
      serving({}),
      "change in-service/5 send access #1 (table, agent): users and ACLs were never applied",
    ],
    [
      "declared anew",
      serving({}, { access: mark({ digest: "before" }) }),
      "change in-service/5 send access #1 (table, agent): users and ACLs are declared anew",
    ],
    [
      "denied just after they were put right",
      serving({ kafka: denied }, aged(60_000)),
      "hold in-service/1 (kafka): Kafka cannot be seen: User:rollcall-observer may not see; changes nothing",
    ],
    [
      "denied later",
      serving({ kafka: denied }, aged(60_001)),
      "change in-service/5 send access #1 (table, agent): Kafka does not let its observer see",
    ],
    ["seen well", serving({}, aged(60_001)), "settled in-service/4: well"],
    ["seen well for its period", serving({}, aged(3_600_000)), "settled in-service/4: well"],
    [
      "seen well for longer",
      serving({}, aged(3_600_001)),
      "change in-service/5 send access #1 (table, agent): compares users and ACLs with what is declared",
    ],
    [
      "some users are not kept",
      serving({}, troubled),
      "hold in-service/5 (table, kafka): cannot be kept as declared: user app (no such secret), user web (denied): give each a secret that brokers can read, or leave it out; all others are as declared",
    ],
    [
      "some users are not kept for longer",
      serving({}, { access: mark({ ...troubled.access, at: NOW - WATCH - 1 }) }),
      "change in-service/5 send access #1 (table, agent): tries again to keep all users as declared",
    ],
    [
      "its agent was not looked at",
      { ...serving({}), seen: { kafka: kafka({ 1: at(HOST) }) } },
      "look in-service/5 (agent): is its agent online",
    ],
    [
      "its agent is away",
      serving({ agent: { state: "lost" } }),
      "wait in-service/5 (agent): users and ACLs were never applied, but its agent is not online",
    ],
    [
      "its agent is away, and it has the turn",
      serving({ agent: { state: "lost" } }, { turn: { id: 1, instance: ME, reason: "a test" } }),
      "change in-service/4 give-turn (kafka, table): broker 1 is back: gives the turn back",
    ],
    [
      "failed just now",
      serving({ command: failed }, {}, command(STAGGER)),
      "wait in-service/5 (table, kafka): access failed: no tool; tries again",
    ],
    [
      "failed some time ago",
      serving({ command: failed }, {}, command(STAGGER + 1)),
      "change in-service/5 send access #2 (table, agent): access failed: no tool; tries again",
    ],
    [
      "failed, and its agent is away",
      serving({ command: failed, agent: { state: "lost" } }, {}, command(STAGGER + 1)),
      "wait in-service/5 (agent): users and ACLs were never applied, but its agent is not online",
    ],
    [
      "failed for the third time",
      serving({ command: failed }, {}, command(WATCH, 3)),
      "hold in-service/5 (table, kafka): users and ACLs cannot be applied: access failed: no tool",
    ],
    [
      "failed for the third time, long ago",
      serving({ command: failed }, {}, command(WATCH + 1, 3)),
      "change in-service/5 send access #4 (table, agent): access failed: no tool; tries again",
    ],
    [
      "no word of what was done",
      serving({ command: done() }, {}, command(STAGGER + 1)),
      "change in-service/5 send access #2 (table, agent): its node did not tell what it did; tries again",
    ],
    [
      "on its way",
      serving({ command: { status: "running", detail: "" } }, {}, command(500)),
      "wait in-service/5 (command): access #1 runs on the node",
    ],
    [
      "already as declared",
      serving({ command: done(nothing) }, {}, command(500)),
      "change in-service/5 note-access (table): users and ACLs are as declared",
    ],
    [
      "put right for the first time",
      serving(
        { command: done({ ...nothing, created: ["user a"], changed: ["user b", "user c"], removed: ["acl d"] }) },
        {},
        command(500),
      ),
      "change in-service/5 note-access (table): users and ACLs put right: created user a; changed user b; changed user c; removed acl d",
    ],
    [
      "but for some",
      serving({ command: done({ ...nothing, troubles: { app: "no such secret", web: "denied" } }) }, {}, command(500)),
      "change in-service/5 note-access (table): users and ACLs are as declared; but for user app (no such secret), user web (denied)",
    ],
    [
      "put right though declared so",
      serving({ command: done({ ...nothing, removed: ["acl d"] }) }, aged(3_600_001), command(500)),
      "change! in-service/5 note-access (table): users and ACLs put right: removed acl d",
    ],
    [
      "sent at the moment that they were last applied: it is not sent again and again",
      serving({}, { access: mark({ digest: "before", at: NOW - 500 }) }, command(500)),
      "look in-service/5 (command): how far access #1 is",
    ],
    [
      "sent before they were last applied",
      serving({}, { access: mark({ digest: "before", at: NOW - 499 }) }, command(500)),
      "change in-service/5 send access #1 (table, agent): users and ACLs are declared anew",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));

  test("drift is what had to be put right though this declaration stood, but for a renewed password", () => {
    const before = { app: "v1", web: "v1" };
    const answer: AccessAnswer = {
      created: ["user new", "acl x", "user awaited"],
      changed: ["user app", "user web", "user app of another", "the user app", "acl y"],
      removed: ["acl z"],
      versions: { app: "v2", web: "v1" },
    };
    const setting = serving(
      { command: done(answer) },
      {
        access: mark({
          at: NOW - 3_600_001,
          since: NOW - 9_000_000,
          versions: before,
          troubles: { awaited: "denied", other: "denied" },
        }),
      },
      { command: sent(500, 1, rarely.access(mark({ versions: before }))?.digest) },
    );
    const change = changeOf(setting);
    expect(change.kind === "note-access" && change.mark).toMatchObject({
      drift: [
        "created user new",
        "created acl x",
        "changed user web",
        "changed user app of another",
        "changed the user app",
        "changed acl y",
        "removed acl z",
      ],
    });
  });
});

describe("a launching broker", () => {
  const launching = (
    others: readonly { state: "InService" | "Pending:Wait" | "Terminating:Wait"; id: number }[],
    ago: number,
    more: Partial<Setting> = {},
  ): Setting => ({
    plan: classic,
    nodes: [
      { instance: ME, zone: A, state: "Pending:Wait", id: 2, served: true, address: HOST },
      ...others.map(({ state, id }, n) => ({
        instance: `i-1${id}`,
        zone: [B, C][n % 2] ?? B,
        state,
        id,
        served: true,
      })),
    ],
    record: {
      action: { kind: "launch", since: NOW - 400_000 },
      heartbeat: NOW,
      address: HOST,
      command: { action: "configure", digest: "d", attempt: 1, sent: NOW - ago - 100, id: "c-1" },
      configured: { digest: "d", at: NOW - ago, times: 1 },
    },
    ...more,
    seen: { kafka: denied, agent: online, ...more.seen },
  });
  const serving = { state: "InService", id: 4 } as const;
  const before = { state: "Pending:Wait", id: 1 } as const;
  const after = { state: "Pending:Wait", id: 3 } as const;
  const leaving = { state: "Terminating:Wait", id: 1 } as const;
  test.each<[string, Setting, string]>([
    ["alone", launching([], 0), "change launch/10 send access #1 (table, agent): users and ACLs were never applied"],
    [
      "before another",
      launching([after], 0),
      "change launch/10 send access #1 (table, agent): users and ACLs were never applied",
    ],
    [
      "while another leaves",
      launching([leaving], 0),
      "change launch/10 send access #1 (table, agent): users and ACLs were never applied",
    ],
    [
      "after two others",
      launching([before, serving], 2 * STAGGER - 1),
      "wait launch/10 (table, kafka): users and ACLs were never applied; brokers that come first: 1, 4",
    ],
    [
      "after two others, at its time",
      launching([before, serving], 2 * STAGGER),
      "change launch/10 send access #1 (table, agent): users and ACLs were never applied",
    ],
    [
      "applied just now",
      launching([], 0, { access: mark({ at: NOW - 60_000 }) }),
      "wait launch/10 (kafka, table): User:rollcall-observer may not see",
    ],
    [
      "applied some time ago, and denied",
      launching([], 0, { access: mark({ at: NOW - 60_001 }) }),
      "change launch/10 send access #1 (table, agent): Kafka does not let its observer see",
    ],
    [
      "applied, and seen well",
      launching([], 0, { access: mark({ at: NOW - 60_001 }), seen: { kafka: kafka({ 2: at(HOST) }) } }),
      "change launch/11 CONTINUE (kafka): registered and unfenced",
    ],
    [
      "never applied, and seen well",
      launching([], 0, { seen: { kafka: kafka({ 2: at(HOST) }) } }),
      "change launch/10 send access #1 (table, agent): users and ACLs were never applied",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("a leaving broker", () => {
  const me = { instance: ME, zone: A, state: "Terminating:Wait", id: 1, served: true, address: HOST } as const;
  const peer = { instance: "i-2", zone: B, state: "InService", id: 2, served: true } as const;
  const leaving = (
    ago: number,
    nodes: Setting["nodes"],
    more: Partial<Setting> = {},
    record: Partial<InstanceRecord> = {},
  ): Setting => ({
    plan: classic,
    nodes,
    record: {
      action: { kind: "terminate", since: NOW - ago },
      heartbeat: NOW,
      configured: { digest, at: NOW - 900_000, times: 1 },
      ...record,
    },
    access: mark({ at: NOW - 60_001 }),
    ...more,
    seen: { agent: online, kafka: denied, ...more.seen },
  });
  const theirs = { turn: { id: 2, instance: "i-2", reason: "a test" } };
  const { kafka: _, ...unasked } = leaving(0, [me]).seen ?? {};
  test.each<[string, Setting, string]>([
    [
      "with others in service",
      leaving(WATCH, [me, peer]),
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka cannot be seen: User:rollcall-observer may not see (held until 2027-01-15T08:48:00Z at most)",
    ],
    [
      "never in service, but it may be the only one that runs",
      leaving(0, [{ ...me, served: false }], { vacant: [{ id: 2, zone: B, served: true }] }),
      "change terminate/2 send access #1 (table, agent): Kafka does not let its observer see",
    ],
    [
      "with others in service that cannot do it",
      leaving(WATCH + 1, [me, peer]),
      "change terminate/2 send access #1 (table, agent): Kafka does not let its observer see",
    ],
    [
      "alone",
      leaving(0, [me]),
      "change terminate/2 send access #1 (table, agent): Kafka does not let its observer see",
    ],
    [
      "alone, and another has the turn",
      { ...leaving(0, [me], theirs), seen: unasked },
      "look terminate/2 (kafka): does Kafka let its observer see",
    ],
    [
      "alone, and Kafka is out of sight for another reason",
      leaving(0, [me], { seen: { kafka: { seen: false, reason: "no broker answered" } } }),
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka cannot be seen: no broker answered (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "alone, on its way",
      leaving(0, [me], { seen: { command: { status: "running", detail: "" } } }, { command: sent(500) }),
      "wait terminate/2 (command): access #1 runs on the node",
    ],
    [
      "never in service",
      leaving(0, [{ ...me, served: false }], theirs),
      "change terminate/4 send stop #1 (table, agent, fleet, kafka): it is safe to stop",
    ],
    [
      "not known to be configured, which it may be all the same",
      leaving(0, [me], theirs, { configured: undefined as never, command: { ...sent(500), action: "configure" } }),
      "change terminate/2 send access #1 (table, agent): Kafka does not let its observer see",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});
