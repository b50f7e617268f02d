/** A thousand histories, and what they have to have come across so that their going well says something. */
import { beforeAll, describe, expect, test } from "vitest";
import { type BlowKind, NO_RATES } from "../../lab/simulate/blows.ts";
import { playOnThreads } from "../../lab/simulate/pool.ts";
import type { Tally } from "../../lab/simulate/tally.ts";
import { tableRows } from "./rows.ts";

const SEEDS = 1_000;
const LIMIT = 300_000;
/** Each, as the compiler sees to. */
const BLOWS: Readonly<Record<BlowKind, true>> = {
  terminate: true,
  kill: true,
  crash: true,
  reboot: true,
  stop: true,
  unhealthy: true,
  scale: true,
  refresh: true,
  "launch-first": true,
  "zone-outage": true,
  "function-outage": true,
  redefine: true,
  tamper: true,
  replay: true,
  lag: true,
  hold: true,
  abandon: true,
  force: true,
  release: true,
};

describe(`histories 1 to ${SEEDS}`, () => {
  let tally: Tally;
  beforeAll(async () => {
    tally = await playOnThreads({ from: 1, seeds: SEEDS });
  }, LIMIT);

  test("break no invariant, and converge or are rightly held", () => {
    const failures = tally.failures.map(({ name, invariant, detail }) => `${name}: ${invariant}: ${detail}`);
    expect(failures).toEqual([]);
    expect(tally.seeds).toBe(SEEDS);
  });
  test("are the same through the SDK's clients, one in fifty", () => {
    expect(tally.viaSdk).toBe(SEEDS / 50);
  });
  test("meet every kind of fault", () => {
    for (const kind of Object.keys(NO_RATES)) expect(tally.faults[kind] ?? 0, kind).toBeGreaterThan(0);
  });
  test("meet every kind of blow that there is", () => {
    for (const kind of Object.keys(BLOWS)) expect(tally.faults[kind] ?? 0, kind).toBeGreaterThan(0);
  });
  test("come to every row of the decision tables", () => {
    const rows = tableRows();
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter((row) => !tally.rows[row])).toEqual([]);
  });
  test("are no toys: eight lifecycle actions and three faults in the mean, and mostly with a good end", () => {
    const faults = Object.values(tally.faults).reduce((sum, count) => sum + count, 0);
    const excused = Object.values(tally.excused).reduce((sum, count) => sum + count, 0);
    expect(tally.actions / SEEDS).toBeGreaterThanOrEqual(8);
    expect(faults / SEEDS).toBeGreaterThanOrEqual(3);
    expect(excused / SEEDS).toBeLessThan(0.3);
    expect(tally.kills).toBeGreaterThan(SEEDS);
  });
});
