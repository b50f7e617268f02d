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
import { type Dice, type Name, named } from "./dice.ts";

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
/** What lags or comes twice does so by little as a rule: half of the times by less than an eighth of the most. */
const MOSTLY_SHORT = 3;
/** Only so many of the sweep's own events are lost: without any sweep nobody would be at work at all. */
const SWEEPS_LOST = 0.15;

/** Everything of one kind that something can happen to, with how many there were so far. */
interface Kind {
  readonly text: string;
  count: number;
  /** The names of what may happen to it, by fault. */
  readonly names: Map<keyof Rates, Name>;
}

/** One of a kind: the n-th. */
interface Target {
  readonly kind: Kind;
  readonly number: number;
}

export class Faults implements CloudFaults {
  readonly #options: FaultOptions;
  readonly #kinds = new Map<string, Kind>();
  #on = true;

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  /** From now on nothing goes wrong. */
  cease(): void {
    this.#on = false;
  }

  before(call: Call): Promise<Bend> | Bend {
    const container = this.#options.containers.of(call.caller);
    if (!container) return undefined;
    const target = this.#next(`${container.function} ${call.service}:${call.action}`);
    if (this.#strikes("killed", target, 0.5)) {
      container.kill();
      return never();
    }
    const slow = this.#strikes("slow", target)
      ? 1_000 + this.#draw("slow", target, 10_000)
      : this.#strikes("delayed", target)
        ? 5 + this.#draw("delayed", target, 600)
        : 0;
    const refused = this.#strikes("throttled", target)
      ? throttled(call.service)
      : this.#strikes("broken", target)
        ? broken(call.service)
        : undefined;
    const lags = call.service !== "table" && LAGGING.test(call.action) && this.#strikes("stale", target);
    const bend = lags ? { staleBy: 500 + this.#draw("stale", target, 15_000, MOSTLY_SHORT) } : undefined;
    if (slow > 0) {
      return this.#options.clock.wait(slow).then(() => {
        if (refused) throw refused;
        return bend;
      });
    }
    if (refused) throw refused;
    return bend;
  }

  after(call: Call): Promise<void> | void {
    const container = this.#options.containers.of(call.caller);
    if (!container) return;
    const target = this.#next(`${container.function} ${call.service}:${call.action} done`);
    if (this.#strikes("killed", target, 0.5)) {
      container.kill();
      return never();
    }
    if (this.#strikes("unanswered", target)) throw broken(call.service);
  }

  deliveries(event: CloudEvent, arn: string): readonly number[] {
    const type = event["detail-type"];
    const target = this.#next(`${type}${subjectOf(event)}→${arn.split(":").at(-1)}`);
    if (this.#strikes("eventLost", target, 1, type === "Scheduled Event" ? SWEEPS_LOST : 1)) return [];
    const late = this.#strikes("eventLate", target) ? this.#draw("eventLate", target, 90_000) : 0;
    return this.#strikes("eventTwice", target)
      ? [late, this.#draw("eventTwice", target, 60_000, MOSTLY_SHORT)]
      : [late];
  }

  agent(_instance: string): number | "never" | undefined {
    const target = this.#next("agent");
    if (this.#strikes("agentNever", target)) return "never";
    return this.#strikes("agentLate", target) ? 30_000 + this.#draw("agentLate", target, 120_000) : undefined;
  }

  command({ comment }: { readonly comment: string }): readonly number[] {
    const target = this.#next(`command ${comment.split(" ")[1]}`);
    if (this.#strikes("commandLost", target)) return [];
    const late = this.#strikes("commandLate", target) ? this.#draw("commandLate", target, 120_000) : 0;
    return this.#strikes("commandTwice", target) ? [late, this.#draw("commandTwice", target, 200_000)] : [late];
  }

  launch(_zone: string): string | undefined {
    return this.#strikes("noCapacity", this.#next("launch")) ? "InsufficientInstanceCapacity" : undefined;
  }

  /** What a command meets on the node. */
  run(action: string): "stuck" | "failed" | undefined {
    const target = this.#next(`run ${action}`);
    if (this.#strikes("commandStuck", target)) return "stuck";
    return this.#strikes("commandFailed", target) ? "failed" : undefined;
  }

  #next(text: string): Target {
    let kind = this.#kinds.get(text);
    if (!kind) {
      kind = { text, count: 0, names: new Map() };
      this.#kinds.set(text, kind);
    }
    kind.count += 1;
    return { kind, number: kind.count };
  }

  /** `share`: of the rate that this counts for; `most`: the rate is no higher here. */
  #strikes(fault: keyof Rates, { kind, number }: Target, share = 1, most = 1): boolean {
    const { rates, dice, only, told, clock } = this.#options;
    const rate = Math.min(rates[fault], most) * share;
    if (!this.#on || rate === 0) return false;
    if (dice.roll(this.#name(fault, kind), number) >= rate) return false;
    const name = `${fault}: ${kind.text} #${number}`;
    if (only && !only.has(name)) return false;
    told({ kind: fault, name, at: clock.now() });
    return true;
  }

  /** How much of it: whole milliseconds below that; the greater the `bias`, the shorter it mostly is. */
  #draw(fault: keyof Rates, { kind, number }: Target, below: number, bias = 1): number {
    return Math.floor(below * this.#options.dice.roll(this.#name(fault, kind), -number) ** bias);
  }

  #name(fault: keyof Rates, { text, names }: Kind): Name {
    let name = names.get(fault);
    if (!name) {
      name = named(`${fault}: ${text}`);
      names.set(fault, name);
    }
    return name;
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
