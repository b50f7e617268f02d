/**
 * What goes wrong with calls, events, agents and commands: each time the dice say so. Every fault has a name that says what
 * it hit, and is written down; a history can be run again with only some of them.
 */
import type { LabClock } from "../clock.ts";
import type { CloudEvent } from "../cloud/events/event.ts";
import { broken, type CloudFaults, throttled } from "../cloud/faults.ts";
import type { Bend, Call } from "../cloud/service.ts";
import type { Rates } from "./blows.ts";
import type { Container, Containers } from "./containers.ts";
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
/** An event comes twice within a second as a rule, and mostly while the first one is being worked on. */
const MOSTLY_AT_ONCE = 6;
/** The longest that reads lag behind, ms. */
const LAG = 15_000;
/** The same for which instances there are: EC2's users are told to allow for minutes. */
const INSTANCES_LAG = 100_000;
/** Only so many of the sweep's own events are lost: without any sweep nobody would be at work at all. */
const SWEEPS_LOST = 0.15;

/** Everything of one kind that something can happen to, with how many there were so far. */
interface Kind {
  readonly text: string;
  count: number;
  /** The names of what may happen to it, by fault. */
  readonly names: Map<keyof Rates, Name>;
}

/** A call on its way there, and its answer. */
interface Hits {
  readonly asked: Kind;
  readonly done: Kind;
}

/** One of a kind: the n-th. */
interface Target {
  readonly kind: Kind;
  readonly number: number;
}

export class Faults implements CloudFaults {
  readonly #options: FaultOptions;
  readonly #kinds = new Map<string, Kind>();
  /** Those of calls: by function, by service, by action. */
  readonly #calls = new Map<string, Map<string, Map<string, Hits>>>();
  #on = true;
  /** What of the world sweeps do not see yet; before that, for how long they will not, ms. */
  #lag: { readonly since: number; readonly until: number } | undefined;
  #laggard: number | undefined;

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  /** From now on nothing goes wrong. */
  cease(): void {
    this.#on = false;
  }

  /** For so many ms after the next launch sweeps see the world as it was before. */
  lag(ms: number): void {
    this.#laggard = ms;
  }

  before(call: Call): Promise<Bend> | Bend {
    const container = this.#options.containers.of(call.caller);
    if (!container) return undefined;
    const target = nextOf(this.#kindsOf(container, call).asked);
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
    const lagging = call.service !== "table" && LAGGING.test(call.action);
    const bend = lagging ? this.#bend(call, target, container) : undefined;
    if (slow > 0) {
      return this.#options.clock.wait(slow).then(() => {
        if (refused) throw refused;
        return bend;
      });
    }
    if (refused) throw refused;
    return bend;
  }

  /** Which moment that read sees. */
  #bend({ action }: Call, target: Target, container: Container): Bend {
    if (this.#strikes("stale", target)) {
      const most = action === "DescribeInstances" ? INSTANCES_LAG : LAG;
      return { staleBy: 500 + this.#draw("stale", target, most, MOSTLY_SHORT) };
    }
    const behind = container.function === "sweep" ? this.#behind() : undefined;
    if (behind) return behind;
    if (action !== "DescribeAutoScalingGroups" || !this.#strikes("uneven", target)) return undefined;
    return { staleBy: 0, lag: (instance) => this.#lagOf(instance, target) };
  }

  #behind(): Bend {
    const now = this.#options.clock.now();
    return this.#on && this.#lag && now < this.#lag.until ? { staleBy: now - this.#lag.since } : undefined;
  }

  after(call: Call): Promise<void> | void {
    const container = this.#options.containers.of(call.caller);
    if (!container) return;
    const target = nextOf(this.#kindsOf(container, call).done);
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
      ? [late, this.#draw("eventTwice", target, 60_000, MOSTLY_AT_ONCE)]
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
    if (this.#strikes("noCapacity", this.#next("launch"))) return "InsufficientInstanceCapacity";
    if (this.#laggard !== undefined) {
      const now = this.#options.clock.now();
      this.#lag = { since: now - 1, until: now + this.#laggard };
      this.#laggard = undefined;
    }
    return undefined;
  }

  /** What a command meets on the node. */
  run(action: string): "stuck" | "failed" | undefined {
    const target = this.#next(`run ${action}`);
    if (this.#strikes("commandStuck", target)) return "stuck";
    return this.#strikes("commandFailed", target) ? "failed" : undefined;
  }

  /** That many ms after a stop has ended an older configuration is run again; undefined: it is not. */
  revived(): number | undefined {
    const target = this.#next("run configure after stop");
    return this.#strikes("commandRevived", target) ? this.#draw("commandRevived", target, 5_000) : undefined;
  }

  /** How much longer a process of that role takes to start, ms. */
  recovery(role: string): number {
    const target = this.#next(`start ${role}`);
    return this.#strikes("recovery", target) ? this.#draw("recovery", target, 90_000, MOSTLY_SHORT) : 0;
  }

  /** Of what one listing says of that instance. */
  #lagOf(instance: string, { number }: Target): number {
    return Math.floor(LAG * this.#options.dice.roll(named(`uneven: ${instance}`), -number) ** MOSTLY_SHORT);
  }

  #next(text: string): Target {
    return nextOf(foundIn(this.#kinds, text, () => kindNamed(text)));
  }

  /** Calls are by far the most that anything happens to, so what they are is looked up without a text being made. */
  #kindsOf({ function: name }: Container, { service, action }: Call): Hits {
    const services = foundIn(this.#calls, name, () => new Map<string, Map<string, Hits>>());
    const actions = foundIn(services, service, () => new Map<string, Hits>());
    return foundIn(actions, action, () => {
      const text = `${name} ${service}:${action}`;
      return { asked: kindNamed(text), done: kindNamed(`${text} done`) };
    });
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

function kindNamed(text: string): Kind {
  return { text, count: 0, names: new Map() };
}

function nextOf(kind: Kind): Target {
  kind.count += 1;
  return { kind, number: kind.count };
}

function foundIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function subjectOf(event: CloudEvent): string {
  const detail = event.detail as { readonly state?: unknown; readonly status?: unknown };
  const said = detail.state ?? detail.status;
  return typeof said === "string" ? ` ${said}` : "";
}
