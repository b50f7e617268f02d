/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html */
import type { Group } from "../../autoscaling/group.ts";
import type { Demand } from "../evaluate.ts";
import { type Demands, demand, type Surroundings, tagKeys, text, unbound } from "./demand.ts";

function onGroup(action: string, group: Group | undefined, arn: string): readonly Demand[] {
  return [demand(action, arn, ...tagKeys(group?.tags ?? [], "aws:ResourceTag", "autoscaling:ResourceTag"))];
}

function byName(action: string, name: string, at: Surroundings): readonly Demand[] {
  const group = at.group(name);
  return onGroup(action, group, group?.arn ?? at.arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${name}`));
}

const named =
  (action: string): Demands[string] =>
  (input, at) =>
    byName(`autoscaling:${action}`, text(input, "AutoScalingGroupName"), at);

export const autoscalingDemands: Demands = {
  DescribeAutoScalingGroups: () => unbound("autoscaling:DescribeAutoScalingGroups"),
  DescribeAutoScalingInstances: () => unbound("autoscaling:DescribeAutoScalingInstances"),
  DescribeScalingActivities: () => unbound("autoscaling:DescribeScalingActivities"),
  DescribeLifecycleHooks: () => unbound("autoscaling:DescribeLifecycleHooks"),
  CompleteLifecycleAction: named("CompleteLifecycleAction"),
  RecordLifecycleActionHeartbeat: named("RecordLifecycleActionHeartbeat"),
  PutLifecycleHook: named("PutLifecycleHook"),
  SetDesiredCapacity: named("SetDesiredCapacity"),
  SetInstanceHealth(input, at) {
    const action = "autoscaling:SetInstanceHealth";
    const group = at.groupOf(text(input, "InstanceId"));
    return group ? onGroup(action, group, group.arn) : unbound(action);
  },
  TerminateInstanceInAutoScalingGroup(input, at) {
    const action = "autoscaling:TerminateInstanceInAutoScalingGroup";
    const group = at.groupOf(text(input, "InstanceId"));
    return group ? onGroup(action, group, group.arn) : unbound(action);
  },
};
