/** What an instance calls AWS for, in the role that its instance profile gives it. */
import type { Instance } from "../ec2/instances.ts";
import type { World } from "../world.ts";
import { demand } from "./demands/demand.ts";
import type { Demand } from "./evaluate.ts";
import type { Iam } from "./iam.ts";

/** Whether the instance may do all of that; without a role it has no credentials at all. What is refused is logged. */
export function instanceMay(iam: Iam, world: World, instance: Instance, demands: readonly Demand[]): boolean {
  if (!iam.enforced) return true;
  const role = roleOfInstance(iam, world, instance);
  return role !== undefined && demands.every((one) => iam.permits(role, one));
}

/** Whose credentials the instance's metadata hands out; undefined, and logged, where it has none. */
export function roleOfInstance(iam: Iam, world: World, { id, profile }: Instance): string | undefined {
  const role = profile === undefined ? undefined : iam.roles.ofProfile(profile);
  // Without IAM nobody asks, and a machine calls as itself.
  if (!iam.enforced) return role ?? id;
  if (role !== undefined && iam.trusts(role, "ec2.amazonaws.com")) return role;
  world.log(`${id} has no credentials: no role for EC2 in ${profile ?? "its launch template"}`);
  return undefined;
}

/**
 * What an agent needs to register and to take commands. Data channels are for Session Manager's sessions. "ssmmessages, ssm,
 * and ec2messages API operations" in the Systems Manager user guide.
 */
export function agentDemands(world: World, instance: string): Demand[] {
  const arn = world.arn("ec2", `instance/${instance}`);
  const source = [
    ["ssm:SourceInstanceARN", arn],
    ["ec2:SourceInstanceARN", arn],
  ] as const;
  return [
    demand("ssm:UpdateInstanceInformation", arn, ...source),
    demand("ssmmessages:CreateControlChannel", "*", ...source),
    demand("ssmmessages:OpenControlChannel", "*"),
  ];
}

/** What reading that object takes: `s3://bucket/key`. Undefined for what is not in S3, and so needs no rights. */
export function objectDemand(url: string): Demand | undefined {
  return url.startsWith("s3://") ? demand("s3:GetObject", `arn:aws:s3:::${url.slice("s3://".length)}`) : undefined;
}
