import { describe, expect, test } from "vitest";
import { crashScenario } from "../../lab/simulate/crash-points.ts";
import { inOrder } from "../../lab/simulate/orders.ts";
import { scenarioOf } from "../../lab/simulate/scenario.ts";
import { formatScenario, parseScenario } from "../../lab/simulate/scenario-text.ts";

const scenarios = Array.from({ length: 300 }, (_, n) => scenarioOf(n + 1));

describe("scenarios", () => {
  test("are the same for the same seed, and others for others", () => {
    expect(scenarioOf(5)).toEqual(scenarioOf(5));
    expect(new Set(scenarios.map((scenario) => JSON.stringify({ ...scenario, seed: 0 }))).size).toBe(scenarios.length);
  });
  test("are of 1 to 12 members, their blows in order of time", () => {
    for (const { shape, blows, span } of scenarios) {
      const members = shape.zones * (shape.controllers + shape.brokers);
      expect(members).toBeGreaterThanOrEqual(1);
      expect(members).toBeLessThanOrEqual(12);
      const times = blows.map((blow) => blow.at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Math.max(0, ...times)).toBeLessThanOrEqual(span);
    }
    expect(Math.max(...scenarios.map(({ shape }) => shape.zones * (shape.controllers + shape.brokers)))).toBe(12);
  });
  test("can be written down and read again", () => {
    const others = [
      crashScenario("founding", { call: 3, when: "after" }),
      inOrder("launching", ["launch", "terminated"]),
      { ...scenarioOf(1), only: ["throttled: sweep table:read #1"], replays: [{ from: 0, to: 1_000 }] },
    ];
    for (const scenario of [...scenarios, ...others]) {
      expect(parseScenario(formatScenario(scenario))).toEqual(scenario);
    }
  });
  test.each([
    ["seed 1", "it is no JSON"],
    ["[]", "it is no scenario"],
    [JSON.stringify({ ...scenarioOf(1), rates: { killed: 2 } }), "rates.killed"],
    [JSON.stringify({ ...scenarioOf(1), rates: { lost: 1 } }), "rates.lost"],
    [JSON.stringify({ ...scenarioOf(1), blows: [{ at: 0, kind: "explode" }] }), "blows.0.kind"],
    [JSON.stringify({ ...scenarioOf(1), colour: "red" }), "colour"],
  ])("what is none is refused, naming what is wrong: %.40s", (text, reason) => {
    expect(() => parseScenario(text)).toThrow(reason);
  });
});
