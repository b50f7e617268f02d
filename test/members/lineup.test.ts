import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import type { FleetSight, GroupMember, LifecycleState, Roster, RosterMember } from "../../shared/lifecycle/sights.ts";
import { lineUp, willBeReplaced } from "../../shared/members/lineup.ts";
import { A, B, C, definition, groupName } from "../lifecycle/scene.ts";

const brokers = roleOf(definition, "broker");
const controllers = roleOf(definition, "controller");
const ZONES = [A, B, C];

interface Seat {
  readonly id: number;
  readonly zone: string;
  readonly owner?: string;
  readonly retired?: true;
}

const roster = (seats: readonly Seat[]): Roster => ({
  role: "broker",
  members: new Map(seats.map((s): [number, RosterMember] => [s.id, { since: 0, served: true, ...s }])),
});

/** Members by zone, as `i-…: state`; each group desires as many as are on their way in or in, where it is not said. */
function fleet(
  members: Readonly<Record<string, Readonly<Record<string, LifecycleState>>>>,
  desired?: number,
): FleetSight {
  return {
    groups: ZONES.map((zone) => {
      const listed = Object.entries(members[zone] ?? {}).map(
        ([instance, state]): GroupMember => ({ instance, state, zone, healthy: true }),
      );
      const staying = listed.filter((m) => !m.state.startsWith("Terminat")).length;
      return { name: groupName("broker", zone), desired: desired ?? staying, deleting: false, members: listed };
    }),
  };
}

const pick = (sight: FleetSight, seats: readonly Seat[], zone: string, instance: string, attempt = 0) =>
  lineUp(brokers, groupName("broker", zone), sight, roster(seats), instance, attempt);

describe("one line, one rank", () => {
  test("vacant ids come first, then those of leaving instances, then fresh ones, each lowest first", () => {
    const sight = fleet({
      [A]: { a: "Pending:Wait", b: "Pending:Wait", c: "Pending:Wait", d: "Pending", z: "Terminating:Wait" },
    });
    const seats = [
      { id: 9, zone: A },
      { id: 5, zone: A },
      { id: 2, zone: A, owner: "z" },
      { id: 1, zone: B },
    ];
    expect(["a", "b", "c", "d"].map((instance) => pick(sight, seats, A, instance))).toEqual([
      { pick: "claim", id: 5, kind: "vacant" },
      { pick: "claim", id: 9, kind: "vacant" },
      { pick: "wait", id: 2, holder: "z" },
      { pick: "claim", id: 3, kind: "fresh" },
    ]);
  });
  test("no more places than the group still desires", () => {
    const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait", s: "InService" } }, 2);
    const seats = [{ id: 1, zone: A, owner: "s" }];
    expect(pick(sight, seats, A, "a")).toMatchObject({ pick: "claim", id: 2 });
    expect(pick(sight, seats, A, "b")).toMatchObject({ pick: "over", holders: [{ id: 1 }] });
  });
  test("an owner that its group does not list may be alive: its id is waited for", () => {
    expect(pick(fleet({ [A]: { a: "Pending:Wait" } }), [{ id: 1, zone: A, owner: "gone" }], A, "a")).toEqual({
      pick: "wait",
      id: 1,
      holder: "gone",
    });
  });
  test("an id that its group had no more use for does not take the place of one whose holder leaves to be replaced", () => {
    const [group] = fleet({ [A]: { z: "Terminating:Wait" } }, 1).groups;
    if (!group) throw new Error("no group");
    const seats = [
      { id: 1, zone: A, retired: true },
      { id: 4, zone: A, owner: "z" },
    ] as const;
    expect(willBeReplaced(group, A, roster(seats), 4)).toBe(true);
    const sight = fleet({ [A]: { a: "Pending:Wait", z: "Terminating:Wait" } }, 1);
    expect(pick(sight, seats, A, "a")).toEqual({ pick: "wait", id: 4, holder: "z" });
    const more = fleet({ [A]: { a: "Pending:Wait", b: "Pending", c: "Pending", z: "Terminating:Wait" } }, 3);
    expect(pick(more, seats, A, "b")).toEqual({ pick: "claim", id: 1, kind: "vacant" });
    expect(pick(more, seats, A, "c")).toMatchObject({ pick: "claim", kind: "fresh" });
  });
  test("one that is to be taken over does, since the leaving one may be safe to stop only when it is back", () => {
    const [group] = fleet({ [A]: { s: "InService", z: "Terminating:Wait" } }, 2).groups;
    if (!group) throw new Error("no group");
    const seats = [
      { id: 1, zone: A },
      { id: 2, zone: A, owner: "z" },
      { id: 3, zone: A, owner: "s" },
    ];
    expect(willBeReplaced(group, A, roster(seats), 2)).toBe(false);
    const sight = fleet({ [A]: { a: "Pending:Wait", s: "InService", z: "Terminating:Wait" } }, 2);
    expect(pick(sight, seats, A, "a")).toEqual({ pick: "claim", id: 1, kind: "vacant" });
  });
  test("a pool that is used up is told apart from a group that is full", () => {
    const sight = {
      groups: fleet({ [A]: { a: "Pending:Wait", s: "InService" } }, 2).groups.map((g) => ({
        ...g,
        name: g.name.replace("broker", "controller"),
      })),
    };
    const held: Roster = {
      role: "controller",
      members: new Map([[101, { id: 101, zone: A, owner: "s", since: 0, served: true }]]),
    };
    expect(lineUp(controllers, groupName("controller", A), sight, held, "a", 0)).toEqual({ pick: "exhausted" });
  });
});

test("however many instances of however many zones see the same cluster, they try different ids, and the lowest free ones", () => {
  const state = fc.constantFrom<LifecycleState>("Pending", "Pending:Wait", "InService", "Terminating:Wait");
  const zone = fc.array(state, { maxLength: 12 });
  fc.assert(
    fc.property(fc.tuple(zone, zone, zone), fc.array(fc.nat({ max: 2 }), { maxLength: 5 }), (states, vacancies) => {
      const members: Record<string, Record<string, LifecycleState>> = {};
      const seats: Seat[] = [];
      states.forEach((list, z) => {
        const name = ZONES[z] ?? A;
        members[name] = Object.fromEntries(list.map((s, n) => [`i-${(n * 7919 + z * 31) % 1000}-${z}`, s]));
        for (const [owner, s] of Object.entries(members[name] ?? {})) {
          if (!s.startsWith("Pending")) seats.push({ id: seats.length + 1, zone: name, owner });
        }
      });
      for (const z of vacancies) seats.push({ id: seats.length + 1, zone: ZONES[z] ?? A });
      const sight = fleet(members);
      const picks = ZONES.flatMap((name) =>
        Object.entries(members[name] ?? {})
          .filter(([, s]) => s.startsWith("Pending"))
          .map(([instance]) => pick(sight, seats, name, instance)),
      );
      // As many desired as are there or coming: everybody has a place.
      const ids = picks.map((p) => (p.pick === "claim" || p.pick === "wait" ? p.id : Number.NaN));
      expect(new Set(ids).size).toBe(picks.length);
      const fresh = picks
        .flatMap((p) => (p.pick === "claim" && p.kind === "fresh" ? [p.id] : []))
        .sort((a, b) => a - b);
      expect(fresh).toEqual(fresh.map((_, n) => seats.length + 1 + n));
    }),
  );
});

test("whoever lost a claim goes on to another id than those it saw taken", () => {
  const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait" }, [B]: { c: "Pending:Wait" } });
  const seats = [{ id: 1, zone: A, owner: "a" }];
  expect(pick(sight, seats, A, "b", 1)).toMatchObject({ pick: "claim", kind: "fresh" });
  expect(pick(sight, seats, A, "b", 1)).not.toMatchObject({ id: 1 });
});

test("an id will be taken over while its group still desires somebody for it", () => {
  const [group] = fleet({ [A]: { z: "Terminating:Wait", s: "InService" } }, 2).groups;
  if (!group) throw new Error("no group");
  const seats = roster([
    { id: 1, zone: A, owner: "s" },
    { id: 2, zone: A, owner: "z" },
  ]);
  expect(willBeReplaced(group, A, seats, 2)).toBe(true);
  expect(willBeReplaced({ ...group, desired: 1 }, A, seats, 2)).toBe(false);
});

test("however many ids are retired, as many leaving members are replaced as the group still desires", () => {
  const state = fc.constantFrom<LifecycleState>("InService", "Terminating:Wait", "Terminating:Proceed");
  fc.assert(
    fc.property(fc.array(state, { maxLength: 6 }), fc.nat({ max: 4 }), fc.nat({ max: 8 }), (states, spare, desired) => {
      const members = Object.fromEntries(states.map((s, n) => [`i-${n}`, s]));
      const seats: Seat[] = states.map((_, n) => ({ id: n + 10, zone: A, owner: `i-${n}` }));
      for (let id = 1; id <= spare; id++) seats.push({ id, zone: A, retired: true });
      const [group] = fleet({ [A]: members }, desired).groups;
      if (!group) throw new Error("no group");
      const leaving = states.flatMap((s, n) => (s === "InService" ? [] : [n + 10]));
      const open = Math.max(0, desired - (states.length - leaving.length));
      expect(leaving.filter((id) => willBeReplaced(group, A, roster(seats), id))).toEqual(leaving.slice(0, open));
    }),
  );
});

test.each(["Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"] as const)(
  "an id is waited for while its holder is %s",
  (state) => {
    const sight = fleet({ [A]: { a: "Pending:Wait", z: state } }, 1);
    expect(pick(sight, [{ id: 4, zone: A, owner: "z" }], A, "a")).toEqual({ pick: "wait", id: 4, holder: "z" });
  },
);

test.each(["Standby", "Detached", "Terminating:Retained"] as const)(
  "whoever is %s runs on and keeps its id",
  (state) => {
    const sight = fleet({ [A]: { a: "Pending:Wait", z: state } }, 1);
    expect(pick(sight, [{ id: 4, zone: A, owner: "z" }], A, "a")).toMatchObject({ pick: "over", holders: [{ id: 4 }] });
  },
);

test("who waits lines up by instance, in whatever order the group lists them", () => {
  const sight = fleet({ [A]: { b: "Pending:Wait", a: "Pending:Wait" } });
  expect(pick(sight, [], A, "a")).toMatchObject({ id: 1 });
  expect(pick(sight, [], A, "b")).toMatchObject({ id: 2 });
});

test("beyond the ids that are open there are only as many fresh ones as the group still lacks", () => {
  const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait", c: "Pending:Wait" } }, 2);
  const seats = [{ id: 7, zone: A }];
  expect(["a", "b", "c"].map((instance) => pick(sight, seats, A, instance).pick)).toEqual(["claim", "claim", "over"]);
  expect(pick(sight, seats, A, "b")).toMatchObject({ kind: "fresh", id: 1 });
});

test("fresh ids of a role without addresses are drawn in order by the waiters of all its zones", () => {
  const sight = fleet({ [B]: { a: "Pending:Wait" }, [A]: { b: "Pending:Wait", c: "Pending:Wait" } });
  expect(pick(sight, [], B, "a")).toMatchObject({ id: 1 });
  expect(pick(sight, [], A, "b")).toMatchObject({ id: 2 });
  expect(pick(sight, [], A, "c")).toMatchObject({ id: 3 });
});

test("fresh ids are taken lowest first, in whatever order they are declared, and none that was ever used", () => {
  const role = { ...brokers, ids: [10, 9, 2, 1] };
  const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait", s: "InService" } });
  const of = (instance: string) =>
    lineUp(role, groupName("broker", A), sight, roster([{ id: 1, zone: A, owner: "s" }]), instance, 0);
  expect(of("a")).toMatchObject({ id: 2 });
  expect(of("b")).toMatchObject({ id: 9 });
});

test("where more wait than there are fresh ids, the last of these is tried by all others, and one gets it", () => {
  const role = { ...brokers, ids: [1, 2] };
  const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait", c: "Pending:Wait" } });
  const of = (instance: string) => lineUp(role, groupName("broker", A), sight, roster([]), instance, 0);
  expect(of("b")).toMatchObject({ pick: "claim", id: 2 });
  expect(of("c")).toMatchObject({ pick: "claim", id: 2 });
});

test("a role with addresses draws fresh ids from those of its own zone alone", () => {
  const pool = [
    { id: 12, zone: A, address: "10.0.1.12" },
    { id: 11, zone: B, address: "10.0.2.11" },
    { id: 10, zone: A, address: "10.0.1.10" },
  ];
  const role = { ...controllers, pool, ids: pool.map(({ id }) => id) };
  const groups = fleet({ [A]: { c: "Pending:Wait", d: "Pending:Wait" }, [B]: { a: "Pending:Wait" } }).groups;
  const sight = { groups: groups.map((g) => ({ ...g, name: g.name.replace("broker", "controller") })) };
  const of = (zone: string, instance: string) =>
    lineUp(role, groupName("controller", zone), sight, { role: "controller", members: new Map() }, instance, 0);
  expect(of(A, "c")).toMatchObject({ id: 10 });
  expect(of(A, "d")).toMatchObject({ id: 12 });
  expect(of(B, "a")).toMatchObject({ id: 11 });
});

test("whoever lost a claim spreads over all that is open, since its view lacks somebody", () => {
  const sight = fleet({ [A]: { a: "Pending:Wait", b: "Pending:Wait" } }, 4);
  expect(pick(sight, [], A, "b", 0)).toMatchObject({ id: 2 });
  // The second of two waiters, over the twelve that the three groups lack.
  expect(pick(sight, [], A, "b", 1)).toMatchObject({ id: 7 });
  expect(pick(sight, [], A, "a", 1)).toMatchObject({ id: 1 });
});

test("a view that lacks the instance itself ranks it last", () => {
  const sight = fleet({ [A]: { a: "Pending:Wait" } }, 2);
  expect(pick(sight, [], A, "unseen")).toMatchObject({ id: 2 });
});

test("throws where the group is not among those seen", () => {
  expect(() => lineUp(brokers, "another", fleet({}), roster([]), "a", 0)).toThrow("another is not among those seen");
  const without = { groups: fleet({}).groups.slice(1) };
  expect(() => lineUp(brokers, groupName("broker", A), without, roster([]), "a", 0)).toThrow("not among those seen");
});

test("an id that is not in line is not taken over, though another one will be", () => {
  const [group] = fleet({ [A]: { z: "Terminating:Wait", y: "Terminating:Wait" } }, 1).groups;
  if (!group) throw new Error("no group");
  const seats = roster([
    { id: 1, zone: A, owner: "z" },
    { id: 2, zone: A, owner: "y" },
  ]);
  expect(willBeReplaced(group, A, seats, 1)).toBe(true);
  expect(willBeReplaced(group, A, seats, 2)).toBe(false);
});
