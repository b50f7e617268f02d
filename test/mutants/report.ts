/** What the hunt for each bug came to, for a terminal and for docs/simulation.md. */
import type { Finding } from "./hunt.ts";
import type { Mutant } from "./mutant.ts";

export interface Result {
  readonly mutant: Mutant;
  readonly finding: Finding;
}

const NAME = 44;

export function heading(): string {
  return `${"mutant".padEnd(NAME)}  seed  invariant  detail`;
}

export function row({ mutant, finding }: Result): string {
  const name = mutant.name.padEnd(NAME);
  switch (finding.found) {
    case "yes": {
      const invariant = `${finding.invariant}${isAsSaid({ mutant, finding }) ? "" : "?"}`;
      return `${name}  ${String(finding.seed).padStart(4)}  ${invariant.padEnd(9)}  ${finding.detail}`;
    }
    case "no":
      return `${name}  NOT FOUND within ${finding.seeds} seeds`;
    case "broken":
      return `${name}  NOT TRIED: ${finding.reason}`;
  }
}

/** Whether it broke one of the invariants that its patch names. */
export function isAsSaid({ mutant, finding }: Result): boolean {
  return finding.found === "yes" && mutant.breaks.includes(finding.invariant);
}

/** A Markdown table: mutant, bug, seed, invariant. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ mutant, finding }) => {
    const [seed, invariant] = finding.found === "yes" ? [finding.seed, finding.invariant] : ["not found", ""];
    return `| \`${mutant.name}\` | ${mutant.bug.replaceAll("|", "\\|")} | ${seed} | ${invariant} |`;
  });
  return ["| mutant | bug | seed | invariant |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
