/** Whether groups that exist already are fit for a cluster: Rollcall makes their hooks, and leaves all else of them alone. */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CLUSTER_TAG, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition, RoleName } from "../shared/cluster/definition.ts";
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
  return roles.flatMap((role) =>
    role.groups.flatMap(({ name, zone, existing }): Problem[] => {
      if (!existing) return [];
      const path = `roles.${role.name}.groups.${zone}`;
      const group = groups.find((g) => g.AutoScalingGroupName === name);
      if (!group) {
        const remedy = "Make it first, or leave it out: the stack then makes one";
        return [{ path, value: name, problem: "there is no such Auto Scaling group", remedy }];
      }
      const subnet = zones.find((z) => z.name === zone)?.subnet ?? "";
      return faults(cluster, role.name, subnet, group).map((fault) => ({ path, value: name, ...fault }));
    }),
  );
}

/** What keeps any group from being fit for that role, in a zone with that subnet; the stack's own have none of it. */
export function faults(
  cluster: string,
  role: RoleName,
  subnet: string,
  group: ExistingGroup,
): Pick<Problem, "problem" | "remedy">[] {
  const found: Pick<Problem, "problem" | "remedy">[] = [];
  const complain = (problem: string, remedy: string) => found.push({ problem, remedy });
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
    [ROLE_TAG, role],
  ] as const) {
    const tag = group.Tags?.find((t) => t.Key === key);
    if (tag?.Value === value && tag.PropagateAtLaunch) continue;
    complain(
      `its instances do not get the tag ${key}=${value}, by which Rollcall is allowed to look after them`,
      `aws autoscaling create-or-update-tags --tags ResourceId=${group.AutoScalingGroupName},ResourceType=auto-scaling-group,Key=${key},Value=${value},PropagateAtLaunch=true, and tag the instances that it has`,
    );
  }
  return found;
}
