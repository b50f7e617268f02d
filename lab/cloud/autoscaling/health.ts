/** Which members are healthy: by the user's word, and by EC2's own state. */
import type { Instance, Instances } from "../ec2/instances.ts";
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import { launching, type Member, terminating } from "./group.ts";
import type { Launches } from "./launches.ts";
import type { AutoScalingState } from "./state.ts";

/** As Cause texts give them. */
export const USER_HEALTH_CHECK = "a user health-check";
const EC2_HEALTH_CHECK = "an EC2 health check indicating it has been terminated or stopped";

export class Health {
  readonly #world: World;
  readonly #instances: Instances;
  readonly #state: AutoScalingState;
  readonly #launches: Launches;
  readonly #tend: (group: string) => void;

  /** `tend`: a group has an unhealthy member. */
  constructor(
    world: World,
    instances: Instances,
    state: AutoScalingState,
    launches: Launches,
    tend: (group: string) => void,
  ) {
    this.#world = world;
    this.#instances = instances;
    this.#state = state;
    this.#launches = launches;
    this.#tend = tend;
  }

  /**
   * Marks a member as the user sees it. Without effect in its grace period where that is to be respected.
   * Throws ScalingActivityInProgress where it is terminated already.
   */
  set(instance: string, healthy: boolean, respectGrace: boolean): void {
    const member = this.#state.member(instance);
    if (terminating(member.state)) {
      const message = `Activity ${member.activity} is in progress: instance ${instance} is already being terminated.`;
      throw new AwsError("ScalingActivityInProgress", message);
    }
    const { grace } = this.#state.get(member.group);
    const inGrace = member.inService !== undefined && this.#world.now() < member.inService + grace;
    if (!healthy && respectGrace && inGrace) return;
    this.#mark(member, healthy, USER_HEALTH_CHECK);
  }

  /** EC2 says that a member has stopped or ended: the next health check finds it. No grace period protects it. */
  ended({ id, reason }: Pick<Instance, "id" | "reason">): void {
    this.#world.after(this.#world.delays.autoscaling.healthCheck, () => {
      const member = this.#state.findMember(id);
      if (!member || this.#state.find(member.group)?.suspended.includes("HealthCheck")) return;
      if (member.state === "InService") this.#mark(member, false, EC2_HEALTH_CHECK);
      if (!launching(member.state)) return;
      const became = "Instance became unhealthy while waiting for instance to be in InService state.";
      this.#launches.abort(member, "Failed", `${became} Termination Reason: ${reason?.message ?? "unknown"}`);
    });
  }

  /** Nobody checked it while it was in standby. */
  returned(instance: string): void {
    const ec2 = this.#instances.find(instance);
    if (ec2?.state !== "running") this.ended({ id: instance, ...(ec2?.reason && { reason: ec2.reason }) });
  }

  #mark(member: Member, healthy: boolean, illness: string): void {
    this.#state.setMember({ ...member, healthy, ...(!healthy && { illness }) });
    if (!healthy) this.#world.after(this.#world.delays.autoscaling.unhealthy, () => this.#tend(member.group));
  }
}
