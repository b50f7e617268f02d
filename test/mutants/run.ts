/**
 * `npm run mutants`: see `arguments.ts`. Lets each bug of this folder loose in a copy of the sources, and has the simulation look
 * for it.
 */
import { UsageError } from "../../lab/simulate/arguments.ts";
import { type Asked, parseArguments, USAGE } from "./arguments.ts";
import { hunt } from "./hunt.ts";
import { allMutants, type Mutant } from "./mutant.ts";
import { heading, type Result, row, tableOf } from "./report.ts";
import { copyTree } from "./tree.ts";

const all = await allMutants();
try {
  const asked = parseArguments(
    process.argv.slice(2),
    all.map(({ name }) => name),
  );
  if (asked) process.exitCode = await run(asked, all);
  else console.log(USAGE);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

/** The exit status. */
async function run({ chosen, seeds, as }: Asked, mutants: readonly Mutant[]): Promise<number> {
  const results: Result[] = [];
  const tree = await copyTree();
  try {
    if (as === "text") console.log(heading());
    for (const mutant of mutants.filter(({ name }) => chosen.includes(name))) {
      const result = { mutant, finding: await hunt(tree, mutant, { from: 1, seeds }) };
      results.push(result);
      if (as === "json") console.log(JSON.stringify({ mutant: mutant.name, ...result.finding }));
      else if (as === "text") console.log(row(result));
      else if (result.finding.found !== "yes") console.error(row(result));
    }
  } finally {
    await tree.remove();
  }
  const found = results.filter(({ finding }) => finding.found === "yes").length;
  if (as === "markdown") console.log(tableOf(results));
  else if (as === "json") console.log(JSON.stringify({ mutants: results.length, found }));
  else console.log(`${found} of ${results.length} found within ${seeds} seeds`);
  return found === results.length ? 0 : 1;
}
