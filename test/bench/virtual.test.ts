import { expect, test } from "vitest";
import { apiCalls } from "../../bench/api-calls.ts";
import { type Figure, isMet } from "../../bench/figure.ts";
import { latency } from "../../bench/latency.ts";

// On the virtual clock, these figures are the same on every machine: they are held here too, not only by the benchmark.

/** Figures with a target. */
function held(figures: readonly Figure[]): Figure[] {
  const found = figures.filter(({ target }) => target !== undefined);
  expect(found).not.toEqual([]);
  return found;
}

test("a launch and a replacement take no more API calls than they may", async () => {
  const { figures } = await apiCalls();
  expect(held(figures).filter((figure) => !isMet(figure))).toEqual([]);
});

test("Rollcall adds no more to a launch than it may", async () => {
  const { figures } = await latency();
  expect(held(figures).filter((figure) => !isMet(figure))).toEqual([]);
});
