/**
 * What goes wrong with calls, events, agents and commands: each time the dice say so. Every fault has a name that says what
 * it hit, and is written down; a history can be run again with only some of them.
 */
import type { LabClock } from "../clock.ts";
import type { CloudEvent } from "../cloud/events/event.ts";
import { broken, type CloudFaults, throttled } from "../cloud/faults.ts";
import type { Bend, Call } from "../cloud/service.ts";
import type { Rates } from "./blows.ts";
import type { Containers } from "./containers.ts";
import type { Dice } from "./dice.ts";

export interface Fault {
  readonly kind: keyof Rates;
  /** What it hit, the same in every run of the history. */
  readonly name: string;
  /** ms since the epoch. */
  readonly at: number;
}

export interface FaultOptions {
  readonly clock: LabClock;
  readonly dice: Dice;
  readonly rates: Rates;
  readonly containers: Containers;
  /** Only these faults, by name; left out: all that the dice say. */
  readonly only?: ReadonlySet<string>;
  readonly told: (fault: Fault) => void;
}

/** Reads that have been seen to lag behind. */
const LAGGING = /^(Describe|List|Get)/;

export class Faults implements CloudFaults {
  readonly #options: FaultOptions;
  readonly #counts = new Map<string, number>();
  #on = true;

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  /** From now on nothing goes wrong. */
  cease(): void {
    this.#on = false;
  }

  /** Whether it is a function's call: only those are hurt. */
  counts(call: Call): boolean {
    return this.#options.containers.of(call.caller) !== undefined;
  }

  async before(call: Call): Promise<Bend> {
    const container = this.#options.containers.of(call.caller);
    if (!container) return undefined;
    const what = this.#numbered(`${container.function} ${call.service}:${call.action}`);
    const table = call.service === "table";
    if (this.#strikes("killed", `${what} before`, 0.5)) {
      container.kill();
      return never();
    }
    if (this.#strikes("slow", what))
      await this.#options.clock.wait(1_000 + Math.floor(10_000 * this.#options.dice.roll(`${what} slowness`)));
    if (this.#strikes("throttled", what)) throw throttled(call.service);
    if (this.#strikes("broken", what)) throw broken(call.service);
    if (!table && LAGGING.test(call.action) && this.#strikes("stale", what)) {
      return { staleBy: 500 + Math.floor(15_000 * this.#options.dice.roll(`${what} staleness`)) };
    }
    return undefined;
  }

  async after(call: Call): Promise<void> {
    const container = this.#options.containers.of(call.caller);
    if (!container) return;
    const what = this.#numbered(`${container.function} ${call.service}:${call.action} done`);
    if (this.#strikes("killed", `${what} after`, 0.5)) {
      container.kill();
      return never();
    }
    if (this.#strikes("unanswered", what)) throw broken(call.service);
  }

  deliveries(event: CloudEvent, target: string): readonly number[] {
    const subject = subjectOf(event);
    const what = this.#numbered(`${event["detail-type"]}${subject}→${target.split(":").at(-1)}`);
    // Without any sweep nobody would be at work at all.
    const least = event["detail-type"] === "Scheduled Event" ? 0.15 : 1;
    if (this.#strikes("eventLost", what, 1, least)) return [];
    const delay = this.#strikes("eventLate", what)
      ? Math.floor(90_000 * this.#options.dice.roll(`${what} lateness`))
      : 0;
    const again = this.#strikes("eventTwice", what)
      ? [Math.floor(60_000 * this.#options.dice.roll(`${what} again`))]
      : [];
    return [delay, ...again];
  }

  agent(_instance: string): number | "never" | undefined {
    const what = this.#numbered("agent");
    if (this.#strikes("agentNever", what)) return "never";
    return this.#strikes("agentLate", what)
      ? 30_000 + Math.floor(120_000 * this.#options.dice.roll(`${what} lateness`))
      : undefined;
  }

  command({ comment }: { readonly comment: string }): readonly number[] {
    const what = this.#numbered(`command ${comment.split(" ")[1]}`);
    if (this.#strikes("commandLost", what)) return [];
    const late = this.#strikes("commandLate", what)
      ? Math.floor(120_000 * this.#options.dice.roll(`${what} lateness`))
      : 0;
    const again = this.#strikes("commandTwice", what)
      ? [Math.floor(200_000 * this.#options.dice.roll(`${what} again`))]
      : [];
    return [late, ...again];
  }

  launch(_zone: string): string | undefined {
    return this.#strikes("noCapacity", this.#numbered("launch")) ? "InsufficientInstanceCapacity" : undefined;
  }

  /** What a command meets on the node. */
  run(action: string): "stuck" | "failed" | undefined {
    const what = this.#numbered(`run ${action}`);
    if (this.#strikes("commandStuck", what)) return "stuck";
    return this.#strikes("commandFailed", what) ? "failed" : undefined;
  }

  /** The n-th of its kind. */
  #numbered(what: string): string {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return `${what} #${count}`;
  }

  /** `share`: of the rate that this counts for; `most`: the rate is no higher here. */
  #strikes(kind: keyof Rates, what: string, share = 1, most = 1): boolean {
    const { rates, dice, only, told, clock } = this.#options;
    const rate = Math.min(rates[kind], most);
    if (!this.#on || rate === 0) return false;
    const name = `${kind}: ${what}`;
    if (dice.roll(name) >= rate * share) return false;
    if (only && !only.has(name)) return false;
    told({ kind, name, at: clock.now() });
    return true;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function subjectOf(event: CloudEvent): string {
  const detail = event.detail as { readonly state?: unknown; readonly status?: unknown };
  const said = detail.state ?? detail.status;
  return typeof said === "string" ? ` ${said}` : "";
}
