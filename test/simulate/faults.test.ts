/** What was thought of so that certain bugs would show: each comes about, and does a sound Rollcall no harm. */
import { describe, expect, test } from "vitest";
import { NO_RATES } from "../../lab/simulate/blows.ts";
import { play } from "../../lab/simulate/history.ts";
import type { Scenario } from "../../lab/simulate/scenario.ts";
import { LONE } from "../../lab/simulate/shape.ts";

const MINUTE = 60_000;
const CALM: Scenario = {
  seed: 1,
  shape: { ...LONE, brokers: 2, replication: 2, controllers: 3 },
  rates: NO_RATES,
  pace: 8,
  span: 2 * MINUTE,
  blows: [{ at: MINUTE, kind: "terminate", role: "broker", nth: 0 }],
};

async function played(scenario: Scenario) {
  const trace: string[] = [];
  const { breach, faults, excuse } = await play(scenario, { trace: (line) => trace.push(line) });
  expect(breach).toBeUndefined();
  expect(excuse).toBeUndefined();
  return { trace, faults };
}

describe("a fault", () => {
  test("runs an older configuration again after the stop, which its tombstone refuses", async () => {
    const { faults } = await played({ ...CALM, rates: { ...NO_RATES, commandRevived: 1 } });
    expect(faults.map(({ name }) => name)).toEqual(["commandRevived: run configure after stop #1"]);
  });

  test("lets every listing of groups see each instance as of another moment", async () => {
    const { faults } = await played({ ...CALM, rates: { ...NO_RATES, uneven: 1 } });
    expect(new Set(faults.map(({ name }) => name.replace(/\d+$/, "")))).toEqual(
      new Set([
        "uneven: lifecycle autoscaling:DescribeAutoScalingGroups #",
        "uneven: sweep autoscaling:DescribeAutoScalingGroups #",
      ]),
    );
  });

  test("has Kafka start late", async () => {
    const { faults } = await played({ ...CALM, rates: { ...NO_RATES, recovery: 0.5 } });
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["recovery"]));
  });

  test("tells of one event twice at the same moment", async () => {
    const { trace } = await played({ ...CALM, seed: 3, rates: { ...NO_RATES, eventTwice: 1 } });
    const lookers = new Map<string, Set<string>>();
    for (const line of trace) {
      const [, at = "", who = ""] = /^(\d\d:\d\d\.\d{3}) {3}\. (lifecycle-\d+) autoscaling:Describe/.exec(line) ?? [];
      if (at !== "") lookers.set(at, (lookers.get(at) ?? new Set()).add(who));
    }
    expect(Math.max(...[...lookers.values()].map(({ size }) => size))).toBeGreaterThan(1);
  });
});

test("where nothing takes longer than it has to, a group's instances launch at one moment", async () => {
  const { trace } = await played({ ...CALM, together: true });
  const launches = trace.filter((line) => line.includes("> EC2 Instance-launch Lifecycle Action"));
  const moments = launches.slice(0, 5).map((line) => line.slice(0, 9));
  expect(launches.length).toBeGreaterThanOrEqual(5);
  expect(new Set(moments).size).toBe(1);
});
