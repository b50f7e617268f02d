import { describe, expect, test } from "vitest";
import { NO_RATES } from "../../lab/simulate/blows.ts";
import { type Scenario, scenarioOf } from "../../lab/simulate/scenario.ts";
import { type Failing, shrink, simpler } from "../../lab/simulate/shrink.ts";

const still = (fails: boolean, faults: readonly string[] = []): Promise<Failing | undefined> =>
  Promise.resolve(fails ? { faults } : undefined);
/** With several blows, and a cluster of some size. */
const long = Array.from({ length: 200 }, (_, n) => scenarioOf(n + 1)).find(
  ({ blows, shape }) => blows.length >= 4 && shape.brokers >= 2 && shape.mode === "kraft" && !shape.secure,
) as Scenario;

describe("a history that fails is shrunk to what it takes", () => {
  test("of the blows to the one that matters", async () => {
    const kind = long.blows[1]?.kind;
    const { scenario } = await shrink(long, ({ blows }) => still(blows.some((blow) => blow.kind === kind)));
    expect(scenario.blows.map((blow) => blow.kind)).toEqual([kind]);
    expect(scenario.rates).toEqual(NO_RATES);
    expect(scenario.shape).toMatchObject({ zones: 1, controllers: 1, brokers: 0, partitions: 1 });
  });
  test("of the faults to the two that have to come together", async () => {
    const struck = Array.from({ length: 40 }, (_, n) => `throttled: sweep table:read #${n}`);
    const needed = [struck[7], struck[31]] as string[];
    const { scenario } = await shrink(
      { ...long, blows: [], rates: { ...NO_RATES, throttled: 0.5 } },
      ({ only, rates }) => {
        const left = rates.throttled === 0 ? [] : struck.filter((name) => !only || only.includes(name));
        return still(
          needed.every((name) => left.includes(name)),
          left,
        );
      },
    );
    expect(scenario.only).toEqual(needed);
  });
  test("to the least time that it needs, and its blows to theirs", async () => {
    const { scenario } = await shrink(long, ({ span, blows }) =>
      still(span >= 20_000 && (blows.at(-1)?.at ?? 0) >= 15_000),
    );
    expect(scenario.blows).toHaveLength(1);
    expect(scenario.blows[0]?.at).toBeLessThan(17_000);
    expect(scenario.span).toBeLessThan(24_000);
  });
  test("to a cluster that can be: no more replicas than brokers, and min ISR no more than replicas", async () => {
    const met: Scenario[] = [];
    await shrink(long, (scenario) => {
      met.push(scenario);
      return still(scenario.shape.brokers >= 1);
    });
    for (const { shape } of met) {
      expect(shape.replication).toBeLessThanOrEqual(shape.zones * shape.brokers);
      expect(shape.minIsr).toBeLessThanOrEqual(Math.max(1, shape.replication));
    }
  });
  test("the same way each time", async () => {
    const fails = ({ blows, span }: Scenario) => still(blows.length >= 2 && span > 1_000);
    expect(await shrink(long, fails)).toEqual(await shrink(long, fails));
  });
  test("not at all where it does not fail when played again, and not for ever", async () => {
    expect(await shrink(long, () => still(false))).toEqual({ scenario: long, plays: 0 });
    const { plays } = await shrink(long, () => still(true, ["a", "b", "c"]), 10);
    expect(plays).toBeLessThanOrEqual(10);
  });
  test("in steps that all are another history", () => {
    for (const candidate of simpler(long, ["a"])) expect(candidate).not.toEqual(long);
  });
});
