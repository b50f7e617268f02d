/** Waiting for something to come true, with a deadline and words. */
import type { Clock } from "../../shared/lifecycle/ports.ts";

export class Overdue extends Error {
  override readonly name = "Overdue";
}

/** Between two looks, ms. */
const POLL = 200;

/**
 * Looks again until `probe` answers something, and answers that.
 *
 * @param what for the error: `broker 1 in service`
 * @param limit ms
 * @param found what is there instead, asked only once it is overdue
 * @throws {Overdue}
 */
export async function until<T>(
  clock: Clock,
  what: string,
  limit: number,
  probe: () => Promise<T | undefined> | T | undefined,
  found: () => string,
): Promise<T> {
  const deadline = clock.now() + limit;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (clock.now() >= deadline) throw new Overdue(`waited ${limit / 1000} s for ${what}, but: ${found()}`);
    await clock.wait(POLL);
  }
}
