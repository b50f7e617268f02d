import { performance } from "node:perf_hooks";
import { type RealClock, virtualClock } from "../../lab/clock.ts";

/** Between two looks at whether the process is at rest, ms of the machine's time. */
const TICK = 2;
/** The share of a tick that the event loop may have been at work in. */
const AT_REST = 0.5;

/**
 * A clock for a lab whose nodes are modelled: it goes on only while the process is at rest, and that many times as fast as the
 * machine's. So nobody waits for long, and nothing comes too late on a machine that has other work.
 */
export function quickClock(factor: number): RealClock {
  const clock = virtualClock(Date.now());
  let before = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout | undefined;
  const tick = async (): Promise<void> => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (utilization < AT_REST) await clock.runFor(TICK * factor);
    if (timer) timer = setTimeout(tick, TICK);
  };
  timer = setTimeout(tick, TICK);
  return {
    now: clock.now,
    after: clock.after,
    wait: clock.wait,
    close() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
