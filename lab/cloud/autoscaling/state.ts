/** Everything Auto Scaling knows: groups, their members, the lifecycle actions and scaling activities in progress. */
import type { LifecycleState } from "@aws-sdk/client-auto-scaling";
import { AwsError } from "../service.ts";
import { type AsOf, Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import { Activities } from "./activities.ts";
import type { Group, Member } from "./group.ts";
import { LifecycleActions } from "./lifecycle.ts";

export class AutoScalingState {
  readonly activities: Activities;
  readonly actions: LifecycleActions;
  readonly #world: World;
  readonly #groups: Timeline<Group>;
  /** Instances that belong to a group, in whatever state. */
  readonly #members: Timeline<Member>;

  constructor(world: World) {
    this.#world = world;
    this.activities = new Activities(world);
    this.actions = new LifecycleActions(world);
    this.#groups = new Timeline(() => world.now());
    this.#members = new Timeline(() => world.now());
  }

  all(asOf?: number): readonly Group[] {
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

  set(group: Group): void {
    this.#groups.set(group.name, group);
  }

  removeIfEmpty(name: string): void {
    if (this.members(name).length === 0) this.#groups.delete(name);
  }

  members(group: string, asOf?: AsOf): Member[] {
    return this.everyMember(asOf).filter((m) => m.group === group);
  }

  everyMember(asOf?: AsOf): readonly Member[] {
    return this.#members.values(asOf);
  }

  /** Throws ValidationError. */
  member(instance: string): Member {
    const member = this.#members.get(instance);
    if (member) return member;
    const message = `Instance Id not found - No managed instance found for instance ID: ${instance}`;
    throw new AwsError("ValidationError", message);
  }

  /** The member and its group, where it is in that state. */
  memberIn(instance: string, state: LifecycleState): { readonly member: Member; readonly group: Group } | undefined {
    const member = this.#members.get(instance);
    const group = member && this.find(member.group);
    return group && member.state === state ? { member, group } : undefined;
  }

  findMember(instance: string): Member | undefined {
    return this.#members.get(instance);
  }

  setMember(member: Member): void {
    this.#members.set(member.instance, member);
  }

  removeMember(instance: string): void {
    this.#members.delete(instance);
  }

  /** After the time a transition takes, if the member is in that state still. */
  afterTransition(instance: string, state: LifecycleState, next: (member: Member) => void): void {
    this.#world.after(this.#world.delays.autoscaling.proceed, () => {
      const found = this.memberIn(instance, state);
      if (found) next(found.member);
    });
  }

  /** The time as Cause texts give it. */
  clock(): string {
    return `${new Date(this.#world.now()).toISOString().slice(0, 19)}Z`;
  }
}
