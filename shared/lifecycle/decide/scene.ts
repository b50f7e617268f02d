/** What every table needs to have seen before its first row: the instance in its group, and the cluster's table. */
import type { Role } from "../../cluster/definition.ts";
import { isQuorum, kindOf } from "../../cluster/role-kinds.ts";
import type { Reach } from "../../members/generation.ts";
import type { Facts, Plan } from "../facts.ts";
import type {
  FleetSight,
  GroupMember,
  GroupSight,
  InstanceRecord,
  LifecycleState,
  Roster,
  RosterMember,
  TableSight,
} from "../sights.ts";
import type { Change, Step } from "../steps.ts";

export interface Scene {
  /** As far as nodes can have it by now. */
  readonly plan: Plan;
  /** Who has to come after before nodes can have all that is declared. */
  readonly behind?: Reach["behind"];
  readonly facts: Facts;
  readonly fleet: FleetSight;
  readonly table: TableSight;
  readonly role: Role;
  readonly zone: string;
  readonly group: GroupSight;
  readonly member: GroupMember;
  readonly roster: Roster;
  /** The id it holds. */
  readonly mine?: RosterMember;
  readonly record?: InstanceRecord;
}

/** A step that changes something. */
export type Act = Extract<Step, { do: "change" }>;
type Restful = Extract<Step, { do: "wait" | "hold" }>;

/** Some fact is missing: look at these, and decide again. */
export const look = (row: string, reason: string, ...facts: Extract<Step, { do: "look" }>["facts"]): Step => ({
  do: "look",
  row,
  reason,
  facts,
});

/** Change this. `restsOn` are the facts that have to be fresh for it. */
export const change = (row: string, reason: string, what: Change, ...restsOn: Act["restsOn"]): Act => ({
  do: "change",
  row,
  reason,
  change: what,
  restsOn,
});

/** Nothing to do before one of these facts changes, which it should by itself. */
export const wait = (row: string, reason: string, ...on: Restful["on"]): Step => ({ do: "wait", row, reason, on });

/** Nothing may be done before one of these facts changes, for which somebody may be needed: told, and counted for the alarm. */
export const hold = (row: string, reason: string, ...on: Restful["on"]): Step => ({ do: "hold", row, reason, on });

/** All is as it should be. */
export const settled = (row: string, reason: string): Step => ({ do: "settled", row, reason });

/** `broker 2`, as every message names a node. */
export const nodeName = (role: Pick<Role, "name">, id: number): string => `${role.name} ${id}`;

/** Who counts a member of that role in, as messages name it. */
export const counter = (role: Role): string => (isQuorum(role) ? "the quorum" : "Kafka");

/** Facts that tell of members beside their own node. */
export type View = "kafka" | "listeners" | "quorum";

const PRESENCE = { protocol: "kafka", tool: "listeners", words: "quorum" } as const;

/** Which fact tells whether a member of that role serves; for a KRaft quorum whether it listens, as its tool costs a JVM. */
export const presenceFact = (role: Role): View => PRESENCE[kindOf(role).asked];

/**
 * How long the node had been configured when the look at the quorum began, ms: no part of its configuration as it is now was at
 * work before. Infinite where that is not written down.
 */
export function configuredFor({ facts, record }: Scene): number {
  if (!facts.quorum || !record?.configured) return Number.POSITIVE_INFINITY;
  return (facts.quorum.from ?? facts.quorum.at) - record.configured.at;
}

/** Which generation of the nodes' own credential one of its role has that is configured now; undefined where it has none. */
export function credentialOf({ plan, role }: Pick<Scene, "plan" | "role">): number | undefined {
  return kindOf(role).runs === "kafka" ? plan.definition.security?.generation : undefined;
}

/** The lifecycle action that is open for an instance in that state. */
export function actionIn(state: LifecycleState | undefined): "launch" | "terminate" | undefined {
  switch (state) {
    case "Pending:Wait":
      return "launch";
    case "Terminating:Wait":
      return "terminate";
    default:
      return undefined;
  }
}

/** The longest a lifecycle action can be kept open: 100 heartbeats, at most 48 hours (Auto Scaling's global timeout). */
export function globalLimit(heartbeat: number): number {
  return Math.min(48 * 3_600_000, 100 * heartbeat);
}
