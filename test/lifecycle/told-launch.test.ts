/** Every answer of the launch table, as an operator reads it. */
import { describe, expect, test } from "vitest";
import { foundersOf } from "../../shared/lifecycle/decide/launch.ts";
import type { AddressSight, InstanceRecord } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  definition,
  digestOf,
  interfaceOf101,
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
const me = { instance: ME, zone: A, state: "Pending:Wait" } as const;
const mine = { ...me, id: 1 };
const launched = (ago = 0, more: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
  action: { kind: "launch", since: NOW - ago },
  heartbeat: NOW,
  ...more,
});
const online = { agent: { state: "online", address: HOST } } as const;
const digest = digestOf("broker", 1, A, HOST);
const sent = { action: "configure", digest, attempt: 1, sent: NOW - 500, id: "c-1" } as const;
const done = { digest, at: NOW - 400, times: 1 };

const leaving = { instance: "i-0", zone: A, state: "Terminating:Wait", id: 4 } as const;
const holder = { instance: "i-0", zone: A, state: "InService", id: 4 } as const;

describe("row 0: EC2 takes it down", () => {
  const ended = (ago: number): Setting => ({ nodes: [me], record: launched(ago), seen: { ec2: "stopping" } });
  test.each<[string, Setting, string]>([
    ["until its deadline", ended(periods.identity), "wait launch/0 (ec2, fleet): EC2 says stopping"],
    [
      "and its deadline is over",
      ended(periods.identity + 1),
      "change launch/0 ABANDON (fleet, table, ec2): EC2 says stopping",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("rows 1 and 2: an id", () => {
  test.each<[string, Setting, string]>([
    ["is fresh", { nodes: [me] }, "change launch/1 claim (fleet, table): claims fresh id 1"],
    [
      "is vacant",
      { nodes: [me], vacant: [{ id: 7, zone: A }] },
      "change launch/1 claim (fleet, table): claims vacant id 7",
    ],
    [
      "is not free yet",
      { nodes: [me, leaving], record: launched() },
      "wait launch/1 (fleet, table): id 4 is still held by i-0, Terminating:Wait",
    ],
    [
      "its holder is in no group",
      { nodes: [me, { ...leaving, state: undefined }] as never, record: launched() },
      "wait launch/1 (fleet, table): id 4 is still held by i-0, which no group lists",
    ],
    [
      "was not freed by the deadline",
      { nodes: [me, leaving], record: launched(periods.identity) },
      "wait launch/1 (fleet, table): id 4 is still held by i-0, Terminating:Wait",
    ],
    [
      "was not freed after the deadline",
      { nodes: [me, leaving], record: launched(periods.identity + 1) },
      "change launch/1 ABANDON (fleet, table): id 4 was not freed by i-0 in time",
    ],
    [
      "is none: the group has as many as it desires",
      { nodes: [me, holder, { ...holder, instance: "i-9", id: 5, state: "Standby" }], record: launched() },
      "wait launch/2 (fleet, table): lab-broker-eu-central-1a desires 1 and its ids are held: 4 (i-0, InService), 5 (i-9, Standby)",
    ],
    [
      "is none: another is nearer",
      { nodes: [me, { ...me, instance: "i-0" }], record: launched() },
      "wait launch/2 (fleet, table): lab-broker-eu-central-1a desires 1 and its ids are held: by nearer waiters",
    ],
    [
      "is none after the deadline",
      { nodes: [me, holder], record: launched(periods.identity + 1) },
      "change launch/2 ABANDON (fleet, table): no id came free: lab-broker-eu-central-1a desires 1",
    ],
    [
      "is none: every address of the zone is taken",
      { role: "controller", nodes: [me, { ...holder, id: 101 }], desired: { [A]: 2 }, quorum: null },
      "change launch/2 ABANDON (fleet, table): every fixed address of eu-central-1a is taken",
    ],
    [
      "is none: every id of the role is taken",
      { nodes: [me], vacant: Array.from({ length: 100 }, (_, n) => ({ id: n + 1, zone: B })) },
      "change launch/2 ABANDON (fleet, table): every id of role broker is taken",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 3: a fixed address", () => {
  const controller = { ...me, id: 101 };
  const seat = (address: AddressSight | null | undefined, more: Partial<Setting> = {}): Setting => ({
    role: "controller",
    nodes: [controller],
    record: launched(),
    ...(address !== undefined && { seen: { address } }),
    ...more,
  });
  const theirs = { instance: "i-0" };
  const other = (state: "InService" | "Terminating:Proceed") => ({
    nodes: [controller, { instance: "i-0", zone: A, state }],
  });
  const long = { record: launched(periods.identity + 1), nodes: [{ ...controller, held: periods.identity + 1 }] };
  const just = { record: launched(periods.identity), nodes: [{ ...controller, held: periods.identity }] };
  test.each<[string, Setting, string]>([
    ["was not looked at", seat(undefined), "look launch/3 (address): who has 10.0.1.10"],
    [
      "has no interface",
      seat(null),
      "hold launch/3 (address): no network interface of this cluster has 10.0.1.10: it was deleted, or its tags were taken off (held until 2027-01-15T08:50:00Z at most)",
    ],
    ["is free", seat(interfaceOf101()), "change launch/3 attach (address, table): attaches eni-1 (10.0.1.10)"],
    [
      "is free again",
      seat(interfaceOf101({ ...theirs, status: "detached" })),
      "change launch/3 attach (address, table): attaches eni-1 (10.0.1.10)",
    ],
    [
      "goes from it",
      seat(interfaceOf101({ status: "detaching" })),
      "wait launch/3 (address): 10.0.1.10 is being detached from it",
    ],
    [
      "would end with it",
      seat(interfaceOf101({ deleteOnTermination: true })),
      "change launch/3 keep-on-termination (address): keeps eni-1 when the instance ends",
    ],
    [
      "comes to it",
      seat(interfaceOf101({ status: "attaching" })),
      "wait launch/3 (address): 10.0.1.10 is being attached",
    ],
    ["is its own: goes on to row 4", seat(interfaceOf101({})), "look launch/4 (agent): is its agent online"],
    [
      "is with one that should not have it",
      seat(interfaceOf101(theirs), other("InService")),
      "hold launch/3 (address, fleet): 10.0.1.10 is attached to i-0, InService, which does not hold controller 101 (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "is with one that leaves",
      seat(interfaceOf101(theirs), other("Terminating:Proceed")),
      "wait launch/3 (address): 10.0.1.10 is still attached to i-0",
    ],
    [
      "is with one that no group lists",
      seat(interfaceOf101(theirs)),
      "wait launch/3 (address): 10.0.1.10 is still attached to i-0",
    ],
    [
      "was not freed by the deadline",
      seat(interfaceOf101(theirs), just),
      "wait launch/3 (address): 10.0.1.10 is still attached to i-0",
    ],
    [
      "was not freed after the deadline",
      seat(interfaceOf101(theirs), long),
      "change launch/3 ABANDON (fleet, table): 10.0.1.10 was not freed by i-0 in time",
    ],
    [
      "after the deadline, but it has its id for a second only",
      seat(interfaceOf101(theirs), { record: long.record }),
      "wait launch/3 (address): 10.0.1.10 is still attached to i-0",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 4: its agent", () => {
  const agent = (state: "online" | "absent", ago = 0, address?: string): Setting => ({
    nodes: [{ ...mine, held: ago }],
    record: launched(ago),
    seen: { agent: { state, ...(address !== undefined && { address }) } },
  });
  test.each<[string, Setting, string]>([
    ["was not looked at", { nodes: [mine], record: launched() }, "look launch/4 (agent): is its agent online"],
    ["is not there yet", agent("absent", periods.agent), "wait launch/4 (agent): its SSM agent is not online yet"],
    [
      "does not come",
      agent("absent", periods.agent + 1),
      "change launch/4 ABANDON (fleet, table): its SSM agent did not come online in time",
    ],
    ["has no address yet", agent("online"), "wait launch/4 (agent): its agent has not reported its address yet"],
    [
      "never tells its address",
      agent("online", periods.agent + 1),
      "change launch/4 ABANDON (fleet, table): its agent is online, but did not report its address in time",
    ],
    [
      "is there",
      agent("online", 0, HOST),
      "change launch/7 send configure #1 (table, agent): configures broker 1 at 10.0.1.50",
    ],
    [
      "is asked again for the address where only a command is known of",
      { nodes: [mine], record: launched(0, { command: sent }) },
      "look launch/4 (agent): is its agent online",
    ],
    [
      "does not tell its address again",
      { ...agent("online"), record: launched(0, { command: sent }) },
      "wait launch/4 (agent): its agent has not reported its address yet",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 5: the quorum", () => {
  const founder = { role: "controller", nodes: [{ ...me, id: 101 }], record: launched() } as const;
  const attached = interfaceOf101({});
  test.each<[string, Setting, string]>([
    [
      "a broker waits for it",
      { nodes: [mine], record: launched(), seen: online, quorum: null },
      "wait launch/5 (table): the quorum of controllers 101, 102, 103 has not formed yet",
    ],
    [
      "a broker waits till it has formed",
      { nodes: [mine], record: launched(), seen: online, quorum: { ...mark, formed: false } },
      "wait launch/5 (table): the quorum of controllers 101, 102, 103 has not formed yet",
    ],
    [
      "is founded",
      { ...founder, seen: { ...online, address: attached }, quorum: null },
      "change launch/5 found (table): founds the quorum of controllers 101, 102, 103",
    ],
    [
      "is founded without it",
      {
        ...founder,
        seen: { ...online, address: attached },
        quorum: { ...mark, formed: false, voters: mark.voters.slice(1) },
      },
      "wait launch/5 (table): the quorum is being founded without 101: it joins once that has formed",
    ],
    [
      "is founded with it",
      { ...founder, seen: { ...online, address: attached }, quorum: { ...mark, formed: false } },
      "change launch/7 send configure #1 (table, agent): configures controller 101 at 10.0.1.10",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));

  test("is founded by the lowest ids of each zone, as many as its group desires", () => {
    const pool = [12, 2, 11, 1, 21].map((id) => ({ id, zone: id < 10 ? B : A }));
    expect(foundersOf([A, B], { pool, perZone: 2 })).toEqual([1, 2, 11, 12]);
    expect(foundersOf([B], { pool, perZone: 1 })).toEqual([1]);
    expect(foundersOf([C], { pool, perZone: 1 })).toEqual([]);
    expect(foundersOf([A], { perZone: 1 })).toEqual([]);
  });
});

describe("row 6: an id that another had", () => {
  const again = (seen: Setting["seen"], ago = 0): Setting => ({
    nodes: [{ ...mine, served: true, address: "10.0.1.9" }],
    record: launched(ago),
    seen: { ...online, ...seen },
  });
  const dark = { kafka: { seen: false, reason: "no broker answered" } } as const;
  test.each<[string, Setting, string]>([
    ["Kafka was not asked", again({}), "look launch/6 (kafka): what Kafka knows of the former broker 1"],
    [
      "Kafka is out of sight",
      again(dark, periods.grace),
      "wait launch/6 (kafka): Kafka cannot be seen, so whether broker 1 may come back empty is unknown: no broker answered",
    ],
    [
      "Kafka stays out of sight",
      again(dark, periods.grace + 1),
      "hold launch/6 (kafka): Kafka cannot be seen, so whether broker 1 may come back empty is unknown: no broker answered (held until 2027-01-15T08:49:54Z at most)",
    ],
    [
      "its session goes on",
      again({ kafka: kafka({ 1: at("10.0.1.9") }) }),
      "wait launch/6 (kafka): the former broker 1 is still registered at 10.0.1.9: its session has not ended",
    ],
    [
      "an empty disk is not safe",
      again({ kafka: kafka({ 1: { startEmpty: unsafe } }) }),
      "hold launch/6 (kafka): an empty disk is not safe: orders-0 has no other in-sync replica (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "nothing is known of it",
      again({ kafka: kafka({ 2: {} }) }),
      "hold launch/6 (kafka): an empty disk is not safe: nothing known of its partitions (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "it may come back",
      again({ kafka: kafka({ 1: {} }) }),
      "change launch/7 send configure #1 (table, agent, kafka): configures broker 1 at 10.0.1.50",
    ],
    [
      "was never in service, but where it ran is known",
      { ...again(dark), nodes: [{ ...mine, address: "10.0.1.9" }] },
      "change launch/7 send configure #1 (table, agent, kafka): configures broker 1 at 10.0.1.50",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("rows 7 and 8: its configuration", () => {
  const on = (
    status: "unsent" | "pending" | "running" | "success" | "failed" | "undelivered",
    more: Partial<Setting> = {},
    answer?: object,
  ): Setting => ({
    nodes: [mine],
    record: launched(9000, { address: HOST, command: sent }),
    ...more,
    seen: {
      ...online,
      kafka: kafka({ 2: at("10.0.2.50") }),
      command: { status, detail: "a detail", ...(answer && { answer: answer as never }) },
      ...more.seen,
    },
  });
  const record = (more: Partial<typeof sent>) => ({
    record: launched(0, { address: HOST, command: { ...sent, ...more } }),
  });
  const ago = (ms: number) => record({ sent: NOW - ms } as never);
  const limit = periods.command + 60_000;
  const third = record({ attempt: 3 } as never);
  const { agent: _, ...blind } = on("failed").seen ?? {};
  test.each<[string, Setting, string]>([
    [
      "how far it is was not looked at",
      { nodes: [mine], record: launched(0, { address: HOST, command: sent }) },
      "look launch/8 (command): how far configure #1 is",
    ],
    ["is not listed yet", on("unsent", ago(15_000)), "wait launch/8 (command): configure #1 is not listed yet"],
    [
      "was never sent",
      on("unsent", ago(15_001)),
      "change launch/7 send configure #2 (table, agent, kafka): configure was not sent after all; tries again",
    ],
    ["is on its way", on("pending"), "wait launch/8 (command): configure #1 runs on the node"],
    ["runs", on("running", ago(limit)), "wait launch/8 (command): configure #1 runs on the node"],
    [
      "does not end",
      on("running", ago(limit + 1)),
      "change launch/7 send configure #2 (table, agent, kafka): configure did not end in time: a detail; tries again",
    ],
    [
      "does not arrive in time",
      on("pending", ago(limit + 1)),
      "change launch/7 send configure #2 (table, agent, kafka): configure did not end in time: a detail; tries again",
    ],
    [
      "never arrived",
      on("undelivered"),
      "change launch/7 send configure #2 (table, agent, kafka): configure never reached the node: a detail; tries again",
    ],
    [
      "failed",
      on("failed"),
      "change launch/7 send configure #2 (table, agent, kafka): configure failed: a detail; tries again",
    ],
    [
      "failed in its own words",
      on("failed", {}, { ok: false, action: "configure", error: "no space left" }),
      "change launch/7 send configure #2 (table, agent, kafka): configure failed: no space left; tries again",
    ],
    [
      "ended without an answer",
      on("success"),
      "change launch/7 send configure #2 (table, agent, kafka): configure ended well but without its answer: a detail; tries again",
    ],
    [
      "failed for the third time",
      on("failed", third),
      "change launch/8 ABANDON (fleet, table, kafka): configure failed: a detail",
    ],
    [
      "failed, and whether its agent is there was not looked at",
      { ...on("failed"), seen: blind },
      "look launch/4 (agent): is its agent online",
    ],
    [
      "failed, and its agent has gone",
      on("failed", { seen: { agent: { state: "lost" } } }),
      "wait launch/4 (agent): its SSM agent is not online",
    ],
    [
      "failed, and its agent does not come back",
      on("failed", { ...ago(periods.agent + 1), seen: { agent: { state: "lost" } } }),
      "change launch/4 ABANDON (fleet, table, kafka): its SSM agent did not come back in time",
    ],
    [
      "failed, and whether Kafka counts it in was not looked at since",
      { ...on("failed"), stale: { kafka: 501 } },
      "look launch/8 (kafka): does Kafka count it in all the same",
    ],
    [
      "came after its time: Kafka counts it in",
      on("undelivered", { seen: { kafka: kafka({ 1: at(HOST) }) } }),
      "change launch/8 note (kafka, table): configure never reached the node: a detail, and yet Kafka counts it in",
    ],
    [
      "came after its time, after three tries",
      on("failed", { ...third, seen: { kafka: kafka({ 1: at(HOST) }) } }),
      "change launch/8 note (kafka, table): configure failed: a detail, and yet Kafka counts it in",
    ],
    [
      "failed, and Kafka has its former self",
      on("failed", { seen: { kafka: kafka({ 1: at("10.0.1.9") }) } }),
      "change launch/7 send configure #2 (table, agent, kafka): configure failed: a detail; tries again",
    ],
    [
      "failed, and Kafka is out of sight",
      on("failed", { seen: { kafka: { seen: false, reason: "no broker answered" } } }),
      "change launch/7 send configure #2 (table, agent, kafka): configure failed: a detail; tries again",
    ],
    [
      "succeeded",
      on("success", {}, { ok: true, action: "configure", unit: "active" }),
      "change launch/8 note (table): configured: unit active",
    ],
    [
      "succeeded, with no word of its unit",
      on("success", {}, { ok: true, action: "configure" }),
      "change launch/8 note (table): configured: unit ?",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("rows 9 to 11: a broker", () => {
  const ready = (seen: Setting["seen"], more: Partial<Setting> = {}): Setting => ({
    nodes: [mine],
    record: launched(9000, { address: HOST, command: sent, configured: done }),
    ...more,
    seen: { ...online, ...seen },
  });
  const old = (age: number, times = 1, more: Partial<Setting> = {}): Partial<Setting> => ({
    record: launched(age + 9000, {
      address: HOST,
      command: { ...sent, sent: NOW - age - 100 },
      configured: { digest, at: NOW - age, times },
    }),
    ...more,
  });
  const dark = { kafka: { seen: false, reason: "no broker answered" } } as const;
  const none = { kafka: kafka({ 1: {} }) };
  const { register, heartbeat } = periods;
  const behind = { kafka: kafka({ 1: { ...at(HOST), replicas: 6, missing: 2, example: "orders-3" } }) };
  const limit = 100 * heartbeat - heartbeat / 2;
  const elder = { nodes: [{ ...mine, served: true, address: HOST }] };
  test.each<[string, Setting, string]>([
    ["Kafka was not asked", ready({}), "look launch/10 (kafka): does Kafka count it in"],
    [
      "Kafka was asked before it was configured",
      ready({ kafka: kafka({}) }, { stale: { kafka: 401 } }),
      "look launch/10 (kafka): does Kafka count it in",
    ],
    ["Kafka is out of sight", ready(dark), "wait launch/9 (kafka): Kafka cannot be seen: no broker answered"],
    ["is not registered", ready(none), "wait launch/9 (kafka): not registered with Kafka, or still fenced"],
    [
      "is not among the brokers",
      ready({ kafka: kafka({}) }),
      "wait launch/9 (kafka): not registered with Kafka, or still fenced",
    ],
    [
      "is not registered at its time",
      ready(none, old(register)),
      "wait launch/9 (kafka): not registered with Kafka, or still fenced",
    ],
    [
      "is not registered after its time",
      ready(none, old(register + 1)),
      "change launch/7 send configure #2 (table, agent, fleet, kafka): never registered; configures once more",
    ],
    [
      "is not registered, and its agent was not looked at",
      { ...ready(none, old(register + 1)), seen: none },
      "look launch/9 (agent): is its agent online",
    ],
    [
      "is not registered though configured twice",
      ready(none, old(register + 1, 2)),
      "change launch/9 ABANDON (fleet, table): configured 2 times, and still: not registered with Kafka, or still fenced",
    ],
    [
      "is out of sight with Kafka",
      ready(dark, old(register + 1)),
      "wait launch/9 (kafka): Kafka cannot be seen: no broker answered",
    ],
    [
      "is out of sight with Kafka for twice its time",
      ready(dark, old(2 * register)),
      "wait launch/9 (kafka): Kafka cannot be seen: no broker answered",
    ],
    [
      "is out of sight with Kafka for longer",
      ready(dark, old(2 * register + 1)),
      "change launch/9 ABANDON (fleet, table): configured once, and still: Kafka cannot be seen: no broker answered",
    ],
    [
      "was in service, and is out of sight with Kafka for longer",
      ready(dark, old(2 * register + 1, 1, elder)),
      "hold launch/9 (kafka): Kafka cannot be seen: no broker answered (held until 2027-01-15T08:46:50Z at most)",
    ],
    [
      "is registered elsewhere",
      ready({ kafka: kafka({ 1: at("10.0.1.9") }) }),
      "wait launch/10 (kafka): Kafka has broker 1 at 10.0.1.9, not at 10.0.1.50",
    ],
    [
      "lacks partitions",
      ready(behind),
      "wait launch/10 (kafka): not yet in the ISR of 2 of its 6 partitions (orders-3)",
    ],
    [
      "lacks partitions at the limit",
      ready(behind, { record: { ...ready(behind).record, action: { kind: "launch", since: NOW - limit } } }),
      "wait launch/10 (kafka): not yet in the ISR of 2 of its 6 partitions (orders-3)",
    ],
    [
      "lacks partitions beyond the limit",
      ready(behind, { record: { ...ready(behind).record, action: { kind: "launch", since: NOW - limit - 1 } } }),
      "change! launch/11 serve (kafka, table): the action's limit is near, and it is unfenced, though not yet in the ISR of 2 of its 6 partitions (orders-3)",
    ],
    [
      "has every partition",
      ready({ kafka: kafka({ 1: { ...at(HOST), replicas: 6 } }) }),
      "change launch/11 serve (kafka, table): in the ISR of all its 6 partitions",
    ],
    [
      "has no partition yet",
      ready({ kafka: kafka({ 1: at(HOST) }) }),
      "change launch/11 serve (kafka, table): registered and unfenced",
    ],
    [
      "was in service elsewhere",
      ready({ kafka: kafka({ 1: at(HOST) }) }, { nodes: [{ ...mine, served: true, address: "10.0.1.9" }] }),
      "change launch/11 serve (kafka, table): registered and unfenced",
    ],
    [
      "is marked as serving",
      ready({ kafka: kafka({ 1: at(HOST) }) }, elder),
      "change launch/11 CONTINUE (kafka): registered and unfenced",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("row 8: a controller whose configuration is said to have failed", () => {
  const address = interfaceOf101({});
  const command = { status: "undelivered", detail: "a detail" } as const;
  const failed = (seen: Setting["seen"] = {}, more: Partial<Setting> = {}): Setting => ({
    role: "controller",
    nodes: [{ ...me, id: 101 }],
    record: launched(9_000, {
      address: "10.0.1.10",
      command: { ...sent, digest: digestOf("controller", 101, A, "10.0.1.10") },
    }),
    ...more,
    seen: { ...online, address, command, ...seen },
  });
  const listen = (word: "listening" | "refused") => ({ listeners: new Map([[101, word]]) });
  const again = "configure never reached the node: a detail; tries again";
  test.each<[string, Setting, string]>([
    [
      "nothing rests on a founder",
      failed({}, { quorum: { ...mark, formed: false } }),
      `change launch/7 send configure #2 (table, agent): ${again}`,
    ],
    ["its port was not tried", failed(), "look launch/8 (listeners): does it listen all the same"],
    [
      "it does not listen",
      failed(listen("refused")),
      `change launch/7 send configure #2 (table, agent, listeners): ${again}`,
    ],
    [
      "the quorum was not asked",
      failed(listen("listening")),
      "look launch/8 (quorum): does the quorum count it in all the same",
    ],
    [
      "it listens, and does not follow",
      failed({ ...listen("listening"), quorum: quorumOf({ 102: 0, 103: 0 }, [101], 102) }),
      `change launch/7 send configure #2 (table, agent, quorum): ${again}`,
    ],
    [
      "it follows",
      failed({ ...listen("listening"), quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }, [], 102) }),
      "change launch/8 note (quorum, table): configure never reached the node: a detail, and yet the quorum counts it in",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("rows 9 to 11: a controller", () => {
  const own = digestOf("controller", 101, A, "10.0.1.10");
  const address = interfaceOf101({});
  const listen = (...ids: number[]) => ({
    listeners: new Map(
      [101, 102, 103].map((id) => [id, ids.includes(id) ? ("listening" as const) : ("refused" as const)]),
    ),
  });
  const voter = (seen: Setting["seen"], more: Partial<Setting> = {}): Setting => ({
    role: "controller",
    nodes: [{ ...me, id: 101 }],
    record: launched(90_000, {
      address: "10.0.1.10",
      command: { ...sent, digest: own, sent: NOW - 61_000 },
      configured: { digest: own, at: NOW - 60_000, times: 1 },
    }),
    ...more,
    seen: { ...online, address, ...seen },
  });
  const all = listen(101, 102, 103);
  const founders = [A, B, C].map((zone, n) => ({ ...me, zone, instance: `i-${n + 1}`, id: 101 + n }));
  const forming = { quorum: { ...mark, formed: false }, nodes: founders };
  const ending = founders.map((node, n) => (n === 0 ? node : { ...node, state: "Terminating:Wait" as const }));
  const four = { quorum: { ...mark, voters: [...mark.voters, { id: 104, directoryId: "dir-104" }] } };
  test.each<[string, Setting, string]>([
    ["the ports were not tried", voter({}), "look launch/10 (listeners): do the controllers listen"],
    [
      "its port was not heard of",
      voter({ listeners: new Map([[102, "listening"]]) }),
      "wait launch/9 (listeners): whether controller 101 listens cannot be seen",
    ],
    ["does not listen", voter(listen(102, 103)), "wait launch/9 (listeners): controller 101 does not listen yet"],
    ["listens alone", voter(listen(101)), "wait launch/10 (listeners, table): only 1 of 3 controllers listen yet"],
    [
      "listens with half of them",
      voter(listen(101, 102), four),
      "wait launch/10 (listeners, table): only 2 of 4 controllers listen yet",
    ],
    [
      "listens with most of them",
      voter(listen(101, 102)),
      "look launch/10 (quorum via i-1): does the quorum count it in",
    ],
    [
      "the quorum is out of sight",
      voter({ ...all, quorum: { seen: false, reason: "timed out" } }),
      "wait launch/9 (quorum): the quorum cannot be seen: timed out",
    ],
    [
      "the quorum has formed",
      voter({ ...all, quorum: quorumOf({ 101: 0, 102: 0 }, [], 102) }, forming),
      "change launch/5 form (quorum, table, fleet): the quorum has formed, led by controller 102",
    ],
    [
      "the quorum has formed, but most of its founders end",
      voter({ ...all, quorum: quorumOf({ 101: 0, 102: 0 }, [], 102) }, { ...forming, nodes: ending }),
      "wait launch/5 (fleet, table, quorum): the quorum stands, but not without founders that are ending",
    ],
    [
      "the quorum has formed, but most of its founders were let go, whatever their groups are seen to say",
      voter(
        { ...all, quorum: quorumOf({ 101: 0, 102: 0 }, [], 102) },
        { ...forming, quorum: { ...mark, formed: false, left: ["i-2", "i-3"] } },
      ),
      "wait launch/5 (fleet, table, quorum): the quorum stands, but not without founders that are ending",
    ],
    [
      "the quorum has formed, but for its majority it needs a founder that was let go",
      voter(
        { ...all, quorum: quorumOf({ 101: 0, 102: 0, 103: 9_000 }, [], 102) },
        { ...forming, quorum: { ...mark, formed: false, left: ["i-2"] } },
      ),
      "wait launch/5 (fleet, table, quorum): the quorum stands, but not without founders that are ending",
    ],
    [
      "the quorum has not formed",
      voter({ ...all, quorum: quorumOf({ 101: 0 }, [], -1) }, forming),
      "wait launch/10 (quorum): the quorum has no leader",
    ],
    [
      "is an observer",
      voter({ ...all, quorum: quorumOf({ 102: 0, 103: 0 }, [101], 102) }),
      "wait launch/10 (quorum): 101 is still an observer",
    ],
    [
      "is in no list",
      voter({ ...all, quorum: quorumOf({ 102: 0, 103: 0 }, [], 102) }),
      "wait launch/9 (quorum): 101 is not a voter yet",
    ],
    [
      "lags",
      voter({ ...all, quorum: quorumOf({ 101: 9000, 102: 0, 103: 0 }, [], 102) }),
      "wait launch/10 (quorum): voter 101 lags 9 records behind the leader",
    ],
    [
      "has caught up",
      voter({ ...all, quorum: quorumOf({ 101: 0, 102: 0, 103: 0 }, [], 102) }),
      "change launch/11 serve (quorum, table): voter 101 has caught up",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});
