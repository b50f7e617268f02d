/** What came of a history, as far as failing goes: the same for one that is played once and one that is played by both ways. */
import { type History, play } from "./history.ts";
import { isTwinned, type Scenario } from "./scenario.ts";
import { playTwins } from "./twin.ts";

export interface Failure {
  /** What failed: `seed 7`, or a crash point's name. */
  readonly name: string;
  readonly scenario: Scenario;
  /** Its number in docs/architecture.md; 0: the simulation itself came to no end, or not to the same one by both ways. */
  readonly invariant: number;
  readonly detail: string;
  /** It is not the same by both ways. */
  readonly differs?: true;
}

export interface Verdict {
  /** Absent where the simulation itself threw. */
  readonly history?: History;
  readonly twinned: boolean;
  readonly failure?: Failure;
}

/** Never rejects: what the simulation itself throws is a failure too. */
export async function judge(scenario: Scenario, name: string, twinned = isTwinned(scenario.seed)): Promise<Verdict> {
  const failure = (invariant: number, detail: string): Failure => ({ name, scenario, invariant, detail });
  try {
    if (!twinned) {
      const history = await play(scenario);
      const { breach } = history;
      return { history, twinned, ...(breach && { failure: failure(breach.invariant, breach.detail) }) };
    }
    const { straight: history, difference } = await playTwins(scenario);
    const { breach } = history;
    if (breach) return { history, twinned, failure: failure(breach.invariant, breach.detail) };
    return {
      history,
      twinned,
      ...(difference !== undefined && { failure: { ...failure(0, difference), differs: true } }),
    };
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { twinned, failure: failure(0, `the simulation itself fails: ${detail}`) };
  }
}
