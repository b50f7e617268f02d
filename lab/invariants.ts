/**
 * The invariants of docs/architecture.md, asserted on whatever the lab lets happen: the whole tour, or every step of a simulated
 * history. Each rule is a pure function in `invariants/`; here they are put together, and what is broken is told once.
 *
 * Not here: 6 (convergence is a matter of the end, not of a moment) and 7 (a replay is compared by whoever makes it).
 */
import type { Definition } from "../shared/cluster/definition.ts";
import { FRESH } from "../shared/lifecycle/decide/index.ts";
import { globalLimit } from "../shared/lifecycle/decide/scene.ts";
import type { LoggedCall } from "./cloud/calls.ts";
import { strayAddresses } from "./invariants/addresses.ts";
import { type KafkaTruth, letIn, notCountedIn } from "./invariants/counted-in.ts";
import { freedTooEarly } from "./invariants/freed.ts";
import type { Moment } from "./invariants/moment.ts";
import { harmDone } from "./invariants/on-purpose.ts";
import { moreThanOneHolder } from "./invariants/one-holder.ts";
import { secretsIn } from "./invariants/secrets.ts";
import { timeouts } from "./invariants/timeouts.ts";
import type { Violation } from "./machines/modelled-violations.ts";

export interface Breach {
  /** Its number. */
  readonly invariant: number;
  readonly what: string;
  /** ms since the epoch. */
  readonly at: number;
}

export interface InvariantOptions {
  /** The one in force. */
  readonly definition: () => Pick<Definition, "roles" | "periods">;
  /** Kafka's own truth. Without it 4 and 9 are not asserted: a real Kafka cannot be asked without waiting for its answer. */
  readonly kafka?: KafkaTruth & { readonly violations: readonly Violation[] };
  /** What secrets look like. */
  readonly secrets: readonly RegExp[];
}

export class Invariants {
  /** In the order in which they were found, each once. */
  readonly breaches: Breach[] = [];
  readonly #options: InvariantOptions;
  readonly #told = new Set<string>();
  /** When Kafka was last seen to count a launching instance in. */
  readonly #counted = new Map<string, number>();
  /** When the launch action of an instance was opened. */
  readonly #opened = new Map<string, number>();
  #before: Pick<Moment, "rosters"> | undefined;

  constructor(options: InvariantOptions) {
    this.#options = options;
  }

  /** 1, 2, 3, 5 and 9: as often as something may have changed. */
  look(moment: Moment): void {
    const { definition, kafka } = this.#options;
    const broken = (invariant: number, found: readonly string[]): void => {
      for (const what of found) this.breach(invariant, what, moment.at);
    };
    broken(1, moreThanOneHolder(moment));
    broken(2, strayAddresses(definition(), moment));
    broken(3, freedTooEarly(this.#before ?? moment, moment));
    broken(5, timeouts(moment));
    this.#before = moment;
    if (!kafka) return;
    for (const { invariant, what } of harmDone(kafka.violations)) this.breach(invariant, what, moment.at);
    for (const { instance, opened, hook } of moment.cloud.actions) {
      if (hook.transition !== "autoscaling:EC2_INSTANCE_LAUNCHING") continue;
      this.#opened.set(instance, opened);
      if (notCountedIn(kafka, instance, true) === undefined) this.#counted.set(instance, moment.at);
    }
  }

  /** 4: with every call that has ended, at once, while Kafka is as it was. */
  heard(call: LoggedCall, at: number): void {
    const { kafka, definition } = this.#options;
    const instance = letIn(call);
    if (instance === undefined || !kafka) return;
    const { heartbeat } = definition().periods;
    const age = at - (this.#opened.get(instance) ?? at);
    const reason = notCountedIn(kafka, instance, age < globalLimit(heartbeat) - heartbeat / 2);
    // What Rollcall saw may be that old by the time it acts on it.
    const lately = at - (this.#counted.get(instance) ?? Number.NEGATIVE_INFINITY) <= FRESH;
    if (reason !== undefined && !lately) this.breach(4, `${instance} was let into service, but ${reason}`, at);
  }

  /** 8: with whatever leaves Rollcall, or stays. */
  read(where: string, text: string, at: number): void {
    for (const what of secretsIn(where, text, this.#options.secrets)) this.breach(8, what, at);
  }

  /** Something found elsewhere. */
  breach(invariant: number, what: string, at: number): void {
    const name = `${invariant} ${what}`;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.breaches.push({ invariant, what, at });
  }
}
