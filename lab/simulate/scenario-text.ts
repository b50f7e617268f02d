/** A scenario as JSON: what a failing history is printed as, and can be played from again. */
import * as v from "valibot";
import type { Blow, Rates } from "./blows.ts";
import { NO_RATES } from "./blows.ts";
import type { Scenario } from "./scenario.ts";
import type { Shape } from "./shape.ts";
import { TIDINGS } from "./tidings.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(count, v.minValue(1));
const time = v.pipe(v.number(), v.minValue(0));
const chance = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const role = v.picklist(["broker", "controller", "zookeeper"]);
const aim = { at: time, role, nth: count };

const BLOW: v.GenericSchema<unknown, Blow> = v.variant("kind", [
  v.strictObject({ kind: v.literal("terminate"), ...aim }),
  v.strictObject({ kind: v.literal("kill"), ...aim }),
  v.strictObject({ kind: v.literal("crash"), ...aim }),
  v.strictObject({ kind: v.literal("reboot"), ...aim }),
  v.strictObject({ kind: v.literal("stop"), ...aim }),
  v.strictObject({ kind: v.literal("unhealthy"), ...aim, again: v.exactOptional(time) }),
  v.strictObject({ kind: v.literal("scale"), at: time, role, zone: count, by: v.picklist([-1, 0, 1]) }),
  v.strictObject({ kind: v.literal("refresh"), at: time, role }),
  v.strictObject({ kind: v.literal("launch-first"), at: time, on: v.boolean() }),
  v.strictObject({ kind: v.literal("zone-outage"), at: time, zone: count, for: time }),
  v.strictObject({ kind: v.literal("function-outage"), at: time, for: time }),
  v.strictObject({ kind: v.literal("redefine"), at: time, rotate: v.boolean() }),
  v.strictObject({ kind: v.literal("replay"), at: time, window: time }),
  v.strictObject({ kind: v.literal("lag"), at: time, for: time }),
  v.strictObject({ kind: v.literal("hold"), ...aim, for: time }),
  v.strictObject({ kind: v.picklist(["abandon", "force", "release"]), ...aim }),
  v.strictObject({
    kind: v.literal("tamper"),
    at: time,
    with: v.picklist(["acl", "user", "password", "observer"]),
  }),
]);

const shape = {
  mode: v.picklist(["kraft", "zookeeper"]),
  secure: v.boolean(),
  zones: v.pipe(positive, v.maxValue(3)),
  controllers: positive,
  brokers: count,
  spare: count,
  partitions: count,
  replication: count,
  minIsr: count,
  elr: v.boolean(),
} satisfies Record<keyof Shape, v.GenericSchema>;

const RATES = Object.fromEntries(Object.keys(NO_RATES).map((kind) => [kind, chance])) as Record<
  keyof Rates,
  typeof chance
>;

const SCENARIO: v.GenericSchema<unknown, Scenario> = v.strictObject({
  seed: count,
  shape: v.strictObject(shape),
  blows: v.array(BLOW),
  rates: v.strictObject(RATES),
  pace: v.pipe(v.number(), v.minValue(1)),
  together: v.exactOptional(v.literal(true)),
  span: time,
  only: v.exactOptional(v.array(v.string())),
  crash: v.exactOptional(v.strictObject({ call: positive, when: v.picklist(["before", "after"]) })),
  tidings: v.exactOptional(
    v.strictObject({
      at: time,
      about: v.picklist(["launching", "in service", "terminating", "gone"]),
      events: v.array(v.picklist(TIDINGS)),
      gap: time,
      silence: time,
    }),
  ),
  replays: v.exactOptional(v.array(v.strictObject({ from: time, to: time, rested: v.exactOptional(v.literal(true)) }))),
});

/** Throws an Error that says what is wrong with the text. */
export function parseScenario(text: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = v.safeParse(SCENARIO, withAllRates(value));
  if (parsed.success) return parsed.output;
  const wrong = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  throw new Error(`it is no scenario: ${wrong.join("; ")}`);
}

/** As short as can be: rates of 0 are left out. */
export function formatScenario(scenario: Scenario): string {
  const rates = Object.fromEntries(Object.entries(scenario.rates).filter(([, rate]) => rate > 0));
  return JSON.stringify({ ...scenario, rates });
}

function withAllRates(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("rates" in value)) return value;
  const { rates } = value;
  return typeof rates === "object" && rates !== null ? { ...value, rates: { ...NO_RATES, ...rates } } : value;
}
