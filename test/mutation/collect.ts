/**
 * What the unit tests get for `vitest` under mutation: `describe` and `test` keep what they are given instead of running it,
 * `expect` is vitest's own.
 */
export { expect } from "vitest";

type Body = () => unknown;

export interface CollectedTest {
  /** Titles from the outermost `describe` in; rows of a table that share a title are told apart by a number. */
  readonly name: string;
  readonly run: Body;
}

const collected: CollectedTest[] = [];
const titles: string[] = [];
const seen = new Map<string, number>();

/** Every test that was collected since this was last called. */
export function takeCollected(): CollectedTest[] {
  seen.clear();
  return collected.splice(0);
}

function collect(title: string, run: Body): void {
  const name = [...titles, title].join(" > ");
  const times = (seen.get(name) ?? 0) + 1;
  seen.set(name, times);
  collected.push({ name: times === 1 ? name : `${name} #${times}`, run });
}

function group(title: string, body: Body): void {
  titles.push(title);
  try {
    body();
  } finally {
    titles.pop();
  }
}

/** `each` of either: a row's cells are the arguments, and its first texts and numbers stand in for `%s` and `%i`. */
const eachOf =
  (one: (title: string, body: Body) => void) =>
  (rows: readonly unknown[]) =>
  (title: string, body: (...cells: unknown[]) => unknown): void => {
    for (const row of rows) {
      const cells: readonly unknown[] = Array.isArray(row) ? row : [row];
      let cell = 0;
      one(
        title.replace(/%[a-z]/g, () => String(cells[cell++])),
        () => body(...cells),
      );
    }
  };

export const test = Object.assign(collect, { each: eachOf(collect) });
export const describe = Object.assign(group, { each: eachOf(group) });
