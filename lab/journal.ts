/** What Rollcall's functions said and how long they took, kept for the live view and the summary. */
import type { Clock, Log } from "../shared/lifecycle/ports.ts";

export interface Saying {
  /** ms since the epoch. */
  readonly at: number;
  readonly function: string;
  readonly message: string;
  readonly grave: boolean;
  readonly row?: string;
  readonly instance?: string;
}

export interface Invocation {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the bookkeeping of this invocation. */
  readonly end: () => void;
}

/** Time of one instance's lifecycle invocations, ms. */
export interface Share {
  /** Spent in calls and decisions. */
  own: number;
  /** Spent waiting for the node, its group or Kafka. */
  waited: number;
}

/** Sayings kept; older ones go. */
const MOST = 20_000;

export class Journal {
  readonly #clock: Clock;
  readonly #sayings: Saying[] = [];
  readonly #latest = new Map<string, Saying>();
  readonly #shares = new Map<string, Share>();
  readonly #sweeps = { begun: 0, ended: 0 };
  #running = 0;
  #replayed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the order in which they were said. */
  get sayings(): readonly Saying[] {
    return this.#sayings;
  }

  /** Invocations in progress. */
  get running(): number {
    return this.#running;
  }

  /** Sweeps so far, failed ones included. */
  get sweeps(): { readonly begun: number; readonly ended: number } {
    return this.#sweeps;
  }

  /** Invocations for a replayed event that have ended. */
  get replayed(): number {
    return this.#replayed;
  }

  /** What was last said of that instance. */
  latest(instance: string): Saying | undefined {
    return this.#latest.get(instance);
  }

  /** The time that lifecycle invocations spent on that instance. */
  share(instance: string): Share {
    return this.#shares.get(instance) ?? { own: 0, waited: 0 };
  }

  /** The clock and the log of one invocation. */
  begin(name: string, event: unknown): Invocation {
    const started = this.#clock.now();
    let waited = 0;
    this.#running += 1;
    if (name === "sweep") this.#sweeps.begun += 1;
    return {
      clock: {
        now: () => this.#clock.now(),
        wait: async (ms) => {
          const before = this.#clock.now();
          await this.#clock.wait(ms);
          waited += this.#clock.now() - before;
        },
      },
      log: {
        info: (message, detail) => this.#say(name, message, detail, false),
        warn: (message, detail) => this.#say(name, message, detail, true),
      },
      end: () => {
        this.#running -= 1;
        if (name === "sweep") this.#sweeps.ended += 1;
        if ((event as { "replay-name"?: unknown } | null)?.["replay-name"] !== undefined) this.#replayed += 1;
        const instance = instanceOf(event);
        if (instance === undefined) return;
        const share = this.share(instance);
        const spent = this.#clock.now() - started;
        this.#shares.set(instance, { own: share.own + spent - waited, waited: share.waited + waited });
      },
    };
  }

  #say(name: string, message: string, detail: Readonly<Record<string, unknown>>, grave: boolean): void {
    const { instance, row } = detail;
    const saying: Saying = {
      at: this.#clock.now(),
      function: name,
      message,
      grave,
      ...(typeof row === "string" && { row }),
      ...(typeof instance === "string" && { instance }),
    };
    this.#sayings.push(saying);
    if (this.#sayings.length > MOST) this.#sayings.splice(0, MOST / 10);
    if (saying.instance !== undefined) this.#latest.set(saying.instance, saying);
  }
}

/** Which instance a launch or terminate event is about. */
function instanceOf(event: unknown): string | undefined {
  const detail = (event as { detail?: { EC2InstanceId?: unknown } } | null)?.detail;
  return typeof detail?.EC2InstanceId === "string" ? detail.EC2InstanceId : undefined;
}
