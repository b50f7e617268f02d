/**
 * The lab's two clocks: the real one, and a virtual one that moves only when it is told to. The model of the cloud and
 * the modelled nodes do everything on the clock they are given; so a history of hours runs in milliseconds, the same
 * way each time.
 */
import type { Clock } from "../shared/lifecycle/ports.ts";

export interface Timer {
  /** The function will not be called any more; without effect where it was already. */
  cancel(): void;
}

export interface Scheduler {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls the function once, in that many milliseconds (0 where negative); never at once. */
  after(ms: number, fn: () => void): Timer;
}

export interface LabClock extends Clock, Scheduler {}

/** setTimeout takes no more (ms, 24.8 days); a longer delay would be called at once. */
const LONGEST = 2 ** 31 - 1;

export interface RealClock extends LabClock {
  /** Cancels every timer, so that none keeps the process alive; waits in progress then never end. */
  close(): void;
}

export function realClock(): RealClock {
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;
  function after(ms: number, fn: () => void): Timer {
    if (closed) return { cancel() {} };
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        fn();
      },
      Math.min(delay(ms), LONGEST),
    );
    timers.add(timer);
    return {
      cancel() {
        clearTimeout(timer);
        timers.delete(timer);
      },
    };
  }
  return {
    now: () => Date.now(),
    after,
    wait: (ms) => new Promise((resolve) => after(ms, resolve)),
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/**
 * A clock that stands still until one of the `run…` functions moves it. They call what is due in the order of (time,
 * order of scheduling), and let promises and immediates drain before each move, so that what a call sets off has
 * happened before time goes on. Only one of them may run at a time. They reject with whatever a called function throws.
 */
export interface VirtualClock extends LabClock {
  /** Timers not yet called or cancelled. */
  readonly pending: number;
  /** Everything due until then, that moment included; afterwards it is that time. */
  runUntil(time: number): Promise<void>;
  runFor(ms: number): Promise<void>;
  /** Until no timer is left; throws where some still are after `within` ms of virtual time (periodic ones never end). */
  runUntilIdle(within: number): Promise<void>;
  /**
   * Until the condition holds, looked at whenever everything has drained: true. False where it does not hold after
   * `within` ms of virtual time, or where no timer is left that could change it.
   */
  runUntilTrue(condition: () => boolean, within: number): Promise<boolean>;
  /** Until the promise is settled, as it settled; throws where it is not after `within` ms of virtual time. */
  settle<T>(promise: Promise<T>, within: number): Promise<T>;
}

interface Entry extends Timer {
  readonly at: number;
  readonly order: number;
  /** Absent: cancelled. */
  fn: (() => void) | undefined;
}

/**
 * `start`: ms since the epoch. `drain` lets what is in progress come to rest between two moves; one turn of the event
 * loop is enough for promises, code that goes through sockets needs its own. It is told how to ask whether more is to be
 * called at this very moment.
 */
export function virtualClock(start: number, drain: (more: () => boolean) => Promise<void> = oneTurn): VirtualClock {
  let now = start;
  let scheduled = 0;
  let pending = 0;
  let running = false;
  const queue: Entry[] = [];

  function after(ms: number, fn: () => void): Timer {
    const entry: Entry = {
      at: now + delay(ms),
      order: scheduled++,
      fn,
      cancel() {
        if (this.fn) pending--;
        this.fn = undefined;
      },
    };
    pending++;
    push(queue, entry);
    return { cancel: () => entry.cancel() };
  }

  /** The next entry that is not cancelled, if it is due by then. */
  function due(until: number): Entry | undefined {
    for (let first = queue[0]; first && first.at <= until; first = queue[0]) {
      if (first.fn) return first;
      pop(queue);
    }
    return undefined;
  }

  const dueNow = (): boolean => due(now) !== undefined;

  /** Calls what is due until then, one after the other, until `done` says so: whether it did. */
  async function run(until: number, done: () => boolean): Promise<boolean> {
    if (running) throw new Error("the virtual clock is already running");
    running = true;
    try {
      for (;;) {
        await drain(dueNow);
        if (done()) return true;
        const next = due(until);
        if (!next) return false;
        pop(queue);
        now = next.at;
        pending--;
        const fn = next.fn;
        next.fn = undefined;
        fn?.();
      }
    } finally {
      running = false;
    }
  }

  const never = () => false;

  return {
    now: () => now,
    after,
    wait: (ms) => new Promise((resolve) => after(ms, resolve)),
    get pending() {
      return pending;
    },
    async runUntil(time) {
      await run(time, never);
      if (time > now) now = time;
    },
    async runFor(ms) {
      const until = now + ms;
      await run(until, never);
      now = until;
    },
    async runUntilIdle(within) {
      await run(now + within, never);
      if (pending > 0) throw new Error(`not idle after ${within} ms of virtual time: ${pending} timers left`);
    },
    runUntilTrue: (condition, within) => run(now + within, condition),
    async settle(promise, within) {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      if (!(await run(now + within, () => settled))) {
        throw new Error(`not settled after ${within} ms of virtual time, ${pending} timers left`);
      }
      return promise;
    },
  };
}

/** setImmediate comes after every microtask, and after the immediates already queued. */
function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function delay(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError("a delay of NaN ms");
  return Math.max(0, ms);
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap, earliest entry first. */
function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (!parent || before(parent, entry)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    const down = right && left && before(right, left) ? 2 * index + 2 : 2 * index + 1;
    const child = heap[down];
    if (!child || before(last, child)) break;
    heap[index] = child;
    index = down;
  }
  heap[index] = last;
}
