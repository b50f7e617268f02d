/** What lies under a cluster: subnets, interfaces, groups, quotas, permissions, and the stack's own parts, as AWS has them now. */
import {
  type AutoScalingClient,
  DescribeAccountLimitsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  type DescribeNetworkInterfacesCommandOutput,
  DescribeSubnetsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { type EventBridgeClient, ListTargetsByRuleCommand } from "@aws-sdk/client-eventbridge";
import { GetRoleCommand, type IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetDocumentCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import type { InterfaceSight } from "../doctor/addresses.ts";
import type { GroupDetail, HookSight } from "../doctor/groups.ts";
import type { Decision, Question } from "../doctor/permissions.ts";
import type { SubnetSight } from "../doctor/subnets.ts";
import type { FunctionSight, RuleSight } from "../doctor/wiring.ts";
import { wasAnswered } from "../exit.ts";
import { rulesOf } from "./replays.ts";

/** By a filter, so that one that does not exist is missing and hides no other. */
export async function subnetsOf(client: EC2Client, ids: readonly string[]): Promise<SubnetSight[]> {
  const command = new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: [...ids] }] });
  const answer = await calling(`look at subnets ${ids.join(", ")}`, client.send(command));
  return answered(subnetsAnswer, "DescribeSubnets", answer).Subnets;
}

/** Every interface in those subnets that has one of the addresses, whoever it belongs to. */
export async function interfacesWith(
  client: EC2Client,
  subnets: readonly string[],
  addresses: readonly string[],
): Promise<InterfaceSight[]> {
  const found: InterfaceSight[] = [];
  // The most values a filter takes.
  for (let first = 0; first < addresses.length; first += 200) {
    const Filters = [
      { Name: "subnet-id", Values: [...subnets] },
      { Name: "addresses.private-ip-address", Values: addresses.slice(first, first + 200) },
    ];
    let from: string | undefined;
    do {
      const page: DescribeNetworkInterfacesCommandOutput = await calling(
        "look for the interfaces with the fixed addresses",
        client.send(new DescribeNetworkInterfacesCommand({ Filters, NextToken: from })),
      );
      found.push(...answered(interfacesAnswer, "DescribeNetworkInterfaces", page).NetworkInterfaces);
      from = page.NextToken;
    } while (from);
  }
  return found;
}

/** Those that exist, with their hooks. */
export async function groupsWithHooks(client: AutoScalingClient, names: readonly string[]): Promise<GroupDetail[]> {
  const groups: Omit<GroupDetail, "hooks">[] = [];
  // An answer holds 100 groups at most.
  for (let first = 0; first < names.length; first += 100) {
    const AutoScalingGroupNames = names.slice(first, first + 100);
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames, MaxRecords: 100 });
    const answer = await calling(`look at groups ${AutoScalingGroupNames.join(", ")}`, client.send(command));
    groups.push(...answered(groupsAnswer, "DescribeAutoScalingGroups", answer).AutoScalingGroups);
  }
  return Promise.all(
    groups.map(async (group) => ({ ...group, hooks: await hooksOf(client, group.AutoScalingGroupName) })),
  );
}

async function hooksOf(client: AutoScalingClient, name: string): Promise<HookSight[]> {
  const command = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: name });
  const answer = await calling(`look at the hooks of ${name}`, client.send(command));
  return answered(hooksAnswer, `DescribeLifecycleHooks of ${name}`, answer).LifecycleHooks;
}

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

/** Those that exist. */
export async function functionsOf(client: LambdaClient, names: readonly string[]): Promise<FunctionSight[]> {
  const found = await Promise.all(
    names.map(async (name): Promise<FunctionSight[]> => {
      try {
        const [configuration, concurrency] = await Promise.all([
          calling(`look at function ${name}`, client.send(new GetFunctionConfigurationCommand({ FunctionName: name }))),
          calling(`look at function ${name}`, client.send(new GetFunctionConcurrencyCommand({ FunctionName: name }))),
        ]);
        const { State, LastUpdateStatus } = answered(
          functionAnswer,
          `GetFunctionConfiguration of ${name}`,
          configuration,
        );
        const reserved = concurrency.ReservedConcurrentExecutions;
        return [{ name, state: State, lastUpdate: LastUpdateStatus, ...(reserved !== undefined && { reserved }) }];
      } catch (error) {
        if (wasAnswered(error, "ResourceNotFoundException")) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

export async function rulesWithTargets(client: EventBridgeClient, prefix: string): Promise<RuleSight[]> {
  const rules = await rulesOf(client, prefix);
  return Promise.all(
    rules.map(async ({ name, enabled }) => {
      const answer = await calling(
        `look at the targets of ${name}`,
        client.send(new ListTargetsByRuleCommand({ Rule: name })),
      );
      const { Targets } = answered(targetsAnswer, `ListTargetsByRule of ${name}`, answer);
      return { name, enabled, targets: Targets.map((target) => target.Arn) };
    }),
  );
}

/** Its content; undefined where there is none. */
export async function documentOf(client: SSMClient, name: string): Promise<string | undefined> {
  try {
    const command = new GetDocumentCommand({ Name: name });
    return (await calling(`look at document ${name}`, client.send(command))).Content;
  } catch (error) {
    if (wasAnswered(error, "InvalidDocument")) return undefined;
    throw error;
  }
}

export interface Caller {
  readonly account: string;
  readonly partition: string;
  /** Of the user or role itself, not of its session. */
  readonly arn: string;
}

/** Who calls, as IAM can be asked about. */
export async function callerOf(sts: STSClient, iam: IAMClient): Promise<Caller> {
  const answer = await calling("look who calls", sts.send(new GetCallerIdentityCommand({})));
  const { Account, Arn } = answered(identityAnswer, "GetCallerIdentity", answer);
  const partition = Arn.split(":")[1] ?? "aws";
  const [, role] = /:assumed-role\/([^/]+)\//.exec(Arn) ?? [];
  if (role === undefined) return { account: Account, partition, arn: Arn };
  // A session's ARN lacks the role's path.
  const found = await calling(`look at role ${role}`, iam.send(new GetRoleCommand({ RoleName: role })));
  return { account: Account, partition, arn: answered(roleAnswer, "GetRole", found).Role.Arn };
}

export async function decisionsOn(
  iam: IAMClient,
  { arn }: Caller,
  questions: readonly Question[],
): Promise<Decision[]> {
  const decisions = await Promise.all(
    questions.map(async ({ resource, actions }) => {
      const command = new SimulatePrincipalPolicyCommand({
        PolicySourceArn: arn,
        ActionNames: [...actions],
        ResourceArns: [resource],
      });
      const answer = await calling(`ask what ${arn} may do`, iam.send(command));
      const { EvaluationResults } = answered(simulationAnswer, "SimulatePrincipalPolicy", answer);
      return EvaluationResults.map(
        ({ EvalActionName, EvalDecision }): Decision => ({
          action: EvalActionName,
          resource,
          allowed: EvalDecision === "allowed",
        }),
      );
    }),
  );
  return decisions.flat();
}

const subnetsAnswer = v.object({
  Subnets: listOf(
    v.pipe(
      v.object({
        SubnetId: v.string(),
        AvailabilityZone: v.string(),
        VpcId: v.string(),
        CidrBlock: v.string(),
        AvailableIpAddressCount: v.number(),
      }),
      v.transform(
        (subnet): SubnetSight => ({
          id: subnet.SubnetId,
          zone: subnet.AvailabilityZone,
          vpc: subnet.VpcId,
          cidr: subnet.CidrBlock,
          free: subnet.AvailableIpAddressCount,
        }),
      ),
    ),
  ),
});

const interfacesAnswer = v.object({
  NetworkInterfaces: listOf(
    v.pipe(
      v.object({
        NetworkInterfaceId: v.string(),
        AvailabilityZone: v.string(),
        Description: v.optional(v.string(), ""),
        PrivateIpAddresses: listOf(v.object({ PrivateIpAddress: v.string() })),
        TagSet: listOf(v.object({ Key: v.string(), Value: v.string() })),
        Attachment: v.optional(
          v.object({
            AttachmentId: v.string(),
            InstanceId: v.optional(v.string()),
            Status: v.string(),
            DeleteOnTermination: v.optional(v.boolean(), false),
          }),
        ),
      }),
      v.transform(
        (found): InterfaceSight => ({
          id: found.NetworkInterfaceId,
          addresses: found.PrivateIpAddresses.map((one) => one.PrivateIpAddress),
          zone: found.AvailabilityZone,
          description: found.Description,
          tags: Object.fromEntries(found.TagSet.map(({ Key, Value }) => [Key, Value])),
          ...(found.Attachment && {
            attachment: {
              id: found.Attachment.AttachmentId,
              status: found.Attachment.Status,
              deleteOnTermination: found.Attachment.DeleteOnTermination,
              ...(found.Attachment.InstanceId !== undefined && { instance: found.Attachment.InstanceId }),
            },
          }),
        }),
      ),
    ),
  ),
});

const groupsAnswer = v.object({
  AutoScalingGroups: listOf(
    v.object({
      AutoScalingGroupName: v.string(),
      DesiredCapacity: v.number(),
      MaxSize: v.number(),
      VPCZoneIdentifier: v.optional(v.string(), ""),
      HealthCheckType: v.string(),
      WarmPoolConfiguration: v.optional(v.looseObject({})),
      SuspendedProcesses: listOf(v.object({ ProcessName: v.string() })),
      InstanceMaintenancePolicy: v.optional(v.object({ MaxHealthyPercentage: v.optional(v.number()) })),
      InstanceLifecyclePolicy: v.optional(
        v.object({ RetentionTriggers: v.optional(v.object({ TerminateHookAbandon: v.optional(v.string()) })) }),
      ),
      Tags: listOf(
        v.object({
          Key: v.string(),
          Value: v.optional(v.string(), ""),
          PropagateAtLaunch: v.optional(v.boolean(), false),
        }),
      ),
    }),
  ),
});

const hooksAnswer = v.object({
  LifecycleHooks: listOf(
    v.pipe(
      v.object({
        LifecycleHookName: v.string(),
        LifecycleTransition: v.string(),
        HeartbeatTimeout: v.number(),
        DefaultResult: v.string(),
      }),
      v.transform(
        (hook): HookSight => ({
          name: hook.LifecycleHookName,
          transition: hook.LifecycleTransition,
          heartbeat: hook.HeartbeatTimeout,
          defaultResult: hook.DefaultResult,
        }),
      ),
    ),
  ),
});

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
const functionAnswer = v.object({
  State: v.optional(v.string(), "Active"),
  LastUpdateStatus: v.optional(v.string(), "Successful"),
});
const targetsAnswer = v.object({ Targets: listOf(v.object({ Arn: v.string() })) });
const identityAnswer = v.object({ Account: v.string(), Arn: v.string() });
const roleAnswer = v.object({ Role: v.object({ Arn: v.string() }) });
const simulationAnswer = v.object({
  EvaluationResults: listOf(v.object({ EvalActionName: v.string(), EvalDecision: v.string() })),
});
