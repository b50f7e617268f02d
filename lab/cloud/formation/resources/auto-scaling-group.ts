import * as v from "valibot";
import { kind, type Made, type Site } from "../kind.ts";
import { boolean, number, text, texts } from "../scalars.ts";

/** Between two looks at a group that is to become empty, ms. */
const POLL = 1_000;

const hook = v.strictObject({
  LifecycleHookName: text,
  LifecycleTransition: text,
  HeartbeatTimeout: v.optional(number),
  DefaultResult: v.optional(text),
  NotificationMetadata: v.optional(text),
});

const properties = v.strictObject({
  AutoScalingGroupName: text,
  MinSize: number,
  MaxSize: number,
  DesiredCapacity: v.optional(number),
  VPCZoneIdentifier: texts,
  LaunchTemplate: v.strictObject({
    LaunchTemplateId: v.optional(text),
    LaunchTemplateName: v.optional(text),
    Version: text,
  }),
  LifecycleHookSpecificationList: v.optional(v.array(hook), []),
  HealthCheckType: v.optional(v.literal("EC2")),
  HealthCheckGracePeriod: v.optional(number),
  NewInstancesProtectedFromScaleIn: v.optional(boolean),
  TerminationPolicies: v.optional(texts),
  TargetGroupARNs: v.optional(texts, []),
  InstanceMaintenancePolicy: v.optional(v.strictObject({ MinHealthyPercentage: number, MaxHealthyPercentage: number })),
  InstanceLifecyclePolicy: v.optional(
    v.strictObject({ RetentionTriggers: v.strictObject({ TerminateHookAbandon: text }) }),
  ),
  /** Each group has one zone: kept, and without effect here. */
  AvailabilityZoneDistribution: v.optional(v.strictObject({ CapacityDistributionStrategy: text })),
  AvailabilityZoneImpairmentPolicy: v.optional(
    v.strictObject({ ZonalShiftEnabled: boolean, ImpairedZoneHealthCheckBehavior: v.optional(text) }),
  ),
  MetricsCollection: v.optional(v.array(v.strictObject({ Granularity: text, Metrics: v.optional(texts) }))),
  Tags: v.optional(v.array(v.strictObject({ Key: text, Value: text, PropagateAtLaunch: boolean })), []),
});

type Properties = v.InferOutput<typeof properties>;

/** What a group's creation and its update have in common, in the API's form. */
function settings(given: Properties): object {
  const {
    VPCZoneIdentifier,
    LifecycleHookSpecificationList: _hooks,
    Tags: _tags,
    AvailabilityZoneDistribution: _distribution,
    AvailabilityZoneImpairmentPolicy: _impairment,
    MetricsCollection: _metrics,
    ...same
  } = given;
  return { ...same, VPCZoneIdentifier: VPCZoneIdentifier.join(",") };
}

interface Described {
  readonly AutoScalingGroups: readonly {
    readonly AutoScalingGroupARN: string;
    readonly Instances: readonly unknown[];
  }[];
}

async function describe(site: Site, name: string): Promise<Described["AutoScalingGroups"][number] | undefined> {
  const answer = await site.call("autoscaling", "DescribeAutoScalingGroups", { AutoScalingGroupNames: [name] });
  return (answer as Described).AutoScalingGroups[0];
}

async function made(site: Site, name: string): Promise<Made> {
  const group = await describe(site, name);
  return { ref: name, attributes: { AutoScalingGroupARN: group?.AutoScalingGroupARN ?? "" } };
}

export const autoScalingGroup = kind({
  type: "AWS::AutoScaling::AutoScalingGroup",
  properties,
  createOnly: ["AutoScalingGroupName"],
  async create(site, given) {
    const { LifecycleHookSpecificationList, Tags } = given;
    await site.call("autoscaling", "CreateAutoScalingGroup", {
      ...settings(given),
      LifecycleHookSpecificationList,
      Tags,
    });
    return made(site, given.AutoScalingGroupName);
  },
  async update(site, _made, given, before) {
    const name = given.AutoScalingGroupName;
    await site.call("autoscaling", "UpdateAutoScalingGroup", settings(given));
    const kept = new Set(given.LifecycleHookSpecificationList.map((h) => h.LifecycleHookName));
    for (const each of given.LifecycleHookSpecificationList) {
      await site.call("autoscaling", "PutLifecycleHook", { ...each, AutoScalingGroupName: name });
    }
    for (const { LifecycleHookName } of before.LifecycleHookSpecificationList) {
      if (kept.has(LifecycleHookName)) continue;
      await site.call("autoscaling", "DeleteLifecycleHook", { LifecycleHookName, AutoScalingGroupName: name });
    }
    return made(site, name);
  },
  /** As CloudFormation does it: down to zero, waiting until the last instance is gone, hooks and all. */
  async remove(site, { ref: name }) {
    const none = { AutoScalingGroupName: name, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 };
    await site.call("autoscaling", "UpdateAutoScalingGroup", none);
    while (((await describe(site, name))?.Instances.length ?? 0) > 0) await site.wait(POLL);
    await site.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName: name });
  },
});
