/** What many histories come to: the counts that the last line of `--json` tells, and the histories that failed. */
import type { Failure, Verdict } from "./verdict.ts";

export interface Tally {
  /** Histories. */
  seeds: number;
  failed: number;
  /** Events on the virtual clock. */
  steps: number;
  calls: number;
  /** Invocations that were killed. */
  kills: number;
  /** Lifecycle actions that began. */
  actions: number;
  /** How often something went wrong or was done to a cluster, by kind. */
  readonly faults: Record<string, number>;
  /** What Rollcall said, by row of its tables. */
  readonly rows: Record<string, number>;
  /** Histories that could not end well, by why not. */
  readonly excused: Record<string, number>;
  /** Histories that were played through the SDK's clients too. */
  viaSdk: number;
  readonly failures: Failure[];
}

export function emptyTally(): Tally {
  return {
    seeds: 0,
    failed: 0,
    steps: 0,
    calls: 0,
    kills: 0,
    actions: 0,
    faults: {},
    rows: {},
    excused: {},
    viaSdk: 0,
    failures: [],
  };
}

export function count(tally: Tally, { history, twinned, failure }: Verdict): void {
  tally.seeds += 1;
  if (twinned) tally.viaSdk += 1;
  if (failure) {
    tally.failed += 1;
    tally.failures.push(failure);
  }
  if (!history) return;
  const { excuse, faults, blows, rows } = history;
  tally.steps += history.steps;
  tally.calls += history.calls;
  tally.kills += history.kills;
  tally.actions += history.actions;
  for (const { kind } of faults) add(tally.faults, kind, 1);
  for (const [kind, times] of Object.entries(blows)) add(tally.faults, kind, times);
  for (const [row, times] of Object.entries(rows)) add(tally.rows, row, times);
  if (excuse !== undefined) add(tally.excused, excuse.replace(/i-[0-9a-f]+|\d[\d:TZ-]*/g, "_"), 1);
}

/** Adds the one to the other. */
export function merge(into: Tally, more: Tally): void {
  for (const name of ["seeds", "failed", "steps", "calls", "kills", "actions", "viaSdk"] as const) {
    into[name] += more[name];
  }
  for (const name of ["faults", "rows", "excused"] as const) {
    for (const [key, times] of Object.entries(more[name])) add(into[name], key, times);
  }
  into.failures.push(...more.failures);
}

function add(counts: Record<string, number>, key: string, times: number): void {
  counts[key] = (counts[key] ?? 0) + times;
}
