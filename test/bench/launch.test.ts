import { expect, test } from "vitest";
import { launch, type Registry, tally } from "../../bench/launch.ts";
import { virtualClock } from "../../lab/clock.ts";

function registryOf(...taken: number[]): Registry & { readonly live: ReadonlySet<number> } {
  const live = new Set(taken);
  return {
    live,
    ids: async () => [...live],
    async register(id) {
      if (live.has(id)) return false;
      live.add(id);
      return true;
    },
  };
}

/** Each place takes the ids of its row, one after the other, `gap` ms before each. */
function play(rows: readonly (readonly number[])[], registry: Registry, gap = 1_000) {
  const clock = virtualClock(50_000);
  const left = rows.map((row) => [...row]);
  const findId = async (place: number): Promise<number> => {
    await clock.wait(gap * (place + 1));
    const id = left[place]?.shift();
    if (id === undefined) throw new Error(`place ${place} was asked once too often`);
    return id;
  };
  return clock.settle(launch({ instances: rows.length, findId, registry, clock }), 600_000);
}

test("different ids: nobody is lost, and all are registered six seconds after the last knew its own", async () => {
  const registry = registryOf();
  expect(await play([[1], [2], [3]], registry)).toEqual({ lost: 0, lostInAll: 0, known: 3_000, registered: 9_000 });
  expect(registry.live).toEqual(new Set([1, 2, 3]));
});

test("who comes second to an id is lost and replaced; a replacement that is lost counts in all, not among the first", async () => {
  // The second place knows its ids at 2, 2 + 6 + 2 and 10 + 6 + 2 seconds, and keeps the last.
  const registry = registryOf();
  expect(await play([[1], [1, 1, 2]], registry)).toEqual({ lost: 1, lostInAll: 2, known: 18_000, registered: 24_000 });
  expect(registry.live).toEqual(new Set([1, 2]));
});

test("an id that was known but not kept does not count as known", async () => {
  expect(await play([[7, 1]], registryOf(7))).toMatchObject({ lost: 1, known: 8_000 });
});

test("a launch whose search fails is no launch", async () => {
  await expect(play([[1], []], registryOf())).rejects.toThrow("place 1 was asked once too often");
});

test("a tally counts launches with a loss, all losses, and the middle and the longest of the times", () => {
  const launches = [
    { lost: 0, lostInAll: 0, known: 100, registered: 6_100 },
    { lost: 2, lostInAll: 5, known: 900, registered: 6_900 },
    { lost: 1, lostInAll: 1, known: 300, registered: 6_300 },
  ];
  expect(tally(launches)).toEqual({
    collided: 2,
    lost: 3,
    lostInAll: 6,
    known: { median: 300, most: 900 },
    registered: { median: 6_300, most: 6_900 },
  });
  expect(() => tally([])).toThrow("no values");
});
