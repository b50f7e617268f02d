/** Times as an operator types them. */
import { UsageError } from "./exit.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `2026-11-22T14:00:00Z`, or how long ago: `90m`, `2h`, `3d`.
 *
 * @param now ms since the epoch
 * @returns ms since the epoch
 * @throws {UsageError} for anything else, naming the option
 */
export function timeAt(option: string, text: string, now: number): number {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  const time = count === undefined ? written : now - Number(count) * (UNITS[unit] ?? 0);
  // Before the epoch AWS kept no events; and there are times that no Date can tell.
  if (!(time >= 0)) {
    throw new UsageError(
      `--${option} ${text}: give a time such as 2026-11-22T14:00:00Z, or how long ago, such as 90m, 2h or 3d`,
    );
  }
  return time;
}
