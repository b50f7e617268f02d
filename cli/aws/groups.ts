/** Auto Scaling groups with all their settings and hooks. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
} from "@aws-sdk/client-auto-scaling";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import type { GroupDetail, HookSight } from "../doctor/groups.ts";

/** Those that exist, with their hooks. */
export async function groupsWithHooks(client: AutoScalingClient, names: readonly string[]): Promise<GroupDetail[]> {
  const groups: Omit<GroupDetail, "hooks">[] = [];
  // An answer holds 100 groups at most.
  for (let first = 0; first < names.length; first += 100) {
    const AutoScalingGroupNames = names.slice(first, first + 100);
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames, MaxRecords: 100 });
    const answer = await calling(
      `look at ${AutoScalingGroupNames[0]} and the cluster's other groups`,
      client.send(command),
    );
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
