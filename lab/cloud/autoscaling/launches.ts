/** The way in: `Pending`, `:Wait` at the hooks, `:Proceed`, `InService`; and what happens where that fails. */
import type { Ec2 } from "../ec2/ec2.ts";
import type { Instance } from "../ec2/instances.ts";
import type { TemplateVersion } from "../ec2/templates.ts";
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import { subnetFor } from "./capacity.ts";
import type { Group, Member } from "./group.ts";
import type { Ending } from "./lifecycle.ts";
import type { AutoScalingState } from "./state.ts";
import type { Terminations } from "./terminations.ts";

/** Failed launches in a row. */
interface Failures {
  readonly count: number;
  /** No launch before then, ms since the epoch. */
  readonly until: number;
}

/** This many failed launches in a row cost nothing yet. */
const PATIENCE = 2;
const LONGEST_BACK_OFF = 15 * 60_000;

export class Launches {
  readonly #world: World;
  readonly #ec2: Ec2;
  readonly #state: AutoScalingState;
  readonly #terminations: Terminations;
  readonly #changed: (group: string) => void;
  readonly #failures = new Map<string, Failures>();

  /** `changed`: a group may have something to do, since a launch succeeded or failed. */
  constructor(
    world: World,
    ec2: Ec2,
    state: AutoScalingState,
    terminations: Terminations,
    changed: (group: string) => void,
  ) {
    this.#world = world;
    this.#ec2 = ec2;
    this.#state = state;
    this.#terminations = terminations;
    this.#changed = changed;
  }

  /** How long the group holds its launches back, since too many failed: ms. */
  heldBack(group: string): number {
    return Math.max(0, (this.#failures.get(group)?.until ?? 0) - this.#world.now());
  }

  /** Where EC2 cannot start an instance, the activity fails and the group tries again. */
  begin(group: Group, cause: string): void {
    const subnet = subnetFor(group, this.#state.members(group.name));
    const template = this.#ec2.templates.version(group.template);
    if (!subnet || !template) throw new Error(`group ${group.name} has no subnet or launch template`);
    const { activities } = this.#state;
    const started = this.#start(template, subnet, group);
    if (started instanceof AwsError) {
      const description = "Launching a new EC2 instance";
      const { id } = activities.start({ group: group.name, kind: "Launch", subnet, description, cause });
      this.#failed(group, id, "Failed", `${started.message} Launching EC2 instance failed.`);
      return;
    }
    const { id: instance, type, launched } = started;
    const description = `Launching a new EC2 instance: ${instance}`;
    const activity = activities.start({ group: group.name, kind: "Launch", instance, subnet, description, cause });
    this.#enter(group, { instance, type, subnet, launched }, template.version, activity.id);
  }

  #enter(
    group: Group,
    member: Pick<Member, "instance" | "type" | "subnet" | "launched">,
    templateVersion: number,
    activity: string,
  ): void {
    this.#state.setMember({
      ...member,
      group: group.name,
      templateVersion,
      state: "Pending",
      healthy: true,
      protected: group.protect,
      activity,
      hooked: false,
    });
    this.#world.after(this.#world.delays.autoscaling.launchHook, () => this.#open(member.instance));
  }

  /** One that runs already goes the same way in. Throws ValidationError where it does not run. */
  attach(group: Group, id: string): void {
    const { type, subnet, launched, state } = this.#ec2.instances.get(id);
    if (state !== "running") throw new AwsError("ValidationError", `Instance ${id} is not in running state.`);
    const template = this.#ec2.templates.version(group.template);
    if (!template) throw new Error(`group ${group.name} has no launch template`);
    const cause = `At ${this.#state.clock()} an instance was attached in response to a user request.`;
    const description = `Attaching an existing EC2 instance: ${id}`;
    const started = { group: group.name, kind: "Launch", instance: id, subnet, description, cause } as const;
    this.#enter(
      group,
      { instance: id, type, subnet, launched },
      template.version,
      this.#state.activities.start(started).id,
    );
  }

  /** The instance is terminated, and its terminate hook then fires like any other's. */
  abort(member: Member, status: "Cancelled" | "Failed", message: string): void {
    this.#failed(this.#state.get(member.group), member.activity, status, message);
    const cause = `At ${this.#state.clock()} an instance was taken out of service in response to a launch failure.`;
    this.#terminations.begin(member, cause);
  }

  /** EC2 says that it runs; it may have been waited for, where a hook was faster than the boot. */
  enterService(instance: string): void {
    const found = this.#state.memberIn(instance, "Pending:Proceed");
    if (!found || this.#ec2.instances.find(instance)?.state !== "running") return;
    const { member, group } = found;
    this.#state.setMember({ ...member, state: "InService", inService: this.#world.now() });
    const activity = this.#state.activities.end(member.activity, "Successful");
    if (activity) this.#state.activities.announce(group, activity, true, "InProgress");
    this.#failures.delete(group.name);
    this.#changed(group.name);
  }

  #start(template: TemplateVersion, subnet: Group["subnets"][number], group: Group): Instance | AwsError {
    const { instanceType: type, profile, tags } = template;
    try {
      return this.#ec2.instances.launch({ type, subnet, tags: merged(tags, tagsOf(group)), profile });
    } catch (error) {
      if (error instanceof AwsError) return error;
      throw error;
    }
  }

  #open(instance: string): void {
    const found = this.#state.memberIn(instance, "Pending");
    if (!found) return;
    const { member, group } = found;
    // The state first: whoever reads at the event must find the instance waiting.
    this.#state.setMember({ ...member, state: "Pending:Wait" });
    const waits = this.#state.actions.open(group, instance, "autoscaling:EC2_INSTANCE_LAUNCHING", (ending) =>
      this.#ended(instance, ending),
    );
    if (waits) this.#state.activities.move(member.activity, "MidLifecycleAction");
    else this.#proceed(instance);
  }

  #ended(instance: string, { result, how, token }: Ending): void {
    if (result === "CONTINUE") {
      this.#proceed(instance);
      return;
    }
    const why = {
      completed: "Lifecycle Action Completed with ABANDON Result",
      "heartbeat timeout": "Heartbeat Timeout",
      "global timeout": "Global Timeout",
    }[how];
    const message = `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: ${why}`;
    this.abort(this.#state.member(instance), "Cancelled", message);
  }

  #proceed(instance: string): void {
    this.#state.setMember({ ...this.#state.member(instance), state: "Pending:Proceed" });
    this.#state.afterTransition(instance, "Pending:Proceed", () => this.enterService(instance));
  }

  /** Launches that keep failing make the group slow down. */
  #failed(group: Group, activity: string, status: "Cancelled" | "Failed", message: string): void {
    const ended = this.#state.activities.end(activity, status, message);
    if (ended) this.#state.activities.announce(group, ended, false, status);
    const count = (this.#failures.get(group.name)?.count ?? 0) + 1;
    const { backOff } = this.#world.delays.autoscaling;
    const wait = count <= PATIENCE ? 0 : Math.min(backOff * 2 ** (count - PATIENCE - 1), LONGEST_BACK_OFF);
    this.#failures.set(group.name, { count, until: this.#world.now() + wait });
    this.#changed(group.name);
  }
}

function tagsOf(group: Group): { Key: string; Value: string }[] {
  const propagated = group.tags.filter((t) => t.PropagateAtLaunch).map(({ Key, Value }) => ({ Key, Value }));
  return [...propagated, { Key: "aws:autoscaling:groupName", Value: group.name }];
}

/** Tags of the launch template, and over them the group's. */
function merged(template: Instance["tags"], group: Instance["tags"]): Instance["tags"] {
  return [...template.filter((t) => !group.some((g) => g.Key === t.Key)), ...group];
}
