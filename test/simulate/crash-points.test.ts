/** Every crash point of every scenario: whatever is left undone comes right. */
import { describe, expect, test } from "vitest";
import { CRASH_SCENARIOS, crashScenario } from "../../lab/simulate/crash-points.ts";
import { play } from "../../lab/simulate/history.ts";
import { crashJobs, doOnThreads } from "../../lab/simulate/pool.ts";

const LIMIT = 300_000;

describe("crash points", () => {
  test(
    "each of them is come through",
    async () => {
      const points = new Map<string, number>();
      const tally = await doOnThreads(crashJobs(), {
        told(done, job) {
          if (job.kind !== "crash points") return;
          const name = `${job.scenario}, ${job.when}`;
          points.set(name, (points.get(name) ?? 0) + done.seeds);
        },
      });
      expect(tally.failures.map(({ name, invariant, detail }) => `${name}: ${invariant}: ${detail}`)).toEqual([]);
      // Each scenario has some, as many before as after, and each point killed one function.
      for (const name of Object.keys(CRASH_SCENARIOS)) {
        expect(points.get(`${name}, before`), name).toBeGreaterThan(10);
        expect(points.get(`${name}, after`), name).toBe(points.get(`${name}, before`));
      }
      expect(tally.kills).toBeGreaterThanOrEqual(tally.seeds);
    },
    LIMIT,
  );
  test("are counted from the last blow on, and end where no such call is made any more", async () => {
    const first = await play(crashScenario("broker launches", { call: 1, when: "before" }));
    const never = await play(crashScenario("broker launches", { call: 100_000, when: "before" }));
    expect(first).toMatchObject({ crashed: true, kills: 1 });
    expect(never).toMatchObject({ crashed: false, kills: 0 });
  });
});
