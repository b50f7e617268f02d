import { describe, expect, test } from "vitest";
import type { Facts } from "../../shared/lifecycle/facts.ts";
import { commandComment, newRecord, patched, perform } from "../../shared/lifecycle/perform.ts";
import type { InstanceRecord, Turn } from "../../shared/lifecycle/sights.ts";
import type { Change } from "../../shared/lifecycle/steps.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { portsOf } from "./ports.ts";
import { A, B, facts, groupName, markOf, NOW, plan, type Setting } from "./scene.ts";

const ME = "i-1";
const GROUP = groupName("broker", A);
const record: InstanceRecord = { instance: ME, role: "broker", group: GROUP, zone: A, version: 1 };
const turn: Turn = { role: "broker", id: 4, instance: ME, since: NOW, reason: "its group ends its instance" };
const setting: Setting = {
  nodes: [
    { instance: ME, zone: A, state: "InService", id: 4, served: true },
    { instance: "i-2", zone: B, state: "InService", id: 5 },
  ],
  record: {},
};

/** The same world in the table that the facts were read from. */
function world(by: Readonly<Record<string, unknown>> = {}, seen: Facts = facts(setting)) {
  const before = seen.table?.value;
  const stored = before?.record;
  const table = memoryTable({
    contents: {
      ...(before && { rosters: before.rosters }),
      ...(stored && { records: new Map([[ME, stored]]) }),
    },
  });
  const { ports, calls } = portsOf({ table, by });
  const act = (change: Change, attended?: number) => perform(change, plan, ports, seen, attended);
  return { act, calls, table };
}

const action = { group: GROUP, instance: ME };

describe("what is written down", () => {
  test("a note changes the record alone, and says how long it is attended to", async () => {
    const { act, calls, table } = world();
    const effect = await act({ kind: "note", patch: { unregistered: NOW } }, NOW + 30_000);
    const kept = { ...record, unregistered: NOW, attended: NOW + 30_000, version: 2 };
    expect(effect).toEqual({ table: { ...facts(setting).table?.value, record: kept }, stale: [] });
    expect((await table.read(ME)).record).toEqual(kept);
    expect(calls).toEqual([]);
  });
  test("a first note makes the record", async () => {
    const { record: _, ...bare } = setting;
    const { act, table } = world({}, facts(bare));
    await act({ kind: "note", patch: { unregistered: NOW } });
    expect((await table.read(ME)).record).toEqual({ ...record, unregistered: NOW });
  });
  test("where another wrote first nothing is known any more of the table", async () => {
    const { act, table } = world();
    await table.save({ ...record, stopped: 1 });
    expect(await act({ kind: "note", patch: { unregistered: NOW } })).toEqual({ stale: ["table"] });
    expect((await table.read(ME)).record).toEqual({ ...record, stopped: 1, version: 2 });
  });
  test("forgetting the record ends the instance's part in the cluster", async () => {
    const { act, table } = world();
    expect(await act({ kind: "drop-record" })).toEqual({ stale: ["table"], ended: true });
    expect((await table.read(ME)).record).toBeUndefined();
  });
});

describe("the roster", () => {
  test.each([
    ["is won", "i-9", 6, undefined],
    ["is lost to whoever holds the id", "i-9", 5, true as const],
  ])("a claim %s", async (_, instance, id, lost) => {
    const { act } = world({}, { ...facts(setting), instance });
    const effect = await act({ kind: "claim", role: "broker", id, zone: B, address: "10.0.2.9" });
    expect(Object.keys(effect).sort()).toEqual(lost ? ["lost", "stale", "table"] : ["stale", "table"]);
    expect(effect.lost).toBe(lost);
    expect(effect.stale).toEqual([]);
    expect(effect.table?.rosters.get("broker")?.members.get(id)).toEqual(
      lost
        ? { id: 5, owner: "i-2", zone: B, since: NOW - 1000, served: false }
        : { id: 6, owner: "i-9", zone: B, since: NOW, served: false, address: "10.0.2.9" },
    );
  });
  test("a release makes the id vacant from now on, and what was seen of its address is old", async () => {
    const { act } = world();
    const effect = await act({ kind: "release", role: "broker", id: 4, left: {} });
    expect(effect.stale).toEqual(["address"]);
    expect(effect.table?.rosters.get("broker")?.members.get(4)).toEqual({ id: 4, zone: A, since: NOW, served: true });
    expect(effect.table?.rosters.get("broker")?.members.get(5)?.owner).toBe("i-2");
  });
  test("service is noted with the address that it is at", async () => {
    const { act } = world({}, { ...facts(setting), instance: "i-2" });
    const effect = await act({ kind: "serve", role: "broker", id: 5, address: "10.0.2.50" });
    expect(effect.stale).toEqual([]);
    expect(effect.table?.rosters.get("broker")?.members.get(5)).toMatchObject({ served: true, address: "10.0.2.50" });
    expect(effect.table?.record).toEqual(record);
  });
});

describe("a fixed address", () => {
  test.each([
    ["attached", {}],
    ["busy", { early: true }],
    ["not-ready", { early: true }],
  ])("is %s", async (answer, more) => {
    const { act, calls } = world({ "addresses.attach": answer });
    expect(await act({ kind: "attach", eni: "eni-1" })).toEqual({ stale: ["address"], ...more });
    expect(calls).toEqual([{ name: "addresses.attach", given: ["eni-1", ME] }]);
  });
  test("is kept when its instance ends", async () => {
    const { act, calls } = world({ "addresses.keepOnTermination": undefined });
    const effect = await act({ kind: "keep-on-termination", eni: "eni-1", attachment: "attach-1" });
    expect(effect).toEqual({ stale: ["address"] });
    expect(calls).toEqual([{ name: "addresses.keepOnTermination", given: ["eni-1", "attach-1"] }]);
  });
  test("is detached", async () => {
    const { act, calls } = world({ "addresses.detach": "detaching" });
    expect(await act({ kind: "detach", attachment: "attach-1" })).toEqual({ stale: ["address"] });
    expect(calls).toEqual([{ name: "addresses.detach", given: ["attach-1"] }]);
    const gone = world({ "addresses.detach": "gone" });
    expect(await gone.act({ kind: "detach", attachment: "attach-1" })).toEqual({ stale: ["address"], early: true });
  });
});

describe("the marks", () => {
  test("a quorum is founded with directory ids of its voters, and then formed", async () => {
    const { act, table } = world();
    const founded = await act({ kind: "found", voters: [101, 102] });
    const quorum = {
      clusterId: "uuid-3",
      voters: [
        { id: 101, directoryId: "uuid-1" },
        { id: 102, directoryId: "uuid-2" },
      ],
      formed: false,
    };
    expect(founded).toEqual({ table: { ...facts(setting).table?.value, quorum }, stale: [] });
    const formed = await act({ kind: "form" });
    expect(formed).toEqual({
      table: { ...facts(setting).table?.value, quorum: { ...quorum, formed: true } },
      stale: [],
    });
    expect((await table.readAll()).quorum?.formed).toBe(true);
  });
  test("users and ACLs are noted as applied", async () => {
    const { act, table } = world();
    const access = { digest: "d", at: NOW, versions: { app: "v1" }, drift: [] };
    expect(await act({ kind: "note-access", mark: access })).toEqual({
      table: { ...facts(setting).table?.value, access },
      stale: [],
    });
    expect((await table.readAll()).access).toEqual(access);
  });
  test("the turn is taken from now on; who has it is what the table answers", async () => {
    const { act, table } = world();
    const { since: _, ...asked } = turn;
    expect((await act({ kind: "take-turn", turn: asked })).table?.turn).toEqual(turn);
    const other = { ...asked, id: 5 };
    expect(await act({ kind: "take-turn", turn: other })).toEqual({
      table: { ...facts(setting).table?.value, turn },
      stale: [],
    });
    expect(await act({ kind: "give-turn", turn })).toEqual({ stale: ["table"] });
    expect((await table.readAll()).turn).toBeUndefined();
  });
  test("is not given back while another uses it, nor used where another has just given it back", async () => {
    const configure: Change = { kind: "send", action: "configure", digest: "d1", payload: "cGF5", attempt: 1 };
    const { act, calls, table } = world({ "commands.send": { id: "c-1" } });
    await table.takeTurn(turn);
    await act(configure);
    expect(await act({ kind: "give-turn", turn })).toEqual({ stale: ["table"] });
    expect((await table.readAll()).turn).toEqual(turn);

    const late = world({ "commands.send": { id: "c-1" } });
    await late.table.takeTurn(turn);
    await late.act({ kind: "give-turn", turn });
    expect(await late.act(configure)).toEqual({ stale: ["table"] });
    expect([calls.length, late.calls.length]).toEqual([1, 0]);
  });
});

describe("a command", () => {
  const configure: Change = { kind: "send", action: "configure", digest: "d1", payload: "cGF5", attempt: 2 };
  const command = { action: "configure", digest: "d1", attempt: 2, sent: NOW } as const;

  test("is written down before it is sent, and its id kept with whatever is written next", async () => {
    const { act, calls, table } = world({ "commands.send": { id: "c-1" } });
    const effect = await act({ ...configure, address: "10.0.1.50" }, NOW + 5);
    const intent = { ...record, command, address: "10.0.1.50", attended: NOW + 5, version: 2 };
    expect(effect).toEqual({
      table: { ...facts(setting).table?.value, record: { ...intent, command: { ...command, id: "c-1" } } },
      stale: ["command"],
    });
    expect((await table.read(ME)).record).toEqual(intent);
    expect(calls).toEqual([
      {
        name: "commands.send",
        given: [
          {
            instance: ME,
            action: "configure",
            payload: "cGF5",
            issued: NOW,
            comment: "rollcall configure d1 #2 2027-01-15T08:00:00.000Z",
            timeout: plan.definition.periods.command,
          },
        ],
      },
    ]);
  });
  test("that configures it leaves open what it is configured with, until that is known again", async () => {
    const configured = { digest: "d0", at: NOW - 900_000, times: 1 };
    const { act, table } = world(
      { "commands.send": { id: "c-1" } },
      facts({ ...setting, record: { ...record, configured } }),
    );
    await act(configure);
    expect((await table.read(ME)).record?.configured).toEqual({ ...configured, digest: "" });
    const other = world({ "commands.send": { id: "c-1" } }, facts({ ...setting, record: { ...record, configured } }));
    await other.act({ ...configure, action: "status", digest: "" });
    expect((await other.table.read(ME)).record?.configured).toEqual(configured);
  });
  test("leaves the address alone where it brings none", async () => {
    const { act, table } = world({ "commands.send": { id: "c-1" } });
    await act(configure);
    expect((await table.read(ME)).record).toEqual({ ...record, command, version: 2 });
  });
  test("is not sent where another wrote first", async () => {
    const { act, calls, table } = world({ "commands.send": { id: "c-1" } });
    await table.save({ ...record, stopped: 1 });
    expect(await act(configure)).toEqual({ stale: ["table"] });
    expect(calls).toEqual([]);
  });
  test("to an agent that SSM does not know is tried again, but not at once", async () => {
    const { act, table } = world({ "commands.send": "unreachable" });
    const effect = await act(configure);
    const intent = { ...record, command, version: 2 };
    expect(effect).toEqual({
      table: { ...facts(setting).table?.value, record: intent },
      stale: ["agent", "command"],
      early: true,
    });
    expect((await table.read(ME)).record).toEqual(intent);
  });
  test("is found again by a comment of at most 100 characters", () => {
    const digest = "0123456789abcdef".repeat(4);
    const sent = Date.UTC(2026, 8, 14, 8, 0, 8, 844);
    expect(commandComment({ action: "stop", digest: "", attempt: 1, sent })).toBe(
      "rollcall stop #1 2026-09-14T08:00:08.844Z",
    );
    const comment = commandComment({ action: "configure", digest, attempt: 12, sent });
    expect(comment).toBe(`rollcall configure ${digest.slice(0, 32)} #12 2026-09-14T08:00:08.844Z`);
    expect(comment.length).toBeLessThanOrEqual(100);
  });
});

describe("the lifecycle action", () => {
  test("a heartbeat is noted once it is made", async () => {
    const { act, calls, table } = world({ "fleet.heartbeat": "done" });
    const effect = await act({ kind: "heartbeat", action: "terminate" }, NOW + 7);
    const kept = { ...record, heartbeat: NOW, attended: NOW + 7, version: 2 };
    expect(effect).toEqual({ table: { ...facts(setting).table?.value, record: kept }, stale: [] });
    expect((await table.read(ME)).record).toEqual(kept);
    expect(calls).toEqual([{ name: "fleet.heartbeat", given: [{ ...action, kind: "terminate" }] }]);
  });
  test("a heartbeat of an action that is gone is not noted", async () => {
    const { act, table } = world({ "fleet.heartbeat": "gone" });
    expect(await act({ kind: "heartbeat", action: "launch" })).toEqual({ stale: ["fleet"], early: true });
    expect((await table.read(ME)).record).toEqual(record);
  });
  test.each([
    ["done", { stale: ["fleet"], ended: true }],
    ["gone", { stale: ["fleet", "table"], early: true }],
  ])("its completion is %s", async (answer, effect) => {
    const { act, calls } = world({ "fleet.complete": answer });
    expect(await act({ kind: "complete", action: "launch", result: "ABANDON" })).toEqual(effect);
    expect(calls).toEqual([{ name: "fleet.complete", given: [{ ...action, kind: "launch" }, "ABANDON"] }]);
  });
  test("whoever is marked unhealthy is its group's business", async () => {
    const { act, calls } = world({ "fleet.markUnhealthy": "done" });
    expect(await act({ kind: "mark-unhealthy" })).toEqual({ stale: ["fleet"], ended: true });
    expect(calls).toEqual([{ name: "fleet.markUnhealthy", given: [ME] }]);
  });
  test.each([
    ["no group lists it", { nodes: [{ instance: ME, zone: A, id: 4 }, ...setting.nodes.slice(1)] }],
    ["the group is another cluster's", {}],
  ])("cannot be told where %s", async (what, more) => {
    const seen = facts({ ...setting, ...more });
    const foreign = { groups: [{ name: "theirs", desired: 1, deleting: false, members: membersOf(seen) }] };
    const { act } = world({}, what.startsWith("no") ? seen : { ...seen, fleet: { at: NOW, value: foreign } });
    await expect(act({ kind: "heartbeat", action: "launch" })).rejects.toThrow(`no group of this cluster lists ${ME}`);
  });
});

test("nothing is changed before the table was seen", async () => {
  const { table: _, ...seen } = facts(setting);
  await expect(world({}, seen).act({ kind: "form" })).rejects.toThrow("decide answered form before the table was seen");
});

describe("a record", () => {
  test("begins with where the instance stands", () => {
    expect(newRecord(facts(setting))).toEqual({ ...record, version: 0 });
    const controller: Setting = {
      role: "controller",
      nodes: [{ instance: ME, zone: B, state: "Pending:Wait", id: 102 }],
    };
    expect(newRecord(facts(controller))).toEqual({
      instance: ME,
      role: "controller",
      group: groupName("controller", B),
      zone: B,
      version: 0,
    });
  });
  test("is its own, whoever else its group lists and its role's roster has before it", () => {
    const nodes: Setting["nodes"] = [
      { instance: "i-0", zone: A, state: "InService", id: 101 },
      { instance: ME, zone: A, state: "Pending:Wait", id: 104 },
    ];
    expect(newRecord({ ...facts({ role: "controller", nodes }), instance: ME })).toMatchObject({ role: "controller" });
    const { fleet, ...seen } = facts({ nodes });
    const groups = fleet?.value.groups.map((group) => ({
      ...group,
      members: group.members.map((one) => (one.instance === ME ? { ...one, zone: B } : one)),
    }));
    expect(newRecord({ ...seen, instance: ME, fleet: { at: NOW, value: { groups: groups ?? [] } } }).zone).toBe(B);
  });
  test("of one that nobody lists and that holds nothing says so by saying nothing", () => {
    const nobody = { ...record, group: "", zone: "", version: 0 };
    expect(newRecord(facts({ nodes: [{ instance: ME, zone: A }], quorum: markOf(plan) }))).toEqual(nobody);
    const { fleet: _, table: __, ...blind } = facts(setting);
    expect(newRecord(blind)).toEqual(nobody);
  });
  test("takes on what a patch has, and loses what it has as undefined", () => {
    const held = { ...record, stopped: 1, heartbeat: 2 };
    expect(patched(held, { stopped: undefined, heartbeat: 3, unregistered: 4 })).toStrictEqual({
      ...record,
      heartbeat: 3,
      unregistered: 4,
    });
  });
});

function membersOf(seen: Facts) {
  return seen.fleet?.value.groups.flatMap(({ members }) => members) ?? [];
}
