/** Every row that concerns a member of the quorum, for each kind of quorum alike: it is a role's description that differs. */
import { describe, expect, test } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import { quorumRole } from "../../shared/cluster/role-kinds.ts";
import type { InstanceRecord, LifecycleState, ListenerSight, QuorumSight } from "../../shared/lifecycle/sights.ts";
import {
  A,
  B,
  C,
  changeOf,
  classic,
  digestIn,
  plan as kraft,
  markOf,
  NOW,
  type Node,
  notedBy,
  quorumOf,
  type Setting,
  step,
} from "./scene.ts";

describe.each([
  { name: "controller" as const, plan: kraft },
  { name: "zookeeper" as const, plan: classic },
])("a quorum of $name members", ({ name, plan }) => {
  const { periods } = plan.definition;
  const mark = markOf(plan);
  const [one = 0, two = 0, three = 0] = quorumRole(plan.definition).ids;
  const own = quorumRole(plan.definition).pool?.[0]?.address ?? "";
  const member = (id: number, n: number, state: LifecycleState = "InService"): Node => ({
    instance: `i-${n}`,
    zone: [A, B, C][n - 1] ?? A,
    state,
    id,
    served: true,
    address: `10.0.${n}.10`,
  });
  const others = [member(two, 2), member(three, 3)];
  /** How long ago each was caught up with the leader, ms; -1: it does not serve. */
  const quorum = (ago: readonly [number, number, number], leader = two) =>
    quorumOf({ [one]: ago[0], [two]: ago[1], [three]: ago[2] }, [], leader);
  const whole = quorum([0, 0, 0]);
  const gone = plan === classic ? -1 : 60_000;
  const dark: QuorumSight = { seen: false, reason: "nobody answers" };
  const digest = digestIn(plan, name, one, A, own);
  const address = {
    address: own,
    eni: "eni-1",
    zone: A,
    attachment: { id: "a-1", instance: "i-1", status: "attached", deleteOnTermination: false },
  } as const;
  const online = { state: "online", address: "10.0.1.99" } as const;
  const listening = new Map([one, two, three].map((id) => [id, "listening" as const]));
  const setting = (more: Partial<Setting>): Setting => ({
    plan,
    role: name,
    nodes: [member(one, 1), ...others],
    ...more,
  });

  describe("launch", () => {
    const launched: Partial<InstanceRecord> = { action: { kind: "launch", since: NOW }, heartbeat: NOW };
    const me = { ...member(one, 1, "Pending:Wait"), served: false };
    const launching = (more: Partial<Setting>): Setting => setting({ nodes: [me], record: launched, ...more });
    const configured = (known = digest, ago = 400, times = 1): Partial<InstanceRecord> => ({
      ...launched,
      command: { action: "configure", digest: known, attempt: 1, sent: NOW - ago - 100, id: "c-1" },
      configured: { digest: known, at: NOW - ago, times },
    });
    const late = periods.register + 1;
    const voting = (seen: QuorumSight, more: Partial<Setting> = {}): Setting =>
      launching({ record: configured(), seen: { address, listeners: listening, quorum: seen }, ...more });

    test("row 1: each zone's lowest address is its id", () => {
      expect(changeOf(launching({ nodes: [{ instance: "i-1", zone: A, state: "Pending:Wait" }] }))).toMatchObject({
        kind: "claim",
        role: name,
        id: one,
        address: own,
      });
    });
    test("row 3: an address that another still has is waited for, then given up", () => {
      const taken = { ...address, attachment: { ...address.attachment, instance: "i-0" } };
      const leaving = { instance: "i-0", zone: A, state: "Terminating:Wait" } as const;
      expect(step(launching({ nodes: [me, leaving], seen: { address: taken } }))).toMatchObject({
        do: "wait",
        row: "launch/3",
      });
      expect(
        changeOf(
          launching({
            nodes: [{ ...me, held: periods.identity + 1 }, leaving],
            record: { ...launched, action: { kind: "launch", since: NOW - periods.identity - 1 } },
            seen: { address: taken },
          }),
        ),
      ).toMatchObject({ kind: "complete", result: "ABANDON" });
    });
    test("row 5: the first founds the quorum with every founder's id; whoever is not among them waits", () => {
      const seen = { address, agent: online };
      expect(changeOf(launching({ quorum: null, seen }))).toMatchObject({ kind: "found", voters: [one, two, three] });
      const without = { ...mark, formed: false, voters: mark.voters.slice(1) };
      expect(step(launching({ quorum: without, seen }))).toMatchObject({ do: "wait", row: "launch/5" });
    });
    test("row 5: brokers wait until it has formed", () => {
      const broker = { ...me, id: 7 };
      const seen = { agent: online };
      for (const quorum of [null, { ...mark, formed: false }]) {
        expect(step(launching({ role: "broker", nodes: [broker], quorum, seen }))).toMatchObject({
          do: "wait",
          row: "launch/5",
          reason: `the quorum of ${name}s ${one}, ${two}, ${three} has not formed yet`,
        });
      }
    });
    test("row 5: the first majority seen marks it formed, and no smaller part does", () => {
      const unformed = { ...mark, formed: false };
      const record = configured(digestIn(plan, name, one, A, own, unformed));
      const forming = { quorum: unformed, record, nodes: [me, ...others] };
      expect(changeOf(voting(quorum([0, 0, gone]), forming))).toMatchObject({
        kind: "form",
        reason: `the quorum has formed, led by ${name} ${two}`,
      });
      expect(changeOf(voting(quorum([0, gone, gone], one), forming)).kind).not.toBe("form");
      expect(step(voting(quorum([gone, gone, gone], -1), forming)).do).toBe("wait");
    });
    test("row 6: an empty disk is no reason to hold: a member does not vote before it has caught up", () => {
      expect(
        changeOf(launching({ nodes: [{ ...me, served: true }], record: launched, seen: { address, agent: online } })),
      ).toMatchObject({ kind: "send", action: "configure", address: own });
    });
    test("row 9: one that never listens is configured once more, then given up", () => {
      const listeners = new Map<number, ListenerSight>(listening).set(one, "refused");
      const seen = { address, listeners, agent: online };
      expect(step(launching({ record: configured(), seen }))).toMatchObject({ do: "wait", row: "launch/9" });
      expect(changeOf(launching({ record: configured(digest, late), seen }))).toMatchObject({
        kind: "send",
        action: "configure",
        attempt: 2,
      });
      expect(changeOf(launching({ record: configured(digest, late, 2), seen }))).toMatchObject({
        result: "ABANDON",
        row: "launch/9",
      });
    });
    test("row 9: one that listens, or may listen, is not started again while the quorum cannot be seen", () => {
      const seen = { address, listeners: listening, agent: online, quorum: dark };
      const record = configured(digest, late);
      expect(step(launching({ record, seen }))).toMatchObject({ do: "wait", row: "launch/9", on: ["quorum"] });
      const unheard = { ...seen, listeners: new Map<number, ListenerSight>() };
      if (plan === kraft)
        expect(step(launching({ record, seen: unheard }))).toMatchObject({ do: "wait", row: "launch/9" });
    });
    test("row 10: while no majority listens yet, nothing is its fault", () => {
      const listeners = new Map([[one, "listening" as const]]);
      expect(step(launching({ record: configured(digest, late, 2), seen: { address, listeners } }))).toMatchObject({
        do: "wait",
        row: "launch/10",
        reason: `only 1 of 3 ${name}s listen yet`,
      });
    });
    test("row 10: a member that does not serve waits, whatever the others do", () => {
      expect(step(voting(quorum([gone, 0, 0])))).toMatchObject({ do: "wait", row: "launch/10" });
      expect(step(voting(quorum([0, gone, gone], -1)))).toMatchObject({ do: "wait", row: "launch/10" });
    });
    test("row 11: one that serves goes in: the roster first, then CONTINUE", () => {
      expect(changeOf(voting(whole))).toMatchObject({ kind: "serve", role: name, id: one, address: own });
      expect(changeOf(voting(whole, { nodes: [{ ...me, served: true, address: own }] }))).toMatchObject({
        kind: "complete",
        result: "CONTINUE",
      });
    });
    test("row 11: CONTINUE rests on the quorum seen just now", () => {
      const record = configured(digest, late);
      expect(step(voting(whole, { record, stale: { quorum: 6_000 } }))).toMatchObject({
        do: "look",
        facts: ["quorum"],
      });
    });
  });

  describe("terminate", () => {
    const leaving: Partial<InstanceRecord> = {
      action: { kind: "terminate", since: NOW },
      heartbeat: NOW,
      configured: { digest, at: NOW - 900_000, times: 1 },
    };
    const turn = { id: one, instance: "i-1", reason: "its group ends its instance" };
    const going = (more: Partial<Setting>): Setting =>
      setting({ nodes: [member(one, 1, "Terminating:Wait"), ...others], record: leaving, ...more });

    test("row 2: safe with the others: takes the turn, then stops", () => {
      expect(step(going({}))).toMatchObject({ do: "look", row: "terminate/2", facts: ["quorum"] });
      const seen = { quorum: whole, agent: online };
      expect(changeOf(going({ seen }))).toMatchObject({ kind: "take-turn", turn: { role: name, id: one } });
      expect(changeOf(going({ seen, turn }))).toMatchObject({ kind: "send", action: "stop" });
    });
    test("row 2: one member is down already: held, so that it does not become two", () => {
      for (const seen of [quorum([0, 0, gone]), quorum([0, gone, 0], three)]) {
        expect(changeOf(going({ seen: { quorum: seen, agent: online } }))).toMatchObject({
          row: "terminate/2",
          patch: { hold: { reason: expect.stringContaining(`stopping ${name} ${one} is not safe`) } },
        });
      }
    });
    test("row 2: two members are down: held, and nothing is sent", () => {
      expect(changeOf(going({ seen: { quorum: quorum([0, gone, gone], -1), agent: online } }))).toMatchObject({
        kind: "note",
        patch: { hold: {} },
      });
    });
    test("row 2: even a member that is down itself is not taken from a quorum that lacks another", () => {
      expect(changeOf(going({ seen: { quorum: quorum([gone, 0, gone]), agent: online } }))).toMatchObject({
        kind: "note",
        patch: { hold: {} },
      });
    });
    test("row 2: out of sight is not safe", () => {
      expect(changeOf(going({ seen: { quorum: dark, agent: online } }))).toMatchObject({ patch: { hold: {} } });
    });
    test("row 2: a first start that failed holds nobody while the quorum has not formed", () => {
      const first = going({ nodes: [{ ...member(one, 1, "Terminating:Wait"), served: false }, ...others] });
      const seen = { quorum: dark, agent: online };
      const unformed = { ...mark, formed: false };
      // Whoever sees a majority just then has to know.
      expect(changeOf({ ...first, seen, quorum: unformed })).toMatchObject({ kind: "leave-founding" });
      expect(changeOf({ ...first, seen, quorum: { ...unformed, left: ["i-1"] } })).toMatchObject({ action: "stop" });
      expect(changeOf({ ...first, seen })).toMatchObject({ patch: { hold: {} } });
    });
    test("row 3: one that will not be replaced is held, with a remedy", () => {
      const extra = { ...member(one + 100, 1), instance: "i-9" };
      const scaledIn = going({ nodes: [member(one, 1, "Terminating:Wait"), ...others, extra] });
      expect(changeOf({ ...scaledIn, seen: { quorum: whole } })).toMatchObject({
        row: "terminate/3",
        patch: { hold: { reason: expect.stringMatching(/still a voter; .*raise the desired capacity/) } },
      });
    });
    test("row 4: its address is detached before its id is freed", () => {
      const stopped = going({ record: { ...leaving, stopped: NOW }, turn });
      expect(changeOf({ ...stopped, seen: { address } })).toMatchObject({ kind: "detach", attachment: "a-1" });
      const detached = { address: own, eni: "eni-1", zone: A };
      expect(changeOf({ ...stopped, seen: { address: detached } })).toMatchObject({
        kind: "release",
        role: name,
        id: one,
      });
    });
  });

  describe("in service", () => {
    const record = (patch: Partial<InstanceRecord> = {}): Partial<InstanceRecord> => ({
      configured: { digest, at: NOW - 900_000, times: 1 },
      ...patch,
    });
    /** Who serves, as its kind of quorum is watched. */
    const watched = (...serving: readonly boolean[]): NonNullable<Setting["seen"]> =>
      plan === kraft
        ? { listeners: new Map([one, two, three].map((id, n) => [id, serving[n] ? "listening" : "refused"] as const)) }
        : { quorum: quorum([0, 1, 2].map((n) => (serving[n] ? 0 : gone)) as [number, number, number]) };
    const serving = (more: Partial<Setting>): Setting => setting({ record: record(), ...more });
    const asked = (unit: string, sent = NOW - 500) => ({
      command: { action: "status", digest: "", attempt: 1, sent, id: "c-3" } as const,
      seen: {
        agent: online,
        command: { status: "success", detail: "", answer: { ok: true, action: "status", unit } } as const,
      },
    });

    test("row 1: where nothing can be seen, nothing is changed", () => {
      const unseen = plan === kraft ? { listeners: new Map() } : { quorum: dark };
      expect(changeOf(serving({ seen: unseen }))).toMatchObject({ row: "in-service/1", patch: { hold: {} } });
    });
    test("row 1: two that look dead at once are the observer's fault", () => {
      for (const two of [watched(false, false, true), watched(false, true, false), watched(false, false, false)]) {
        expect(changeOf(serving({ seen: two, record: record({ unregistered: 1 }) }))).toMatchObject({
          row: "in-service/1",
          patch: { hold: { reason: expect.stringContaining("the observer is the suspect") } },
        });
      }
    });
    const since = (at: number) => ({ unregistered: at, alone: at });
    test("row 2: one that is out has its grace, and is alive while its process is", () => {
      const out = watched(false, true, true);
      expect(notedBy(changeOf(serving({ seen: out })))).toEqual(since(NOW));
      expect(step(serving({ seen: out, record: record(since(NOW - periods.grace + 1)) }))).toMatchObject({
        do: "wait",
        reason: expect.stringContaining(`the quorum does not count ${name} ${one} in`),
      });
      const { command, seen } = asked("active");
      const alive = record({ ...since(NOW - periods.grace - 1000), command });
      expect(step(serving({ seen: { ...out, ...seen }, record: alive }))).toMatchObject({
        do: "wait",
        reason: expect.stringContaining("is alive (active)"),
      });
    });
    test("row 2: a dead one is replaced while the others carry the quorum, and with its turn", () => {
      const { command, seen } = asked("failed");
      const dead = serving({
        record: record({ ...since(NOW - periods.grace - 1000), command }),
        seen: { ...watched(false, true, true), ...seen, quorum: quorum([gone, 0, 0]) },
      });
      expect(changeOf(dead)).toMatchObject({ kind: "take-turn", turn: { role: name, id: one } });
      const turn = { id: one, instance: "i-1", reason: `the process of ${name} ${one} is dead (failed)` };
      expect(changeOf({ ...dead, turn })).toMatchObject({ kind: "mark-unhealthy" });
    });
    test("row 3: configured anew only where the quorum stands without it", () => {
      const old = serving({ record: record({ configured: { digest: "old", at: NOW - 900_000, times: 1 } }) });
      const access = { digest: plan.access()?.digest ?? "", at: NOW, versions: {}, drift: [] };
      const all = { ...watched(true, true, true), quorum: whole, agent: online };
      expect(changeOf({ ...old, access, seen: all })).toMatchObject({ kind: "take-turn" });
      const lacking = { ...watched(true, true, true), quorum: quorum([0, 0, gone]), agent: online };
      expect(changeOf({ ...old, access, seen: lacking })).toMatchObject({ row: "in-service/3", patch: { hold: {} } });
    });
    test("row 4: the turn goes back when it serves again", () => {
      const turn = { role: name, id: one, instance: "i-1", reason: "its configuration has changed" };
      const seen = { ...watched(true, true, true), quorum: whole };
      expect(changeOf(serving({ seen, turn }))).toMatchObject({ kind: "give-turn" });
      expect(step(serving({ seen }))).toMatchObject({ do: "settled", row: "in-service/4" });
      const anew = record({ unregistered: 1 });
      expect(changeOf(serving({ seen, record: anew }))).toMatchObject({
        reason: "the quorum counts it in again",
        patch: { unregistered: undefined },
      });
    });
  });

  test("its role is the one that the definition stands on", () => {
    expect(quorumRole(plan.definition)).toBe(roleOf(plan.definition, name));
  });
});
