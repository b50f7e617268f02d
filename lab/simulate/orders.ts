/**
 * Orders: whatever is heard about one instance, in whichever order and how often, the end is the same. For each pair and each
 * triple of sorts of events every order, with none of them twice and with each of them twice.
 */
import { NO_RATES } from "./blows.ts";
import { play } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import { LONE, type Shape } from "./shape.ts";
import { count, emptyTally, type Tally } from "./tally.ts";
import { TIDINGS, type Tiding, type Tidings } from "./tidings.ts";
import { judge } from "./verdict.ts";

const SECOND = 1_000;
/** ms after the launch of the groups. */
const SETTLED = 30 * SECOND;

interface Situation {
  readonly shape: Shape;
  readonly blows: Scenario["blows"];
  readonly tidings: Pick<Tidings, "at" | "about">;
}

const broker = { role: "broker", nth: 0 } as const;

/** What the instance goes through when the events come. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  launching: {
    shape: LONE,
    blows: [{ at: SETTLED, kind: "scale", role: "broker", zone: 0, by: 1 }],
    tidings: { at: SETTLED + 6 * SECOND, about: "launching" },
  },
  "in service": { shape: LONE, blows: [], tidings: { at: SETTLED, about: "in service" } },
  terminating: {
    shape: { ...LONE, brokers: 2, replication: 2 },
    blows: [{ at: SETTLED, kind: "terminate", ...broker }],
    tidings: { at: SETTLED + 3 * SECOND, about: "terminating" },
  },
  gone: {
    shape: { ...LONE, brokers: 2, replication: 2 },
    blows: [{ at: SETTLED, kind: "kill", ...broker }],
    tidings: { at: SETTLED + 30 * SECOND, about: "gone" },
  },
};

/** Some of a situation's orders: every `step`-th from `first` on. */
export interface Orders {
  readonly situation: string;
  readonly first: number;
  readonly step: number;
}

/** ms between two events: the function is still at work on the one when the next one comes. */
const GAP = 700;

export async function playOrders({ situation, first, step }: Orders): Promise<Tally> {
  const tally = emptyTally();
  const usual = await play(inOrder(situation, []));
  const all = [...orders(TIDINGS)];
  for (let n = first; n < all.length; n += step) {
    const events = all[n] ?? [];
    const name = `${situation}, told of ${events.join(", ")}`;
    const scenario = inOrder(situation, events);
    const verdict = await judge(scenario, name, false);
    const other = verdict.history && firstOther(verdict.history.end ?? [], usual.end ?? []);
    const failure = other === undefined ? undefined : { name, scenario, invariant: 7, detail: other };
    count(tally, { ...verdict, ...(!verdict.failure && failure && { failure }) });
  }
  return tally;
}

export function inOrder(situation: string, events: readonly Tiding[]): Scenario {
  const found = SITUATIONS[situation];
  if (!found) throw new RangeError(`no situation is called ${situation}`);
  const { shape, blows, tidings } = found;
  const span = tidings.at + 10 * SECOND;
  return {
    seed: 1,
    pace: 8,
    shape,
    blows,
    rates: NO_RATES,
    span,
    tidings: { ...tidings, events, gap: GAP, silence: SETTLED },
  };
}

/** Each pair and each triple of them in every order, without and with one of them twice. */
export function* orders<T>(kinds: readonly T[]): Generator<readonly T[]> {
  for (const size of [2, 3]) {
    for (const chosen of subsets(kinds, size)) {
      yield* distinct(permutations(chosen));
      for (const twice of chosen) yield* distinct(permutations([...chosen, twice]));
    }
  }
}

function* subsets<T>(of: readonly T[], size: number): Generator<readonly T[]> {
  if (size === 0) yield [];
  else {
    for (const [n, first] of of.entries()) {
      for (const rest of subsets(of.slice(n + 1), size - 1)) yield [first, ...rest];
    }
  }
}

function* permutations<T>(of: readonly T[]): Generator<readonly T[]> {
  if (of.length <= 1) yield of;
  for (const [n, first] of of.length > 1 ? of.entries() : []) {
    for (const rest of permutations(of.toSpliced(n, 1))) yield [first, ...rest];
  }
}

function* distinct<T>(lists: Iterable<readonly T[]>): Generator<readonly T[]> {
  const seen = new Set<string>();
  for (const list of lists) {
    const name = JSON.stringify(list);
    if (!seen.has(name)) yield list;
    seen.add(name);
  }
}

function firstOther(end: readonly string[], usual: readonly string[]): string | undefined {
  const other = end.find((line) => !usual.includes(line)) ?? usual.find((line) => !end.includes(line));
  return other === undefined ? undefined : `it ends otherwise than without these events: ${other}`;
}
