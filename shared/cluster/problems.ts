/** Where a value stands in a definition: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** One thing that keeps a definition from being used. */
export interface Problem {
  /** For reading, e.g. `roles.controller.addresses[0].id`. */
  readonly path: string;
  /** What stands there; undefined where nothing does. */
  readonly value: unknown;
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Line of the source, from 1, where the source has lines. */
  readonly line?: number;
}

/** A definition that cannot be used: every problem it has, at once. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
  /** File name, or what else the definition came from. */
  readonly source: string;
  readonly problems: readonly Problem[];

  /** @param what it cannot be */
  constructor(source: string, problems: readonly Problem[], what = "used as a cluster definition") {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${source} cannot be ${what} (${count}):\n${problems.map(paragraph).join("\n")}`);
    this.source = source;
    this.problems = problems;
  }
}

/** Collects problems while a definition is read, so that its author sees them all at once. */
export class Problems {
  readonly #found: { path: Path; value: unknown; problem: string; remedy: string }[] = [];

  add(path: Path, value: unknown, problem: string, remedy: string): void {
    this.#found.push({ path, value, problem, remedy });
  }

  /** Throws a DefinitionError where there are problems, in the order of their lines where those are known. */
  throwIfAny(source: string, lineOf: (path: Path) => number | undefined = () => undefined): void {
    if (this.#found.length === 0) return;
    const problems = this.#found.map(({ path, value, problem, remedy }): Problem => {
      const line = lineOf(path);
      return { path: pathText(path), value, problem, remedy, ...(line === undefined ? {} : { line }) };
    });
    problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    throw new DefinitionError(source, problems);
  }
}

/** `zones[0].cidr`; keys that are not plain words are quoted, as Kafka's dotted settings: `settings["a.b"]`. */
export function pathText(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[\w-]+$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text === "" ? "(the whole definition)" : text;
}

const LONGEST_VALUE = 80;

/** A value as a message shows it: JSON, cut where it is long. */
export function valueText(value: unknown): string {
  const text = typeof value === "number" && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

function paragraph({ line, path, value, problem, remedy }: Problem): string {
  const where = line === undefined ? "" : `line ${line}, `;
  const what = value === undefined ? "" : `: ${valueText(value)}`;
  return `  ${where}${path}${what}\n    ${problem}. ${remedy}${remedy.endsWith("?") ? "" : "."}`;
}
