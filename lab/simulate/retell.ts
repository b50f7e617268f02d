/** Tells how a history fails, so that whoever reads it can see why: what was done to the cluster, and the shortest way to it. */
import { play } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import { formatScenario } from "./scenario-text.ts";
import { type Failing, type Shrunk, shrink } from "./shrink.ts";
import { type Failure, judge } from "./verdict.ts";

/** The same way of failing: of the same invariant, in whichever detail. */
export function failingLike({ name, invariant, differs }: Failure) {
  return async (scenario: Scenario): Promise<Failing | undefined> => {
    const { failure, history } = await judge(scenario, name, differs === true);
    if (failure?.invariant !== invariant) return undefined;
    return { faults: (history?.faults ?? []).map((fault) => fault.name) };
  };
}

/** Line by line: what happened in it, the shortest history that still fails, and how to play both again. */
export async function* retold(failure: Failure): AsyncGenerator<string> {
  const { name, scenario } = failure;
  yield "";
  yield `${name}: what was done to the cluster`;
  yield* shortened((await linesOf(scenario)).filter(outline));
  const shrunk: Shrunk = await shrink(scenario, failingLike(failure));
  yield "";
  yield `${name}: the shortest history that still fails (${shrunk.plays} were tried)`;
  yield* shortened(await linesOf(shrunk.scenario));
  yield "";
  if (name.startsWith("seed ")) yield `npm run simulate -- --${name} --trace`;
  else yield `npm run simulate -- --scenario '${quoted(formatScenario(scenario))}' --trace`;
  yield `npm run simulate -- --scenario '${quoted(formatScenario(shrunk.scenario))}' --trace`;
}

async function linesOf(scenario: Scenario): Promise<string[]> {
  const lines: string[] = [];
  try {
    await play(scenario, { trace: (line) => lines.push(line) });
  } catch (error) {
    lines.push(
      `X the simulation itself fails: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
  return lines;
}

/** What does not come right goes on for long, ever the same. */
const BEGINNING = 200;
const END = 40;

function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - BEGINNING - END;
  return more > 0 ? [...lines.slice(0, BEGINNING), `… ${more} lines more …`, ...lines.slice(-END)] : lines;
}

/** Blows, faults and what came of them, without calls, events and what was logged. */
function outline(line: string): boolean {
  return /^\S+ [=!X]/.test(line) || line.startsWith("X");
}

/** For a shell, inside single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
