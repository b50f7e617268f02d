/** Auto Scaling's API, as far as it is modelled. */
import type {
  CompleteLifecycleActionCommandOutput,
  DescribeAccountLimitsCommandOutput,
  DescribeAutoScalingGroupsCommandOutput,
  DescribeAutoScalingInstancesCommandOutput,
  DescribeLifecycleHooksCommandOutput,
  DescribeScalingActivitiesCommandOutput,
  DetachInstancesCommandOutput,
  EnterStandbyCommandOutput,
  ExitStandbyCommandOutput,
  TerminateInstanceInAutoScalingGroupCommandOutput,
} from "@aws-sdk/client-auto-scaling";
import * as v from "valibot";
import type { Ec2 } from "../ec2/ec2.ts";
import type { Subnet } from "../ec2/subnets.ts";
import { page } from "../pages.ts";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { AsOf } from "../timeline.ts";
import type { World } from "../world.ts";
import type { Activity } from "./activities.ts";
import type { Group, GroupTag, Hook, Member, Process } from "./group.ts";
import type { Groups } from "./groups.ts";

const MAX_HOOKS = 50;

const refuse = (reason: string) => new AwsError("ValidationError", reason);

const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
const instanceIds = v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(20));
const pageSize = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100));

const launchTemplate = v.strictObject({
  LaunchTemplateId: v.optional(v.string()),
  LaunchTemplateName: v.optional(v.string()),
  Version: v.optional(v.string()),
});

const hookSettings = {
  LifecycleHookName: name,
  HeartbeatTimeout: v.optional(v.pipe(v.number(), v.integer(), v.minValue(30), v.maxValue(7200))),
  DefaultResult: v.optional(v.picklist(["CONTINUE", "ABANDON"])),
  NotificationMetadata: v.optional(v.pipe(v.string(), v.maxLength(1023))),
};

const transition = v.picklist(["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]);

const tags = v.array(
  v.strictObject({
    Key: v.string(),
    Value: v.optional(v.string(), ""),
    PropagateAtLaunch: v.optional(v.boolean(), true),
    ResourceId: v.optional(v.string()),
    ResourceType: v.optional(v.literal("auto-scaling-group")),
  }),
);

/** Both are needed, -1 clears them, and they are at most 100 apart. */
const maintenancePolicy = v.pipe(
  v.strictObject({ MinHealthyPercentage: v.number(), MaxHealthyPercentage: v.number() }),
  v.check(
    ({ MinHealthyPercentage: min, MaxHealthyPercentage: max }) =>
      (min === -1 && max === -1) || (min >= 0 && min <= 100 && max >= 100 && max <= 200 && max - min <= 100),
    "MinHealthyPercentage must be 0 to 100, MaxHealthyPercentage 100 to 200, and their difference at most 100",
  ),
);

/** What a group's creation and its update have in common. */
const settings = {
  MaxSize: v.optional(size),
  MinSize: v.optional(size),
  DesiredCapacity: v.optional(size),
  VPCZoneIdentifier: v.optional(v.string()),
  LaunchTemplate: v.optional(launchTemplate),
  InstanceMaintenancePolicy: v.optional(maintenancePolicy),
  InstanceLifecyclePolicy: v.optional(
    v.strictObject({
      RetentionTriggers: v.strictObject({ TerminateHookAbandon: v.picklist(["retain", "terminate"]) }),
    }),
  ),
  /** The only kind that is modelled. */
  HealthCheckType: v.optional(v.literal("EC2")),
  HealthCheckGracePeriod: v.optional(size),
  NewInstancesProtectedFromScaleIn: v.optional(v.boolean()),
  TargetGroupARNs: v.optional(v.array(v.string())),
  TerminationPolicies: v.optional(v.array(v.picklist(["Default", "OldestInstance", "NewestInstance"]))),
};

const PROCESSES: readonly Process[] = ["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance"];

const processes = v.strictObject({
  AutoScalingGroupName: name,
  ScalingProcesses: v.optional(v.array(v.picklist(PROCESSES))),
});

const actionOfHook = {
  LifecycleHookName: name,
  AutoScalingGroupName: name,
  LifecycleActionToken: v.optional(v.string()),
  InstanceId: v.optional(v.string()),
};

const instancesOfGroup = {
  InstanceIds: instanceIds,
  AutoScalingGroupName: name,
};

export function autoscalingApi(world: World, groups: Groups, ec2: Ec2): Service {
  function subnetsOf(identifier: string): Subnet[] {
    const ids = identifier.split(",").map((id) => id.trim());
    return ids.map((id) => {
      const subnet = ec2.subnets.all().find((s) => s.id === id);
      if (!subnet) throw refuse(`The subnet ID '${id}' does not exist`);
      return subnet;
    });
  }

  function mustExist(template: v.InferOutput<typeof launchTemplate>): Group["template"] {
    if (ec2.templates.version(template)) return template;
    throw refuse("You must use a valid fully-formed launch template. The specified launch template does not exist.");
  }

  /** The group with what the input sets. */
  function changed(group: Group, input: Settings): Group {
    const { InstanceMaintenancePolicy: maintenance, InstanceLifecyclePolicy: lifecycle } = input;
    const { maintenance: _, ...rest } = group;
    const limits =
      maintenance === undefined
        ? group.maintenance
        : maintenance.MinHealthyPercentage === -1
          ? undefined
          : { min: maintenance.MinHealthyPercentage, max: maintenance.MaxHealthyPercentage };
    const retain = lifecycle ? lifecycle.RetentionTriggers.TerminateHookAbandon === "retain" : group.retain;
    const made: Group = {
      ...rest,
      min: input.MinSize ?? group.min,
      max: input.MaxSize ?? group.max,
      subnets: input.VPCZoneIdentifier === undefined ? group.subnets : subnetsOf(input.VPCZoneIdentifier),
      template: input.LaunchTemplate ? mustExist(input.LaunchTemplate) : group.template,
      grace: input.HealthCheckGracePeriod === undefined ? group.grace : input.HealthCheckGracePeriod * 1000,
      protect: input.NewInstancesProtectedFromScaleIn ?? group.protect,
      policies: input.TerminationPolicies ?? group.policies,
      targetGroups: input.TargetGroupARNs ?? group.targetGroups,
      retain,
      ...(limits && { maintenance: limits }),
    };
    if (retain && !made.hooks.some((h) => h.transition === "autoscaling:EC2_INSTANCE_TERMINATING")) {
      throw refuse("An instance lifecycle policy with TerminateHookAbandon retain needs a termination lifecycle hook.");
    }
    if (made.min > made.max) throw refuse("Max bound, must be greater than or equal to min bound");
    return made;
  }

  function memberOf(instance: string, group: string): Member {
    const member = groups.member(instance);
    if (member.group !== group) throw refuse(`The instance ${instance} is not part of Auto Scaling group ${group}.`);
    return member;
  }

  return {
    name: "autoscaling",
    actions: {
      CreateAutoScalingGroup: action(
        v.strictObject({
          ...settings,
          AutoScalingGroupName: name,
          MinSize: size,
          MaxSize: size,
          VPCZoneIdentifier: v.string(),
          LaunchTemplate: launchTemplate,
          LifecycleHookSpecificationList: v.optional(
            v.pipe(
              v.array(v.strictObject({ ...hookSettings, LifecycleTransition: transition })),
              v.maxLength(MAX_HOOKS),
            ),
            [],
          ),
          Tags: v.optional(tags, []),
        }),
        refuse,
        (input) => {
          const groupName = input.AutoScalingGroupName;
          if (groups.find(groupName)) {
            const message = "AutoScalingGroup by this name already exists - A group with the given name already exists";
            throw new AwsError("AlreadyExists", message);
          }
          const desired = input.DesiredCapacity ?? input.MinSize;
          const arn = world.arn("autoscaling", `autoScalingGroup:${world.uuid()}:autoScalingGroupName/${groupName}`);
          const group = changed(
            {
              name: groupName,
              arn,
              created: world.now(),
              min: input.MinSize,
              max: input.MaxSize,
              desired: 0,
              subnets: [],
              template: input.LaunchTemplate,
              hooks: input.LifecycleHookSpecificationList.map((h) => hookOf(h, h.LifecycleTransition)),
              grace: 0,
              tags: input.Tags.map(tagOf),
              suspended: [],
              protect: false,
              retain: false,
              policies: ["Default"],
              targetGroups: [],
              deleting: false,
              request: "",
            },
            input,
          );
          mustFit(group, desired, "DesiredCapacity");
          groups.resize(group, desired, "a user request created an AutoScalingGroup");
          return {};
        },
      ),

      UpdateAutoScalingGroup: action(v.strictObject({ ...settings, AutoScalingGroupName: name }), refuse, (input) => {
        const group = changed(groups.get(input.AutoScalingGroupName), input);
        const asked = input.DesiredCapacity ?? Math.min(Math.max(group.desired, group.min), group.max);
        mustFit(group, asked, "DesiredCapacity");
        if (asked === group.desired) groups.put(group);
        else {
          const limits = `min: ${group.min}, max: ${group.max}, desired: ${asked}`;
          groups.resize(group, asked, `a user request update of AutoScalingGroup constraints to ${limits}`);
        }
        return {};
      }),

      SetDesiredCapacity: action(
        v.strictObject({
          AutoScalingGroupName: name,
          DesiredCapacity: size,
          /** There are no cooldowns here to honour. */
          HonorCooldown: v.optional(v.literal(false)),
        }),
        refuse,
        (input) => {
          const group = groups.get(input.AutoScalingGroupName);
          mustFit(group, input.DesiredCapacity, "SetDesiredCapacity");
          groups.resize(group, input.DesiredCapacity, "a user request explicitly set group desired capacity");
          return {};
        },
      ),

      DeleteAutoScalingGroup: action(
        v.strictObject({ AutoScalingGroupName: name, ForceDelete: v.optional(v.boolean(), false) }),
        refuse,
        (input) => {
          const group = groups.get(input.AutoScalingGroupName);
          if (input.ForceDelete) groups.deleteByForce(group);
          else if (groups.members(group.name).length > 0) {
            const message =
              "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
            throw new AwsError("ResourceInUse", message);
          } else groups.removeIfEmpty(group.name);
          return {};
        },
      ),

      DescribeAutoScalingGroups: action(
        v.strictObject({
          AutoScalingGroupNames: v.optional(v.array(v.string())),
          Filters: v.optional(v.array(v.strictObject({ Name: v.string(), Values: v.array(v.string()) })), []),
          MaxRecords: v.optional(pageSize, 50),
          NextToken: v.optional(v.string()),
        }),
        refuse,
        (input, _caller, view): Answer<DescribeAutoScalingGroupsCommandOutput> => {
          const wanted = input.AutoScalingGroupNames;
          const found = groups
            .all(view.asOf)
            .filter((g) => wanted === undefined || wanted.length === 0 || wanted.includes(g.name))
            .filter((g) => input.Filters.every((filter) => hasTag(g, filter)));
          const { items, next } = page(found, input.MaxRecords, input.NextToken);
          return {
            AutoScalingGroups: items.map((g) => describeGroup(groups, g, view.items ?? view.asOf)),
            NextToken: next,
          };
        },
      ),

      DescribeAccountLimits: action(v.strictObject({}), refuse, (): Answer<DescribeAccountLimitsCommandOutput> => {
        // What an account has by default.
        return {
          MaxNumberOfAutoScalingGroups: 500,
          MaxNumberOfLaunchConfigurations: 200,
          NumberOfAutoScalingGroups: groups.all().length,
          NumberOfLaunchConfigurations: 0,
        };
      }),

      DescribeAutoScalingInstances: action(
        v.strictObject({
          InstanceIds: v.optional(v.array(v.string())),
          MaxRecords: v.optional(v.pipe(pageSize, v.maxValue(50)), 50),
          NextToken: v.optional(v.string()),
        }),
        refuse,
        (input, _caller, view): Answer<DescribeAutoScalingInstancesCommandOutput> => {
          const wanted = (m: Member) => input.InstanceIds === undefined || input.InstanceIds.includes(m.instance);
          const found = groups.everyMember(view.items ?? view.asOf).filter(wanted);
          const { items, next } = page(found, input.MaxRecords, input.NextToken);
          return {
            AutoScalingInstances: items.map((m) => ({
              ...describeMember(m),
              AutoScalingGroupName: m.group,
              HealthStatus: m.healthy ? "HEALTHY" : "UNHEALTHY",
            })),
            NextToken: next,
          };
        },
      ),

      DescribeScalingActivities: action(
        v.strictObject({
          ActivityIds: v.optional(v.array(v.string())),
          AutoScalingGroupName: v.optional(name),
          MaxRecords: v.optional(pageSize, 100),
          NextToken: v.optional(v.string()),
        }),
        refuse,
        (input): Answer<DescribeScalingActivitiesCommandOutput> => {
          const wanted = (a: Activity) => input.ActivityIds === undefined || input.ActivityIds.includes(a.id);
          const found = groups.activities.list(input.AutoScalingGroupName).filter(wanted);
          const { items, next } = page(found, input.MaxRecords, input.NextToken);
          return { Activities: items.map(describeActivity), NextToken: next };
        },
      ),

      DescribeLifecycleHooks: action(
        v.strictObject({ AutoScalingGroupName: name, LifecycleHookNames: v.optional(v.array(v.string())) }),
        refuse,
        (input): Answer<DescribeLifecycleHooksCommandOutput> => {
          const group = groups.get(input.AutoScalingGroupName);
          const wanted = (h: Hook) =>
            input.LifecycleHookNames === undefined || input.LifecycleHookNames.includes(h.name);
          return { LifecycleHooks: group.hooks.filter(wanted).map((h) => describeHook(group, h)) };
        },
      ),

      PutLifecycleHook: action(
        v.strictObject({ ...hookSettings, AutoScalingGroupName: name, LifecycleTransition: v.optional(transition) }),
        refuse,
        (input) => {
          const group = groups.get(input.AutoScalingGroupName);
          const existing = group.hooks.find((h) => h.name === input.LifecycleHookName);
          const when = input.LifecycleTransition ?? existing?.transition;
          if (!when) throw refuse("LifecycleTransition is required for a new lifecycle hook");
          const others = group.hooks.filter((h) => h.name !== input.LifecycleHookName);
          if (others.length >= MAX_HOOKS) {
            throw new AwsError("LimitExceeded", `Only ${MAX_HOOKS} lifecycle hooks are allowed for a group.`);
          }
          groups.put({ ...group, hooks: [...others, hookOf(input, when, existing)] });
          return {};
        },
      ),

      DeleteLifecycleHook: action(
        v.strictObject({ LifecycleHookName: name, AutoScalingGroupName: name }),
        refuse,
        (input) => {
          const group = groups.get(input.AutoScalingGroupName);
          const hook = group.hooks.find((h) => h.name === input.LifecycleHookName);
          if (!hook) throw refuse(`No Lifecycle Hook found with name ${input.LifecycleHookName}`);
          groups.put({ ...group, hooks: group.hooks.filter((h) => h !== hook) });
          groups.actions.hookDeleted(group.name, hook);
          return {};
        },
      ),

      CompleteLifecycleAction: action(
        v.strictObject({ ...actionOfHook, LifecycleActionResult: v.picklist(["CONTINUE", "ABANDON"]) }),
        refuse,
        (input): Answer<CompleteLifecycleActionCommandOutput> => {
          groups.actions.complete(wantedAction(input), input.LifecycleActionResult);
          return {};
        },
      ),

      RecordLifecycleActionHeartbeat: action(v.strictObject(actionOfHook), refuse, (input) => {
        groups.actions.heartbeat(wantedAction(input));
        return {};
      }),

      SetInstanceHealth: action(
        v.strictObject({
          InstanceId: v.string(),
          HealthStatus: v.picklist(["Healthy", "Unhealthy"]),
          ShouldRespectGracePeriod: v.optional(v.boolean(), true),
        }),
        refuse,
        (input) => {
          groups.health.set(input.InstanceId, input.HealthStatus === "Healthy", input.ShouldRespectGracePeriod);
          return {};
        },
      ),

      SetInstanceProtection: action(
        v.strictObject({ ...instancesOfGroup, ProtectedFromScaleIn: v.boolean() }),
        refuse,
        (input) => {
          for (const id of input.InstanceIds) memberOf(id, input.AutoScalingGroupName);
          for (const id of input.InstanceIds) groups.protect(id, input.ProtectedFromScaleIn);
          return {};
        },
      ),

      TerminateInstanceInAutoScalingGroup: action(
        v.strictObject({ InstanceId: v.string(), ShouldDecrementDesiredCapacity: v.boolean() }),
        refuse,
        (input): Answer<TerminateInstanceInAutoScalingGroupCommandOutput> => ({
          Activity: describeActivity(groups.terminate(input.InstanceId, input.ShouldDecrementDesiredCapacity)),
        }),
      ),

      DetachInstances: action(
        v.strictObject({ ...instancesOfGroup, ShouldDecrementDesiredCapacity: v.boolean() }),
        refuse,
        (input): Answer<DetachInstancesCommandOutput> => {
          for (const id of input.InstanceIds) memberOf(id, input.AutoScalingGroupName);
          const done = input.InstanceIds.map((id) => groups.detach(id, input.ShouldDecrementDesiredCapacity));
          return { Activities: done.map(describeActivity) };
        },
      ),

      AttachInstances: action(v.strictObject(instancesOfGroup), refuse, (input) => {
        for (const id of input.InstanceIds) groups.attach(groups.get(input.AutoScalingGroupName), id);
        return {};
      }),

      EnterStandby: action(
        v.strictObject({ ...instancesOfGroup, ShouldDecrementDesiredCapacity: v.boolean() }),
        refuse,
        (input): Answer<EnterStandbyCommandOutput> => {
          for (const id of input.InstanceIds) memberOf(id, input.AutoScalingGroupName);
          const done = input.InstanceIds.map((id) => groups.enterStandby(id, input.ShouldDecrementDesiredCapacity));
          return { Activities: done.map(describeActivity) };
        },
      ),

      ExitStandby: action(v.strictObject(instancesOfGroup), refuse, (input): Answer<ExitStandbyCommandOutput> => {
        for (const id of input.InstanceIds) memberOf(id, input.AutoScalingGroupName);
        return { Activities: input.InstanceIds.map((id) => describeActivity(groups.exitStandby(id))) };
      }),

      SuspendProcesses: action(processes, refuse, (input) => {
        const group = groups.get(input.AutoScalingGroupName);
        const suspended = new Set([...group.suspended, ...(input.ScalingProcesses ?? PROCESSES)]);
        groups.put({ ...group, suspended: [...suspended] });
        return {};
      }),

      ResumeProcesses: action(processes, refuse, (input) => {
        const group = groups.get(input.AutoScalingGroupName);
        const resumed = input.ScalingProcesses ?? PROCESSES;
        groups.put({ ...group, suspended: group.suspended.filter((p) => !resumed.includes(p)) });
        return {};
      }),
    },
    unknownAction: (unknown) =>
      new AwsError("InvalidAction", `Could not find operation ${unknown} for version 2011-01-01`),
  };
}

type Settings = { readonly [K in keyof typeof settings]?: v.InferOutput<(typeof settings)[K]> | undefined };

interface HookSettings {
  readonly LifecycleHookName: string;
  readonly HeartbeatTimeout?: number | undefined;
  readonly DefaultResult?: "CONTINUE" | "ABANDON" | undefined;
  readonly NotificationMetadata?: string | undefined;
}

function hookOf(input: HookSettings, when: Hook["transition"], existing?: Hook): Hook {
  const metadata = input.NotificationMetadata ?? existing?.metadata;
  return {
    name: input.LifecycleHookName,
    transition: when,
    heartbeat:
      input.HeartbeatTimeout === undefined ? (existing?.heartbeat ?? 3_600_000) : input.HeartbeatTimeout * 1000,
    defaultResult: input.DefaultResult ?? existing?.defaultResult ?? "ABANDON",
    ...(metadata !== undefined && { metadata }),
  };
}

function tagOf({ Key, Value, PropagateAtLaunch }: GroupTag): GroupTag {
  return { Key, Value, PropagateAtLaunch };
}

function mustFit({ min, max }: Group, desired: number, what: string): void {
  const bound = desired > max ? `above max value ${max}` : desired < min ? `below min value ${min}` : undefined;
  if (bound) throw refuse(`New ${what} value ${desired} is ${bound} for the AutoScalingGroup.`);
}

function hasTag(
  { tags: own }: Group,
  { Name, Values }: { readonly Name: string; readonly Values: readonly string[] },
): boolean {
  if (Name === "tag-key") return own.some((t) => Values.includes(t.Key));
  if (Name === "tag-value") return own.some((t) => Values.includes(t.Value));
  if (!Name.startsWith("tag:")) throw refuse(`Filter type ${Name} is not valid.`);
  return own.some((t) => t.Key === Name.slice("tag:".length) && Values.includes(t.Value));
}

function wantedAction(input: {
  readonly LifecycleHookName: string;
  readonly AutoScalingGroupName: string;
  readonly LifecycleActionToken?: string | undefined;
  readonly InstanceId?: string | undefined;
}) {
  const { LifecycleActionToken: token, InstanceId: instance } = input;
  if (token === undefined && instance === undefined) {
    throw refuse("Either LifecycleActionToken or InstanceId must be specified.");
  }
  return { group: input.AutoScalingGroupName, hook: input.LifecycleHookName, instance, token };
}

function describeGroup(groups: Groups, group: Group, asOf: AsOf) {
  const { name: groupName, subnets, maintenance } = group;
  return {
    AutoScalingGroupName: groupName,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: { ...group.template },
    MinSize: group.min,
    MaxSize: group.max,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: [...new Set(subnets.map((s) => s.zone))],
    VPCZoneIdentifier: subnets.map((s) => s.id).join(","),
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: group.grace / 1000,
    Instances: groups.members(groupName, asOf).map((m) => ({
      ...describeMember(m),
      HealthStatus: m.healthy ? "Healthy" : "Unhealthy",
    })),
    CreatedTime: new Date(group.created),
    SuspendedProcesses: group.suspended.map((p) => ({ ProcessName: p, SuspensionReason: "User suspended" })),
    Tags: group.tags.map((t) => ({ ...t, ResourceId: groupName, ResourceType: "auto-scaling-group" })),
    TerminationPolicies: [...group.policies],
    NewInstancesProtectedFromScaleIn: group.protect,
    ...(maintenance && {
      InstanceMaintenancePolicy: { MinHealthyPercentage: maintenance.min, MaxHealthyPercentage: maintenance.max },
    }),
    ...(group.retain && {
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" as const } },
    }),
    ...(group.deleting && { Status: "Delete in progress" }),
  };
}

function describeMember(member: Member) {
  return {
    InstanceId: member.instance,
    InstanceType: member.type,
    AvailabilityZone: member.subnet.zone,
    LifecycleState: member.state,
    ProtectedFromScaleIn: member.protected,
    LaunchTemplate: { Version: String(member.templateVersion) },
  };
}

function describeActivity(activity: Activity) {
  const { subnet, ended, message } = activity;
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.group,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.started),
    StatusCode: activity.status,
    Progress: ended === undefined ? 50 : 100,
    ...(ended !== undefined && { EndTime: new Date(ended) }),
    ...(message !== undefined && { StatusMessage: message }),
    ...(subnet && { Details: JSON.stringify({ "Subnet ID": subnet.id, "Availability Zone": subnet.zone }) }),
  };
}

function describeHook(group: Group, hook: Hook) {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: group.name,
    LifecycleTransition: hook.transition,
    HeartbeatTimeout: hook.heartbeat / 1000,
    GlobalTimeout: Math.min(172_800, (100 * hook.heartbeat) / 1000),
    DefaultResult: hook.defaultResult,
    ...(hook.metadata !== undefined && { NotificationMetadata: hook.metadata }),
  };
}
