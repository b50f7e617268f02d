/*
A command as a whole changed its status: no instance is named, and Rollcall's commands go to one instance each, so the
invocation's event says all. **It carries the command's parameters**: nothing of them is read, kept or logged.
https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-eventbridge-events.html

{
  "version": "0",
  "id": "51c0891d-0e34-45b1-83d6-95db273d1602",
  "detail-type": "EC2 Command Status-change Notification",
  "source": "aws.ssm",
  "account": "111122223333",
  "time": "2026-09-14T08:22:19Z",
  "region": "eu-central-1",
  "resources": [],
  "detail": {
    "command-id": "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b",
    "document-name": "rollcall-lab",
    "expire-after": "2026-09-14T09:22:09.049Z",
    "parameters": { "action": ["status"], "payload": [""] },
    "requested-date-time": "2026-09-14T08:22:09.049Z",
    "status": "Success"
  }
}
*/
import * as v from "valibot";
import { envelope, text } from "./envelope.ts";
import { type Hint, leaveAlone } from "./hint.ts";

const schema = v.object({
  ...envelope,
  source: v.literal("aws.ssm", "aws.ssm"),
  "detail-type": v.literal("EC2 Command Status-change Notification"),
  detail: v.object(
    {
      "command-id": text("the command's id"),
      status: text("the command's status, such as Success"),
    },
    "an object: the command",
  ),
});

/** Reads the event as a hint: always to leave it alone. */
export function command() {
  return v.pipe(
    schema,
    v.transform((event): Hint => {
      const { "command-id": id, status } = event.detail;
      return leaveAlone(`command ${id} (${status}) names no instance: the event of its invocation does`);
    }),
  );
}
