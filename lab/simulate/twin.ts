/** The same history twice, straight and through the SDK's clients and the in-process door: what happens must be the same. */
import { type History, play } from "./history.ts";
import type { Scenario } from "./scenario.ts";

export interface Twins {
  readonly straight: History;
  /** The first line in which the two differ; undefined where they are the same. */
  readonly difference?: string;
}

export async function playTwins(scenario: Scenario): Promise<Twins> {
  const [straight, through]: [string[], string[]] = [[], []];
  const history = await play(scenario, { trace: (line) => straight.push(line) });
  await play(scenario, { sdk: true, trace: (line) => through.push(line) });
  const difference = firstDifference(straight, through);
  return { straight: history, ...(difference !== undefined && { difference }) };
}

export function firstDifference(straight: readonly string[], through: readonly string[]): string | undefined {
  const length = Math.max(straight.length, through.length);
  for (let n = 0; n < length; n++) {
    const [one, other] = [straight[n], through[n]];
    if (one !== other) return `line ${n + 1} is "${one ?? ""}", and through the SDK "${other ?? ""}"`;
  }
  return undefined;
}
