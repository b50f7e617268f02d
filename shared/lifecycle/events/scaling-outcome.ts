/*
A scaling activity is over. No hook waits for it, but the instance's state has changed.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
StatusCode is never "Successful": it is that of the activity at the time (InProgress, MidTerminatingLifecycleAction, Cancelled).

{
  "version": "0",
  "id": "3e3c153a-8339-4e30-8c35-687ebef853fe",
  "detail-type": "EC2 Instance Launch Successful",
  "source": "aws.autoscaling",
  "account": "111122223333",
  "time": "2026-09-14T08:23:30Z",
  "region": "eu-central-1",
  "resources": [
    "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:7a0f3c6e-5d1b-4b8e-9b0a-2f6f8f1f3f11:autoScalingGroupName/lab-broker-eu-central-1a",
    "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"
  ],
  "detail": {
    "Origin": "EC2",
    "Destination": "AutoScalingGroup",
    "Action": "Launch",
    "Description": "Launching a new EC2 instance: i-0123456789abcdef0",
    "StartTime": "2026-09-14T08:21:01.245Z",
    "EndTime": "2026-09-14T08:23:30.201Z",
    "RequestId": "11223344-5566-7788-9900-aabbccddeeff",
    "ActivityId": "11223344-5566-7788-9900-aabbccddeeff",
    "EC2InstanceId": "i-0123456789abcdef0",
    "StatusCode": "InProgress",
    "StatusMessage": "",
    "Details": {
      "Availability Zone": "eu-central-1a",
      "Availability Zone ID": "euc1-az2",
      "Subnet ID": "subnet-0a1b2c3d4e5f60718"
    },
    "Cause": "At 2026-09-14T08:20:58Z an instance was launched in response to an unhealthy instance needing to be replaced.",
    "AutoScalingGroupName": "lab-broker-eu-central-1a"
  }
}

"EC2 Instance Launch Unsuccessful", "EC2 Instance Terminate Successful" and "EC2 Instance Terminate Unsuccessful" look the
same. A launch that failed before EC2 made an instance has an empty EC2InstanceId:

  "detail-type": "EC2 Instance Launch Unsuccessful",
  "detail": { …, "EC2InstanceId": "", "StatusCode": "Failed", "StatusMessage": "We currently do not have sufficient m7g.large capacity …" }
*/
import * as v from "valibot";
import type { Definition } from "../../cluster/definition.ts";
import { envelope, foreignGroup, instanceId, replayPrefix, text } from "./envelope.ts";
import { type Hint, leaveAlone } from "./hint.ts";
import { movement, noLaunchNorTermination } from "./lifecycle-action.ts";

const schema = v.object({
  ...envelope,
  source: v.literal("aws.autoscaling", "aws.autoscaling"),
  "detail-type": v.picklist([
    "EC2 Instance Launch Successful",
    "EC2 Instance Launch Unsuccessful",
    "EC2 Instance Terminate Successful",
    "EC2 Instance Terminate Unsuccessful",
  ]),
  detail: v.object(
    {
      AutoScalingGroupName: text("the name of an Auto Scaling group"),
      EC2InstanceId: v.optional(
        v.union([v.literal(""), instanceId], "an EC2 instance id, or nothing where there is none"),
      ),
      StatusMessage: v.optional(v.string("the activity's message, a string"), ""),
      ...movement,
    },
    "an object: the scaling activity",
  ),
});

/** Reads the event as a hint; other groups, and moves that neither launch nor end an instance, are left alone. */
export function scalingOutcome(definition: Definition) {
  return v.pipe(
    schema,
    v.transform((event): Hint => {
      const { AutoScalingGroupName: group, EC2InstanceId: instance, StatusMessage: message } = event.detail;
      const foreign = foreignGroup(definition, group);
      if (foreign !== undefined) return leaveAlone(foreign);
      const what = event["detail-type"].replace("EC2 Instance ", "").toLowerCase();
      const detail = message === "" ? "" : ` (${message})`;
      if (!instance) return leaveAlone(`${what} in ${group}, with no instance to look at${detail}`);
      const none = noLaunchNorTermination(instance, event.detail);
      if (none !== undefined) return leaveAlone(none);
      return { kind: "look", instance, group, cause: `${replayPrefix(event)}${what} in ${group}${detail}` };
    }),
  );
}
