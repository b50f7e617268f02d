/** A sweep of a KRaft cluster: who is looked at, in which order, and what is asked once for all. */
import { describe, expect, test } from "vitest";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  FleetSight,
  InstanceRecord,
  KafkaSight,
  LifecycleState,
  Roster,
  RosterMember,
  Turn,
} from "../../shared/lifecycle/sights.ts";
import { sweep } from "../../shared/lifecycle/sweep.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { portsOf } from "./ports.ts";
import { A, at, B, groupName, kafka, mark, NOW, plan } from "./scene.ts";

interface Listed {
  readonly instance: string;
  readonly state: LifecycleState;
  readonly role?: "broker" | "controller";
  readonly zone?: string;
}

const fleetOf = (listed: readonly Listed[], desired = 1): FleetSight => ({
  groups: (["controller", "broker"] as const).flatMap((role) =>
    [A, B].map((zone) => ({
      name: groupName(role, zone),
      desired,
      deleting: false,
      members: listed
        .filter((one) => (one.role ?? "broker") === role && (one.zone ?? A) === zone)
        .map(({ instance, state }) => ({ instance, state, zone, healthy: true })),
    })),
  ),
});

const member = (id: number, owner?: string, more: Partial<RosterMember> = {}): RosterMember => ({
  id,
  zone: A,
  since: NOW - 600_000,
  served: true,
  ...(owner !== undefined && { owner }),
  ...more,
});
const rosterOf = (role: "broker" | "controller", ...members: RosterMember[]): ["broker" | "controller", Roster] => [
  role,
  { role, members: new Map(members.map((one) => [one.id, one])) },
];
const record = (instance: string, more: Partial<InstanceRecord> = {}): [string, InstanceRecord] => [
  instance,
  { instance, role: "broker", group: groupName("broker", A), zone: A, version: 1, ...more },
];

interface World {
  readonly listed?: readonly Listed[];
  readonly fleet?: FleetSight;
  readonly contents?: Partial<TableContents>;
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly deadline?: number;
}

async function swept({ listed = [], fleet = fleetOf(listed), contents = {}, answers, deadline }: World) {
  const memory = memoryTable({ contents: { quorum: mark, ...contents } });
  const { ports, calls, said } = portsOf({
    table: memory,
    by: {
      "fleet.look": fleet,
      "instances.look": (ids: readonly string[]) => new Map(ids.map((id) => [id, "running"])),
      "kafka.brokers": kafka({}),
      "kafka.listeners": new Map([["10.0.1.10:9093", "listening"]]),
      ...answers,
    },
  });
  const report = await sweep(plan, ports, { deadline: deadline ?? NOW + 60_000 });
  return { ...report, calls: calls.map(({ name }) => name), given: calls, said, table: memory };
}

describe("who is looked at", () => {
  test("nobody, where there is nobody", async () => {
    const { outcomes, failures, left, gauges, calls } = await swept({});
    expect({ outcomes, failures, left }).toEqual({ outcomes: [], failures: [], left: [] });
    expect(gauges.missing).toBe(4);
    expect(calls).toEqual(["fleet.look"]);
  });
  test("whoever a group of the cluster lists, holds an id or has a record; each once", async () => {
    const foreign = { name: "theirs", desired: 1, deleting: false };
    const stranger = { instance: "i-5", state: "InService" as const, zone: A, healthy: true };
    const own = fleetOf([{ instance: "i-1", state: "Pending" }]);
    const { said, given } = await swept({
      fleet: { groups: [...own.groups, { ...foreign, members: [stranger] }] },
      contents: {
        rosters: new Map([rosterOf("broker", member(1, "i-1"), member(2, "i-2"), member(3))]),
        records: new Map([record("i-1"), record("i-3")]),
      },
    });
    expect(said.map(({ detail }) => `${detail.instance} ${detail.row}`)).toEqual([
      "i-2 state/aside",
      "i-3 state/aside",
      "i-1 state/pending",
    ]);
    expect(given.find(({ name }) => name === "instances.look")?.given).toEqual([["i-1", "i-2", "i-3"]]);
  });
  test("who leaves or is gone comes first, who is in service last, each by instance id", async () => {
    const states: readonly LifecycleState[] = ["InService", "Pending", "Terminating:Proceed", "Pending:Proceed"];
    const listed = [...states, ...states].map((state, n) => ({ instance: `i-${8 - n}`, state }));
    const { said } = await swept({ listed, contents: { records: new Map([record("i-9")]) } });
    expect(said.map(({ detail }) => detail.instance).join(" ")).toBe("i-2 i-6 i-9 i-1 i-3 i-5 i-7 i-4 i-8");
  });
  test("whom the deadline leaves is told of", async () => {
    const listed = [{ instance: "i-1", state: "Pending" as const }];
    expect(await swept({ listed, deadline: NOW })).toMatchObject({ outcomes: [], left: ["i-1"] });
    expect(await swept({ listed, deadline: NOW + 1 })).toMatchObject({ outcomes: [{ instance: "i-1" }], left: [] });
  });
  test("one whose pass fails keeps nobody else waiting", async () => {
    const error = new Error("Rate exceeded");
    const { outcomes, failures } = await swept({
      listed: [
        { instance: "i-1", state: "Pending:Wait" },
        { instance: "i-2", state: "Pending" },
      ],
      answers: {
        "clock.wait": undefined,
        "fleet.heartbeat": () => {
          throw error;
        },
      },
    });
    expect(failures).toEqual([{ instance: "i-1", error }]);
    expect(outcomes).toMatchObject([{ instance: "i-2" }]);
  });
});

describe("what is asked once for all", () => {
  const serving: readonly Listed[] = [
    { instance: "i-1", state: "InService" },
    { instance: "i-2", state: "InService", zone: B },
    { instance: "i-101", state: "InService", role: "controller" },
  ];
  const rosters = new Map([
    rosterOf("broker", member(1, "i-1"), member(2, "i-2", { zone: B })),
    rosterOf("controller", member(101, "i-101")),
  ]);
  const well = { "kafka.brokers": kafka({ 1: at("10.0.1.50"), 2: at("10.0.2.50") }) };

  test("Kafka and the quorum's ports serve every instance's decision", async () => {
    const { outcomes, calls } = await swept({ listed: serving, contents: { rosters }, answers: well });
    expect(outcomes.map(({ row, outcome }) => `${outcome} ${row}`)).toEqual(Array(3).fill("settled in-service/4"));
    expect(calls).toEqual(["fleet.look", "instances.look", "kafka.brokers", "kafka.listeners"]);
  });
  test("EC2's word does, too", async () => {
    const { outcomes, calls } = await swept({
      contents: { records: new Map([record("i-1")]) },
      answers: { "instances.look": new Map([["i-1", "terminated"]]) },
    });
    expect(outcomes).toMatchObject([{ row: "gone/forget", changes: ["drop-record"] }]);
    expect(calls).toEqual(["fleet.look", "instances.look"]);
  });
  test.each(["Pending", "Pending:Wait"] as const)("Kafka is not asked while all are %s", async (state) => {
    const { calls } = await swept({
      listed: [{ instance: "i-1", state }],
      answers: { "commands.agent": { state: "absent" } },
    });
    expect(calls).not.toContain("kafka.brokers");
    expect(calls).not.toContain("kafka.listeners");
  });
  test("the turn is known to whoever has it: a member that is well gives it back", async () => {
    const turn: Turn = { role: "broker", id: 1, instance: "i-1", since: NOW - 1000, reason: "a test" };
    const { outcomes, table } = await swept({ listed: serving, contents: { rosters, turn }, answers: well });
    expect(outcomes.find(({ instance }) => instance === "i-1")?.changes).toEqual(["give-turn"]);
    expect((await table.readAll()).turn).toBeUndefined();
  });

  describe("that Kafka is out of sight", () => {
    const dark: KafkaSight = { seen: false, reason: "no broker answered" };
    const leaving = (served: boolean) =>
      swept({
        listed: [
          { instance: "i-1", state: "Terminating:Wait" },
          { instance: "i-2", state: "InService", zone: B },
        ],
        contents: {
          rosters: new Map([rosterOf("broker", member(1, "i-1", { served }), member(2, "i-2", { zone: B }))]),
          records: new Map([
            record("i-1", {
              action: { kind: "terminate", since: NOW - 1000 },
              heartbeat: NOW - 1000,
              configured: { digest: "d", at: NOW - 600_000, times: 1 },
            }),
          ]),
        },
        answers: { "kafka.brokers": dark },
      });
    test("is said to whoever was in service", async () => {
      expect((await leaving(true)).calls.filter((name) => name === "kafka.brokers")).toHaveLength(1);
    });
    test("is not said to one that never was: it may be the only one that can answer about itself", async () => {
      expect((await leaving(false)).calls.filter((name) => name === "kafka.brokers")).toHaveLength(2);
    });
    test("is not said to one that launches, though its id was in service before", async () => {
      const { calls } = await swept({
        listed: [
          { instance: "i-1", state: "Pending:Wait" },
          { instance: "i-2", state: "InService", zone: B },
        ],
        contents: {
          rosters: new Map([rosterOf("broker", member(1, "i-1"), member(2, "i-2", { zone: B }))]),
          records: new Map([
            record("i-1", {
              action: { kind: "launch", since: NOW - 1000 },
              heartbeat: NOW - 1000,
              address: "10.0.1.50",
            }),
          ]),
        },
        answers: { "kafka.brokers": dark, "commands.agent": { state: "online", address: "10.0.1.50" } },
      });
      expect(calls.filter((name) => name === "kafka.brokers")).toHaveLength(2);
    });
  });
});

describe("a hold", () => {
  const hold = { reason: "stopping broker 1 is not safe", since: NOW - 9000 };
  test("stands for the sweep, too, while an invocation stays with the instance", async () => {
    const attended = { attended: NOW + 9000, heartbeat: NOW - 1000 };
    const { outcomes } = await swept({
      listed: [{ instance: "i-1", state: "Terminating:Wait" }],
      contents: { records: new Map([record("i-1", { ...attended, hold })]) },
    });
    expect(outcomes).toMatchObject([{ outcome: "held", row: "state/attended", reason: hold.reason }]);
  });
  test("of before is none where the instance only waits by now", async () => {
    const { outcomes } = await swept({
      listed: [{ instance: "i-1", state: "Pending" }],
      contents: { records: new Map([record("i-1", { hold })]) },
    });
    expect(outcomes).toMatchObject([{ outcome: "waiting", row: "state/pending" }]);
  });
});

describe("the turn of a member that went", () => {
  const turn: Turn = { role: "broker", id: 4, instance: "i-4", since: NOW - 1000, reason: "a test" };
  const standing = async (members: readonly RosterMember[], fleet: FleetSight) => {
    const { table, said } = await swept({
      fleet,
      contents: { turn, rosters: new Map([rosterOf("broker", ...members)]) },
    });
    const told = said.filter(({ detail }) => detail.row === "sweep/turn");
    return { given: (await table.readAll()).turn === undefined, told };
  };
  const waiting = { instance: "i-1", state: "Pending" as const, zone: B };
  const wanted = fleetOf([waiting]);
  const unwanted = fleetOf([waiting], 0);
  const but = (zone: string, desired: number, of: FleetSight) => ({
    groups: of.groups.map((group) => (group.name === groupName("broker", zone) ? { ...group, desired } : group)),
  });

  test.each<[string, boolean, readonly RosterMember[], FleetSight]>([
    ["its id is vacant and nobody will take it", true, [member(4)], unwanted],
    ["its id is in no roster", true, [member(5)], wanted],
    [
      "its group is gone",
      true,
      [member(4)],
      { groups: wanted.groups.filter(({ name }) => name !== groupName("broker", A)) },
    ],
    ["only another zone's group desires one", true, [member(4)], but(A, 0, wanted)],
    ["only its own zone's group desires one", false, [member(4)], but(A, 1, unwanted)],
    ["its id will be taken over", false, [member(4)], wanted],
    ["somebody holds its id", false, [member(4, "i-4")], unwanted],
  ])("%s: given back is %s", async (_, given, members, fleet) => {
    expect(await standing(members, fleet)).toEqual({
      given,
      told: given
        ? [
            {
              level: "info",
              message: "gives back the turn of a member that went for good",
              detail: { role: "broker", id: 4, row: "sweep/turn" },
            },
          ]
        : [],
    });
  });
});
