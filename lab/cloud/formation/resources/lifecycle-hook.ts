import * as v from "valibot";
import { kind, type Made, type Site } from "../kind.ts";
import { number, text } from "../scalars.ts";

const properties = v.strictObject({
  AutoScalingGroupName: text,
  LifecycleHookName: text,
  LifecycleTransition: text,
  HeartbeatTimeout: v.optional(number),
  DefaultResult: v.optional(text),
  NotificationMetadata: v.optional(text),
});

async function put(site: Site, given: v.InferOutput<typeof properties>): Promise<Made> {
  await site.call("autoscaling", "PutLifecycleHook", given);
  return { ref: given.LifecycleHookName };
}

/** Of a group that is not the stack's own. */
export const lifecycleHook = kind({
  type: "AWS::AutoScaling::LifecycleHook",
  properties,
  createOnly: ["AutoScalingGroupName", "LifecycleHookName"],
  create: put,
  update: (site, _made, given) => put(site, given),
  async remove(site, _made, { AutoScalingGroupName, LifecycleHookName }) {
    await site.call("autoscaling", "DeleteLifecycleHook", { AutoScalingGroupName, LifecycleHookName });
  },
});
