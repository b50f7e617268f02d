import fc from "fast-check";
import { expect, test } from "vitest";
import { classic } from "../../bench/classic.ts";
import { seededRandom } from "../../lab/random.ts";

test("one alone loses nobody, and is there within sleep and start", async () => {
  const { lost, lostInAll, known, registered } = await classic(1, seededRandom(1));
  expect([lost, lostInAll]).toEqual([0, 0]);
  expect(known).toBeGreaterThanOrEqual(0);
  expect(known).toBeLessThan(20_000);
  expect(registered).toBe(known + 6_000);
});

test("of two, the later is lost exactly where it asked before the earlier had registered", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seededRandom(seed);
      const sleeps = [random.next() * 20_000, random.next() * 20_000];
      const apart = Math.abs((sleeps[0] ?? 0) - (sleeps[1] ?? 0));
      expect((await classic(2, seededRandom(seed))).lost).toBe(apart < 6_000 ? 1 : 0);
    }),
    { numRuns: 200 },
  );
});

test("a hundred at once lose most of themselves", async () => {
  const { lost, lostInAll } = await classic(100, seededRandom(1));
  expect(lost).toBeGreaterThan(50);
  expect(lostInAll).toBeGreaterThanOrEqual(lost);
});
