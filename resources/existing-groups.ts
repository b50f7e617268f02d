/** Whether groups that exist already are fit for a cluster: Rollcall makes their hooks, and leaves all else of them alone. */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CLUSTER_TAG, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import type { Problem } from "../shared/cluster/problems.ts";

/** What is looked at of a group, as Auto Scaling describes it. */
export interface ExistingGroup {
  readonly AutoScalingGroupName?: string | undefined;
  readonly VPCZoneIdentifier?: string | undefined;
  readonly HealthCheckType?: string | undefined;
  readonly WarmPoolConfiguration?: object | undefined;
  readonly InstanceMaintenancePolicy?: { readonly MaxHealthyPercentage?: number | undefined } | undefined;
  readonly Tags?: readonly TagDescription[] | undefined;
}

interface TagDescription {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
  readonly PropagateAtLaunch?: boolean | undefined;
}

/** @param config of an SDK client: region and credentials */
export async function existingGroupProblems(definition: Definition, config: object): Promise<Problem[]> {
  const client = new AutoScalingClient(config);
  const names = definition.roles.flatMap((role) => role.groups.filter((g) => g.existing).map((g) => g.name));
  try {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names, MaxRecords: 100 });
    const { AutoScalingGroups } = await client.send(command);
    return unfit(definition, AutoScalingGroups ?? []);
  } finally {
    client.destroy();
  }
}

export function unfit({ cluster, roles, zones }: Definition, groups: readonly ExistingGroup[]): Problem[] {
  const problems: Problem[] = [];
  for (const role of roles) {
    for (const { name, zone, existing } of role.groups) {
      if (!existing) continue;
      const complain = (problem: string, remedy: string) =>
        problems.push({ path: `roles.${role.name}.groups.${zone}`, value: name, problem, remedy });
      const group = groups.find((g) => g.AutoScalingGroupName === name);
      if (!group) {
        complain("there is no such Auto Scaling group", "Make it first, or leave it out: the stack then makes one");
        continue;
      }
      const subnet = zones.find((z) => z.name === zone)?.subnet;
      if (group.VPCZoneIdentifier !== subnet) {
        complain(`it has the subnets ${group.VPCZoneIdentifier}`, `Give it the zone's alone, ${subnet}`);
      }
      if (group.HealthCheckType !== "EC2") {
        complain(
          `its health checks (${group.HealthCheckType}) would replace brokers past the safety gates`,
          "Leave it EC2's alone: --health-check-type EC2",
        );
      }
      if (group.WarmPoolConfiguration) {
        complain("it has a warm pool, whose instances Rollcall leaves alone", "Delete its warm pool");
      }
      if ((group.InstanceMaintenancePolicy?.MaxHealthyPercentage ?? 100) > 100) {
        complain(
          "it launches a replacement before it terminates, which would wait in vain for the id",
          "Set its instance maintenance policy to MinHealthyPercentage 0, MaxHealthyPercentage 100",
        );
      }
      for (const [key, value] of [
        [CLUSTER_TAG, cluster],
        [ROLE_TAG, role.name],
      ] as const) {
        const tag = group.Tags?.find((t) => t.Key === key);
        if (tag?.Value === value && tag.PropagateAtLaunch) continue;
        complain(
          `its instances do not get the tag ${key}=${value}, by which Rollcall is allowed to look after them`,
          `aws autoscaling create-or-update-tags --tags ResourceId=${name},ResourceType=auto-scaling-group,Key=${key},Value=${value},PropagateAtLaunch=true, and tag the instances that it has`,
        );
      }
    }
  }
  return problems;
}
