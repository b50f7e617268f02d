/** Plays one seed's history after the other. */
import { scenarioOf } from "./scenario.ts";
import { count, emptyTally, type Tally } from "./tally.ts";
import { judge } from "./verdict.ts";

export interface Range {
  readonly from: number;
  readonly seeds: number;
  /** The first that fails is the last that is played. */
  readonly bail?: boolean;
}

export async function playSeeds({ from, seeds, bail = false }: Range): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + seeds && !(bail && tally.failed > 0); seed++) {
    count(tally, await judge(scenarioOf(seed), `seed ${seed}`));
  }
  return tally;
}
