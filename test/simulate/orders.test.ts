/** What is heard about an instance, in whichever order and how often, and what of it is replayed, makes no difference. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crashScenario } from "../../lab/simulate/crash-points.ts";
import { play } from "../../lab/simulate/history.ts";
import { inOrder, orders, SITUATIONS } from "../../lab/simulate/orders.ts";
import { doOnThreads, orderJobs } from "../../lab/simulate/pool.ts";
import type { Scenario, Window } from "../../lab/simulate/scenario.ts";
import { TIDINGS } from "../../lab/simulate/tidings.ts";

const LIMIT = 300_000;
const MINUTE = 60_000;

describe("orders of events about one instance", () => {
  test("are each pair and each triple of kinds in every order, none twice or one of them", () => {
    const all = [...orders(["a", "b", "c"])].map((events) => events.join(""));
    expect(new Set(all).size).toBe(all.length);
    for (const order of ["ab", "ba", "aab", "aba", "baa", "bab", "abc", "cba", "abca", "ccab"]) {
      expect(all).toContain(order);
    }
    // Three pairs in 2 + 3 + 3 orders, one triple in 6 + 12 + 12 + 12.
    expect(all).toHaveLength(3 * 8 + 42);
  });
  test(
    "all end the same",
    async () => {
      const tally = await doOnThreads(orderJobs());
      expect(tally.failures.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([]);
      expect(tally.seeds).toBe(Object.keys(SITUATIONS).length * [...orders(TIDINGS)].length);
    },
    LIMIT,
  );
  test("wake somebody: without the sweep's help what is heard is acted on", async () => {
    const silent = await play(inOrder("launching", []));
    const told = await play(inOrder("launching", ["launch"]));
    expect(told.rows["launch/1"]).toBeGreaterThanOrEqual(silent.rows["launch/1"] ?? 0);
    expect(told.end).toEqual(silent.end);
    expect(told.calls).not.toBe(silent.calls);
  });
});

describe("replays in a healthy cluster", () => {
  /** A cluster that has come through something, and has an archive of it. */
  const replaying = (name: string, replays: readonly Window[]): Scenario => {
    const { crash: _, ...scenario } = crashScenario(name, { call: 1, when: "before" });
    return { ...scenario, replays };
  };
  const window = fc
    .tuple(fc.integer({ min: 0, max: 5 * MINUTE }), fc.integer({ min: 1, max: 5 * MINUTE }))
    .map(([from, length]): Window => ({ from, to: from + length }));

  test.each(["broker dies", "controller terminates", "founding"])("of everything change nothing: %s", async (name) => {
    const everything = { from: 0, to: 10 * 60 * MINUTE };
    const { breach, excuse } = await play(replaying(name, [everything, everything]));
    expect({ breach, excuse }).toEqual({ breach: undefined, excuse: undefined });
  });
  test(
    "of any window, any number of times, change nothing",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom("broker dies", "broker terminates", "controller dies", "new configuration"),
          fc.array(window, { minLength: 1, maxLength: 3 }),
          async (name, replays) => {
            const { breach } = await play(replaying(name, replays));
            expect(breach).toBeUndefined();
          },
        ),
        { numRuns: 25 },
      );
    },
    LIMIT,
  );
});
