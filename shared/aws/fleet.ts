/** Auto Scaling: the cluster's groups, and the lifecycle actions of their instances. */
import {
  type AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandOutput,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceHealthCommand,
} from "@aws-sdk/client-auto-scaling";
import * as v from "valibot";
import type { Definition } from "../cluster/definition.ts";
import type { Fleet, LifecycleAction } from "../lifecycle/ports.ts";
import type { GroupSight, LifecycleState } from "../lifecycle/sights.ts";
import { answered, listOf } from "./answer.ts";
import { calling, failed, isAnswered } from "./call.ts";
import { hookName } from "./names.ts";

export interface FleetOptions {
  readonly client: AutoScalingClient;
  readonly definition: Definition;
}

/** The most groups an answer holds; without it AWS takes no more than 50 names. */
const PAGE = 100;

/** The port's real side: the groups that the definition names, whoever made them. Throws as `calling` does. */
export function awsFleet({ client, definition }: FleetOptions): Fleet {
  const names = definition.roles.flatMap((role) => role.groups.map((group) => group.name));

  /** Whether the call was done; `gone` where no such action is active any more, or this call ended it and its answer was lost. */
  async function whileActive(undertaking: string, call: Promise<unknown>): Promise<"done" | "gone"> {
    try {
      await call;
      return "done";
    } catch (error) {
      // ValidationError has many meanings; only its words tell this one from the others.
      if (isAnswered(error, "ValidationError") && /no active lifecycle action/i.test(error.message)) return "gone";
      throw failed(undertaking, error);
    }
  }

  return {
    async look() {
      const groups: GroupSight[] = [];
      let from: string | undefined;
      do {
        const page: DescribeAutoScalingGroupsCommandOutput = await calling(
          `look at ${names[0]} and the cluster's other groups`,
          client.send(
            new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names, MaxRecords: PAGE, NextToken: from }),
          ),
        );
        const { AutoScalingGroups } = answered(groupsAnswer, "DescribeAutoScalingGroups", page);
        groups.push(...AutoScalingGroups);
        from = page.NextToken;
      } while (from);
      return { groups };
    },

    complete(action, result) {
      const command = new CompleteLifecycleActionCommand({ ...keyOf(action), LifecycleActionResult: result });
      return whileActive(`answer ${result} to ${words(action)}`, client.send(command));
    },

    heartbeat(action) {
      const command = new RecordLifecycleActionHeartbeatCommand(keyOf(action));
      return whileActive(`record a heartbeat of ${words(action)}`, client.send(command));
    },

    async markUnhealthy(instance) {
      const command = new SetInstanceHealthCommand({
        InstanceId: instance,
        HealthStatus: "Unhealthy",
        // In its grace period the call would be silently without effect.
        ShouldRespectGracePeriod: false,
      });
      try {
        await client.send(command);
        return "done";
      } catch (error) {
        if (isAnswered(error, "ScalingActivityInProgress", "ScalingActivityInProgressFault")) return "terminating";
        throw failed(`mark ${instance} unhealthy`, error);
      }
    },
  };
}

/** Instance and hook are enough to name the action: a token may belong to an event that is long past. */
function keyOf({ group, instance, kind }: LifecycleAction) {
  return { AutoScalingGroupName: group, LifecycleHookName: hookName(kind), InstanceId: instance };
}

function words({ group, instance, kind }: LifecycleAction): string {
  return `the ${kind} of ${instance} in ${group}`;
}

/** Every state that DescribeAutoScalingGroups is known to answer. */
const STATES = [
  "Pending",
  "Pending:Wait",
  "Pending:Proceed",
  "InService",
  "Terminating",
  "Terminating:Wait",
  "Terminating:Proceed",
  "Terminating:Retained",
  "Terminated",
  "Detaching",
  "Detached",
  "EnteringStandby",
  "Standby",
  "Quarantined",
  "ReplacingRootVolume",
  "ReplacingRootVolume:Wait",
  "ReplacingRootVolume:Proceed",
  "RootVolumeReplaced",
] as const satisfies readonly LifecycleState[];

const lifecycleState = v.pipe(
  v.string(),
  v.transform((state): LifecycleState => {
    const known = STATES.find((s) => s === state);
    if (known) return known;
    // One instance in a state of tomorrow must not hide the whole fleet.
    return state.startsWith("Warmed:") ? `Warmed:${state.slice("Warmed:".length)}` : `Unknown:${state}`;
  }),
);

const groupAnswer = v.pipe(
  v.object({
    AutoScalingGroupName: v.string(),
    DesiredCapacity: v.number(),
    /** Set only while the group is being deleted. */
    Status: v.optional(v.string()),
    Instances: listOf(
      v.object({
        InstanceId: v.string(),
        LifecycleState: lifecycleState,
        AvailabilityZone: v.string(),
        HealthStatus: v.string(),
      }),
    ),
  }),
  v.transform(
    (group): GroupSight => ({
      name: group.AutoScalingGroupName,
      desired: group.DesiredCapacity,
      members: group.Instances.map((instance) => ({
        instance: instance.InstanceId,
        state: instance.LifecycleState,
        zone: instance.AvailabilityZone,
        // Auto Scaling writes it as "Healthy", its API reference as "HEALTHY".
        healthy: instance.HealthStatus.toLowerCase() === "healthy",
      })),
      deleting: group.Status !== undefined,
    }),
  ),
);

const groupsAnswer = v.object({ AutoScalingGroups: listOf(groupAnswer) });
