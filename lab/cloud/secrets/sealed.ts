/** A text that nothing prints, logs or serialises by mistake: only who opens it sees it. */
export class Sealed {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  open(): string {
    return this.#text;
  }
}

const CONCEALED = "(concealed)";

/** A copy without the values of members of these names, however deep; the value itself where there are none to look for. */
export function concealed<T>(value: T, names: readonly string[]): T;
export function concealed(value: unknown, names: readonly string[]): unknown {
  if (names.length === 0) return value;
  if (Array.isArray(value)) return value.map((one) => concealed(one, names));
  // Dates, bytes and errors are what they are.
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, names.includes(name) ? CONCEALED : concealed(one, names)]),
  );
}
