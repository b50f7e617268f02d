import { nearest } from "./nearest.ts";
import type { Path, Problems } from "./problems.ts";

/**
 * Takes a value of unknown shape apart, and reports to `problems` what is not as it must be. Every method answers
 * undefined where it reported something (or where an optional value is absent), so that reading goes on and finds the rest.
 */
export class Reader {
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** A mapping with these keys only. */
  mapping(path: Path, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    const mapping = this.openMapping(path, value);
    if (mapping === undefined) return undefined;
    for (const key of Object.keys(mapping)) {
      if (known.includes(key)) continue;
      const meant = nearest(key, known);
      this.#problems.add(
        [...path, key],
        mapping[key],
        "this key is not known here",
        meant === undefined ? `Known are ${known.join(", ")}` : `Did you mean ${meant}?`,
      );
    }
    return mapping;
  }

  /** A mapping whose keys are the user's own. */
  openMapping(path: Path, value: unknown): Readonly<Record<string, unknown>> | undefined {
    if (this.#missing(path, value, "a mapping")) return undefined;
    if (isMapping(value)) return value;
    this.#problems.add(path, value, "this must be a mapping", "Write it as key: value lines, indented below the key");
    return undefined;
  }

  list(path: Path, value: unknown): readonly unknown[] | undefined {
    if (this.#missing(path, value, "a list")) return undefined;
    if (Array.isArray(value)) return value;
    this.#problems.add(path, value, "this must be a list", "Write it as [a, b] or as lines that start with -");
    return undefined;
  }

  /** Text of that form; `what` and `example` tell the user, e.g. "a region", "eu-central-1". */
  text(path: Path, value: unknown, form: RegExp, what: string, example: string): string | undefined {
    if (this.#missing(path, value, what)) return undefined;
    const remedy = `Give ${what}, for example ${example}`;
    if (typeof value !== "string") {
      const quote = typeof value === "number" || typeof value === "boolean" ? "; put it in quotes where it is one" : "";
      this.#problems.add(path, value, "this must be text", remedy + quote);
      return undefined;
    }
    if (form.test(value)) return value;
    this.#problems.add(path, value, `this is not ${what}`, remedy);
    return undefined;
  }

  /** One of these words. */
  oneOf<Word extends string>(path: Path, value: unknown, words: readonly Word[], what: string): Word | undefined {
    if (this.#missing(path, value, what)) return undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) this.#problems.add(path, value, `this is not ${what}`, `Give one of ${words.join(", ")}`);
    return word;
  }

  /** True or false; YAML 1.2 takes no other words for them. */
  flag(path: Path, value: unknown): boolean | undefined {
    if (this.#missing(path, value, "true or false")) return undefined;
    if (typeof value === "boolean") return value;
    this.#problems.add(path, value, "this must be true or false", "Write true or false, without quotes");
    return undefined;
  }

  /** A list of texts that differ, at most `most`, each read by `read`; undefined where one could not be. */
  distinct(
    path: Path,
    value: unknown,
    read: (path: Path, value: unknown) => string | undefined,
    most = Number.POSITIVE_INFINITY,
  ): readonly string[] | undefined {
    const list = this.list(path, value);
    if (list === undefined) return undefined;
    if (list.length > most) {
      this.#problems.add(path, undefined, `${list.length} are too many`, `Give at most ${most}`);
    }
    const texts: string[] = [];
    for (const [index, given] of list.entries()) {
      const text = read([...path, index], given);
      if (text === undefined) continue;
      if (texts.includes(text)) this.#problems.add([...path, index], text, "this is given twice", "Name each once");
      texts.push(text);
    }
    return texts.length === list.length ? texts : undefined;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(path: Path, value: unknown, from: number, to: number, what: string): number | undefined {
    return this.#number(path, value, from, to, what, "a whole number", Number.isSafeInteger);
  }

  /** Any number from `from` to `to`, both included. */
  number(path: Path, value: unknown, from: number, to: number, what: string): number | undefined {
    return this.#number(path, value, from, to, what, "a number", Number.isFinite);
  }

  #number(
    path: Path,
    value: unknown,
    from: number,
    to: number,
    what: string,
    kind: string,
    fits: (value: number) => boolean,
  ): number | undefined {
    if (this.#missing(path, value, what)) return undefined;
    if (typeof value === "number" && fits(value) && value >= from && value <= to) return value;
    const problem = typeof value === "number" && fits(value) ? "this is out of range" : `this must be ${kind}`;
    this.#problems.add(path, value, problem, `Give ${what}, from ${from} to ${to}`);
    return undefined;
  }

  #missing(path: Path, value: unknown, what: string): boolean {
    if (!absent(value)) return false;
    this.#problems.add(path, undefined, "this is missing", `Give ${what}`);
    return true;
  }
}

/** A key with nothing after it is as good as no key: YAML reads it as null. */
export function absent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
