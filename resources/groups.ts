/** The Auto Scaling groups of a cluster: one per role and zone. */

import { CLUSTER_TAG, hookName, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition, Group, Role, Zone } from "../shared/cluster/definition.ts";
import { balancesInstances } from "./load-balancer.ts";
import { groupId, launchTemplateId, TARGET_GROUP } from "./logical-ids.ts";
import { getAtt, logicalId, type Resources, ref } from "./template.ts";

export interface GroupProperties {
  readonly AutoScalingGroupName: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly DesiredCapacity: number;
  readonly VPCZoneIdentifier: readonly string[];
  readonly HealthCheckType: "EC2";
  readonly HealthCheckGracePeriod: number;
  readonly InstanceMaintenancePolicy: { readonly MinHealthyPercentage: number; readonly MaxHealthyPercentage: number };
  readonly InstanceLifecyclePolicy: { readonly RetentionTriggers: { readonly TerminateHookAbandon: "retain" } };
  readonly LifecycleHookSpecificationList: readonly HookSpecification[];
  readonly Tags: readonly { Key: string; Value: string; PropagateAtLaunch: boolean }[];
}

export interface HookSpecification {
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
  /** Seconds. */
  readonly HeartbeatTimeout: number;
  readonly DefaultResult: "ABANDON";
  readonly NotificationMetadata: string;
}

/**
 * One group. Hooks are part of the group itself: as resources of their own they would come after its first instances.
 * Health is EC2's alone, since a load balancer's word would replace every broker at once, behind the safety gates.
 *
 * Zone rebalancing needs no suspending, which CloudFormation could not do: a group with one zone has nothing to balance.
 */
export function groupProperties(definition: Definition, role: Role, zone: Zone, groupName: string): GroupProperties {
  return {
    AutoScalingGroupName: groupName,
    MinSize: 0,
    // One more than desired, so that a launch before a termination has room.
    MaxSize: role.perZone + 1,
    DesiredCapacity: role.perZone,
    VPCZoneIdentifier: [zone.subnet],
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: 0,
    // Terminates before it launches: the replacement takes over id and address of the one that goes.
    InstanceMaintenancePolicy: { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 },
    // An instance whose termination nobody confirmed in time is kept, since it may hold the last copy of something.
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" } },
    LifecycleHookSpecificationList: hooks(definition, role),
    Tags: [
      { Key: CLUSTER_TAG, Value: definition.cluster, PropagateAtLaunch: true },
      { Key: ROLE_TAG, Value: role.name, PropagateAtLaunch: true },
      { Key: "Name", Value: groupName, PropagateAtLaunch: true },
    ],
  };
}

function hooks(definition: Definition, role: Role): HookSpecification[] {
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
  return [
    hook(hookName("launch"), "autoscaling:EC2_INSTANCE_LAUNCHING"),
    hook(hookName("terminate"), "autoscaling:EC2_INSTANCE_TERMINATING"),
  ];
}

/**
 * The stack's own groups, and the hooks of existing ones.
 *
 * They come last and go first: instances launch at once, so all that looks after them, or that they need, has to be there
 * before, and as long as one of them is terminating.
 *
 * @param before logical ids of everything else in the stack
 */
export function groupResources(definition: Definition, before: readonly string[]): Resources {
  const resources = definition.roles.flatMap((role) =>
    role.groups.flatMap((group) =>
      group.existing ? existing(definition, role, group, before) : [own(definition, role, group, before)],
    ),
  );
  return Object.fromEntries(resources);
}

type Named = [string, Resources[string]];

function own(definition: Definition, role: Role, group: Group, before: readonly string[]): Named {
  const zone = definition.zones.find((z) => z.name === group.zone);
  if (!zone) throw new Error(`group ${group.name} is in ${group.zone}, which the definition does not have`);
  const template = launchTemplateId(role.name);
  const balanced = role.name === "broker" && balancesInstances(definition);
  // What it refers to comes before it anyway.
  const referred = balanced ? [template, TARGET_GROUP] : [template];
  return [
    groupId(role.name, group),
    {
      Type: "AWS::AutoScaling::AutoScalingGroup",
      Properties: {
        ...groupProperties(definition, role, zone, group.name),
        LaunchTemplate: { LaunchTemplateId: ref(template), Version: getAtt(template, "LatestVersionNumber") },
        ...(balanced && { TargetGroupARNs: [ref(TARGET_GROUP)] }),
      },
      DependsOn: before.filter((id) => !referred.includes(id)),
    },
  ];
}

/** An existing group's hooks; one that is there already under its name is taken over. */
function existing(definition: Definition, role: Role, group: Group, before: readonly string[]): Named[] {
  return hooks(definition, role).map(
    (hook): Named => [
      logicalId(groupId(role.name, group), hook.LifecycleHookName),
      {
        Type: "AWS::AutoScaling::LifecycleHook",
        Properties: { AutoScalingGroupName: group.name, ...hook },
        DependsOn: before,
      },
    ],
  );
}
