/*
A lifecycle hook waits for somebody: the instance stands in Pending:Wait or Terminating:Wait until the action is completed.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html

{
  "version": "0",
  "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "EC2 Instance-launch Lifecycle Action",
  "source": "aws.autoscaling",
  "account": "111122223333",
  "time": "2026-09-14T08:21:07Z",
  "region": "eu-central-1",
  "resources": [
    "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:7a0f3c6e-5d1b-4b8e-9b0a-2f6f8f1f3f11:autoScalingGroupName/lab-broker-eu-central-1a"
  ],
  "detail": {
    "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
    "AutoScalingGroupName": "lab-broker-eu-central-1a",
    "LifecycleHookName": "rollcall-launch",
    "EC2InstanceId": "i-0123456789abcdef0",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
    "NotificationMetadata": "set on the hook, and there only then",
    "Origin": "EC2",
    "Destination": "AutoScalingGroup",
    "Action": "Launch"
  }
}

{
  "version": "0",
  "id": "a1f6b2f0-6f0a-4a59-8d3c-0c2f2b6f8a52",
  "detail-type": "EC2 Instance-terminate Lifecycle Action",
  "source": "aws.autoscaling",
  "account": "111122223333",
  "time": "2026-09-14T09:02:41Z",
  "region": "eu-central-1",
  "resources": [
    "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:7a0f3c6e-5d1b-4b8e-9b0a-2f6f8f1f3f11:autoScalingGroupName/lab-broker-eu-central-1a"
  ],
  "detail": {
    "LifecycleActionToken": "0befcbdb-6ecd-498a-9ff7-ae9b54447cd6",
    "AutoScalingGroupName": "lab-broker-eu-central-1a",
    "LifecycleHookName": "rollcall-terminate",
    "EC2InstanceId": "i-0123456789abcdef0",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "Origin": "AutoScalingGroup",
    "Destination": "EC2",
    "Action": "Terminate"
  }
}

Two things look like launches and terminations and are none: a move into or out of a warm pool (Origin or Destination is
WarmPool), and the replacement of a root volume (Action is ReplaceRootVolume, from AutoScalingGroup to AutoScalingGroup),
which fires both events for an instance that stays.
*/
import * as v from "valibot";
import type { Definition } from "../../cluster/definition.ts";
import { envelope, foreignGroup, instanceId, replayPrefix, text } from "./envelope.ts";
import { type Hint, leaveAlone } from "./hint.ts";

const TIME = "when the event happened, such as 2026-09-14T08:21:02Z";

/** Where an instance comes from and goes to. Only the values left alone matter here; AWS may add others. */
export const movement = {
  Origin: v.optional(v.string("EC2, AutoScalingGroup or WarmPool")),
  Destination: v.optional(v.string("EC2, AutoScalingGroup or WarmPool")),
  Action: v.optional(v.string("what is done to the instance, such as Launch or Terminate")),
};

const schema = v.object({
  ...envelope,
  time: v.pipe(
    v.string(TIME),
    v.check((time) => !Number.isNaN(Date.parse(time)), TIME),
  ),
  source: v.literal("aws.autoscaling", "aws.autoscaling"),
  "detail-type": v.picklist(["EC2 Instance-launch Lifecycle Action", "EC2 Instance-terminate Lifecycle Action"]),
  detail: v.object(
    {
      AutoScalingGroupName: text("the name of an Auto Scaling group"),
      LifecycleHookName: text("the name of a lifecycle hook"),
      EC2InstanceId: instanceId,
      LifecycleTransition: v.picklist(
        ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"],
        "autoscaling:EC2_INSTANCE_LAUNCHING or autoscaling:EC2_INSTANCE_TERMINATING",
      ),
      ...movement,
    },
    "an object: the lifecycle action",
  ),
});

/** Reads the event as a hint; other groups, and moves that neither launch nor end an instance, are left alone. */
export function lifecycleAction(definition: Definition) {
  return v.pipe(
    schema,
    v.transform((event): Hint => {
      const { AutoScalingGroupName: group, EC2InstanceId: instance, LifecycleTransition: transition } = event.detail;
      const foreign = foreignGroup(definition, group) ?? noLaunchNorTermination(instance, event.detail);
      if (foreign !== undefined) return leaveAlone(foreign);
      const what = transition === "autoscaling:EC2_INSTANCE_LAUNCHING" ? "launching" : "terminating";
      const begun = Date.parse(event.time);
      return { kind: "look", instance, group, cause: `${replayPrefix(event)}${what} in ${group}`, begun };
    }),
  );
}

/** Why a movement of that instance is neither a launch nor a termination; undefined where it is one. */
export function noLaunchNorTermination(
  instance: string,
  moved: {
    readonly Origin?: string | undefined;
    readonly Destination?: string | undefined;
    readonly Action?: string | undefined;
  },
): string | undefined {
  if (moved.Action === "ReplaceRootVolume") return `${instance} stays: only its root volume is replaced`;
  if (moved.Destination === "WarmPool") return `${instance} goes into a warm pool, which Rollcall does not serve`;
  if (moved.Origin === "WarmPool") {
    return `${instance} comes out of a warm pool, which Rollcall does not serve`;
  }
  return undefined;
}
