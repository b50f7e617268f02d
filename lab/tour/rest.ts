/** Waits until Rollcall has nothing left to do. */
import type { Lab } from "../lab.ts";
import { isOwnChange, nameOfCall } from "./own-calls.ts";
import { until } from "./until.ts";

const LIMIT = 60_000;

/**
 * Until a whole sweep has looked at everything and changed nothing, and nobody is at work any more.
 *
 * @throws {Overdue} naming what Rollcall last did
 */
export async function atRest(lab: Lab): Promise<void> {
  const { journal, cloud } = lab;
  const begun = () => ({ mark: cloud.calls.all().length, sweep: journal.sweeps.begun });
  let since = begun();
  await until(
    lab.clock,
    "Rollcall to come to rest",
    LIMIT,
    () => {
      if (cloud.calls.all().slice(since.mark).some(isOwnChange)) since = begun();
      // The first to begin since then is the first that saw all of what came before.
      const swept = journal.sweeps.ended > since.sweep;
      return swept && journal.running === 0 ? true : undefined;
    },
    () => {
      const last = cloud.calls.all().findLast(isOwnChange);
      return last ? `it last called ${nameOfCall(last)}, ${journal.running} invocations run` : "no sweep has ended";
    },
  );
}
