/*
EC2's own word on an instance, whoever ended it. It names no group, so whether the instance is one of the cluster's is found
out by the look. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html

{
  "version": "0",
  "id": "7bf73129-1428-4cd3-a780-95db273d1602",
  "detail-type": "EC2 Instance State-change Notification",
  "source": "aws.ec2",
  "account": "111122223333",
  "time": "2026-09-14T09:10:02Z",
  "region": "eu-central-1",
  "resources": [
    "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"
  ],
  "detail": {
    "instance-id": "i-0123456789abcdef0",
    "state": "terminated"
  }
}
*/
import * as v from "valibot";
import { envelope, instanceId, replayPrefix } from "./envelope.ts";
import { type Hint, leaveAlone } from "./hint.ts";

const schema = v.object({
  ...envelope,
  source: v.literal("aws.ec2", "aws.ec2"),
  "detail-type": v.literal("EC2 Instance State-change Notification"),
  detail: v.object(
    {
      "instance-id": instanceId,
      state: v.picklist(
        ["pending", "running", "stopping", "stopped", "shutting-down", "terminated"],
        "pending, running, stopping, stopped, shutting-down or terminated",
      ),
    },
    "an object: the instance and its state",
  ),
});

/** Reads the event as a hint: an instance that starts is left to its launch hook, one that ends is looked at, at EC2 too. */
export function instanceState() {
  return v.pipe(
    schema,
    v.transform((event): Hint => {
      const { "instance-id": instance, state } = event.detail;
      if (state === "pending" || state === "running") {
        return leaveAlone(`${instance} is ${state}: what it needs then, its group's launch hook tells`);
      }
      return { kind: "look", instance, cause: `${replayPrefix(event)}EC2 says ${state}`, suspect: true };
    }),
  );
}
