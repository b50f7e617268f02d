/** Plays one seed's history after the other. */
import { play } from "./history.ts";
import { scenarioOf } from "./scenario.ts";
import { count, emptyTally, type Tally } from "./tally.ts";

export interface Range {
  readonly from: number;
  readonly seeds: number;
}

export async function playSeeds({ from, seeds }: Range): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + seeds; seed++) count(tally, await play(scenarioOf(seed)));
  return tally;
}
