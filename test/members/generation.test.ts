import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RoleName } from "../../shared/cluster/definition.ts";
import { generations } from "../../shared/cluster/security.ts";
import type { Roster } from "../../shared/lifecycle/sights.ts";
import { reachOf } from "../../shared/members/generation.ts";
import { claimed, emptyRoster, generationNoted } from "../../shared/members/roster.ts";

/** By id: what each is known to have. */
function roster(known: Readonly<Record<number, number | undefined>>, role: RoleName = "broker"): Roster {
  const members = Object.entries(known).map(([id, generation]) => ({
    id: Number(id),
    owner: `i-${id}`,
    zone: "a",
    since: 0,
    served: true,
    ...(generation !== undefined && { generation }),
  }));
  return { role, members: new Map(members.map((member) => [member.id, member])) };
}

describe("how far the credential's rotation may go", () => {
  test("as far as declared, where nobody is more than one behind", () => {
    expect(reachOf(3, [])).toEqual({ generation: 3 });
    expect(reachOf(3, [roster({ 1: 3, 2: 2 }), roster({ 101: 3 }, "controller")])).toEqual({ generation: 3 });
    expect(reachOf(2, [roster({ 1: 3, 2: 2 })])).toEqual({ generation: 2 });
  });
  test("to the one after whoever is furthest behind, whichever role it has", () => {
    const behind = { role: "controller", id: 102, generation: 1 };
    expect(reachOf(5, [roster({ 1: 3, 2: 2 }), roster({ 101: 2, 102: 1 }, "controller")])).toEqual({
      generation: 2,
      behind,
    });
    expect(reachOf(3, [roster({ 102: 1 }, "controller")])).toEqual({ generation: 2, behind });
  });
  test("nobody waits for an id that nobody holds, nor for a role that has no credential", () => {
    const vacant = roster({ 1: 1 });
    for (const [id, { owner: _, ...member }] of vacant.members) (vacant.members as Map<number, object>).set(id, member);
    expect(reachOf(3, [vacant, roster({ 1: undefined }, "zookeeper")])).toEqual({ generation: 3 });
  });
});

describe("a member's generation", () => {
  const wish = { id: 1, zone: "a", since: 10 };
  const held = claimed(emptyRoster("broker"), { ...wish, generation: 2 }, "i-1").roster;
  test("is its owner's own: claimed with the id, and not that of the former one", () => {
    expect(held.members.get(1)).toEqual({ ...wish, owner: "i-1", served: false, generation: 2 });
    const vacated: Roster = { role: "broker", members: new Map([[1, { ...wish, served: true, generation: 2 }]]) };
    expect(claimed(vacated, wish, "i-2").roster.members.get(1)).not.toHaveProperty("generation");
  });
  test("is noted by its holder alone", () => {
    expect(generationNoted(held, 1, "i-1", 3).members.get(1)).toMatchObject({ owner: "i-1", generation: 3 });
    expect(generationNoted(held, 1, "i-2", 3)).toBe(held);
    expect(generationNoted(held, 7, "i-1", 3)).toBe(held);
  });
});

/** A node that runs with one generation, is known to have one, and may be on its way to another. */
interface Node {
  runs: number | undefined;
  known: number;
  coming?: number;
}

const event = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("raise" as const), by: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom("replace" as const, "configure" as const, "start" as const, "note" as const),
      at: fc.nat({ max: 3 }),
    }),
  },
);

test("no two nodes ever run with credentials that one of them does not know, however often it is raised, and all come to the last", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      let declared = 1;
      const nodes: Node[] = Array.from({ length: 4 }, () => ({ runs: 1, known: 1 }));
      const reach = () => reachOf(declared, [roster(Object.fromEntries(nodes.map(({ known }, id) => [id, known])))]);
      const take = (next: (typeof events)[number]): void => {
        if (next.kind === "raise") {
          declared += next.by;
          return;
        }
        const node = nodes[next.at];
        if (!node) return;
        switch (next.kind) {
          case "replace":
            // Its place is taken by one that has claimed the id, and runs nothing yet.
            nodes[next.at] = { runs: undefined, known: reach().generation };
            break;
          case "configure":
            node.coming = reach().generation;
            break;
          case "start":
            if (node.coming !== undefined) node.runs = node.coming;
            delete node.coming;
            break;
          case "note":
            if (node.runs === reach().generation) node.known = node.runs;
        }
        // Asked without `expect`, which would take most of the time.
        const running = nodes.flatMap(({ runs }) => runs ?? []);
        for (const one of running)
          if (running.some((other) => !generations({ generation: one }).includes(other)))
            throw new Error(`nodes run with generations ${running.join(", ")}`);
      };
      for (const next of events) take(next);
      for (let round = 0; round < declared + 1; round += 1) {
        for (const kind of ["configure", "start", "note"] as const) for (const at of nodes.keys()) take({ kind, at });
      }
      expect(nodes.map(({ runs }) => runs)).toEqual(nodes.map(() => declared));
    }),
    { numRuns: 200 },
  );
});
