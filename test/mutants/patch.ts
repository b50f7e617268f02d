/**
 * A bug as a patch: two header lines, then a unified diff.
 *
 *     Bug: a terminating instance that holds no id is left to itself
 *     Breaks: 5
 *     --- a/shared/lifecycle/decide/terminate.ts
 *     +++ b/shared/lifecycle/decide/terminate.ts
 *     @@ -18 +18 @@
 *     -  if (!mine) return complete("terminate/1", "it holds no id");
 *     +  if (!mine) return settled("terminate/1", "it holds no id");
 *
 * Line numbers are for the reader: a hunk belongs where its old lines are, and they must be found exactly once. So a patch
 * outlives changes around it, and never hits another place than the one that was meant.
 */

export interface Patch {
  /** What the bug is, in words. */
  readonly bug: string;
  /** Numbers of the invariants of docs/architecture.md that it may break; 0: histories come to no end. */
  readonly breaks: readonly number[];
  readonly files: readonly FilePatch[];
}

export interface FilePatch {
  /** From the project's root. */
  readonly path: string;
  readonly hunks: readonly Hunk[];
}

export interface Hunk {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** @throws where the text is not such a patch */
export function parsePatch(text: string): Patch {
  const [first = "", second = "", ...diff] = text.trimEnd().split("\n");
  const bug = /^Bug: (.+)$/.exec(first)?.[1];
  const breaks = /^Breaks: (\d(?:, \d)*)$/.exec(second)?.[1];
  if (bug === undefined) throw new Error(`its first line says no bug: ${first}`);
  if (breaks === undefined) throw new Error(`its second line says no invariants: ${second}`);
  return { bug, breaks: breaks.split(", ").map(Number), files: filesOf(diff) };
}

function filesOf(diff: readonly string[]): FilePatch[] {
  const files: { path: string; hunks: { before: string[]; after: string[] }[] }[] = [];
  for (const line of diff) {
    const hunk = files.at(-1)?.hunks.at(-1);
    const path = /^\+\+\+ b\/(\S+)$/.exec(line)?.[1];
    if (path !== undefined) files.push({ path, hunks: [] });
    else if (line.startsWith("--- a/")) continue;
    else if (line.startsWith("@@ ")) files.at(-1)?.hunks.push({ before: [], after: [] });
    else if (!hunk) throw new Error(`no hunk has begun at: ${line}`);
    else if (line.startsWith("-")) hunk.before.push(line.slice(1));
    else if (line.startsWith("+")) hunk.after.push(line.slice(1));
    else if (line.startsWith(" ") || line === "") {
      hunk.before.push(line.slice(1));
      hunk.after.push(line.slice(1));
    } else throw new Error(`not a line of a diff: ${line}`);
  }
  if (files.length === 0 || files.some(({ hunks }) => hunks.length === 0)) throw new Error("it changes nothing");
  return files;
}

/**
 * The source with that patch.
 *
 * @throws where a hunk's old lines are not there, or more than once
 */
export function applied({ path, hunks }: FilePatch, source: string): string {
  let lines = source.split("\n");
  for (const { before, after } of hunks) {
    const [at, ...more] = placesOf(before, lines);
    const what = before.find((line) => line.trim() !== "")?.trim() ?? "";
    if (at === undefined) throw new Error(`${path} no longer has the lines around: ${what}`);
    if (more.length > 0) throw new Error(`${path} has ${more.length + 1} places with the lines around: ${what}`);
    lines = [...lines.slice(0, at), ...after, ...lines.slice(at + before.length)];
  }
  return lines.join("\n");
}

function placesOf(wanted: readonly string[], lines: readonly string[]): number[] {
  if (wanted.length === 0) return [];
  return lines.flatMap((_, at) => (wanted.every((line, n) => lines[at + n] === line) ? [at] : []));
}
