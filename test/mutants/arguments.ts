/** What `npm run mutants` is asked for, from its command line. */
import { parseArgs } from "node:util";
import { UsageError, wholeNumber, wordsOf } from "../../lab/simulate/arguments.ts";

export interface Asked {
  /** Names of the mutants to try. */
  readonly chosen: readonly string[];
  /** Within so many each has to be found. */
  readonly seeds: number;
  readonly as: "text" | "json" | "markdown";
}

const SEEDS = 2_000;

export const USAGE = `Lets each bug of test/mutants/ loose in a copy of the sources, and has the simulation look for it.

npm run mutants -- [--only NAME]… [--seeds N] [--json | --markdown]

--only      only those whose names begin so, such as 07; may be given several times
--seeds     within so many each has to be found (default: ${SEEDS})
--json      a line of JSON for each, and one with the counts
--markdown  the table of docs/simulation.md

The exit status is 1 where one is not found, or cannot be tried. A mistake in the arguments is 2.`;

const OPTIONS = {
  only: { type: "string", multiple: true },
  seeds: { type: "string" },
  json: { type: "boolean" },
  markdown: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * @param names of all mutants
 * @returns undefined where help is asked for
 * @throws {UsageError} naming the option, its value and what to do
 */
export function parseArguments(args: readonly string[], names: readonly string[]): Asked | undefined {
  const { help, only = [], seeds = String(SEEDS), json, markdown } = parsed(args);
  if (help) return undefined;
  if (json && markdown) throw new UsageError("--json and --markdown exclude each other: leave one of them out");
  for (const part of only) {
    if (!names.some((name) => name.startsWith(part)))
      throw new UsageError(
        `--only ${part}: no mutant's name begins so; test/mutants/ has ${names[0]} to ${names.at(-1)}`,
      );
  }
  return {
    chosen: only.length === 0 ? names : names.filter((name) => only.some((part) => name.startsWith(part))),
    seeds: wholeNumber("seeds", seeds, 1),
    as: json ? "json" : markdown ? "markdown" : "text",
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(`${wordsOf(error)}: see --help`);
  }
}
