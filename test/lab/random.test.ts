import { describe, expect, test } from "vitest";
import { seededRandom } from "../../lab/random.ts";

describe("seeded random", () => {
  test("the same seed draws the same, another seed does not", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test("is uniform enough in [0, 1)", () => {
    const random = seededRandom(1);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const bucket = Math.floor(random.next() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(buckets.length).toBe(10);
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("below, pick, shuffle and bytes stay in their ranges", () => {
    const random = seededRandom(3);
    for (let i = 0; i < 200; i++) {
      expect([0, 1, 2]).toContain(random.below(3));
      expect(["x", "y"]).toContain(random.pick(["x", "y"]));
    }
    expect(random.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4]);
    expect(random.bytes(16)).toHaveLength(16);
    expect(new Set(random.bytes(64)).size).toBeGreaterThan(30);
    expect(() => random.pick([])).toThrow("nothing to pick from");
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  });

  test("a fork's draws do not depend on how much another fork draws", () => {
    const draw = (greed: number) => {
      const random = seededRandom(5);
      const one = random.fork("one");
      const two = random.fork("two");
      for (let i = 0; i < greed; i++) one.next();
      return [two.next(), two.next()];
    };
    expect(draw(0)).toEqual(draw(9));
  });
});
