import type { Clock } from "../lifecycle/ports.ts";

/** The machine's clock and timers: the only place of the product that touches them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
