/** One node's status: what it is, where it stands with Kafka, what it waits for and since when. Pure. */
import { type Definition, groupOf, type RoleName } from "../../shared/cluster/definition.ts";
import { isQuorum } from "../../shared/cluster/role-kinds.ts";
import { actionIn, globalLimit } from "../../shared/lifecycle/decide/scene.ts";
import type { Explanation } from "../../shared/lifecycle/explain.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type {
  GroupMember,
  InstanceRecord,
  LifecycleState,
  OperatorWish,
  RosterMember,
} from "../../shared/lifecycle/sights.ts";
import type { Step } from "../../shared/lifecycle/steps.ts";
import type { ClusterSight } from "./cluster.ts";
import { heldBy } from "./member.ts";
import type { QuorumSeen } from "./quorum.ts";

export interface Next {
  readonly do: Step["do"];
  readonly row: string;
  readonly reason: string;
  /** When it began to wait for that, ms since the epoch. */
  readonly since?: number;
  /** When Auto Scaling ends the lifecycle action, whatever heartbeats it gets. */
  readonly until?: number;
  /** Its lifecycle action has begun, and no function of Rollcall's has written that down yet. */
  readonly unnoticed?: true;
}

export interface NodeStatus {
  readonly instance: string;
  /** Auto Scaling's; absent: no group lists it. */
  readonly state?: LifecycleState;
  readonly ec2?: string;
  readonly role?: RoleName;
  readonly id?: number;
  readonly zone?: string;
  readonly address?: string;
  /** Kafka's view of its id, in a few words; empty where there is none. */
  readonly kafka: string;
  readonly next: Next;
  readonly operator?: OperatorWish;
}

/** What is known of everybody. */
export interface Surroundings {
  readonly definition: Definition;
  readonly sight: ClusterSight;
  readonly contents: TableContents;
  /** Where the quorum was asked. */
  readonly voters: QuorumSeen | undefined;
}

/** @param place where a group lists it */
export function nodeStatus(
  { definition, sight, contents, voters }: Surroundings,
  instance: string,
  explanation: Explanation | undefined,
  place?: { readonly member: GroupMember; readonly group: string },
): NodeStatus {
  const member = place?.member;
  const record = contents.records.get(instance);
  const held = heldBy(contents, instance);
  const declared = place && groupOf(definition, place.group);
  const role = held?.role ?? declared?.role.name ?? record?.role;
  const pooled = definition.roles.find((r) => r.name === role)?.pool?.find((p) => p.id === held?.id)?.address;
  const address = pooled ?? record?.address ?? held?.address;
  const ec2 = sight.ec2.seen ? sight.ec2.value.get(instance) : undefined;
  const zone = member?.zone ?? held?.zone ?? record?.zone;
  return {
    instance,
    kafka: held ? standing(sight, voters, held.role, held) : "",
    next: nextOf(definition.periods.heartbeat, member?.state, record, explanation),
    ...(member && { state: member.state }),
    ...(ec2 && { ec2 }),
    ...(role && { role }),
    ...(held && { id: held.id }),
    ...(zone !== undefined && { zone }),
    ...(address !== undefined && { address }),
    ...(record?.operator && { operator: record.operator }),
  };
}

/** What an explanation leads to, with its times. */
export function nextOf(
  heartbeat: number,
  state: LifecycleState | undefined,
  record: InstanceRecord | undefined,
  explanation: Explanation | undefined,
): Next {
  if (!explanation) return { do: "look", row: "state/look", reason: "its group or the table cannot be seen" };
  const { step, failed } = explanation;
  const why = [...failed].map(([fact, error]) => `; ${fact} cannot be seen: ${error.message}`).join("");
  const kind = actionIn(state);
  // An instance that was launched may be terminated by now, and its record still tell of the launch.
  const action = record?.action?.kind === kind ? record?.action : undefined;
  const since =
    step.do === "settled" ? undefined : (beganWaiting(step, record) ?? action?.since ?? absence(state, record));
  return {
    do: step.do,
    row: step.row,
    reason: `${step.reason}${why}`,
    ...(since !== undefined && { since }),
    ...(action && { until: action.since + globalLimit(heartbeat) }),
    ...(kind && !action && { unnoticed: true }),
  };
}

/** Where the record tells of just what the step waits for. */
function beganWaiting(step: Step, record: InstanceRecord | undefined): number | undefined {
  if (step.do === "hold") return record?.hold?.since;
  return step.do === "wait" && step.on.includes("command") ? record?.command?.sent : undefined;
}

function absence(state: string | undefined, record: InstanceRecord | undefined): number | undefined {
  return state === "InService" ? record?.unregistered : undefined;
}

/** Kafka's view of that id, in a few words. */
function standing(
  { kafka, listeners }: ClusterSight,
  voters: QuorumSeen | undefined,
  name: RoleName,
  { id }: RosterMember,
): string {
  if (isQuorum({ name })) {
    const heard = listeners.seen ? listeners.value.get(id) : undefined;
    return [heard, voters && partOf(voters, id)].filter(Boolean).join(", ");
  }
  const broker = kafka.seen ? kafka.value.brokers.get(id) : undefined;
  if (!broker) return "";
  if (!broker.registered) return "out";
  return broker.replicas === 0 ? "registered" : `in sync ${broker.replicas - broker.missing}/${broker.replicas}`;
}

function partOf({ leader, voters, observers }: QuorumSeen, id: number): string {
  const lagging = ({ lag }: { readonly lag: number }): string => (lag > 0 ? `, ${lag} behind` : "");
  const voter = voters.find((v) => v.id === id);
  if (voter) return id === leader ? "leads" : `follows${lagging(voter)}`;
  const observer = observers.find((o) => o.id === id);
  return observer ? `observes${lagging(observer)}` : "no part of the quorum";
}
