/** Lets one bug loose in a copy of the tree, and has the simulation look for it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import type { Tree } from "./tree.ts";

export interface Range {
  readonly from: number;
  readonly seeds: number;
}

export type Finding =
  /** By that seed, the first that failed. */
  | { readonly found: "yes"; readonly seed: number; readonly invariant: number; readonly detail: string }
  | { readonly found: "no"; readonly seeds: number }
  /** The patch does not apply, or the simulation did not run: that shows nothing. */
  | { readonly found: "broken"; readonly reason: string };

export async function hunt(tree: Tree, mutant: Mutant, range: Range): Promise<Finding> {
  try {
    const finding = await tree.with(mutant.files, () => simulate(tree, range));
    if (finding.found !== "yes") return finding;
    // It came to no end, or the simulation itself failed: that is a finding only where it is what the bug should do.
    if (finding.invariant === 0 && !mutant.breaks.includes(0))
      return { found: "broken", reason: `seed ${finding.seed}: ${finding.detail}` };
    // What fails without the bug too has found something else.
    const sound = await simulate(tree, { from: finding.seed, seeds: 1 });
    return sound.found === "no" ? finding : { found: "broken", reason: `seed ${finding.seed} fails without it, too` };
  } catch (error) {
    return { found: "broken", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Up to the first seed that fails. Only a simulation that has run to its end has found anything: it says so in its last line. */
async function simulate({ folder }: Tree, { from, seeds }: Range): Promise<Finding> {
  const { stdout, stderr } = await run(folder, [
    join("lab", "simulate", "main.ts"),
    "--from",
    String(from),
    "--seeds",
    String(seeds),
    "--bail",
    "--json",
  ]);
  const lines = stdout.trimEnd().split("\n");
  const counts = countsOf(lines.at(-1) ?? "");
  if (!counts) return { found: "broken", reason: `the simulation did not run: ${errorIn(stderr)}` };
  if (counts.failed === 0) return { found: "no", seeds: counts.seeds };
  const said = lines.map((line) => /^seed (\d+) breaks invariant (\d+): (.*)$/.exec(line)).find((match) => match);
  if (!said) return { found: "broken", reason: `no seed is named: ${lines[0] ?? ""}` };
  const [, seed = "", invariant = "", detail = ""] = said;
  return { found: "yes", seed: Number(seed), invariant: Number(invariant), detail };
}

/** What Node says of an error that nobody caught, without the source line before it and the stack after it. */
function errorIn(stderr: string): string {
  const said = stderr.split("\n").find((line) => /^\S*Error\b/.test(line));
  return said ?? stderr.trim().slice(-500);
}

function countsOf(line: string): { readonly seeds: number; readonly failed: number } | undefined {
  try {
    const { seeds, failed } = JSON.parse(line) as { seeds?: unknown; failed?: unknown };
    return typeof seeds === "number" && typeof failed === "number" && seeds > 0 ? { seeds, failed } : undefined;
  } catch {
    return undefined;
  }
}

/** Beyond what any simulation of some thousand histories takes, ms: it goes round in circles. */
const LIMIT = 45 * 60_000;
/** A bug may well fill the memory, which others need too; MiB. */
const MEMORY = 4_096;

/** Its exit status says nothing that its output does not say better. */
function run(cwd: string, parameters: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: 2 ** 26, timeout: LIMIT };
    execFile(process.execPath, [`--max-old-space-size=${MEMORY}`, ...parameters], options, (_error, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}
