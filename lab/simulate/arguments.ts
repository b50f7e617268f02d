/** What `npm run simulate` is asked for, from its command line. */
import { parseArgs } from "node:util";
import { CRASH_SCENARIOS } from "./crash-points.ts";
import type { Range } from "./seeds.ts";

export type Asked =
  | ({ readonly what: "seeds"; readonly json: boolean } & Range)
  | { readonly what: "seed"; readonly seed: number; readonly trace: boolean; readonly json: boolean }
  /** `text`: JSON, or the name of a file that has it. */
  | { readonly what: "scenario"; readonly text: string; readonly trace: boolean; readonly json: boolean }
  | { readonly what: "crash points"; readonly scenarios: readonly string[]; readonly json: boolean }
  | { readonly what: "orders"; readonly json: boolean }
  | { readonly what: "help" };

export const USAGE = `Plays histories of clusters on a virtual clock, with everything going wrong, and asserts the invariants in each.

npm run simulate -- [--seeds N] [--from S] [--bail] [--json]   N histories (by default 100), from seed S on (by default 1)
npm run simulate -- --seed S [--trace] [--json]                one of them, with all that happens
npm run simulate -- --scenario JSON|FILE [--trace] [--json]    a history from its plan, as a failure prints it
npm run simulate -- --crash [NAME] [--json]                    every crash point of every scenario, or of that one
npm run simulate -- --orders [--json]                          every order of events about one instance

--bail    ends with the first history that fails
--trace   tells all that happens, line by line
--json    the last line is the counts, as JSON

A history that fails is made as short as can be, and is told; the exit status is then 1. A mistake in the arguments is 2.`;

/** What is wrong with the arguments, and what to do. */
export class UsageError extends Error {}

const OPTIONS = {
  seeds: { type: "string" },
  from: { type: "string" },
  bail: { type: "boolean" },
  seed: { type: "string" },
  scenario: { type: "string" },
  crash: { type: "boolean" },
  orders: { type: "boolean" },
  trace: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Name = keyof typeof OPTIONS;

/** Which options go with the one that says what is to be played. */
const WITH: Readonly<Record<string, readonly Name[]>> = {
  seed: ["trace", "json"],
  scenario: ["trace", "json"],
  crash: ["json"],
  orders: ["json"],
  seeds: ["seeds", "from", "bail", "json"],
};

/** Throws UsageError. */
export function parseArguments(args: readonly string[]): Asked {
  const { values, positionals } = parsed(args);
  if (values.help) return { what: "help" };
  const kinds = (["seed", "scenario", "crash", "orders"] as const).filter((name) => values[name] !== undefined);
  const [kind = "seeds", other] = kinds;
  if (other !== undefined) throw new UsageError(`--${kind} and --${other} exclude each other: leave one of them out`);
  for (const name of Object.keys(values) as Name[]) {
    if (name === kind || WITH[kind]?.includes(name)) continue;
    throw new UsageError(`--${name} does not go with --${kind}: leave one of them out`);
  }
  if (kind !== "crash" && positionals.length > 0) {
    throw new UsageError(`"${positionals[0]}" is no option: everything is said by options, see --help`);
  }
  const { json = false, trace = false, bail = false } = values;
  switch (kind) {
    case "seed":
      return { what: "seed", seed: wholeNumber("seed", values.seed, 0), trace, json };
    case "scenario":
      return { what: "scenario", text: values.scenario ?? "", trace, json };
    case "crash":
      return { what: "crash points", scenarios: scenariosOf(positionals), json };
    case "orders":
      return { what: "orders", json };
    default: {
      const from = wholeNumber("from", values.from ?? "1", 0);
      const seeds = wholeNumber("seeds", values.seeds ?? "100", 1);
      // Beyond, one more is the same number.
      if (!Number.isSafeInteger(from + seeds)) {
        throw new UsageError(
          `--from ${from} is too large: ${seeds} seeds from there on are beyond ${Number.MAX_SAFE_INTEGER}`,
        );
      }
      return { what: "seeds", seeds, from, bail, json };
    }
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${wordsOf(error)}: see --help`);
  }
}

/** What `parseArgs` finds wrong; it goes on to tell how to pass what looks like an option, which nothing here does. */
export function wordsOf(error: unknown): string {
  const [what = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
  return what;
}

function scenariosOf(names: readonly string[]): string[] {
  const known = Object.keys(CRASH_SCENARIOS);
  for (const name of names) {
    if (!known.includes(name))
      throw new UsageError(`--crash knows no scenario "${name}": it is one of ${known.join(", ")}`);
  }
  return names.length > 0 ? [...names] : known;
}

/** Throws UsageError. */
export function wholeNumber(name: string, text: string | undefined, least: number): number {
  const number = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${name} takes a whole number from ${least} on, not "${text}"`);
}
