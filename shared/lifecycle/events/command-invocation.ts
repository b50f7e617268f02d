/*
A command changed its status on one instance.
https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-eventbridge-events.html

{
  "version": "0",
  "id": "4780e1b8-f56b-4de5-95f2-95db273d1602",
  "detail-type": "EC2 Command Invocation Status-change Notification",
  "source": "aws.ssm",
  "account": "111122223333",
  "time": "2026-09-14T08:22:19Z",
  "region": "eu-central-1",
  "resources": [
    "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"
  ],
  "detail": {
    "command-id": "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b",
    "document-name": "rollcall-lab",
    "instance-id": "i-0123456789abcdef0",
    "requested-date-time": "2026-09-14T08:22:09.049Z",
    "status": "Success"
  }
}
*/
import * as v from "valibot";
import type { Definition } from "../../cluster/definition.ts";
import { envelope, managedNodeId, replayPrefix, text } from "./envelope.ts";
import { type Hint, leaveAlone } from "./hint.ts";

/** The SSM document that carries Rollcall's node script for that cluster. */
export function documentOf(cluster: string): string {
  return `rollcall-${cluster}`;
}

/** Statuses of a command that goes on. */
const UNDERWAY: ReadonlySet<string> = new Set(["Pending", "InProgress", "Delayed", "Cancelling"]);

const schema = v.object({
  ...envelope,
  source: v.literal("aws.ssm", "aws.ssm"),
  "detail-type": v.literal("EC2 Command Invocation Status-change Notification"),
  detail: v.object(
    {
      "command-id": text("the command's id"),
      "document-name": text("the name of an SSM document"),
      "instance-id": managedNodeId,
      status: text("the invocation's status, such as Success"),
    },
    "an object: the command invocation",
  ),
});

/** Reads the event as a hint; only the end of a command with the cluster's own document is one to look. */
export function commandInvocation(definition: Definition) {
  const document = documentOf(definition.cluster);
  return v.pipe(
    schema,
    v.transform((event): Hint => {
      const { "command-id": command, "document-name": name, "instance-id": instance, status } = event.detail;
      if (name !== document) return leaveAlone(`document ${name} is not ${document}`);
      if (UNDERWAY.has(status)) return leaveAlone(`the command on ${instance} has not ended: ${status}`);
      return {
        kind: "look",
        instance,
        cause: `${replayPrefix(event)}its command ended: ${status}`,
        echo: true,
        command,
      };
    }),
  );
}
