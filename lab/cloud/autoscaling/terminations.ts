/** The way out: `Terminating`, `:Wait` at the hooks, `:Proceed`, and only then the end of the EC2 instance. */
import type { Instances } from "../ec2/instances.ts";
import type { World } from "../world.ts";
import type { Activity } from "./activities.ts";
import { launching, type Member, terminating } from "./group.ts";
import type { Ending } from "./lifecycle.ts";
import type { AutoScalingState } from "./state.ts";

export class Terminations {
  readonly #world: World;
  readonly #instances: Instances;
  readonly #state: AutoScalingState;
  readonly #gap: (group: string) => void;

  /** `gap`: a group has a member less from now on. */
  constructor(world: World, instances: Instances, state: AutoScalingState, gap: (group: string) => void) {
    this.#world = world;
    this.#instances = instances;
    this.#state = state;
    this.#gap = gap;
  }

  begin(member: Member, cause: string): Activity {
    const activity = this.#leave(member, cause);
    this.#world.after(this.#world.delays.autoscaling.terminateHook, () => this.#open(member.instance));
    return activity;
  }

  /** Hooks left out, also where the member waits at one. */
  force(member: Member): void {
    if (!terminating(member.state)) this.#leave(member, `At ${this.#state.clock()} the group was deleted.`);
    this.#proceed(this.#state.member(member.instance));
  }

  /** EC2 says that the instance is gone. */
  gone(instance: string): void {
    const waited = this.#state.memberIn(instance, "Terminating:Proceed");
    if (waited) {
      this.#finish(waited.member);
      return;
    }
    if (this.#state.memberIn(instance, "Terminating:Retained")) this.#remove(instance);
  }

  /** Its place is empty from now on: the replacement does not wait for its hook. */
  #leave(member: Member, cause: string): Activity {
    const { instance, group, subnet } = member;
    const { actions, activities } = this.#state;
    actions.cancel(instance);
    if (launching(member.state)) activities.end(member.activity, "Cancelled", "The instance is terminated.");
    const description = `Terminating EC2 instance: ${instance}`;
    const activity = activities.start({ group, kind: "Terminate", instance, subnet, description, cause });
    this.#state.setMember({ ...member, state: "Terminating", activity: activity.id });
    this.#gap(group);
    return activity;
  }

  #open(instance: string): void {
    const found = this.#state.memberIn(instance, "Terminating");
    if (!found) return;
    const { member, group } = found;
    if (!group.hooks.some((hook) => hook.transition === "autoscaling:EC2_INSTANCE_TERMINATING")) {
      this.#proceed(member);
      return;
    }
    // The state first: whoever reads at the event must find the instance waiting.
    this.#state.setMember({ ...member, state: "Terminating:Wait", hooked: true });
    this.#state.activities.move(member.activity, "MidLifecycleAction");
    this.#state.actions.open(group, instance, "autoscaling:EC2_INSTANCE_TERMINATING", (ending) =>
      this.#ended(instance, ending),
    );
  }

  /** Both results terminate; ABANDON and the global limit retain the instance where the group's policy says so. */
  #ended(instance: string, { result, how }: Ending): void {
    const member = this.#state.member(instance);
    const abandoned = result === "ABANDON" || how === "global timeout";
    // There is nothing left to retain of an instance that EC2 has ended meanwhile.
    const ec2 = this.#instances.find(instance);
    const gone = !ec2 || ec2.state === "terminated";
    if (!abandoned || gone || !this.#state.get(member.group).retain) {
      this.#proceed(member);
      return;
    }
    this.#state.setMember({ ...member, state: "Terminating:Retained" });
    const message = "The terminate lifecycle action was abandoned: the instance is retained.";
    this.#state.activities.end(member.activity, "Cancelled", message);
  }

  /** Only now EC2 ends the instance, unless it is dead already. */
  #proceed(member: Member): void {
    const { instance } = member;
    this.#state.actions.cancel(instance);
    this.#state.setMember({ ...member, state: "Terminating:Proceed" });
    this.#state.afterTransition(instance, "Terminating:Proceed", (leaving) => {
      const ec2 = this.#instances.find(instance);
      if (!ec2 || ec2.state === "terminated") this.#finish(leaving);
      else this.#instances.terminate(instance, undefined);
    });
  }

  #finish(member: Member): void {
    const { activities } = this.#state;
    const activity = activities.end(member.activity, "Successful");
    if (activity) {
      const status = member.hooked ? "MidTerminatingLifecycleAction" : "InProgress";
      activities.announce(this.#state.get(member.group), activity, true, status);
    }
    this.#remove(member.instance);
  }

  #remove(instance: string): void {
    const group = this.#state.get(this.#state.member(instance).group);
    this.#state.removeMember(instance);
    if (group.deleting) this.#state.removeIfEmpty(group.name);
  }
}
