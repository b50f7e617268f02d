/** Scaling activities: what a group did, why, and how it ended; and the events that tell of their ends. */
import type { ScalingActivityStatusCode } from "@aws-sdk/client-auto-scaling";
import type { Subnet } from "../ec2/subnets.ts";
import type { World } from "../world.ts";
import type { Group } from "./group.ts";

export interface Activity {
  readonly id: string;
  readonly group: string;
  readonly kind: "Launch" | "Terminate" | "Other";
  readonly instance?: string;
  readonly subnet?: Subnet;
  readonly description: string;
  readonly cause: string;
  readonly status: ScalingActivityStatusCode;
  readonly message?: string;
  /** ms since the epoch. */
  readonly started: number;
  readonly ended?: number;
}

export class Activities {
  readonly #world: World;
  readonly #activities = new Map<string, Activity>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Of one group or of all, newest first. */
  list(group?: string): Activity[] {
    return [...this.#activities.values()].filter((a) => group === undefined || a.group === group).reverse();
  }

  get(id: string): Activity | undefined {
    return this.#activities.get(id);
  }

  start(activity: Omit<Activity, "id" | "started" | "status">): Activity {
    const id = this.#world.uuid();
    return this.#set({ ...activity, id, status: "InProgress", started: this.#world.now() });
  }

  /** Moves on an activity that has not ended. */
  move(id: string, status: ScalingActivityStatusCode): void {
    const activity = this.#activities.get(id);
    if (activity && activity.ended === undefined) this.#set({ ...activity, status });
  }

  /** Ends an activity that has not ended; undefined where it had. */
  end(id: string, status: ScalingActivityStatusCode, message?: string): Activity | undefined {
    const activity = this.#activities.get(id);
    if (!activity || activity.ended !== undefined) return undefined;
    return this.#set({ ...activity, status, ended: this.#world.now(), ...(message !== undefined && { message }) });
  }

  /**
   * "EC2 Instance Launch|Terminate Successful|Unsuccessful". `statusCode` is what the events say, which is never
   * "Successful".
   */
  announce(group: Group, activity: Activity, successful: boolean, statusCode: string): void {
    const { kind, instance, subnet } = activity;
    const launch = kind === "Launch";
    this.#world.emit({
      source: "aws.autoscaling",
      "detail-type": `EC2 Instance ${kind} ${successful ? "Successful" : "Unsuccessful"}`,
      resources: [group.arn, ...(instance === undefined ? [] : [this.#world.arn("ec2", `instance/${instance}`)])],
      detail: {
        Origin: launch ? "EC2" : "AutoScalingGroup",
        Destination: launch ? "AutoScalingGroup" : "EC2",
        Action: kind,
        Description: activity.description,
        StartTime: new Date(activity.started).toISOString(),
        EndTime: new Date(activity.ended ?? this.#world.now()).toISOString(),
        RequestId: activity.id,
        ...(instance !== undefined && { EC2InstanceId: instance }),
        StatusCode: statusCode,
        StatusMessage: activity.message ?? "",
        Details: subnet
          ? { "Availability Zone": subnet.zone, "Availability Zone ID": zoneId(subnet.zone), "Subnet ID": subnet.id }
          : {},
        Cause: activity.cause,
        AutoScalingGroupName: group.name,
      },
    });
  }

  #set(activity: Activity): Activity {
    this.#activities.set(activity.id, activity);
    return activity;
  }
}

/** `eu-central-1a` → `euc1-az1`. */
function zoneId(zone: string): string {
  const [, area = "", place = "", number = "", letter = "a"] = /^(\w+)-(\w)\w*-(\d)(\w)$/.exec(zone) ?? [];
  return `${area}${place}${number}-az${letter.charCodeAt(0) - "a".charCodeAt(0) + 1}`;
}
