/**
 * Invariant 5: while Rollcall runs at least once per heartbeat, no lifecycle action times out. A hold cannot outlive its
 * action's global limit, and says so: that is not Rollcall's failure.
 */
import type { Moment } from "./moment.ts";

export function timeouts({ timedOut, records }: Pick<Moment, "timedOut" | "records">): string[] {
  return timedOut
    .filter(({ action, how }) => how !== "global timeout" || records.get(action.instance)?.hold === undefined)
    .map(({ action, how }) => `${action.hook.name} of ${action.instance} ended by its ${how}`);
}
