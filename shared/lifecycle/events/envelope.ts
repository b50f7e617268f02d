import * as v from "valibot";
import { type Definition, groupOf } from "../../cluster/definition.ts";

/**
 * The fields that EventBridge puts around every event's `detail`. Only what Rollcall reads is checked, so that a field
 * AWS adds breaks nothing.
 *
 * A replayed event differs in two of them: `id` is a new one, and `replay-name` is there
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive-event.html). Neither changes what it means.
 */
export const envelope = {
  id: v.pipe(v.string("the event's id, a string"), v.nonEmpty("the event's id, not an empty string")),
  "replay-name": v.optional(v.string("the replay's name, a string")),
};

/** An EC2 instance id: `i-` and 8 (before 2016) or 17 hexadecimal digits. */
export const instanceId = v.pipe(
  v.string("an EC2 instance id, such as i-0123456789abcdef0"),
  v.regex(/^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/, "an EC2 instance id, such as i-0123456789abcdef0"),
);

/** What SSM calls an instance: an EC2 instance id, or `mi-` and 17 digits for a machine outside EC2. */
export const managedNodeId = v.union(
  [instanceId, v.pipe(v.string(), v.regex(/^mi-[0-9a-f]{17}$/))],
  "a managed node's id, such as i-0123456789abcdef0",
);

/** A non-empty string, described for the error message. */
export function text(what: string) {
  return v.pipe(v.string(what), v.nonEmpty(`${what}, not empty`));
}

/** Why events of that group are none of this cluster's business; undefined where they are. */
export function foreignGroup(definition: Definition, group: string): string | undefined {
  if (groupOf(definition, group)) return undefined;
  return `group ${group} is not one of cluster ${definition.cluster}`;
}

/** `replay nightly-2: ` in front of a replayed event's cause, so that the log tells it from the first delivery. */
export function replayPrefix(event: { readonly "replay-name"?: string | undefined }): string {
  return event["replay-name"] === undefined ? "" : `replay ${event["replay-name"]}: `;
}
