import type { Clock } from "../lifecycle/ports.ts";

/** Kept back of an invocation's time, ms: for the call in progress to end, and the log and the metrics to get out. */
const MARGIN = 5_000;

/** What a Lambda context tells of time. */
export interface Remaining {
  /** ms until the invocation is killed. */
  getRemainingTimeInMillis(): number;
}

/** When the work of an invocation has to end, ms since the epoch. */
export function deadlineOf(context: Remaining, clock: Pick<Clock, "now">): number {
  return clock.now() + Math.max(0, context.getRemainingTimeInMillis() - MARGIN);
}
