/** What the modelled services share: place, clock, randomness, delays, faults, the event bus and the log. */
import type { Scheduler, Timer } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Delay, Delays } from "./delays.ts";
import { drawDelay, drawHex, drawUuid } from "./drawing.ts";
import type { CloudFaults } from "./faults.ts";

/** An event as its source hands it to the bus, which adds id, time and place. */
export interface Emission {
  readonly source: string;
  readonly "detail-type": string;
  readonly resources: readonly string[];
  readonly detail: object;
}

export interface WorldOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly region: string;
  readonly account: string;
  readonly delays: Delays;
  readonly faults: CloudFaults;
  /** One line about something worth telling: an action that is not modelled, a function that failed. */
  readonly log: (line: string) => void;
}

export class World {
  readonly region: string;
  readonly account: string;
  readonly delays: Delays;
  readonly random: Random;
  readonly faults: CloudFaults;
  readonly log: (line: string) => void;
  readonly #scheduler: Scheduler;
  readonly #timers = new Set<Timer>();
  #closed = false;
  #emit: (emission: Emission) => void = () => {};

  constructor(options: WorldOptions) {
    this.region = options.region;
    this.account = options.account;
    this.delays = options.delays;
    this.random = options.random;
    this.faults = options.faults;
    this.log = options.log;
    this.#scheduler = options.scheduler;
  }

  now(): number {
    return this.#scheduler.now();
  }

  /** Calls back once, in a time drawn from the delay; never where the world was closed by then. */
  after(delay: Delay, fn: () => void): Timer {
    if (this.#closed) return { cancel() {} };
    const timer = this.#scheduler.after(drawDelay(this.random, delay), () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  /** Milliseconds for that delay, drawn now. */
  draw(delay: Delay): number {
    return drawDelay(this.random, delay);
  }

  uuid(): string {
    return drawUuid(this.random);
  }

  /** A resource id as EC2 makes them, e.g. `i-0123456789abcdef0`. */
  id(prefix: string): string {
    return `${prefix}-0${drawHex(this.random, 16)}`;
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.region}:${this.account}:${resource}`;
  }

  /** To the default event bus. */
  emit(emission: Emission): void {
    this.#emit(emission);
  }

  /** Where emitted events go. */
  connect(emit: (emission: Emission) => void): void {
    this.#emit = emit;
  }

  /** Cancels everything that is still to happen; what is still under way sets nothing in motion any more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
