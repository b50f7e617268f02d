/** What is told of an instance before any table applies, of one that is gone, and of one that an operator has spoken of. */
import { describe, expect, test } from "vitest";
import type { InstanceRecord, OperatorWish } from "../../shared/lifecycle/sights.ts";
import { A, B, classic, definition, kafka, NOW, type Setting, step } from "./scene.ts";
import { line, told } from "./told.ts";

const ME = "i-1";
const me = { instance: ME, zone: A };
const { heartbeat } = definition.periods;

describe("an instance", () => {
  const command = { action: "configure", digest: "d", attempt: 1, sent: NOW - 1000 } as const;
  const waiting = { ...me, state: "Pending:Wait", id: 1 } as const;
  const launched = (more: Partial<InstanceRecord>): Partial<InstanceRecord> => ({
    action: { kind: "launch", since: NOW - 1000 },
    heartbeat: NOW,
    address: "10.0.1.50",
    ...more,
  });
  const echo = { nodes: [waiting], echo: true } satisfies Setting;
  const attended = (more: Partial<InstanceRecord>): Setting => ({
    ...echo,
    record: launched({ attended: NOW + 1, ...more }),
  });
  const ended = (more: Partial<InstanceRecord>, seen: Setting["seen"] = {}): Setting => ({
    ...echo,
    ended: "c-9",
    record: launched(more),
    seen,
  });
  test.each<[string, Setting, string]>([
    [
      "Pending",
      { nodes: [{ ...me, state: "Pending" }] },
      "wait state/pending (fleet): Pending: its launch hook has not begun yet",
    ],
    [
      "in Standby",
      { nodes: [{ ...me, state: "Standby", id: 4 }] },
      "hold state/aside (fleet): Standby: it runs on and keeps 4; put it back in service or terminate it",
    ],
    [
      "in Standby without an id",
      { nodes: [{ ...me, state: "Standby" }] },
      "settled state/aside: Standby, and it holds no id",
    ],
    [
      "in another state",
      { nodes: [{ ...me, state: "Pending:Proceed" }] },
      "settled state/leave-alone: Pending:Proceed: not Rollcall's to act on",
    ],
    [
      "that another invocation is at work on",
      attended({}),
      "settled state/attended: another invocation is at work on it",
    ],
    [
      "that another was at work on until now",
      attended({ attended: NOW }),
      "look launch/4 (agent): is its agent online",
    ],
    [
      "attended to, its last heartbeat half a period ago",
      attended({ heartbeat: NOW - heartbeat / 2 }),
      "settled state/attended: another invocation is at work on it",
    ],
    [
      "attended to, its last heartbeat longer ago",
      attended({ heartbeat: NOW - heartbeat / 2 - 1 }),
      "change launch/heartbeat heartbeat (table): is its agent online",
    ],
    [
      "attended to in service",
      { ...attended({}), nodes: [{ ...waiting, state: "InService" }] },
      "look in-service/1 (kafka): does Kafka count it in",
    ],
    [
      "whose command has ended",
      ended({ command: { ...command, id: "c-9" } }),
      "look launch/8 (command): how far configure #1 is",
    ],
    [
      "for which another command has ended",
      ended({ command: { ...command, id: "c-1" } }),
      "settled state/attended: whoever sent command c-9 waits for its end",
    ],
    [
      "for which a command has ended, but nobody sent one",
      ended({}),
      "settled state/attended: whoever sent command c-9 waits for its end",
    ],
    [
      "whose command has no id yet",
      ended({ command }),
      "look state/attended (command): is c-9 the configure that was sent to it",
    ],
    [
      "whose command turned out to be that one",
      ended({ command }, { command: { id: "c-9", status: "running", detail: "" } }),
      "wait launch/8 (command): configure #1 runs on the node",
    ],
    [
      "whose command turned out to be another",
      ended({ command }, { command: { id: "c-8", status: "running", detail: "" } }),
      "settled state/attended: whoever sent command c-9 waits for its end",
    ],
    [
      "said to have changed at EC2",
      { nodes: [waiting], suspect: true },
      "look state/ec2 (ec2): its EC2 state is said to have changed",
    ],
    [
      "whose termination has begun in the record",
      { nodes: [waiting], record: { action: { kind: "terminate", since: NOW } } },
      "wait state/behind (fleet, table): its termination has begun, though its group still says Pending:Wait",
    ],
  ])("%s", (_, setting, said) => expect(told(setting)).toBe(said));
});

describe("outside every group", () => {
  const outside = (
    ec2: "running" | "stopped" | "terminated" | "unknown" | "shutting-down" | undefined,
    more: Partial<Setting> = {},
  ): Setting => ({
    nodes: [{ ...me, id: 4, held: 300_000 }],
    ...more,
    ...(ec2 && { seen: { ec2 } }),
  });
  const bare = { nodes: [me], record: {} };
  test.each<[string, Setting, string]>([
    [
      "it is nobody's",
      { nodes: [me] },
      "settled state/foreign: no group of this cluster lists it, and it holds nothing",
    ],
    ["EC2 was not asked", outside(undefined), "look state/ec2 (ec2): no group lists it any more"],
    [
      "EC2 has ended it",
      outside("terminated"),
      "change gone/free release (ec2, table): EC2 has ended it: broker 4 is free",
    ],
    [
      "EC2 has ended it, and it holds nothing",
      outside("terminated", bare),
      "change gone/forget drop-record (ec2, table): EC2 has ended it, and it holds nothing",
    ],
    [
      "nobody knows it any more",
      outside("unknown"),
      "change gone/free release (ec2, table): EC2 has ended it: broker 4 is free",
    ],
    [
      "nobody knows it yet",
      outside("unknown", { nodes: [{ ...me, id: 4, held: 299_999 }] }),
      "wait state/unknown (ec2, fleet): neither EC2 nor a group knows it yet: it is too new to be gone",
    ],
    [
      "nobody knows it yet, which launches",
      outside("unknown", { nodes: [me], record: { action: { kind: "launch", since: NOW - 299_999 } } }),
      "wait state/unknown (ec2, fleet): neither EC2 nor a group knows it yet: it is too new to be gone",
    ],
    [
      "nobody knows it any more, and it holds nothing",
      outside("unknown", bare),
      "change gone/forget drop-record (ec2, table): EC2 has ended it, and it holds nothing",
    ],
    [
      "EC2 ends it",
      outside("shutting-down"),
      "wait state/shutting-down (ec2): EC2 is ending it; what it holds is freed when EC2 says terminated",
    ],
    [
      "it runs on",
      outside("running"),
      "hold state/aside (fleet, ec2): no group lists it, but EC2 says running: it keeps 4; terminate it or attach it again",
    ],
    [
      "it runs on without an id",
      outside("stopped", bare),
      "settled state/aside: no group lists it, EC2 says stopped, and it holds no id",
    ],
  ])("%s", (_, setting, said) => expect(told(setting)).toBe(said));
});

describe("gone", () => {
  const gone = (
    state: "Terminating:Wait" | "Pending:Wait" | "InService" | "Terminated",
    more: Partial<Setting> = {},
  ): Setting => ({
    nodes: [{ ...me, state }],
    seen: { ec2: "terminated" },
    ...more,
  });
  test.each<[string, Setting, string]>([
    [
      "while it held an id",
      gone("InService", {
        nodes: [
          { ...me, state: "InService", id: 4 },
          { instance: "i-2", zone: B, state: "InService", id: 3 },
        ],
      }),
      "change gone/free release (ec2, table): EC2 has ended it: broker 4 is free",
    ],
    [
      "while its group waited for it",
      gone("Terminating:Wait"),
      "change gone/complete CONTINUE (fleet, ec2): EC2 has ended it: nothing to wait for",
    ],
    [
      "while it launched",
      gone("Pending:Wait"),
      "change gone/complete ABANDON (fleet, ec2): EC2 has ended it while it launched",
    ],
    [
      "before its group has noticed",
      gone("InService"),
      "settled gone/noticed: EC2 has ended it; its group will notice",
    ],
  ])("%s", (_, setting, said) => expect(told(setting)).toBe(said));
});

describe("an operator", () => {
  const asks = (
    wish: OperatorWish["wish"],
    state: "Pending:Wait" | "InService" | "Terminating:Wait" | undefined,
    more: Partial<Setting> = {},
    id?: number,
  ): Setting => ({
    nodes: [{ ...me, ...(state && { state }), id: 4, held: 900_000 }],
    ...more,
    record: {
      ...(state !== "InService" && {
        action: { kind: state === "Terminating:Wait" ? "terminate" : "launch", since: NOW - 1000 },
      }),
      heartbeat: NOW,
      operator: {
        wish,
        since: NOW - 1000,
        ...(state === "Pending:Wait" && { action: "launch" }),
        ...(state === "Terminating:Wait" && { action: "terminate" }),
        reason: "a new rack",
        ...(id !== undefined && { id }),
      },
      ...more.record,
    },
  });
  const since = (ago: number): Partial<Setting> => ({
    record: {
      operator: { wish: "abandon", since: NOW - ago, action: "launch", reason: "a new rack" },
      action: { kind: "launch", since: NOW - 9_000_000 },
    },
  });
  test.each<[string, Setting, string]>([
    [
      "holds a launch",
      asks("hold", "Pending:Wait"),
      "hold operator/hold (fleet, table): an operator holds it: a new rack (held until 2027-01-15T08:49:59Z at most)",
    ],
    [
      "holds one in service",
      asks("hold", "InService"),
      "hold operator/hold (fleet, table): an operator holds it: a new rack",
    ],
    [
      "holds a termination",
      asks("hold", "Terminating:Wait"),
      "hold operator/hold (fleet, table): an operator holds it: a new rack (held until 2027-01-15T08:49:59Z at most)",
    ],
    [
      "gives a launch up",
      asks("abandon", "Pending:Wait"),
      "change operator/abandon ABANDON (fleet, table): an operator gives its launch up: a new rack",
    ],
    [
      "gave a launch up a quarter of an hour ago",
      asks("abandon", "Pending:Wait", since(900_000)),
      "change operator/abandon ABANDON (fleet, table): an operator gives its launch up: a new rack",
    ],
    [
      "gave a launch up longer ago",
      asks("abandon", "Pending:Wait", since(900_001)),
      "look launch/4 (agent): is its agent online",
    ],
    [
      "gave it up before it launched",
      asks("abandon", "Pending:Wait", {
        record: { operator: { wish: "abandon", since: NOW - 999, reason: "a new rack" } },
      }),
      "look launch/4 (agent): is its agent online",
    ],
    [
      "gives one in service up: no launch",
      asks("abandon", "InService"),
      "look in-service/1 (kafka): does Kafka count it in",
    ],
    [
      "takes the id",
      asks("release", "InService", {}, 4),
      "change operator/release release (table): an operator takes broker 4 from it: a new rack: broker 4 is free",
    ],
    [
      "took the id before it was this one's",
      asks("release", "InService", { nodes: [{ ...me, state: "InService", id: 4, held: 0 }] }, 4),
      "look in-service/1 (kafka): does Kafka count it in",
    ],
    [
      "takes another id",
      asks("release", "InService", { seen: { kafka: kafka({}) } }, 5),
      "hold in-service/1 (kafka): it cannot be seen; changes nothing",
    ],
    [
      "takes the id of one that no group lists",
      asks("release", undefined, { seen: { ec2: "running" } }, 4),
      "change operator/release release (ec2, table): an operator takes broker 4 from it: a new rack",
    ],
    [
      "takes an id that it does not have",
      asks("release", undefined, { seen: { ec2: "running" } }, 5),
      "hold state/aside (fleet, ec2): no group lists it, but EC2 says running: it keeps 4; terminate it or attach it again",
    ],
    [
      "takes an id of another",
      asks(
        "release",
        undefined,
        {
          nodes: [
            { ...me, id: 4, held: 900_000 },
            { instance: "i-2", zone: B, id: 5 },
          ],
          seen: { ec2: "running" },
        },
        5,
      ),
      "hold state/aside (fleet, ec2): no group lists it, but EC2 says running: it keeps 4; terminate it or attach it again",
    ],
    [
      "means no id in particular",
      asks("release", undefined, { seen: { ec2: "running" } }),
      "hold state/aside (fleet, ec2): no group lists it, but EC2 says running: it keeps 4; terminate it or attach it again",
    ],
  ])("%s", (_, setting, said) => expect(told(setting)).toBe(said));
});

test.each([
  [5000, "change gone/free release (ec2, table): EC2 has ended it: broker 4 is free"],
  [5001, "look gone/free (table): about to: EC2 has ended it: broker 4 is free"],
])("a change rests on nothing that was seen longer ago than five seconds: %i ms", (ago, said) => {
  const gone: Setting = {
    nodes: [{ ...me, state: "InService", id: 4 }],
    seen: { ec2: "terminated" },
    stale: { table: ago },
  };
  expect(told(gone)).toBe(said);
});

describe("what is written of a hold", () => {
  const held = (reason: string): Partial<InstanceRecord> => ({ hold: { reason, since: NOW - 9000 } });
  const aside = { nodes: [{ ...me, state: "Standby", id: 4 }] } satisfies Setting;
  test("a new one begins now, another reason keeps its beginning", () => {
    const first = step({ ...aside, record: {} });
    const reason = "Standby: it runs on and keeps 4; put it back in service or terminate it";
    expect(first).toMatchObject({ change: { kind: "note", patch: { hold: { reason, since: NOW } } }, alarm: true });
    expect(step({ ...aside, record: held("another") })).toMatchObject({
      change: { kind: "note", patch: { hold: { reason, since: NOW - 9000 } } },
    });
    expect(step({ ...aside, record: held(reason) })).toMatchObject({ do: "hold", reason });
  });
  test("that it is over is told with what comes then", () => {
    const settled: Setting = { nodes: [{ ...me, state: "Standby" }], record: held("a test") };
    expect(line(step(settled))).toBe("change state/aside note (): no longer held: Standby, and it holds no id");
    expect(step(settled)).toMatchObject({ change: { kind: "note", patch: { hold: undefined } } });
  });
  test("it stands while somebody else is at work on it", () => {
    const record = {
      ...held("a test"),
      attended: NOW + 1,
      heartbeat: NOW,
      action: { kind: "launch", since: NOW },
    } as const;
    expect(told({ nodes: [{ ...me, state: "Pending:Wait" }], echo: true, record })).toBe(
      "settled state/attended: another invocation is at work on it",
    );
  });
});

test("whoever logs in with users of the cluster is told of as any other", () => {
  expect(told({ plan: classic, role: "zookeeper", nodes: [{ ...me, state: "InService", id: 1, served: true }] })).toBe(
    "look in-service/1 (quorum): does the quorum count it in",
  );
});
