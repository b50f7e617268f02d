/**
 * The life of Auto Scaling groups: what they launch, replace and terminate, state by state
 * ("Amazon EC2 Auto Scaling instance lifecycle").
 */
import type { LifecycleState } from "@aws-sdk/client-auto-scaling";
import type { Ec2 } from "../ec2/ec2.ts";
import type { Instance } from "../ec2/instances.ts";
import { AwsError } from "../service.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import { Activities, type Activity } from "./activities.ts";
import { planFor, subnetFor } from "./capacity.ts";
import { counts, type Group, launching, type Member, terminating } from "./group.ts";
import { type Ending, LifecycleActions } from "./lifecycle.ts";

/** Failed launches in a row. */
interface Failures {
  readonly count: number;
  /** No launch before then, ms since the epoch. */
  readonly until: number;
}

/** This many failed launches in a row cost nothing yet. */
const PATIENCE = 2;
const LONGEST_BACK_OFF = 15 * 60_000;

const USER_HEALTH_CHECK = "a user health-check";
const EC2_HEALTH_CHECK = "an EC2 health check indicating it has been terminated or stopped";

export class Groups {
  readonly activities: Activities;
  readonly actions: LifecycleActions;
  readonly #world: World;
  readonly #ec2: Ec2;
  readonly #groups: Timeline<Group>;
  /** Instances that belong to a group, in whatever state. */
  readonly #members: Timeline<Member>;
  readonly #failures = new Map<string, Failures>();
  /** How many of a group's next launches replace an unhealthy instance. */
  readonly #owed = new Map<string, number>();

  constructor(world: World, ec2: Ec2) {
    this.#world = world;
    this.#ec2 = ec2;
    this.activities = new Activities(world);
    this.actions = new LifecycleActions(world);
    this.#groups = new Timeline(() => world.now());
    this.#members = new Timeline(() => world.now());
    ec2.instances.watch((instance) => this.#follow(instance));
  }

  all(asOf?: number): Group[] {
    return this.#groups.values(asOf);
  }

  find(name: string, asOf?: number): Group | undefined {
    return this.#groups.get(name, asOf);
  }

  /** Throws ValidationError. */
  get(name: string): Group {
    const group = this.find(name);
    if (group) return group;
    throw new AwsError("ValidationError", `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
  }

  members(group: string, asOf?: number): Member[] {
    return this.everyMember(asOf).filter((m) => m.group === group);
  }

  everyMember(asOf?: number): Member[] {
    return this.#members.values(asOf);
  }

  /** Throws ValidationError. */
  member(instance: string): Member {
    const member = this.#members.get(instance);
    if (member) return member;
    const message = `Instance Id not found - No managed instance found for instance ID: ${instance}`;
    throw new AwsError("ValidationError", message);
  }

  /** Creates or changes a group; it then does what that makes necessary. */
  put(group: Group): void {
    this.#groups.set(group.name, group);
    this.#tendSoon(group.name);
  }

  /** Changes the desired capacity; `request` says who asked for it, as Cause texts begin. */
  resize(group: Group, desired: number, request: string): void {
    const change = `changing the desired capacity from ${group.desired} to ${desired}`;
    this.put({ ...group, desired, request: `At ${this.#clock()} ${request} ${change}.` });
  }

  /** Every instance is terminated at once, hooks left out; the group goes when the last one is gone. */
  deleteByForce(group: Group): void {
    this.#groups.set(group.name, { ...group, deleting: true });
    for (const member of this.members(group.name)) {
      if (terminating(member.state)) this.#proceed(member);
      else this.#startTermination(member, `At ${this.#clock()} the group was deleted.`, (m) => this.#proceed(m));
    }
    this.removeIfEmpty(group.name);
  }

  removeIfEmpty(name: string): void {
    if (this.members(name).length === 0) this.#groups.delete(name);
  }

  /**
   * Marks a member as the user sees it. Without effect in its grace period where that is to be respected.
   * Throws ScalingActivityInProgress where it is terminated already.
   */
  setHealth(instance: string, healthy: boolean, respectGrace: boolean): void {
    const member = this.member(instance);
    if (terminating(member.state)) {
      const message = `Activity ${member.activity} is in progress: instance ${instance} is already being terminated.`;
      throw new AwsError("ScalingActivityInProgress", message);
    }
    const { grace } = this.get(member.group);
    const inGrace = member.inService !== undefined && this.#world.now() < member.inService + grace;
    if (!healthy && respectGrace && inGrace) return;
    this.#mark(member, healthy, USER_HEALTH_CHECK);
  }

  setProtection(instance: string, isProtected: boolean): void {
    this.#set({ ...this.member(instance), protected: isProtected });
  }

  /**
   * A user has one instance terminated, replaced or not. A retained one gets a fresh termination, with hook and token.
   * Throws ScalingActivityInProgress, ValidationError.
   */
  terminate(instance: string, decrement: boolean): Activity {
    const member = this.member(instance);
    if (terminating(member.state)) {
      throw new AwsError("ScalingActivityInProgress", `Activity ${member.activity} is in progress.`);
    }
    const group = this.get(member.group);
    let cause = `At ${this.#clock()} instance ${instance} was taken out of service in response to a user request`;
    if (decrement) {
      this.#shrinkDesired(group, "Terminating instance without replacement");
      cause += `, shrinking the capacity from ${group.desired} to ${group.desired - 1}`;
    }
    return this.#terminate(member, `${cause}.`);
  }

  /** Out of the group, but running on. Throws ValidationError where it is not in service. */
  detach(instance: string, decrement: boolean): Activity {
    const member = this.#inService(instance);
    if (decrement) this.#shrinkDesired(this.get(member.group), "Detaching the instance");
    const activity = this.#other(
      member,
      `Detaching EC2 instance: ${instance}`,
      "detached in response to a user request",
    );
    this.#set({ ...member, state: "Detaching", activity: activity.id });
    this.#later(instance, "Detaching", () => {
      this.#remove(instance);
      this.activities.end(activity.id, "Successful");
    });
    this.#tendSoon(member.group);
    return activity;
  }

  /** Stays in the group, but no longer counts. Throws ValidationError where it is not in service. */
  enterStandby(instance: string, decrement: boolean): Activity {
    const member = this.#inService(instance);
    if (decrement) this.#shrinkDesired(this.get(member.group), "Moving the instance to standby");
    const activity = this.#other(
      member,
      `Moving EC2 instance to Standby: ${instance}`,
      "moved to standby in response to a user request",
    );
    this.#set({ ...member, state: "EnteringStandby", activity: activity.id });
    this.#later(instance, "EnteringStandby", (now) => {
      this.#set({ ...now, state: "Standby" });
      this.activities.end(activity.id, "Successful");
    });
    this.#tendSoon(member.group);
    return activity;
  }

  /**
   * Back into service, counting again: the desired capacity grows by one. No launch hook: it was launched long ago.
   * Throws ValidationError where it is not in standby.
   */
  exitStandby(instance: string): Activity {
    const member = this.member(instance);
    if (member.state !== "Standby") {
      throw new AwsError("ValidationError", `The instance ${instance} is not in Standby.`);
    }
    const group = this.get(member.group);
    if (group.desired + 1 > group.max) {
      throw new AwsError(
        "ValidationError",
        `Moving ${instance} out of standby would exceed the group's max size ${group.max}.`,
      );
    }
    this.put({ ...group, desired: group.desired + 1 });
    const activity = this.#other(
      member,
      `Moving EC2 instance out of Standby: ${instance}`,
      "moved out of standby in response to a user request",
    );
    this.#set({ ...member, state: "Pending", activity: activity.id });
    this.#later(instance, "Pending", (now) => {
      this.#set({ ...now, state: "InService", inService: this.#world.now() });
      this.activities.end(activity.id, "Successful");
      const ec2 = this.#ec2.instances.find(instance);
      if (ec2?.state !== "running") this.#noticeSoon(instance);
    });
    return activity;
  }

  // Capacity

  #tendSoon(group: string): void {
    this.#world.after(this.#world.delays.autoscaling.react, () => this.#tend(group));
  }

  #tend(name: string): void {
    const group = this.find(name);
    if (!group || group.deleting) return;
    const members = this.members(name);
    const plan = planFor(group, members, this.#world.random);
    for (const member of plan.replace) {
      this.#owed.set(name, (this.#owed.get(name) ?? 0) + 1);
      this.#terminate(
        member,
        `At ${this.#clock()} an instance was taken out of service in response to ${member.illness ?? USER_HEALTH_CHECK}.`,
      );
    }
    const actual = members.filter(counts).length;
    for (const member of plan.shrink) {
      const why = "was taken out of service in response to a difference between desired and actual capacity, shrinking";
      const selected = `At ${this.#clock()} instance ${member.instance} was selected for termination.`;
      const capacity = `the capacity from ${actual} to ${group.desired}`;
      this.#terminate(member, `${group.request} At ${this.#clock()} an instance ${why} ${capacity}. ${selected}`);
    }
    if (plan.launch > 0) this.#launchAll(group, plan.launch, actual);
  }

  #launchAll(group: Group, count: number, actual: number): void {
    const wait = (this.#failures.get(group.name)?.until ?? 0) - this.#world.now();
    if (wait > 0) {
      this.#world.after(wait, () => this.#tend(group.name));
      return;
    }
    const grown = `increasing the capacity from ${actual} to ${actual + count}`;
    for (let i = 0; i < count; i++) this.#launch(group, grown);
  }

  #shrinkDesired(group: Group, what: string): void {
    if (group.desired <= group.min) {
      const message = `Currently, desiredSize equals minSize (${group.min}). ${what} will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`;
      throw new AwsError("ValidationError", message);
    }
    this.put({ ...group, desired: group.desired - 1 });
  }

  // In

  #launch(group: Group, grown: string): void {
    const owed = this.#owed.get(group.name) ?? 0;
    if (owed > 0) this.#owed.set(group.name, owed - 1);
    const cause =
      owed > 0
        ? `At ${this.#clock()} an instance was launched in response to an unhealthy instance needing to be replaced.`
        : `${group.request} At ${this.#clock()} an instance was started in response to a difference between desired and actual capacity, ${grown}.`;
    const subnet = subnetFor(group, this.members(group.name));
    const template = this.#ec2.templates.version(group.template);
    if (!subnet || !template) throw new Error(`group ${group.name} has no subnet or launch template`);
    let instance: Instance;
    try {
      instance = this.#ec2.instances.launch({ type: template.instanceType, subnet, tags: tagsOf(group) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { id } = this.activities.start({
        group: group.name,
        kind: "Launch",
        subnet,
        description: "Launching a new EC2 instance",
        cause,
      });
      const message = `${error.message} Launching EC2 instance failed.`;
      const failed = this.activities.end(id, "Failed", message);
      if (failed) this.activities.announce(group, failed, false, "Failed");
      this.#launchFailed(group.name);
      return;
    }
    const description = `Launching a new EC2 instance: ${instance.id}`;
    const activity = this.activities.start({
      group: group.name,
      kind: "Launch",
      instance: instance.id,
      subnet,
      description,
      cause,
    });
    this.#set({
      instance: instance.id,
      group: group.name,
      subnet,
      type: instance.type,
      templateVersion: template.version,
      state: "Pending",
      healthy: true,
      protected: group.protect,
      launched: instance.launched,
      activity: activity.id,
      hooked: false,
    });
    this.#world.after(this.#world.delays.autoscaling.launchHook, () => this.#openLaunch(instance.id));
  }

  #openLaunch(instance: string): void {
    const member = this.#members.get(instance);
    const group = member && this.find(member.group);
    if (member?.state !== "Pending" || !group) return;
    // The state first: whoever reads at the event must find the instance waiting.
    this.#set({ ...member, state: "Pending:Wait" });
    const waits = this.actions.open(group, instance, "autoscaling:EC2_INSTANCE_LAUNCHING", (ending) =>
      this.#launchEnded(instance, ending),
    );
    if (waits) this.activities.move(member.activity, "MidLifecycleAction");
    else this.#arrive(instance);
  }

  #launchEnded(instance: string, { result, how, token }: Ending): void {
    if (result === "CONTINUE") {
      this.#arrive(instance);
      return;
    }
    const why = how === "completed" ? "Lifecycle Action Completed with ABANDON Result" : titled(how);
    this.#abortLaunch(
      this.member(instance),
      "Cancelled",
      `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: ${why}`,
    );
  }

  #arrive(instance: string): void {
    const member = this.member(instance);
    this.#set({ ...member, state: "Pending:Proceed" });
    this.#later(instance, "Pending:Proceed", () => this.#enterService(instance));
  }

  /** Waits for EC2's `running` where a hook was faster than the boot. */
  #enterService(instance: string): void {
    const member = this.#members.get(instance);
    const group = member && this.find(member.group);
    if (member?.state !== "Pending:Proceed" || !group) return;
    if (this.#ec2.instances.find(instance)?.state !== "running") return;
    this.#set({ ...member, state: "InService", inService: this.#world.now() });
    const activity = this.activities.end(member.activity, "Successful");
    if (activity) this.activities.announce(group, activity, true, "InProgress");
    this.#failures.delete(group.name);
    this.#tendSoon(group.name);
  }

  /** The instance is terminated, and its terminate hook then fires like any other's. */
  #abortLaunch(member: Member, status: "Cancelled" | "Failed", message: string): void {
    const group = this.get(member.group);
    const failed = this.activities.end(member.activity, status, message);
    if (failed) this.activities.announce(group, failed, false, status);
    this.#terminate(
      member,
      `At ${this.#clock()} an instance was taken out of service in response to a launch failure.`,
    );
    this.#launchFailed(group.name);
  }

  /** Launches that keep failing make the group slow down. */
  #launchFailed(group: string): void {
    const count = (this.#failures.get(group)?.count ?? 0) + 1;
    const { backOff } = this.#world.delays.autoscaling;
    const wait = count <= PATIENCE ? 0 : Math.min(backOff * 2 ** (count - PATIENCE - 1), LONGEST_BACK_OFF);
    this.#failures.set(group, { count, until: this.#world.now() + wait });
    this.#tendSoon(group);
  }

  // Out

  #terminate(member: Member, cause: string): Activity {
    return this.#startTermination(member, cause, ({ instance }) => {
      this.#world.after(this.#world.delays.autoscaling.terminateHook, () => this.#openTermination(instance));
    });
  }

  #startTermination(member: Member, cause: string, next: (member: Member) => void): Activity {
    const { instance, group, subnet } = member;
    this.actions.cancel(instance);
    if (launching(member.state)) this.activities.end(member.activity, "Cancelled", "The instance is terminated.");
    const description = `Terminating EC2 instance: ${instance}`;
    const activity = this.activities.start({ group, kind: "Terminate", instance, subnet, description, cause });
    const leaving: Member = { ...member, state: "Terminating", activity: activity.id };
    this.#set(leaving);
    next(leaving);
    // Its place is empty from now on: the replacement does not wait for its hook.
    this.#tendSoon(group);
    return activity;
  }

  #openTermination(instance: string): void {
    const member = this.#members.get(instance);
    const group = member && this.find(member.group);
    if (member?.state !== "Terminating" || !group) return;
    const hooked = group.hooks.some((hook) => hook.transition === "autoscaling:EC2_INSTANCE_TERMINATING");
    if (!hooked) {
      this.#proceed(member);
      return;
    }
    this.#set({ ...member, state: "Terminating:Wait", hooked });
    this.activities.move(member.activity, "MidLifecycleAction");
    this.actions.open(group, instance, "autoscaling:EC2_INSTANCE_TERMINATING", (ending) =>
      this.#terminationEnded(instance, ending),
    );
  }

  /** Both results terminate; ABANDON and the global limit retain the instance where the group's policy says so. */
  #terminationEnded(instance: string, { result, how }: Ending): void {
    const member = this.member(instance);
    const abandoned = result === "ABANDON" || how === "global timeout";
    if (!abandoned || !this.get(member.group).retain) {
      this.#proceed(member);
      return;
    }
    this.#set({ ...member, state: "Terminating:Retained" });
    this.activities.end(
      member.activity,
      "Cancelled",
      "The terminate lifecycle action was abandoned: the instance is retained.",
    );
  }

  /** Only now EC2 ends the instance, unless it is dead already. */
  #proceed(member: Member): void {
    const { instance } = member;
    this.actions.cancel(instance);
    this.#set({ ...member, state: "Terminating:Proceed" });
    this.#later(instance, "Terminating:Proceed", () => {
      const ec2 = this.#ec2.instances.find(instance);
      if (!ec2 || ec2.state === "terminated") this.#finish(instance);
      else this.#ec2.instances.terminate(instance, undefined);
    });
  }

  #finish(instance: string): void {
    const member = this.member(instance);
    const group = this.get(member.group);
    const activity = this.activities.end(member.activity, "Successful");
    if (activity) {
      const status = member.hooked ? "MidTerminatingLifecycleAction" : "InProgress";
      this.activities.announce(group, activity, true, status);
    }
    this.#remove(instance);
    if (group.deleting) this.removeIfEmpty(group.name);
  }

  // Health

  /** What EC2 says about an instance of a group. */
  #follow({ id, state }: Instance): void {
    const member = this.#members.get(id);
    if (!member) return;
    if (state === "running") this.#enterService(id);
    else if (state === "terminated" && member.state === "Terminating:Proceed") this.#finish(id);
    else if (state === "terminated" && member.state === "Terminating:Retained") this.#remove(id);
    else if (state !== "pending" && !terminating(member.state)) this.#noticeSoon(id);
  }

  #noticeSoon(instance: string): void {
    this.#world.after(this.#world.delays.autoscaling.healthCheck, () => this.#notice(instance));
  }

  /** A health check finds that the instance has ended or stopped. No grace period protects such an instance. */
  #notice(instance: string): void {
    const member = this.#members.get(instance);
    const group = member && this.find(member.group);
    if (!group || group.suspended.includes("HealthCheck")) return;
    if (member.state === "InService") this.#mark(member, false, EC2_HEALTH_CHECK);
    if (!launching(member.state)) return;
    const reason = this.#ec2.instances.find(instance)?.reason?.message ?? "unknown";
    const message = `Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: ${reason}`;
    this.#abortLaunch(member, "Failed", message);
  }

  #mark(member: Member, healthy: boolean, illness: string): void {
    this.#set({ ...member, healthy, ...(!healthy && { illness }) });
    if (!healthy) this.#world.after(this.#world.delays.autoscaling.unhealthy, () => this.#tend(member.group));
  }

  // Members

  #inService(instance: string): Member {
    const member = this.member(instance);
    if (member.state === "InService") return member;
    throw new AwsError("ValidationError", `The instance ${instance} is not in InService.`);
  }

  #other(member: Member, description: string, what: string): Activity {
    const cause = `At ${this.#clock()} instance ${member.instance} was ${what}.`;
    return this.activities.start({ group: member.group, kind: "Other", instance: member.instance, description, cause });
  }

  /** After the time a transition takes, if the member is in that state still. */
  #later(instance: string, state: LifecycleState, next: (member: Member) => void): void {
    this.#world.after(this.#world.delays.autoscaling.proceed, () => {
      const member = this.#members.get(instance);
      if (member?.state === state) next(member);
    });
  }

  #set(member: Member): void {
    this.#members.set(member.instance, member);
  }

  #remove(instance: string): void {
    this.#members.delete(instance);
  }

  /** As in Cause texts. */
  #clock(): string {
    return `${new Date(this.#world.now()).toISOString().slice(0, 19)}Z`;
  }
}

function titled(text: string): string {
  return text.replace(/\b\w/g, (letter) => letter.toUpperCase());
}

function tagsOf(group: Group): { Key: string; Value: string }[] {
  const propagated = group.tags.filter((t) => t.PropagateAtLaunch).map(({ Key, Value }) => ({ Key, Value }));
  return [...propagated, { Key: "aws:autoscaling:groupName", Value: group.name }];
}
