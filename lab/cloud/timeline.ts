/**
 * Values by key that remember how they were a while ago, so that a read can be answered as a lagging replica would:
 * with the world of some seconds before.
 */
export class Timeline<T> {
  readonly #now: () => number;
  readonly #horizon: number;
  readonly #versions = new Map<string, { readonly at: number; readonly value: T | undefined }[]>();

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
  values(asOf = Number.POSITIVE_INFINITY): T[] {
    const found: T[] = [];
    for (const key of this.#versions.keys()) {
      const value = this.get(key, asOf);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  #write(key: string, value: T | undefined): void {
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
