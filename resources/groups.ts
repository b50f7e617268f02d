/** The Auto Scaling groups of a cluster: one per role and zone. */

import { CLUSTER_TAG, hookName, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition, Role, Zone } from "../shared/cluster/definition.ts";

export interface GroupProperties {
  readonly AutoScalingGroupName: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly DesiredCapacity: number;
  readonly VPCZoneIdentifier: string;
  readonly HealthCheckType: "EC2";
  readonly HealthCheckGracePeriod: number;
  readonly LifecycleHookSpecificationList: readonly HookSpecification[];
  readonly Tags: readonly { Key: string; Value: string; PropagateAtLaunch: boolean }[];
}

export interface HookSpecification {
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
  readonly HeartbeatTimeout: number;
  readonly DefaultResult: "ABANDON" | "CONTINUE";
  readonly NotificationMetadata: string;
}

/**
 * One group. Hooks are part of the group itself: as resources of their own they would come after its first instances.
 * Health is EC2's alone, since a load balancer's word would replace every broker at once, behind the safety gates.
 */
export function groupProperties(definition: Definition, role: Role, zone: Zone, groupName: string): GroupProperties {
  const hook = (
    LifecycleHookName: string,
    LifecycleTransition: HookSpecification["LifecycleTransition"],
  ): HookSpecification => ({
    LifecycleHookName,
    LifecycleTransition,
    HeartbeatTimeout: Math.round(definition.periods.heartbeat / 1000),
    DefaultResult: "ABANDON",
    NotificationMetadata: JSON.stringify({ cluster: definition.cluster, role: role.name }),
  });
  return {
    AutoScalingGroupName: groupName,
    MinSize: 0,
    // One more than desired, so that a launch before a termination has room.
    MaxSize: role.perZone + 1,
    DesiredCapacity: role.perZone,
    VPCZoneIdentifier: zone.subnet,
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: 0,
    LifecycleHookSpecificationList: [
      hook(hookName("launch"), "autoscaling:EC2_INSTANCE_LAUNCHING"),
      hook(hookName("terminate"), "autoscaling:EC2_INSTANCE_TERMINATING"),
    ],
    Tags: [
      { Key: CLUSTER_TAG, Value: definition.cluster, PropagateAtLaunch: true },
      { Key: ROLE_TAG, Value: role.name, PropagateAtLaunch: true },
      { Key: "Name", Value: groupName, PropagateAtLaunch: true },
    ],
  };
}
