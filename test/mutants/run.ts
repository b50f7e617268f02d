/**
 * `npm run mutants -- [--only NAME]… [--seeds N] [--json | --markdown]`: lets each bug of this folder loose in a copy of the
 * sources, and has the simulation look for it. Fails where one is not found within that many seeds, or cannot be tried.
 */
import { parseArgs } from "node:util";
import { hunt } from "./hunt.ts";
import { allMutants } from "./mutant.ts";
import { heading, type Result, row, tableOf } from "./report.ts";
import { copyTree } from "./tree.ts";

/** Within so many seeds each has to be found. */
const SEEDS = 2_000;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    seeds: { type: "string", default: String(SEEDS) },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(seeds) || seeds < 1) throw new Error(`--seeds takes a whole number, not ${values.seeds}`);

const all = await allMutants();
const chosen =
  values.only.length === 0 ? all : all.filter(({ name }) => values.only.some((part) => name.startsWith(part)));
if (chosen.length === 0) throw new Error(`no mutant is called ${values.only.join(" or ")}`);

const quiet = values.json || values.markdown;
const tree = await copyTree();
const results: Result[] = [];
try {
  if (!quiet) console.log(heading());
  for (const mutant of chosen) {
    const result = { mutant, finding: await hunt(tree, mutant, { from: 1, seeds }) };
    results.push(result);
    if (values.json) console.log(JSON.stringify({ mutant: mutant.name, ...result.finding }));
    else if (!quiet) console.log(row(result));
    else if (result.finding.found !== "yes") console.error(row(result));
  }
} finally {
  await tree.remove();
}
const found = results.filter(({ finding }) => finding.found === "yes").length;
if (values.markdown) console.log(tableOf(results));
else if (values.json) console.log(JSON.stringify({ mutants: results.length, found }));
else console.log(`${found} of ${results.length} found within ${seeds} seeds`);
process.exitCode = found === results.length ? 0 : 1;
