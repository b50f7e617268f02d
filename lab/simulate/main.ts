/** `npm run simulate`: see `arguments.ts`. */
import { existsSync, readFileSync } from "node:fs";
import { type Asked, parseArguments, USAGE, UsageError } from "./arguments.ts";
import { play } from "./history.ts";
import { crashJobs, doOnThreads, orderJobs, playOnThreads } from "./pool.ts";
import { retold } from "./retell.ts";
import { type Scenario, scenarioOf } from "./scenario.ts";
import { parseScenario } from "./scenario-text.ts";
import { count, emptyTally, type Tally } from "./tally.ts";
import { type Failure, judge } from "./verdict.ts";

/** Histories that are told in full where many fail. */
const MOST_TOLD = 3;

Error.stackTraceLimit = 5;
try {
  const asked = parseArguments(process.argv.slice(2));
  if (asked.what === "help") console.log(USAGE);
  else process.exitCode = await run(asked);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

type Run = Exclude<Asked, { readonly what: "help" }>;

/** The exit status. */
async function run(asked: Run): Promise<number> {
  const started = performance.now();
  const tally = await played(asked);
  const seconds = (performance.now() - started) / 1000;
  for (const { name, invariant, detail } of tally.failures) {
    console.log(`${name} breaks invariant ${invariant}: ${detail}`);
  }
  if (!(asked.what === "seeds" && asked.bail)) await tell(tally.failures);
  if (asked.json) {
    const { failures: _, ...counts } = tally;
    console.log(JSON.stringify({ ...counts, seconds: Math.round(seconds * 10) / 10 }));
  } else {
    const rate = (tally.seeds / seconds).toFixed(0);
    console.log(`${tally.seeds} histories, ${tally.failed} failed, ${seconds.toFixed(1)} s (${rate} a second)`);
  }
  return tally.failed > 0 ? 1 : 0;
}

function played(asked: Run): Promise<Tally> {
  switch (asked.what) {
    case "seeds":
      return playOnThreads(asked);
    case "crash points":
      return doOnThreads(crashJobs(asked.scenarios));
    case "orders":
      return doOnThreads(orderJobs());
    case "seed":
      return one(scenarioOf(asked.seed), `seed ${asked.seed}`, asked.trace);
    case "scenario":
      return one(scenarioFrom(asked.text), "the scenario", asked.trace);
  }
}

async function one(scenario: Scenario, name: string, trace: boolean): Promise<Tally> {
  const alone = emptyTally();
  if (trace) await play(scenario, { trace: (line) => console.log(line) });
  count(alone, await judge(scenario, name));
  return alone;
}

async function tell(failures: readonly Failure[]): Promise<void> {
  for (const failure of failures.slice(0, MOST_TOLD)) {
    for await (const line of retold(failure)) console.log(line);
  }
}

/** Throws UsageError. */
function scenarioFrom(text: string): Scenario {
  const isFile = !text.trimStart().startsWith("{");
  if (isFile && !existsSync(text)) {
    throw new UsageError(`--scenario takes a scenario as JSON or a file with one, and there is no file ${text}`);
  }
  try {
    return parseScenario(isFile ? readFileSync(text, "utf8") : text);
  } catch (error) {
    throw new UsageError(`--scenario ${text.slice(0, 80)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
