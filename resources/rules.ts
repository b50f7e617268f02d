/** Which events wake which function: exact patterns, so that nobody else's event costs an invocation. */
import type { Definition } from "../shared/cluster/definition.ts";
import { stackNames } from "./names.ts";

export interface EventRule {
  readonly name: string;
  readonly description: string;
  readonly pattern: Readonly<Record<string, unknown>>;
}

/** All of them wake the lifecycle function. */
export function eventRules(definition: Definition): EventRule[] {
  const { cluster, roles } = definition;
  const groups = roles.flatMap((role) => role.groups.map((g) => g.name));
  return [
    {
      name: `rollcall-${cluster}-lifecycle-actions`,
      description: "An instance of the cluster is launching or terminating, and waits for its hook",
      pattern: {
        source: ["aws.autoscaling"],
        "detail-type": ["EC2 Instance-launch Lifecycle Action", "EC2 Instance-terminate Lifecycle Action"],
        detail: { AutoScalingGroupName: groups },
      },
    },
    {
      name: `rollcall-${cluster}-scaling-outcomes`,
      description: "An instance of the cluster has ended, or its launch or termination has failed",
      pattern: {
        source: ["aws.autoscaling"],
        "detail-type": [
          "EC2 Instance Launch Unsuccessful",
          "EC2 Instance Terminate Successful",
          "EC2 Instance Terminate Unsuccessful",
        ],
        detail: { AutoScalingGroupName: groups },
      },
    },
    {
      // The event names no group and no tag, so every instance of the account wakes it; strangers cost two reads.
      name: `rollcall-${cluster}-instance-states`,
      description: "An instance has stopped or ended, maybe one of the cluster",
      pattern: {
        source: ["aws.ec2"],
        "detail-type": ["EC2 Instance State-change Notification"],
        detail: { state: ["stopping", "stopped", "shutting-down", "terminated"] },
      },
    },
    {
      name: `rollcall-${cluster}-commands`,
      description: "A command to a node of the cluster has ended",
      pattern: {
        source: ["aws.ssm"],
        "detail-type": ["EC2 Command Invocation Status-change Notification"],
        detail: {
          "document-name": [stackNames(definition).document],
          status: ["Success", "Failed", "TimedOut", "Cancelled"],
        },
      },
    },
  ];
}

/** What the archive keeps: every event that wakes Rollcall, and nothing else, so that a replay can be of use to it alone. */
export function archivePattern(definition: Definition): Readonly<Record<string, unknown>> {
  return { $or: eventRules(definition).map((rule) => rule.pattern) };
}
