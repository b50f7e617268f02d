/** Every answer of the in-service table, as an operator reads it. */
import { describe, expect, test } from "vitest";
import type { InstanceRecord, NodeAnswer, QuorumSight } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  classic,
  definition,
  digestIn,
  digestOf,
  groupName,
  inEachZone,
  kafka,
  mark,
  NOW,
  quorumOf,
  type Setting,
  unsafe,
} from "./scene.ts";
import { told } from "./told.ts";

const { periods } = definition;
const ME = "i-1";
const HOST = "10.0.1.50";
const me = { instance: ME, zone: A, state: "InService" } as const;
const mine = { ...me, id: 1, served: true, address: HOST };
const peers = [
  { instance: "i-2", zone: B, state: "InService", id: 2, served: true },
  { instance: "i-3", zone: C, state: "InService", id: 3, served: true },
] as const;
const now = digestOf("broker", 1, A, HOST);
const configured = { digest: now, at: NOW - 900_000, times: 1 };
const old = { configured: { ...configured, digest: "before" } };
const all = { 1: { ...at(HOST), replicas: 6 }, 2: at("10.0.2.50"), 3: at("10.0.3.50") };
const view = kafka(all);
const online = { agent: { state: "online" } } as const;
const dark = { seen: false, reason: "no broker answered" } as const;
const base: Setting = { nodes: [mine, ...peers], record: { configured }, seen: { kafka: view, ...online } };
const seeing = (kafkaSight: NonNullable<Setting["seen"]>["kafka"], more: Partial<InstanceRecord> = {}): Setting => ({
  ...base,
  record: { configured, ...more },
  seen: { ...online, ...(kafkaSight && { kafka: kafkaSight }) },
});
const turn = { id: 1, instance: ME, reason: "its configuration has changed" };

describe("rows 0, 1 and 4", () => {
  const missing = kafka({ ...all, 1: { ...at(HOST), replicas: 6, missing: 2, example: "orders-3" } });
  test.each<[string, Setting, string]>([
    [
      "it holds no id",
      { nodes: [me, ...peers] },
      "hold in-service/0 (fleet, table): in service in lab-broker-eu-central-1a without an id: terminate it, so that its replacement launches through the hook",
    ],
    ["Kafka was not asked", { ...base, seen: online }, "look in-service/1 (kafka): does Kafka count it in"],
    [
      "Kafka was asked before it was configured",
      { ...base, stale: { kafka: 900_001 } },
      "look in-service/1 (kafka): does Kafka count it in",
    ],
    [
      "Kafka was asked just when it was configured",
      { ...base, stale: { kafka: 900_000 } },
      "settled in-service/4: well",
    ],
    [
      "Kafka is out of sight",
      seeing(dark),
      "hold in-service/1 (kafka): Kafka cannot be seen: no broker answered; changes nothing",
    ],
    [
      "Kafka says nothing of it",
      seeing(kafka({ 2: {} })),
      "hold in-service/1 (kafka): it cannot be seen; changes nothing",
    ],
    ["it is well", base, "settled in-service/4: well"],
    [
      "it is well again",
      seeing(view, { unregistered: NOW - 1000 }),
      "change in-service/4 note (kafka, table): Kafka counts it in again",
    ],
    [
      "it lacks partitions",
      seeing(missing),
      "wait in-service/4 (kafka): not in the ISR of 2 of its 6 partitions (orders-3)",
    ],
    [
      "it lacks partitions, and has the turn",
      { ...seeing(missing), turn },
      "wait in-service/4 (kafka): not in the ISR of 2 of its 6 partitions (orders-3)",
    ],
    [
      "it has the turn",
      { ...base, turn },
      "change in-service/4 give-turn (kafka, table): broker 1 is back: gives the turn back",
    ],
    [
      "another role's member has the turn",
      { ...base, turn: { ...turn, role: "controller" } },
      "settled in-service/4: well",
    ],
    ["no record of it is there", { nodes: [mine, ...peers], seen: { kafka: view } }, "settled in-service/4: well"],
    [
      "the roster does not know its address",
      { ...base, nodes: [{ ...me, id: 1, served: true }, ...peers], record: old },
      "settled in-service/4: well",
    ],
    ["the quorum was never founded", { ...base, record: old, quorum: null }, "settled in-service/4: well"],
    [
      "the roster has its former incarnation's address still",
      { ...base, record: { ...old, address: "10.0.1.77" } },
      "settled in-service/4: well",
    ],
    [
      "the quorum has not formed",
      { ...base, record: old, quorum: { ...mark, formed: false } },
      "settled in-service/4: well",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 2: Kafka does not count it in", () => {
  const without = kafka({ ...all, 1: { replicas: 6 } });
  const { grace, silentGrace } = periods;
  const out = (ago: number, seen: Setting["seen"] = {}, more: Partial<InstanceRecord> = {}): Setting => ({
    ...base,
    record: { configured, unregistered: NOW - ago, alone: NOW - ago, ...more },
    seen: { kafka: without, ...online, ...seen },
  });
  const asked = { action: "status", digest: "", attempt: 1, sent: NOW, id: "c-1" } as const;
  const answered = (answer: Partial<NodeAnswer>, ago = grace, sent = NOW): Setting =>
    out(
      ago,
      { command: { status: "success", detail: "", answer: { ok: true, action: "status", ...answer } } },
      { command: { ...asked, sent } },
    );
  const failed = (ago: number, sent = NOW): Setting =>
    out(ago, { command: { status: "failed", detail: "a detail" } }, { command: { ...asked, sent } });
  const lost = { agent: { state: "lost" } } as const;
  const { agent: _, ...blind } = { ...out(grace).seen };
  const twoOut = kafka({ ...all, 1: {}, 3: {} });
  const token = { id: 1, instance: ME, reason: "the process of broker 1 is dead (failed)" };
  test.each<[string, Setting, string]>([
    [
      "for the first time",
      seeing(without),
      "change in-service/2 note (kafka, table): Kafka does not count broker 1 in",
    ],
    ["for a moment", out(grace - 1), "wait in-service/2 (kafka): Kafka does not count broker 1 in; its grace lasts on"],
    [
      "longer than its grace, and its agent was not looked at",
      { ...out(grace), seen: blind },
      "look in-service/2 (agent): does its node answer",
    ],
    [
      "and its node is silent",
      out(silentGrace - 1, lost),
      "wait in-service/2 (kafka, agent): Kafka does not count broker 1 in, and its node is silent",
    ],
    [
      "and its node is silent for long",
      out(silentGrace, lost),
      "change in-service/2 take-turn (kafka, table): takes the turn for broker 1: broker 1 is not counted in and its node is silent",
    ],
    [
      "and its node was not asked",
      out(grace),
      "change in-service/2 send status #1 (table, agent): asks the node whether broker 1 lives",
    ],
    ["and its node was asked", out(grace, {}, { command: asked }), "look in-service/2 (command): how far status #1 is"],
    [
      "and its node is being asked",
      out(grace, { command: { status: "running", detail: "" } }, { command: asked }),
      "wait in-service/2 (command): status #1 runs on the node",
    ],
    [
      "and its node did not answer just now",
      failed(silentGrace - 1, NOW - 15_000),
      "wait in-service/2 (kafka): Kafka does not count broker 1 in, and its node does not tell whether it lives: status failed: a detail",
    ],
    [
      "and its node did not answer",
      failed(silentGrace - 1, NOW - 15_001),
      "change in-service/2 send status #2 (table, agent): status failed: a detail; asks again",
    ],
    [
      "and its node does not answer for long",
      failed(silentGrace),
      "change in-service/2 take-turn (kafka, table): takes the turn for broker 1: broker 1 is not counted in and its node does not tell whether it lives: status failed: a detail",
    ],
    [
      "and it was configured lately",
      out(grace, {}, { command: { ...asked, action: "configure", attempt: 3 } }),
      "change in-service/2 send status #1 (table, agent): asks the node whether broker 1 lives",
    ],
    [
      "and it is alive",
      answered({ unit: "active" }),
      "wait in-service/2 (kafka): broker 1 is alive (active), but Kafka does not count broker 1 in",
    ],
    [
      "and it comes up",
      answered({ unit: "activating" }, 2 * grace, NOW - grace),
      "wait in-service/2 (kafka): broker 1 is alive (activating), but Kafka does not count broker 1 in",
    ],
    [
      "and it was alive some time ago",
      answered({ unit: "active" }, 3 * grace, NOW - grace - 1),
      "change in-service/2 send status #2 (table, agent): broker 1 was alive when last asked; asks again",
    ],
    [
      "and it is dead",
      answered({ unit: "failed" }),
      "change in-service/2 take-turn (kafka, table): takes the turn for broker 1: the process of broker 1 is dead (failed)",
    ],
    [
      "and its supervisor says so",
      answered({ unit: "failed", supervisor: "down" }),
      "change in-service/2 take-turn (kafka, table): takes the turn for broker 1: the process of broker 1 is dead (failed; its supervisor says: down)",
    ],
    [
      "and nothing was known of its unit just now",
      answered({}),
      "wait in-service/2 (kafka): Kafka does not count broker 1 in, and its node does not tell whether it lives: its unit is unknown",
    ],
    [
      "and nothing is known of its unit",
      answered({ unit: "unknown" }, silentGrace - 1, NOW - 15_001),
      "change in-service/2 send status #2 (table, agent): its unit is unknown; asks again",
    ],
    [
      "and nothing is known of its unit for long",
      answered({}, silentGrace),
      "change in-service/2 take-turn (kafka, table): takes the turn for broker 1: broker 1 is not counted in and its node does not tell whether it lives: its unit is unknown",
    ],
    [
      "and it is being stopped",
      answered({ unit: "deactivating" }, silentGrace - 1, NOW - 15_001),
      "change in-service/2 send status #2 (table, agent): its unit is deactivating; asks again",
    ],
    [
      "and it is dead, with the turn taken",
      { ...answered({ unit: "failed" }), turn: token },
      "change in-service/2 mark-unhealthy (fleet, table, kafka): the process of broker 1 is dead (failed): its instance is unhealthy",
    ],
    [
      "and it is dead, but another has the turn",
      { ...answered({ unit: "failed" }), turn: { id: 2, instance: "i-2", reason: "a test" } },
      "hold in-service/2 (table): the process of broker 1 is dead (failed), but the turn is broker 2's (i-2: a test)",
    ],
    [
      "and it is dead, but cannot be spared",
      {
        ...answered({ unit: "failed" }),
        seen: { ...answered({ unit: "failed" }).seen, kafka: kafka({ ...all, 1: { stop: unsafe } }) },
      },
      "hold in-service/2 (kafka): the process of broker 1 is dead (failed), but stopping it is not safe: orders-0 has no other in-sync replica",
    ],
    [
      "nor another",
      { ...base, record: { configured, unregistered: NOW - grace }, seen: { kafka: twoOut } },
      "hold in-service/1 (kafka): brokers 1, 3 look dead at once: the observer is the suspect; changes nothing",
    ],
    [
      "nor another, for the first time",
      { ...base, seen: { kafka: twoOut } },
      "change in-service/2 note (kafka, table): Kafka does not count broker 1 in",
    ],
    [
      "nor another by now",
      { ...out(grace), seen: { kafka: twoOut } },
      "change in-service/1 note (kafka, table): brokers 1, 3 look dead at once: the observer is the suspect; changes nothing",
    ],
    [
      "nor was another",
      out(grace, {}, { alone: undefined } as never),
      "change in-service/2 note (kafka, table): Kafka does not count broker 1 in",
    ],
    [
      "and by now it cannot be seen",
      { ...out(grace), seen: { kafka: dark } },
      "change in-service/1 note (kafka, table): Kafka cannot be seen: no broker answered; changes nothing",
    ],
    [
      "nor another that leaves",
      {
        ...out(grace),
        nodes: [mine, peers[0], { ...peers[1], state: "Terminating:Wait" }],
        seen: { kafka: twoOut, ...online },
      },
      "change in-service/2 send status #1 (table, agent): asks the node whether broker 1 lives",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 3: its configuration", () => {
  const sent = { action: "configure", digest: now, attempt: 1, sent: NOW - 1000, id: "c-1" } as const;
  const changed = (more: Partial<Setting> = {}): Setting => ({ ...base, record: old, ...more });
  const fate = (status: "running" | "failed" | "success", attempt = 1, ago = 1000): Setting =>
    changed({
      record: { ...old, command: { ...sent, attempt, sent: NOW - ago } },
      seen: {
        kafka: view,
        ...online,
        command: {
          status,
          detail: "a detail",
          ...(status === "success" && { answer: { ok: true, action: "configure" } }),
        },
      },
      turn,
    });
  test.each<[string, Setting, string]>([
    [
      "has changed",
      changed(),
      "change in-service/3 take-turn (kafka, table): takes the turn for broker 1: its configuration has changed",
    ],
    [
      "has changed, and it has the turn",
      changed({ turn }),
      "change in-service/3 send configure #1 (table, agent, kafka): configures it anew",
    ],
    [
      "has changed, and its agent was not looked at",
      changed({ turn, seen: { kafka: view } }),
      "look in-service/3 (agent): is its agent online",
    ],
    [
      "has changed, and its agent is away",
      changed({ seen: { kafka: view, agent: { state: "lost" } } }),
      "hold in-service/3 (agent): its configuration has changed, but its agent is not online",
    ],
    [
      "has changed, but another has the turn",
      changed({ turn: { id: 2, instance: "i-2", reason: "a test" } }),
      "hold in-service/3 (table): its configuration has changed, but the turn is broker 2's (i-2: a test)",
    ],
    [
      "has changed, but it cannot be spared",
      changed({ seen: { kafka: kafka({ ...all, 1: { ...at(HOST), stop: unsafe } }), ...online } }),
      "hold in-service/3 (kafka): its configuration has changed, but stopping it is not safe: orders-0 has no other in-sync replica",
    ],
    [
      "is forced",
      changed({
        seen: { kafka: view, ...online },
        record: { ...old, operator: { wish: "force", since: NOW, reason: "now" } },
        turn: { id: 2 },
      }),
      "change in-service/3 send configure #1 (table, agent, kafka): configures it anew",
    ],
    [
      "is on its way",
      { ...fate("running"), seen: { kafka: view } },
      "look in-service/3 (command): how far configure #1 is",
    ],
    ["is being brought", fate("running"), "wait in-service/3 (command): configure #1 runs on the node"],
    ["failed", fate("failed"), "change in-service/3 send configure #2 (table, agent, kafka): configures it anew"],
    [
      "failed for the third time: others may have the turn",
      fate("failed", 3),
      "change in-service/4 give-turn (kafka, table): broker 1 is back: gives the turn back",
    ],
    [
      "failed for the third time",
      { ...fate("failed", 3), turn: undefined } as never,
      "hold in-service/3 (table, kafka): its new configuration cannot be brought to it: configure failed: a detail",
    ],
    [
      "failed for the third time, some time ago",
      fate("failed", 3, periods.stop),
      "change in-service/4 give-turn (kafka, table): broker 1 is back: gives the turn back",
    ],
    [
      "failed for the third time, longer ago",
      fate("failed", 3, periods.stop + 1),
      "change in-service/3 send configure #4 (table, agent, kafka): configures it anew",
    ],
    ["has come", fate("success"), "change in-service/3 note (table): configured anew"],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("a controller", () => {
  const nodes = inEachZone([101, 102, 103], 10);
  const listen = (...ids: number[]) =>
    new Map([101, 102, 103].map((id) => [id, ids.includes(id) ? ("listening" as const) : ("refused" as const)]));
  const own = { digest: digestOf("controller", 101, A, "10.0.1.10"), at: NOW - 900_000, times: 1 };
  const controller = (seen: Setting["seen"], more: Partial<Setting> = {}): Setting => ({
    role: "controller",
    nodes,
    record: { configured: own },
    ...more,
    seen: { ...online, ...seen },
  });
  const token = { turn: { id: 101, instance: ME, reason: "a test" } };
  const heard = listen(101, 102, 103);
  const view = (quorum: QuorumSight): Setting => controller({ listeners: heard, quorum }, token);
  test.each<[string, Setting, string]>([
    ["was not tried", controller({}), "look in-service/1 (listeners): does the quorum count it in"],
    [
      "was not heard of",
      controller({ listeners: new Map() }),
      "hold in-service/1 (listeners): it cannot be seen; changes nothing",
    ],
    ["listens", controller({ listeners: heard }), "settled in-service/4: well"],
    [
      "does not listen",
      controller({ listeners: listen(102, 103) }),
      "change in-service/2 note (listeners, table): the quorum does not count controller 101 in",
    ],
    [
      "and another do not listen",
      controller({ listeners: listen(102) }, { record: { configured: own, unregistered: NOW } }),
      "hold in-service/1 (listeners): controllers 101, 103 look dead at once: the observer is the suspect; changes nothing",
    ],
    [
      "has the turn, and the quorum was not asked",
      controller({ listeners: heard }, token),
      "look in-service/4 (quorum via i-1): does the quorum count it in again",
    ],
    [
      "has the turn, and the quorum was asked before it was configured",
      { ...view(quorumOf({ 101: 0, 102: 0, 103: 0 })), stale: { quorum: 900_001 } },
      "look in-service/4 (quorum via i-1): does the quorum count it in again",
    ],
    [
      "has the turn, and the quorum is out of sight",
      view({ seen: false, reason: "timed out" }),
      "wait in-service/4 (quorum): timed out",
    ],
    [
      "has the turn, and lags",
      view(quorumOf({ 101: 9000, 102: 0, 103: 0 }, [], 102)),
      "wait in-service/4 (quorum): voter 101 lags 9 records behind the leader",
    ],
    [
      "has the turn, and has caught up",
      view(quorumOf({ 101: 0, 102: 0, 103: 0 })),
      "change in-service/4 give-turn (quorum, table): controller 101 is back: gives the turn back",
    ],
    [
      "has another configuration",
      controller({ listeners: heard }, { record: { configured: { ...own, digest: "before" } } }),
      "look in-service/3 (quorum via i-2): does the quorum stand without it",
    ],
    [
      "has another configuration, and is well",
      controller(
        { listeners: heard, quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }) },
        {
          record: { configured: { ...own, digest: "before" } },
          turn: { ...token.turn, reason: "its configuration has changed" },
        },
      ),
      "change in-service/3 send configure #1 (table, agent, quorum): configures it anew",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("a member of an ensemble", () => {
  const nodes = inEachZone([1, 2, 3], 10);
  const own = { digest: digestIn(classic, "zookeeper", 1, A, "10.0.1.10"), at: NOW - 900_000, times: 1 };
  const member = (quorum?: QuorumSight): Setting => ({
    plan: classic,
    role: "zookeeper",
    nodes,
    record: { configured: own },
    seen: { ...online, ...(quorum && { quorum }) },
  });
  test.each<[string, Setting, string]>([
    ["was not asked", member(), "look in-service/1 (quorum): does the quorum count it in"],
    [
      "cannot be seen",
      member({ seen: false, reason: "timed out" }),
      "hold in-service/1 (quorum): the quorum cannot be seen: timed out; changes nothing",
    ],
    ["serves", member(quorumOf({ 1: 0, 2: 0, 3: 0 }, [], 2)), "settled in-service/4: well"],
    [
      "lags",
      member(quorumOf({ 1: 9000, 2: 0, 3: 0 }, [], 2)),
      "change in-service/2 note (quorum, table): the quorum does not count zookeeper 1 in",
    ],
    [
      "is in no list",
      member(quorumOf({ 2: 0, 3: 0 }, [], 2)),
      "hold in-service/1 (quorum): it cannot be seen; changes nothing",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

test("an instance without an id names its group", () => {
  expect(told({ nodes: [me] })).toContain(groupName("broker", A));
});
