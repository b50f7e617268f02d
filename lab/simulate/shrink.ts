/**
 * Makes a history that fails shorter, as long as it still fails: fewer blows, fewer kinds of faults, fewer faults, a smaller
 * cluster, less time. Greedy and deterministic; what is left cannot be made shorter by any single one of these steps.
 */
import type { Blow, Rates } from "./blows.ts";
import type { Scenario } from "./scenario.ts";
import type { Shape } from "./shape.ts";

/** How a scenario fails: with which faults, by name. */
export interface Failing {
  readonly faults: readonly string[];
}

export interface Shrunk {
  readonly scenario: Scenario;
  /** Histories that were played for it. */
  readonly plays: number;
}

/** Beyond that many histories a smaller one is not worth the time. */
const MOST_PLAYS = 250;

/** @param fails how it fails still; undefined where it fails no more, or in another way. The scenario given is known to fail */
export async function shrink(
  scenario: Scenario,
  fails: (scenario: Scenario) => Promise<Failing | undefined>,
  most = MOST_PLAYS,
): Promise<Shrunk> {
  let plays = 0;
  let shortest = scenario;
  let failing = await fails(scenario);
  for (let found = failing !== undefined; found && failing; ) {
    found = false;
    for (const candidate of simpler(shortest, failing.faults)) {
      if (plays >= most) return { scenario: shortest, plays };
      plays += 1;
      const still = await fails(candidate);
      if (!still) continue;
      [shortest, failing, found] = [candidate, still, true];
      break;
    }
  }
  return { scenario: shortest, plays };
}

/** Each way in which a scenario can be a step simpler, the boldest first. `faults`: those that struck in it. */
export function* simpler(scenario: Scenario, faults: readonly string[]): Generator<Scenario> {
  const { blows, rates, shape, span, only, crash, replays } = scenario;
  for (const fewer of without(blows)) yield { ...scenario, blows: fewer };
  yield* withoutRates(scenario, rates);
  if (only || faults.length > 0) {
    // What no fault of its name ever struck need not be listed; then one is left out after the other.
    if (!only || faults.length < only.length) yield { ...scenario, only: faults };
    else for (const fewer of without(only)) yield { ...scenario, only: fewer };
  }
  for (const smaller of smallerShapes(shape)) yield { ...scenario, shape: smaller };
  if (crash) yield omit(scenario, "crash");
  if (replays) {
    yield omit(scenario, "replays");
    for (const fewer of without(replays)) if (fewer.length > 0) yield { ...scenario, replays: fewer };
  }
  const least = Math.ceil((blows.at(-1)?.at ?? 0) / 1_000) * 1_000;
  for (const shorter of nearer(span, least)) yield { ...scenario, span: shorter };
  for (const [n, blow] of blows.entries()) {
    // They stay in order of time.
    for (const at of nearer(blow.at, blows[n - 1]?.at ?? 0))
      yield { ...scenario, blows: blows.with(n, { ...blow, at }) };
    for (const milder of milderBlows(blow)) yield { ...scenario, blows: blows.with(n, milder) };
  }
}

/** Without one half, the other half, and each single one. */
function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length === 0) return;
  if (list.length > 1) yield [];
  if (list.length > 2) {
    const half = list.length >> 1;
    for (let size = half; size > 1; size >>= 1) {
      for (let start = 0; start < list.length; start += size) yield list.toSpliced(start, size);
    }
  }
  for (let n = list.length - 1; n >= 0; n--) yield list.toSpliced(n, 1);
}

function* withoutRates(scenario: Scenario, rates: Rates): Generator<Scenario> {
  const kinds = (Object.keys(rates) as (keyof Rates)[]).filter((kind) => rates[kind] > 0);
  for (const fewer of without(kinds)) {
    const kept = Object.entries(rates).map(([kind, rate]) => [
      kind,
      (fewer as readonly string[]).includes(kind) ? rate : 0,
    ]);
    yield { ...scenario, rates: Object.fromEntries(kept) as Rates };
  }
}

/** Only what can be: a topic has no more replicas than there are brokers. */
function* smallerShapes(shape: Shape): Generator<Shape> {
  const fitting = (change: Partial<Shape>): Shape => {
    const next = { ...shape, ...change };
    const replication = Math.min(next.replication, next.zones * next.brokers);
    return { ...next, replication, minIsr: Math.max(1, Math.min(next.minIsr, replication)) };
  };
  if (shape.secure) yield { ...shape, secure: false };
  const ensemble = shape.mode === "zookeeper";
  if (ensemble) yield { ...shape, mode: "kraft" };
  // An ensemble has three members.
  const least: Readonly<Partial<Record<keyof Shape, number>>> = {
    ...(!ensemble && { zones: 1, controllers: 1 }),
    // Users and ACLs are kept through brokers.
    brokers: shape.secure ? 1 : 0,
    spare: 0,
    partitions: 1,
    replication: Math.min(1, shape.brokers),
    minIsr: 1,
  };
  for (const [name, lowest = 0] of Object.entries(least) as [keyof typeof least, number][]) {
    const now = shape[name];
    if (typeof now !== "number") continue;
    for (const fewer of nearer(now, lowest)) yield fitting({ [name]: fewer });
  }
}

function* milderBlows(blow: Blow): Generator<Blow> {
  if ("nth" in blow && blow.nth > 0) yield { ...blow, nth: 0 };
  if ("for" in blow) for (const shorter of nearer(blow.for, 1_000)) yield { ...blow, for: shorter };
  if ("window" in blow) for (const shorter of nearer(blow.window, 1_000)) yield { ...blow, window: shorter };
}

/** The least, half way there, and one step of a tenth. */
function* nearer(now: number, least: number): Generator<number> {
  const distance = now - least;
  if (distance <= 0) return;
  yield least;
  for (const step of [distance >> 1, Math.ceil(distance / 10)]) {
    if (step > 0 && step < distance) yield now - step;
  }
}

function omit<K extends keyof Scenario>(scenario: Scenario, name: K): Omit<Scenario, K> & Scenario {
  const { [name]: _, ...rest } = scenario;
  return rest as Omit<Scenario, K> & Scenario;
}
