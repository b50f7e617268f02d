/** The default event bus: events in, deliveries to the targets of the rules they match, at least once and unordered. */
import type { Timer } from "../../clock.ts";
import type { Queues } from "../queue.ts";
import type { Emission, World } from "../world.ts";
import { type CloudEvent, eventTime } from "./event.ts";
import { makeRule, period, type Rule, type RuleText, type Target } from "./rules.ts";

/** Why a target cannot be had; waiting does not help. */
export interface Refusal {
  readonly code: "RESOURCE_NOT_FOUND" | "NO_PERMISSIONS";
  readonly message: string;
}

/** What is behind the rules. */
export interface Targets {
  /** Starts a Lambda function asynchronously for a rule's event; answers why not, where it cannot. */
  invoke(arn: string, event: unknown, rule: string): Refusal | undefined;
  /** Whether the queue takes messages from that rule. */
  admits(queue: string, rule: string): boolean;
}

export class Bus {
  readonly #world: World;
  readonly #queues: Queues;
  readonly #targets: Targets;
  readonly #rules = new Map<string, Rule>();
  readonly #schedules = new Map<string, Timer>();
  readonly #listeners: ((event: CloudEvent) => void)[] = [];

  constructor(world: World, queues: Queues, targets: Targets) {
    this.#world = world;
    this.#queues = queues;
    this.#targets = targets;
  }

  get arn(): string {
    return this.#world.arn("events", "event-bus/default");
  }

  /** Calls back for every event as it comes in, replayed ones included. */
  subscribe(listener: (event: CloudEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Puts a new event on the bus and answers it. */
  emit(emission: Emission): CloudEvent {
    const event: CloudEvent = {
      version: "0",
      id: this.#world.uuid(),
      "detail-type": emission["detail-type"],
      source: emission.source,
      account: this.#world.account,
      time: eventTime(this.#world.now()),
      region: this.#world.region,
      resources: emission.resources,
      detail: emission.detail,
    };
    this.publish(event);
    return event;
  }

  /** To every enabled rule it matches; where rule ARNs are given, only to those. */
  publish(event: CloudEvent, only: readonly string[] = []): void {
    for (const listener of this.#listeners) listener(event);
    for (const rule of this.#rules.values()) {
      if (!rule.enabled || !rule.matches(event)) continue;
      if (only.length === 0 || only.includes(rule.arn)) this.#toTargets(rule, event);
    }
  }

  rule(name: string): Rule | undefined {
    return this.#rules.get(name);
  }

  rules(): Rule[] {
    return [...this.#rules.values()];
  }

  /** Makes or replaces the rule; its targets stay. Throws an Error that says what is wrong with it. */
  putRule(text: RuleText): Rule {
    const targets = this.#rules.get(text.name)?.targets ?? new Map<string, Target>();
    const rule = makeRule(text, this.#world.arn("events", `rule/${text.name}`), targets);
    this.#rules.set(rule.name, rule);
    this.#schedule(rule);
    return rule;
  }

  setTargets(rule: Rule, targets: ReadonlyMap<string, Target>): void {
    this.#rules.set(rule.name, { ...rule, targets });
  }

  deleteRule(name: string): void {
    this.#rules.delete(name);
    this.#schedules.get(name)?.cancel();
    this.#schedules.delete(name);
  }

  #schedule(rule: Rule): void {
    this.#schedules.get(rule.name)?.cancel();
    this.#schedules.delete(rule.name);
    if (!rule.enabled || rule.schedule === undefined) return;
    const every = period(rule.schedule);
    const tick = () => {
      this.#schedules.set(rule.name, this.#world.after(every, tick));
      const now = this.#rules.get(rule.name);
      if (now) this.#toTargets(now, this.#scheduled(now));
    };
    this.#schedules.set(rule.name, this.#world.after(every, tick));
  }

  #scheduled(rule: Rule): CloudEvent {
    return {
      version: "0",
      id: this.#world.uuid(),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: this.#world.account,
      time: eventTime(this.#world.now()),
      region: this.#world.region,
      resources: [rule.arn],
      detail: {},
    };
  }

  #toTargets(rule: Rule, event: CloudEvent): void {
    for (const target of rule.targets.values()) {
      // Drawn once: what comes twice may come twice at the same moment.
      const delay = this.#world.draw(this.#world.delays.events.deliver);
      for (const extra of this.#world.faults.deliveries?.(event, target.arn) ?? [0]) {
        this.#world.after(extra + delay, () => this.#deliver(rule, target, event));
      }
    }
  }

  /** What is not there will not come by retrying: such events go to the dead letters at once. */
  #deliver(rule: Rule, target: Target, event: CloudEvent): void {
    const payload: unknown = target.input === undefined ? event : JSON.parse(target.input);
    const refusal = this.#targets.invoke(target.arn, payload, rule.arn);
    if (!refusal) return;
    this.#world.log(`rule ${rule.name}: ${refusal.message}, for ${event["detail-type"]}`);
    const queue = target.deadLetters === undefined ? undefined : this.#queues.get(target.deadLetters);
    if (!queue || !this.#targets.admits(queue.arn, rule.arn)) return;
    queue.send(payload, {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.arn,
      ERROR_CODE: refusal.code,
      ERROR_MESSAGE: refusal.message,
      EXHAUSTED_RETRY_CONDITION: "NonRetryable",
      RETRY_ATTEMPTS: "0",
    });
  }
}
