/** Auto Scaling groups: what users ask of them, and what they do to have as many healthy members as are desired. */
import type { Ec2 } from "../ec2/ec2.ts";
import type { Instance } from "../ec2/instances.ts";
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import type { Activity } from "./activities.ts";
import { planFor } from "./capacity.ts";
import { counts, type Group, type Member, terminating } from "./group.ts";
import { Health, USER_HEALTH_CHECK } from "./health.ts";
import { Launches } from "./launches.ts";
import { AutoScalingState } from "./state.ts";
import { Terminations } from "./terminations.ts";

export class Groups extends AutoScalingState {
  readonly health: Health;
  readonly #world: World;
  readonly #launches: Launches;
  readonly #terminations: Terminations;
  /** How many of a group's next launches replace an unhealthy instance. */
  readonly #owed = new Map<string, number>();

  constructor(world: World, ec2: Ec2) {
    super(world);
    this.#world = world;
    const tendSoon = (group: string) => this.#tendSoon(group);
    this.#terminations = new Terminations(world, ec2.instances, this, tendSoon);
    this.#launches = new Launches(world, ec2, this, this.#terminations, tendSoon);
    this.health = new Health(world, ec2.instances, this, this.#launches, (group) => this.#tend(group));
    ec2.instances.watch((instance) => this.#follow(instance));
  }

  /** Creates or changes a group; it then does what that makes necessary. */
  put(group: Group): void {
    this.set(group);
    this.#tendSoon(group.name);
  }

  /** Changes the desired capacity; `request` says who asked for it, as Cause texts begin. */
  resize(group: Group, desired: number, request: string): void {
    const change = `changing the desired capacity from ${group.desired} to ${desired}`;
    this.put({ ...group, desired, request: `At ${this.clock()} ${request} ${change}.` });
  }

  /** Every instance is terminated at once, hooks left out; the group goes when the last one is gone. */
  deleteByForce(group: Group): void {
    this.set({ ...group, deleting: true });
    for (const member of this.members(group.name)) this.#terminations.force(member);
    this.removeIfEmpty(group.name);
  }

  protect(instance: string, isProtected: boolean): void {
    this.setMember({ ...this.member(instance), protected: isProtected });
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
    const { desired } = this.get(member.group);
    if (decrement) this.#decrement(member.group, "Terminating instance without replacement");
    const shrinking = decrement ? `, shrinking the capacity from ${desired} to ${desired - 1}` : "";
    const cause = `instance ${instance} was taken out of service in response to a user request${shrinking}.`;
    return this.#terminations.begin(member, `At ${this.clock()} ${cause}`);
  }

  /** Out of the group, but running on. Throws ValidationError where it is not in service. */
  detach(instance: string, decrement: boolean): Activity {
    const member = this.#mustBe(instance, "InService");
    if (decrement) this.#decrement(member.group, "Detaching the instance");
    const activity = this.#move(member, "Detaching", `Detaching EC2 instance: ${instance}`, "detached");
    this.afterTransition(instance, "Detaching", () => {
      this.removeMember(instance);
      this.activities.end(activity.id, "Successful");
    });
    return activity;
  }

  /**
   * An instance that runs becomes a member, by the launch hook, and the desired capacity grows by one. Throws ValidationError where it
   * is in a group already, or the group is at its maximum.
   */
  attach(group: Group, instance: string): void {
    const refuse = (message: string): never => {
      throw new AwsError("ValidationError", message);
    };
    if (this.findMember(instance)) refuse(`Instance ${instance} is already part of an Auto Scaling group.`);
    if (group.desired + 1 > group.max) {
      const sizes = `desired:${group.desired} max:${group.max}`;
      refuse(
        `AutoScalingGroup ${group.name} has min-size=${group.min}, ${sizes}: the group would exceed its max size.`,
      );
    }
    this.#launches.attach(group, instance);
    this.set({ ...group, desired: group.desired + 1 });
  }

  /** Stays in the group, but no longer counts. Throws ValidationError where it is not in service. */
  enterStandby(instance: string, decrement: boolean): Activity {
    const member = this.#mustBe(instance, "InService");
    if (decrement) this.#decrement(member.group, "Moving the instance to standby");
    const description = `Moving EC2 instance to Standby: ${instance}`;
    const activity = this.#move(member, "EnteringStandby", description, "moved to standby");
    this.afterTransition(instance, "EnteringStandby", (entering) => {
      this.setMember({ ...entering, state: "Standby" });
      this.activities.end(activity.id, "Successful");
    });
    return activity;
  }

  /**
   * Back into service, counting again: the desired capacity grows by one. No launch hook: it was launched long ago.
   * Throws ValidationError where it is not in standby, or the group is at its maximum.
   */
  exitStandby(instance: string): Activity {
    const member = this.#mustBe(instance, "Standby");
    const group = this.get(member.group);
    if (group.desired + 1 > group.max) {
      const message = `Moving ${instance} out of standby would exceed the group's max size ${group.max}.`;
      throw new AwsError("ValidationError", message);
    }
    this.set({ ...group, desired: group.desired + 1 });
    const description = `Moving EC2 instance out of Standby: ${instance}`;
    const activity = this.#move(member, "Pending", description, "moved out of standby");
    this.afterTransition(instance, "Pending", (returning) => {
      this.setMember({ ...returning, state: "InService", inService: this.#world.now() });
      this.activities.end(activity.id, "Successful");
      this.health.returned(instance);
    });
    return activity;
  }

  /** By a user's request, into a state that is on the way to another. */
  #move(member: Member, state: Member["state"], description: string, what: string): Activity {
    const { instance, group } = member;
    const cause = `At ${this.clock()} instance ${instance} was ${what} in response to a user request.`;
    const activity = this.activities.start({ group, kind: "Other", instance, description, cause });
    this.setMember({ ...member, state, activity: activity.id });
    this.#tendSoon(group);
    return activity;
  }

  #mustBe(instance: string, state: "InService" | "Standby"): Member {
    const member = this.member(instance);
    if (member.state === state) return member;
    throw new AwsError("ValidationError", `The instance ${instance} is not in ${state}.`);
  }

  /** Throws ValidationError where the group is at its minimum. */
  #decrement(name: string, what: string): void {
    const group = this.get(name);
    if (group.desired <= group.min) {
      const message = `Currently, desiredSize equals minSize (${group.min}). ${what} will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`;
      throw new AwsError("ValidationError", message);
    }
    this.put({ ...group, desired: group.desired - 1 });
  }

  #follow(instance: Instance): void {
    const member = this.findMember(instance.id);
    if (!member) return;
    if (instance.state === "running") this.#launches.enterService(instance.id);
    else if (instance.state === "terminated") this.#terminations.gone(instance.id);
    else if (instance.state !== "pending" && !terminating(member.state)) this.health.ended(instance);
  }

  #tendSoon(group: string): void {
    this.#world.after(this.#world.delays.autoscaling.react, () => this.#tend(group));
  }

  #tend(name: string): void {
    const group = this.find(name);
    if (!group || group.deleting) return;
    const members = this.members(name);
    const plan = planFor(group, members, this.#world.random);
    const actual = members.filter(counts).length;
    for (const member of plan.replace) {
      this.#owed.set(name, (this.#owed.get(name) ?? 0) + 1);
      const why = `was taken out of service in response to ${member.illness ?? USER_HEALTH_CHECK}`;
      this.#terminations.begin(member, `At ${this.clock()} an instance ${why}.`);
    }
    for (const member of plan.shrink) {
      const why = `was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${actual} to ${group.desired}`;
      const selected = `At ${this.clock()} instance ${member.instance} was selected for termination.`;
      this.#terminations.begin(member, `${group.request} At ${this.clock()} an instance ${why}. ${selected}`);
    }
    if (plan.launch > 0) this.#launch(group, plan.launch, actual);
  }

  #launch(group: Group, count: number, actual: number): void {
    const wait = this.#launches.heldBack(group.name);
    if (wait > 0) {
      this.#world.after(wait, () => this.#tend(group.name));
      return;
    }
    for (let launched = 0; launched < count; launched++) {
      const owed = this.#owed.get(group.name) ?? 0;
      this.#owed.set(group.name, Math.max(0, owed - 1));
      const at = `At ${this.clock()} an instance was`;
      const why = `started in response to a difference between desired and actual capacity, increasing the capacity from ${actual} to ${actual + count}.`;
      const cause =
        owed > 0
          ? `${at} launched in response to an unhealthy instance needing to be replaced.`
          : `${group.request} ${at} ${why}`;
      this.#launches.begin(group, cause);
    }
  }
}
