/**
 * Lifecycle actions: one for each hook of a transition, opened together, each with a token, two time limits and an
 * event. The transition goes on when all got CONTINUE, and ends as soon as one got ABANDON.
 */
import type { Timer } from "../../clock.ts";
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import type { Group, Hook, Result, Transition } from "./group.ts";

export interface Ending {
  readonly result: Result;
  readonly how: "completed" | "heartbeat timeout" | "global timeout";
  /** Of the action that brought it about. */
  readonly token: string;
}

export interface LifecycleAction {
  readonly token: string;
  readonly group: string;
  readonly hook: Hook;
  readonly instance: string;
  /** ms since the epoch. */
  readonly opened: number;
  readonly heartbeatDeadline: number;
  readonly globalDeadline: number;
}

interface OpenAction {
  action: LifecycleAction;
  heartbeat: Timer;
  readonly global: Timer;
}

interface Round {
  readonly open: Map<string, OpenAction>;
  readonly ended: (ending: Ending) => void;
}

/** No action lives longer than 48 hours, or 100 heartbeat periods. */
const GLOBAL_LIMIT = 48 * 3_600_000;

/** An action that nobody completed in time. */
export interface TimedOut {
  readonly action: LifecycleAction;
  readonly how: "heartbeat timeout" | "global timeout";
  /** ms since the epoch. */
  readonly at: number;
}

export class LifecycleActions {
  /** In the order in which they ran out. */
  readonly timedOut: TimedOut[] = [];
  readonly #world: World;
  /** By instance: it is in one transition at a time. */
  readonly #rounds = new Map<string, Round>();

  constructor(world: World) {
    this.#world = world;
  }

  all(): LifecycleAction[] {
    return [...this.#rounds.values()].flatMap((round) => [...round.open.values()].map((o) => o.action));
  }

  /** False where the group has no hook for that transition; otherwise `ended` is called once, unless it is cancelled. */
  open(group: Group, instance: string, transition: Transition, ended: (ending: Ending) => void): boolean {
    const hooks = group.hooks.filter((hook) => hook.transition === transition);
    if (hooks.length === 0) return false;
    const round: Round = { open: new Map(), ended };
    this.#rounds.set(instance, round);
    for (const hook of hooks) round.open.set(hook.name, this.#start(group, hook, instance));
    return true;
  }

  /** Nobody waits for the instance's actions any more. */
  cancel(instance: string): void {
    for (const open of this.#rounds.get(instance)?.open.values() ?? []) stop(open);
    this.#rounds.delete(instance);
  }

  /** Throws ValidationError where no such action is active. */
  complete(wanted: Wanted, result: Result): void {
    this.#end(this.#find(wanted).action, { result, how: "completed" });
  }

  /** Restarts the full heartbeat period. Throws ValidationError where no such action is active. */
  heartbeat(wanted: Wanted): void {
    const open = this.#find(wanted);
    open.heartbeat.cancel();
    const { action } = open;
    open.action = { ...action, heartbeatDeadline: this.#world.now() + action.hook.heartbeat };
    open.heartbeat = this.#heartbeatTimer(action);
  }

  /** A hook was deleted: its launch actions are abandoned, its terminate actions go on. */
  hookDeleted(group: string, hook: Hook): void {
    const result = hook.transition === "autoscaling:EC2_INSTANCE_LAUNCHING" ? "ABANDON" : "CONTINUE";
    for (const action of this.all()) {
      if (action.group === group && action.hook.name === hook.name) this.#end(action, { result, how: "completed" });
    }
  }

  #start(group: Group, hook: Hook, instance: string): OpenAction {
    const opened = this.#world.now();
    const limit = Math.min(GLOBAL_LIMIT, 100 * hook.heartbeat);
    const action: LifecycleAction = {
      token: this.#world.uuid(),
      group: group.name,
      hook,
      instance,
      opened,
      heartbeatDeadline: opened + hook.heartbeat,
      globalDeadline: opened + limit,
    };
    this.#announce(group, action);
    const global = this.#world.after(limit, () =>
      this.#end(action, { result: hook.defaultResult, how: "global timeout" }),
    );
    return { action, heartbeat: this.#heartbeatTimer(action), global };
  }

  #heartbeatTimer(action: LifecycleAction): Timer {
    const { heartbeat, defaultResult } = action.hook;
    return this.#world.after(heartbeat, () => this.#end(action, { result: defaultResult, how: "heartbeat timeout" }));
  }

  #find({ group, hook, instance, token }: Wanted): OpenAction {
    for (const round of this.#rounds.values()) {
      const open = round.open.get(hook);
      if (!open || open.action.group !== group) continue;
      if (token !== undefined ? open.action.token === token : open.action.instance === instance) return open;
    }
    const which = token !== undefined ? `token ${token}` : `instance ID ${instance}`;
    throw new AwsError("ValidationError", `No active Lifecycle Action found with ${which}`);
  }

  #end({ instance, hook, token }: LifecycleAction, { result, how }: Omit<Ending, "token">): void {
    const round = this.#rounds.get(instance);
    const open = round?.open.get(hook.name);
    if (!round || open?.action.token !== token) return;
    if (how !== "completed") this.timedOut.push({ action: open.action, how, at: this.#world.now() });
    stop(open);
    round.open.delete(hook.name);
    if (result === "CONTINUE" && round.open.size > 0) return;
    this.cancel(instance);
    round.ended({ result, how, token });
  }

  /** "Amazon EC2 Auto Scaling events": EC2 Instance-launch / Instance-terminate Lifecycle Action. */
  #announce(group: Group, { token, hook, instance }: LifecycleAction): void {
    const launch = hook.transition === "autoscaling:EC2_INSTANCE_LAUNCHING";
    this.#world.emit({
      source: "aws.autoscaling",
      "detail-type": launch ? "EC2 Instance-launch Lifecycle Action" : "EC2 Instance-terminate Lifecycle Action",
      resources: [group.arn],
      detail: {
        LifecycleActionToken: token,
        AutoScalingGroupName: group.name,
        LifecycleHookName: hook.name,
        EC2InstanceId: instance,
        LifecycleTransition: hook.transition,
        ...(hook.metadata !== undefined && { NotificationMetadata: hook.metadata }),
        Origin: launch ? "EC2" : "AutoScalingGroup",
        Destination: launch ? "AutoScalingGroup" : "EC2",
        Action: launch ? "Launch" : "Terminate",
      },
    });
  }
}

/** An action by its hook and either its token or its instance. */
export interface Wanted {
  readonly group: string;
  readonly hook: string;
  readonly instance: string | undefined;
  readonly token: string | undefined;
}

function stop(open: OpenAction): void {
  open.heartbeat.cancel();
  open.global.cancel();
}
