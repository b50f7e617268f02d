/** What the account and the region let be made and run. */
import { type AutoScalingClient, DescribeAccountLimitsCommand } from "@aws-sdk/client-auto-scaling";
import { DescribeInstanceTypesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { GetAccountSettingsCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import { wasAnswered } from "../exit.ts";

export async function groupLimits(client: AutoScalingClient): Promise<{ most: number; now: number }> {
  const answer = await calling("look at Auto Scaling's limits", client.send(new DescribeAccountLimitsCommand({})));
  const limits = answered(limitsAnswer, "DescribeAccountLimits", answer);
  return { most: limits.MaxNumberOfAutoScalingGroups, now: limits.NumberOfAutoScalingGroups };
}

/** vCPUs by instance type; one that the region does not have is missing. */
export async function coresOf(client: EC2Client, types: readonly string[]): Promise<Map<string, number>> {
  const cores = new Map<string, number>();
  for (const type of new Set(types)) {
    const command = new DescribeInstanceTypesCommand({ InstanceTypes: [v.parse(instanceType, type)] });
    try {
      const answer = await calling(`look at instance type ${type}`, client.send(command));
      for (const { name, count } of answered(typesAnswer, "DescribeInstanceTypes", answer).InstanceTypes)
        cores.set(name, count);
    } catch (error) {
      if (!wasAnswered(error, "InvalidInstanceType", "InvalidParameterValue")) throw error;
    }
  }
  return cores;
}

/** "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances": vCPUs. */
export async function coreQuota(client: ServiceQuotasClient): Promise<number> {
  const command = new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: "L-1216C47A" });
  const answer = await calling("look at the quota of on-demand instances", client.send(command));
  return answered(quotaAnswer, "GetServiceQuota", answer).Quota.Value;
}

/** Invocations at once that are reserved for no function. */
export async function concurrencyOf(client: LambdaClient): Promise<number> {
  const answer = await calling("look at Lambda's limits", client.send(new GetAccountSettingsCommand({})));
  return answered(settingsAnswer, "GetAccountSettings", answer).AccountLimit.UnreservedConcurrentExecutions;
}

const limitsAnswer = v.object({ MaxNumberOfAutoScalingGroups: v.number(), NumberOfAutoScalingGroups: v.number() });

/** The SDK lists the types it knows; a definition may name a newer one. */
const instanceType = v.custom<NonNullable<DescribeInstanceTypesCommand["input"]["InstanceTypes"]>[number]>(
  (value) => typeof value === "string",
);

const typesAnswer = v.object({
  InstanceTypes: listOf(
    v.pipe(
      v.object({ InstanceType: v.string(), VCpuInfo: v.object({ DefaultVCpus: v.number() }) }),
      v.transform(({ InstanceType, VCpuInfo }) => ({ name: InstanceType, count: VCpuInfo.DefaultVCpus })),
    ),
  ),
});

const quotaAnswer = v.object({ Quota: v.object({ Value: v.number() }) });

const settingsAnswer = v.object({ AccountLimit: v.object({ UnreservedConcurrentExecutions: v.number() }) });
