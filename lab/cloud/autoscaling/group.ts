/** What Auto Scaling keeps about groups and their members. Values never change; a change makes a new one. */
import type { LifecycleState } from "@aws-sdk/client-auto-scaling";
import type { Subnet } from "../ec2/subnets.ts";
import type { TemplateReference } from "../ec2/templates.ts";

export type Transition = "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
export type Result = "CONTINUE" | "ABANDON";

export interface Hook {
  readonly name: string;
  readonly transition: Transition;
  /** Milliseconds. */
  readonly heartbeat: number;
  readonly defaultResult: Result;
  readonly metadata?: string;
}

/** What users may suspend, of the processes that are modelled. */
export type Process = "Launch" | "Terminate" | "HealthCheck" | "ReplaceUnhealthy" | "AZRebalance";

export interface GroupTag {
  readonly Key: string;
  readonly Value: string;
  readonly PropagateAtLaunch: boolean;
}

export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  readonly subnets: readonly Subnet[];
  readonly template: TemplateReference;
  readonly hooks: readonly Hook[];
  /** Percentages of the desired capacity; min 100 and max above it launch a replacement before terminating. */
  readonly maintenance?: { readonly min: number; readonly max: number };
  /** HealthCheckGracePeriod, ms. */
  readonly grace: number;
  readonly tags: readonly GroupTag[];
  readonly suspended: readonly Process[];
  /** NewInstancesProtectedFromScaleIn. */
  readonly protect: boolean;
  /** TerminateHookAbandon: retain. */
  readonly retain: boolean;
  readonly policies: readonly TerminationPolicy[];
  /** ARNs of the target groups that its instances in service are targets of. */
  readonly targetGroups: readonly string[];
  readonly deleting: boolean;
  /** The last request that changed the desired capacity, as Cause texts begin with it. */
  readonly request: string;
}

export type TerminationPolicy = "Default" | "OldestInstance" | "NewestInstance";

export interface Member {
  readonly instance: string;
  readonly group: string;
  readonly subnet: Subnet;
  readonly type: string;
  /** Version of the launch template it was launched from. */
  readonly templateVersion: number;
  readonly state: LifecycleState;
  readonly healthy: boolean;
  /** Why it is not healthy, as Cause texts say it. */
  readonly illness?: string;
  readonly protected: boolean;
  readonly launched: number;
  readonly inService?: number;
  /** The scaling activity in progress on it. */
  readonly activity: string;
  /** A terminate hook has run (or runs) for it: its final event says so. */
  readonly hooked: boolean;
}

/** On its way in, or in: it counts towards the desired capacity. */
export function counts({ state }: Member): boolean {
  return launching(state) || state === "InService";
}

export function launching(state: LifecycleState): boolean {
  return state === "Pending" || state === "Pending:Wait" || state === "Pending:Proceed";
}

export function terminating(state: LifecycleState): boolean {
  return state === "Terminating" || state === "Terminating:Wait" || state === "Terminating:Proceed";
}
