import { type RealClock, realClock } from "../../lab/clock.ts";

/** The machine's clock, that many times as fast: for a lab whose nodes are modelled, and have nothing to work on. */
export function quickClock(factor: number): RealClock {
  const real = realClock();
  const start = real.now();
  return {
    now: () => Math.round(start + (real.now() - start) * factor),
    after: (ms, fn) => real.after(ms / factor, fn),
    wait: (ms) => real.wait(ms / factor),
    close: () => real.close(),
  };
}
