/** Every answer of the terminate table, as an operator reads it. */
import { describe, expect, test } from "vitest";
import type { AddressSight, InstanceRecord, QuorumSight } from "../../shared/lifecycle/sights.ts";
import {
  A,
  at,
  B,
  C,
  classic,
  definition,
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
const me = { instance: ME, zone: A, state: "Terminating:Wait" } as const;
const mine = { ...me, id: 1, served: true, address: "10.0.1.50" };
const peers = [
  { instance: "i-2", zone: B, state: "InService", id: 2, served: true },
  { instance: "i-3", zone: C, state: "InService", id: 3, served: true },
] as const;
const replacement = { instance: "i-9", zone: A, state: "Pending:Wait" } as const;
const configured = { digest: "d", at: NOW - 900_000, times: 1 };
const ending = (ago = 0, more: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
  action: { kind: "terminate", since: NOW - ago },
  heartbeat: NOW,
  configured,
  ...more,
});
const seen = { agent: { state: "online" }, kafka: kafka({ 1: { ...at("10.0.1.50"), replicas: 6 } }) } as const;
const base: Setting = { nodes: [mine, ...peers, replacement], record: ending(), seen };
const but = (more: Partial<Setting["seen"]>): Setting => ({ ...base, seen: { ...seen, ...more } });
const dark = { seen: false, reason: "no broker answered" } as const;
const force = { wish: "force", since: NOW, action: "terminate", reason: "the rack burns" } as const;
const turn = { id: 1, instance: ME, since: NOW - 3_600_000, reason: "its group ends its instance" };

describe("rows 1 to 3", () => {
  const young = { nodes: [{ ...me, id: 1 }, ...peers, replacement] };
  test.each<[string, Setting, string]>([
    ["it holds nothing", { nodes: [me] }, "change terminate/1 CONTINUE (fleet, table): it holds no id"],
    [
      "it is seen to end",
      { ...base, record: { configured } },
      "change terminate/begin note (table): terminate seen for the first time",
    ],
    [
      "it was never configured",
      { ...base, record: { action: { kind: "terminate", since: NOW }, heartbeat: NOW } },
      "change terminate/1 release (table): it was never configured: broker 1 is free",
    ],
    [
      "another has the turn",
      { ...base, turn: { id: 2, instance: "i-2", reason: "its configuration has changed" } },
      "hold terminate/2 (table): the turn is broker 2's (i-2: its configuration has changed) (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "Kafka was not asked",
      { ...base, seen: { agent: { state: "online" } } },
      "look terminate/2 (kafka): do its partitions stand without it",
    ],
    [
      "Kafka is out of sight",
      but({ kafka: dark }),
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka cannot be seen: no broker answered (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "Kafka says nothing of it",
      but({ kafka: kafka({ 2: {} }) }),
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka's view says nothing of broker 1 (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "it is not safe",
      but({ kafka: kafka({ 1: { stop: unsafe } }) }),
      "hold terminate/2 (kafka): stopping broker 1 is not safe: orders-0 has no other in-sync replica (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "it is not safe any more",
      { ...but({ kafka: kafka({ 1: { stop: unsafe } }) }), turn },
      "change terminate/2 give-turn (kafka, table): gives the turn back: stopping broker 1 is not safe: orders-0 has no other in-sync replica",
    ],
    [
      "it is safe",
      base,
      "change terminate/2 take-turn (kafka, table): takes the turn for broker 1: its group ends its instance",
    ],
    [
      "it has the turn for another purpose",
      { ...base, turn: { ...turn, reason: "its configuration has changed" } },
      "change terminate/2 take-turn (kafka, table): takes the turn for broker 1: its group ends its instance",
    ],
    [
      "another instance of it has the turn",
      { ...base, turn: { ...turn, instance: "i-0" } },
      "change terminate/2 take-turn (kafka, table): takes the turn for broker 1: its group ends its instance",
    ],
    [
      "it has the turn",
      { ...base, turn },
      "change terminate/4 send stop #1 (table, agent, fleet, kafka): it is safe to stop",
    ],
    [
      "its group has enough without it",
      { ...base, nodes: [mine, { ...mine, instance: "i-5", id: 5, state: "InService" }, ...peers] },
      "hold terminate/3 (kafka, fleet): broker 1 will not be replaced: it carries 6 replicas; move them with kafka-reassign-partitions, or raise the desired capacity again (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "its group has enough, and it carries nothing",
      {
        ...but({ kafka: kafka({ 1: { replicas: 0 } }) }),
        nodes: [mine, { ...mine, instance: "i-5", id: 5, state: "InService" }, ...peers],
      },
      "change terminate/2 take-turn (kafka, table): takes the turn for broker 1: its group ends its instance",
    ],
    [
      "its group is deleted",
      { ...base, deleting: [A] },
      "change terminate/4 send stop #1 (table, agent, fleet): the group is being emptied",
    ],
    [
      "its group desires nobody",
      { ...base, desired: { [A]: 0 } },
      "change terminate/4 send stop #1 (table, agent, fleet): the group is being emptied",
    ],
    [
      "an operator forces it",
      {
        ...but({ kafka: dark }),
        record: ending(0, { operator: force }),
      },
      "change terminate/2 take-turn (kafka, table): takes the turn for broker 1: an operator forces its stop: the rack burns",
    ],
    [
      "an operator forces it, and it has the turn for that",
      {
        ...but({ kafka: dark }),
        record: ending(0, { operator: force }),
        turn: { ...turn, reason: "an operator forces its stop: the rack burns" },
      },
      "change terminate/4 send stop #1 (table, agent): an operator forces its stop: the rack burns",
    ],
    [
      "an operator forces it past another's turn",
      { ...but({ kafka: dark }), record: ending(0, { operator: force }), turn: { id: 2, instance: "i-2" } },
      "change terminate/4 send stop #1 (table, agent): an operator forces its stop: the rack burns",
    ],
    [
      "it was never in service, and Kafka was not asked",
      { ...base, ...young, seen: { agent: { state: "online" } } },
      "look terminate/2 (kafka): does anything rest on it, which was never in service",
    ],
    [
      "it was never in service, and has no replica",
      { ...base, ...young, seen: { ...seen, kafka: kafka({ 1: { replicas: 0 } }) }, turn: { id: 2 } },
      "change terminate/4 send stop #1 (table, agent, fleet, kafka): it is safe to stop",
    ],
    [
      "it was never in service, but has a replica",
      { ...base, ...young, turn: { id: 2, instance: "i-2", reason: "a test" } },
      "hold terminate/2 (table): the turn is broker 2's (i-2: a test) (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "it was never in service, and Kafka does not know it",
      { ...base, ...young, seen: { ...seen, kafka: kafka({}) } },
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka's view says nothing of broker 1 (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "it was never in service, Kafka is out of sight",
      { ...base, ...young, seen: { ...seen, kafka: dark } },
      "hold terminate/2 (kafka): stopping broker 1 is not safe: Kafka cannot be seen: no broker answered (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "nobody was ever in service",
      { ...base, nodes: [{ ...me, id: 1 }], seen: { ...seen, kafka: dark } },
      "change terminate/4 send stop #1 (table, agent, fleet, kafka): it is safe to stop",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("rows 4 and 5: its stop", () => {
  const sent = { action: "stop", digest: "", attempt: 1, sent: NOW - 500, id: "c-1" } as const;
  const stopping = (
    status: "running" | "success" | "failed",
    ago = 0,
    more: Partial<Setting> = {},
    answer?: object,
  ): Setting => ({
    nodes: [mine, ...peers],
    record: ending(ago, { command: { ...sent, sent: NOW - ago } }),
    ...more,
    seen: {
      ...seen,
      command: { status, detail: "a detail", ...(answer && { answer: answer as never }) },
      ...more.seen,
    },
  });
  const { stop } = periods;
  const alone = { kafka: kafka({ 1: { stop: { safe: true, reason: "" }, replicas: 0 } }) } as const;
  const lost = (ago: number, ec2?: "running" | "terminated"): Setting => ({
    nodes: [mine, replacement, ...peers],
    record: ending(ago),
    turn,
    seen: { ...alone, agent: { state: "lost" }, ...(ec2 && { ec2 }) },
  });
  test.each<[string, Setting, string]>([
    [
      "its agent was not looked at",
      { ...base, turn, seen: { kafka: seen.kafka } },
      "look terminate/4 (agent): is its agent online",
    ],
    ["its agent is silent", lost(0), "look terminate/5 (ec2): its agent is not online: does it still run"],
    [
      "its agent is silent, and it runs",
      lost(stop, "running"),
      "wait terminate/5 (agent, ec2): its agent is lost, EC2 says running",
    ],
    [
      "its agent was silent for long",
      lost(stop + 1, "running"),
      "change terminate/5 CONTINUE (fleet, table): its agent is not online: EC2 must end it, and its id is freed after that",
    ],
    ["runs on the node", stopping("running", stop), "wait terminate/4 (command): stop #1 runs on the node"],
    [
      "ran for too long",
      stopping("running", stop + 1),
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "failed",
      stopping("failed", stop),
      "change terminate/4 send stop #2 (table, agent): stop failed: a detail; tries again",
    ],
    [
      "failed for too long",
      stopping("failed", stop + 1),
      "change terminate/5 CONTINUE (fleet, table): stop failed: a detail: EC2 must end it, and its id is freed after that",
    ],
    [
      "is not confirmed in time, it serves on, and others rest on it by now",
      stopping("running", stop + 1, { seen: { kafka: kafka({ 1: { ...at("10.0.1.50"), stop: unsafe } }) } }),
      "hold terminate/2 (kafka, command): the node did not confirm its stop in time, and broker 1 serves on, but stopping it is not safe: orders-0 has no other in-sync replica (held until 2027-01-15T08:48:29Z at most)",
    ],
    [
      "is not confirmed in time, it serves on, and it has the turn",
      stopping("running", stop + 1, { turn, seen: { kafka: kafka({ 1: { ...at("10.0.1.50"), stop: unsafe } }) } }),
      "change terminate/2 give-turn (kafka, table): gives the turn back: the node did not confirm its stop in time, and broker 1 serves on, but stopping it is not safe: orders-0 has no other in-sync replica",
    ],
    [
      "is not confirmed in time, but its group is emptied",
      {
        ...stopping("running", stop + 1, { seen: { kafka: kafka({ 1: { ...at("10.0.1.50"), stop: unsafe } }) } }),
        desired: { [A]: 0 },
      },
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "is not confirmed in time, and it is out already",
      stopping("running", stop + 1, { seen: { kafka: kafka({ 1: { stop: unsafe } }) } }),
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "is not confirmed in time, and Kafka is out of sight",
      stopping("running", stop + 1, { seen: { kafka: dark } }),
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "ended without saying so",
      stopping("success", 0, {}, { ok: true, action: "stop" }),
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "is confirmed",
      stopping("success", 0, {}, { ok: true, action: "stop", stopped: true }),
      "change terminate/4 note (table): the node confirms that nothing of it runs",
    ],
    [
      "is given up at once, though a heartbeat is due",
      {
        ...stopping("running", stop + 1),
        record: { ...stopping("running", stop + 1).record, heartbeat: NOW - 60_000 },
      },
      "change terminate/5 CONTINUE (fleet, table): the node did not confirm its stop in time: EC2 must end it, and its id is freed after that",
    ],
    [
      "is confirmed and written down",
      { ...base, record: ending(0, { stopped: NOW }) },
      "change terminate/4 release (table): its stop is confirmed: broker 1 is free",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("its address", () => {
  const free = (address?: AddressSight | null, id = 101): Setting => ({
    role: "controller",
    nodes: [{ ...me, id, served: true }],
    record: ending(0, { stopped: NOW }),
    ...(address !== undefined && { seen: { address } }),
  });
  const unconfigured = (ago: number): Setting => ({
    ...free(interfaceOf101()),
    record: { action: { kind: "terminate", since: NOW - ago }, heartbeat: NOW },
  });
  const lately = (ago: number): Setting => ({
    ...free(interfaceOf101()),
    record: ending(60_000, { stopped: NOW, configured: { ...configured, at: NOW - ago } }),
  });
  test.each<[string, Setting, string]>([
    [
      "is on nobody, but may just have been attached to one that was never configured",
      unconfigured(14_999),
      "wait terminate/1 (address): its address may have been attached to it just before",
    ],
    [
      "is on nobody",
      unconfigured(15_000),
      "change terminate/1 release (table): it was never configured: controller 101 is free",
    ],
    [
      "is on nobody, but was on it when it was configured just before",
      lately(14_999),
      "wait terminate/4 (address): its address may have been attached to it just before",
    ],
    [
      "is on nobody, and it was configured some time before",
      lately(15_000),
      "change terminate/4 release (table): its stop is confirmed: controller 101 is free",
    ],
    ["was not looked at", free(), "look terminate/4 (address): is its address still attached"],
    [
      "is on it",
      free(interfaceOf101({})),
      "change terminate/4 detach (address, table): its stop is confirmed: detaches its address",
    ],
    [
      "is coming to it still",
      free(interfaceOf101({ status: "attaching" })),
      "wait terminate/4 (address): its address is still being attached",
    ],
    [
      "is leaving it",
      free(interfaceOf101({ status: "detaching" })),
      "change terminate/4 release (table): its stop is confirmed: controller 101 is free",
    ],
    [
      "is on another",
      free(interfaceOf101({ instance: "i-9" })),
      "change terminate/4 release (table): its stop is confirmed: controller 101 is free",
    ],
    [
      "is on nobody",
      free(interfaceOf101()),
      "change terminate/4 release (table): its stop is confirmed: controller 101 is free",
    ],
    [
      "has no interface",
      free(null),
      "change terminate/4 release (table): its stop is confirmed: controller 101 is free",
    ],
    [
      "is none: its id is beyond the pool",
      free(undefined, 109),
      "change terminate/4 release (table): its stop is confirmed: controller 109 is free",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
});

describe("a member of the quorum", () => {
  const controllers: Setting = {
    role: "controller",
    nodes: [
      { ...me, id: 101, served: true },
      { instance: "i-2", zone: B, state: "InService", id: 102, served: true },
      { instance: "i-3", zone: C, state: "InService", id: 103, served: true },
      replacement,
    ],
    record: ending(),
    seen: { agent: { state: "online" } },
  };
  const asked = (quorum: QuorumSight | undefined, more: Partial<Setting> = {}): Setting => ({
    ...controllers,
    ...more,
    seen: { agent: { state: "online" }, ...(quorum && { quorum }) },
  });
  const leaves = {
    nodes: [
      ...controllers.nodes.slice(0, 3),
      { instance: "i-5", zone: A, state: "InService" as const, id: 104, served: true },
    ],
  };
  const held = (ms: number): Partial<Setting> => ({
    record: ending(0, { hold: { reason: "a test", since: NOW - ms } }),
  });
  const many: Partial<Setting> = {
    nodes: [
      { ...me, id: 101, served: true },
      { instance: "i-8", zone: B, state: "Terminating:Wait", id: 104, served: true },
      { instance: "i-7", zone: C, state: "Terminating:Wait", id: 105, served: true },
      { instance: "i-3", zone: C, state: "InService", id: 103, served: true },
      { instance: "i-2", zone: B, state: "InService", id: 102, served: true },
    ],
  };
  const token = { id: 101, instance: ME, reason: "its group ends its instance" };
  test.each<[string, Setting, string]>([
    [
      "was not asked: asks the first in service",
      controllers,
      "look terminate/2 (quorum via i-2): does the quorum stand without it",
    ],
    [
      "is asked through the first as long as it is held for less than seven seconds",
      { ...controllers, ...held(6999) },
      "look terminate/2 (quorum via i-2): does the quorum stand without it",
    ],
    [
      "is asked through the next then",
      { ...controllers, ...held(7000) },
      "look terminate/2 (quorum via i-3): does the quorum stand without it",
    ],
    [
      "is asked through itself in the end",
      { ...controllers, ...held(14_000) },
      "look terminate/2 (quorum via i-1): does the quorum stand without it",
    ],
    [
      "is asked through the first again",
      { ...controllers, ...held(21_000) },
      "look terminate/2 (quorum via i-2): does the quorum stand without it",
    ],
    [
      "those in service come first, by id",
      { ...controllers, ...many },
      "look terminate/2 (quorum via i-2): does the quorum stand without it",
    ],
    [
      "then the other",
      { ...controllers, ...many, ...held(7000) },
      "look terminate/2 (quorum via i-3): does the quorum stand without it",
    ],
    [
      "then those that leave, by instance",
      { ...controllers, ...many, ...held(14_000) },
      "look terminate/2 (quorum via i-7): does the quorum stand without it",
    ],
    [
      "then the other that leaves",
      { ...controllers, ...many, ...held(21_000) },
      "look terminate/2 (quorum via i-8): does the quorum stand without it",
    ],
    [
      "then itself",
      { ...controllers, ...many, ...held(28_000) },
      "look terminate/2 (quorum via i-1): does the quorum stand without it",
    ],
    [
      "cannot be seen",
      asked({ seen: false, reason: "timed out" }),
      "hold terminate/2 (quorum): stopping controller 101 is not safe: the quorum cannot be seen: timed out (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "has no leader",
      asked(quorumOf({ 101: 0, 102: 0, 103: 0 }, [], -1)),
      "hold terminate/2 (quorum): stopping controller 101 is not safe: the quorum has no leader (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "would have too few left",
      asked(quorumOf({ 101: 0, 102: 0, 103: 9000 })),
      "hold terminate/2 (quorum): stopping controller 101 is not safe: only 1 other voters of 3 have caught up, 2 are needed (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "stands without it",
      asked(quorumOf({ 101: 0, 102: 0, 103: 0 })),
      "change terminate/2 take-turn (quorum, table): takes the turn for controller 101: its group ends its instance",
    ],
    [
      "has it as a voter still, and nobody replaces it",
      asked(quorumOf({ 101: 0, 102: 0, 103: 0 }), leaves),
      "hold terminate/3 (quorum, fleet): controller 101 will not be replaced: it is still a voter; raise the desired capacity again; or force its stop, then take it out with kafka-metadata-quorum remove-controller (held until 2027-01-15T08:50:00Z at most)",
    ],
    [
      "has it as no voter any more",
      asked(quorumOf({ 102: 0, 103: 0 }, [101], 102), { ...leaves, turn: token }),
      "change terminate/4 send stop #1 (table, agent, fleet, quorum): it is safe to stop",
    ],
    [
      "is founded: it is a founder no more before it is stopped",
      asked(undefined, { nodes: [{ ...me, id: 101 }], quorum: { ...mark, formed: false, left: ["i-0"] } }),
      "change terminate/2 leave-founding (fleet, table): is no founder of the quorum any more",
    ],
    [
      "is founded, without it",
      asked(undefined, { nodes: [{ ...me, id: 101 }], quorum: { ...mark, formed: false, left: ["i-0", ME] } }),
      "change terminate/4 send stop #1 (table, agent, fleet): it is safe to stop",
    ],
    [
      "is not founded: nothing rests on it",
      asked(undefined, { nodes: [{ ...me, id: 101 }], quorum: null }),
      "change terminate/4 send stop #1 (table, agent, fleet): it is safe to stop",
    ],
    [
      "has formed, and it was never in service",
      asked(undefined, { nodes: [{ ...me, id: 101 }] }),
      "look terminate/2 (quorum via i-1): does the quorum stand without it",
    ],
  ])("%s", (_, setting, line) => expect(told(setting)).toBe(line));
  test("an ensemble keeps its size", () => {
    const nodes = [
      { ...me, id: 1, served: true },
      { instance: "i-5", zone: A, state: "InService" as const, id: 4, served: true },
      { instance: "i-2", zone: B, state: "InService" as const, id: 2, served: true },
      { instance: "i-3", zone: C, state: "InService" as const, id: 3, served: true },
    ];
    expect(
      told({
        plan: classic,
        role: "zookeeper",
        nodes,
        record: ending(),
        seen: { quorum: quorumOf({ 1: 0, 2: 0, 3: 0, 4: 0 }, [], 2) },
      }),
    ).toMatch(
      /^hold terminate\/3 \(quorum, fleet\): zookeeper 1 will not be replaced: it is still a voter; an ensemble on fixed addresses keeps its size: raise the desired capacity again/,
    );
  });
});
