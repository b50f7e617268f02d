/** Makes what a history plans happen. */
import { groupOf, type RoleName, roleOf } from "../../shared/cluster/definition.ts";
import { launching, type Member, terminating } from "../cloud/autoscaling/group.ts";
import type { Blow } from "./blows.ts";
import type { Intent } from "./operator.ts";
import type { Stage } from "./stage.ts";
import { tamper } from "./tamper.ts";

export interface Struck {
  /** Instances that were hurt by it. */
  readonly instances: readonly string[];
  /** Zones that EC2 cannot start an instance in, and until when, ms since the epoch. */
  readonly outage?: { readonly zone: string; readonly until: number };
  /** For so many ms after the next launch sweeps see the world as it was before. */
  readonly lag?: number;
}

/** What it did; undefined where there was nothing for it to strike. What an operator asks for is none of these. */
export async function strike(stage: Stage, blow: Exclude<Blow, Intent>, revision: number): Promise<Struck | undefined> {
  const { clock } = stage;
  const now = clock.now();
  switch (blow.kind) {
    case "terminate": {
      const member = aimed(stage, blow, (m) => inService(m) || launching(m.state));
      if (!member) return undefined;
      await stage.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
        InstanceId: member.instance,
        ShouldDecrementDesiredCapacity: false,
      });
      return { instances: [] };
    }
    case "kill": {
      const member = aimed(stage, blow, () => true);
      if (!member) return undefined;
      await stage.operate("ec2", "TerminateInstances", { InstanceIds: [member.instance] });
      return { instances: [member.instance] };
    }
    case "crash": {
      const member = aimed(stage, blow, (m) => stage.machine(m.instance) !== undefined);
      if (!member) return undefined;
      await stage.machine(member.instance)?.breakKafka();
      return { instances: [member.instance] };
    }
    case "reboot": {
      const member = aimed(stage, blow, (m) => running(stage, m));
      if (!member) return undefined;
      await stage.operate("ec2", "RebootInstances", { InstanceIds: [member.instance] });
      return { instances: [member.instance] };
    }
    case "stop": {
      const member = aimed(stage, blow, (m) => running(stage, m));
      if (!member) return undefined;
      await stage.operate("ec2", "StopInstances", { InstanceIds: [member.instance] });
      return { instances: [member.instance] };
    }
    case "unhealthy": {
      const member = aimed(stage, blow, inService);
      if (!member) return undefined;
      await mark(stage, member, "Unhealthy");
      if (blow.again !== undefined) {
        clock.after(blow.again, () => {
          const still = stage.cloud.groups.findMember(member.instance);
          if (still && !terminating(still.state)) void mark(stage, still, "Healthy");
        });
      }
      return { instances: [] };
    }
    case "scale": {
      const role = roleOf(stage.definition(), blow.role);
      const group = role.groups[blow.zone % role.groups.length];
      const DesiredCapacity = Math.max(0, role.perZone + blow.by);
      if (!group || !stage.cloud.groups.find(group.name)) return undefined;
      await stage.operate("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: group.name, DesiredCapacity });
      return { instances: [] };
    }
    case "refresh": {
      const members = membersOf(stage, blow.role).filter(inService);
      const first = new Map(members.map((m) => [m.group, m]));
      for (const { instance } of first.values()) {
        await stage.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
          InstanceId: instance,
          ShouldDecrementDesiredCapacity: false,
        });
      }
      return first.size === 0 ? undefined : { instances: [] };
    }
    case "launch-first": {
      const InstanceMaintenancePolicy = blow.on
        ? { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 }
        : { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 };
      for (const { name } of stage.cloud.groups.all()) {
        await stage.operate("autoscaling", "UpdateAutoScalingGroup", {
          AutoScalingGroupName: name,
          InstanceMaintenancePolicy,
        });
      }
      return { instances: [] };
    }
    case "zone-outage": {
      const zones = stage.definition().zones;
      const zone = zones[blow.zone % zones.length]?.name ?? "";
      const InstanceIds = stage.cloud.groups
        .everyMember()
        .filter((m) => m.subnet.zone === zone)
        .map((m) => m.instance)
        .filter((id) => stage.cloud.ec2.instances.find(id));
      if (InstanceIds.length > 0) await stage.operate("ec2", "TerminateInstances", { InstanceIds });
      return { instances: InstanceIds, outage: { zone, until: now + blow.for } };
    }
    case "function-outage":
      stage.cutFunctions(blow.for);
      return { instances: [] };
    case "redefine":
      await stage.redefine(revision, blow.rotate);
      return { instances: [] };
    case "tamper":
      return tamper(stage, blow.with) ? { instances: [] } : undefined;
    case "lag":
      return { instances: [], lag: blow.for };
    case "replay": {
      const { cloud, deployment } = stage;
      await stage.operate("events", "StartReplay", {
        ReplayName: `history-${cloud.archives.replays().length}`,
        EventSourceArn: cloud.archives.archive(deployment.archive)?.arn,
        EventStartTime: new Date(now - blow.window),
        EventEndTime: new Date(now),
        Destination: { Arn: cloud.bus.arn, FilterArns: [...deployment.rules] },
      });
      return { instances: [] };
    }
  }
}

export function membersOf(stage: Stage, role: RoleName): Member[] {
  return stage.cloud.groups.everyMember().filter((m) => groupOf(stage.definition(), m.group)?.role.name === role);
}

export function aimed(
  stage: Stage,
  { role, nth }: { readonly role: RoleName; readonly nth: number },
  qualifies: (member: Member) => boolean,
): Member | undefined {
  const candidates = membersOf(stage, role)
    .filter((m) => stage.cloud.ec2.instances.find(m.instance) !== undefined && qualifies(m))
    .sort((a, b) => (a.instance < b.instance ? -1 : 1));
  return candidates[nth % Math.max(1, candidates.length)];
}

const inService = (member: Member): boolean => member.state === "InService";

/** Up, and to be counted on: a launching one may be hit as well. */
function running(stage: Stage, member: Member): boolean {
  const up = stage.cloud.ec2.instances.find(member.instance)?.state === "running";
  return up && (inService(member) || launching(member.state)) && stage.machine(member.instance) !== undefined;
}

async function mark(stage: Stage, { instance }: Member, HealthStatus: "Healthy" | "Unhealthy"): Promise<void> {
  await stage.operate("autoscaling", "SetInstanceHealth", {
    InstanceId: instance,
    HealthStatus,
    ShouldRespectGracePeriod: false,
  });
}
