/**
 * Values by key that remember how they were a while ago, so that a read can be answered as a lagging replica would:
 * with the world of some seconds before.
 */
/** ms since the epoch; for each key its own where it is a function. */
export type AsOf = number | ((key: string) => number);

export class Timeline<T> {
  readonly #now: () => number;
  readonly #horizon: number;
  readonly #versions = new Map<string, { readonly at: number; readonly value: T | undefined }[]>();
  /** All of now, where nothing has been written since it was asked for. */
  #latest: readonly T[] | undefined;

  /** `horizon`: how far back reads may look, milliseconds. */
  constructor(now: () => number, horizon = 120_000) {
    this.#now = now;
    this.#horizon = horizon;
  }

  set(key: string, value: T): void {
    this.#write(key, value);
  }

  delete(key: string): void {
    if (this.get(key) !== undefined) this.#write(key, undefined);
  }

  /** The value now, or as it was `asOf` (ms since the epoch). */
  get(key: string, asOf = Number.POSITIVE_INFINITY): T | undefined {
    const versions = this.#versions.get(key);
    const last = versions?.at(-1);
    // By far the most reads are of now.
    return last && last.at > asOf ? versions?.findLast((version) => version.at <= asOf)?.value : last?.value;
  }

  /** In the order in which the keys first came. */
  values(asOf: AsOf = Number.POSITIVE_INFINITY): readonly T[] {
    if (asOf !== Number.POSITIVE_INFINITY) return this.#values(asOf);
    this.#latest ??= this.#values(asOf);
    return this.#latest;
  }

  #values(asOf: AsOf): T[] {
    const found: T[] = [];
    for (const key of this.#versions.keys()) {
      const value = this.get(key, typeof asOf === "number" ? asOf : asOf(key));
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  #write(key: string, value: T | undefined): void {
    this.#latest = undefined;
    const now = this.#now();
    const versions = this.#versions.get(key) ?? [];
    if (versions.at(-1)?.at === now) versions.pop();
    versions.push({ at: now, value });
    const oldest = versions.findLastIndex((version) => version.at <= now - this.#horizon);
    if (oldest > 0) versions.splice(0, oldest);
    this.#versions.set(key, versions);
    if (value === undefined) this.#forget();
  }

  /** Drops the keys whose deletion lies further back than anybody may look. */
  #forget(): void {
    const past = this.#now() - this.#horizon;
    for (const [key, versions] of this.#versions) {
      const last = versions.at(-1);
      if (last && last.value === undefined && last.at < past) this.#versions.delete(key);
    }
  }
}
