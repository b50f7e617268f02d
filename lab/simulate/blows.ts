/** What may happen to a cluster, as plain values: by accident, by its operators, by EC2. `strike.ts` makes it happen. */
import type { RoleName } from "../../shared/cluster/definition.ts";

/** Which instance is struck: the n-th, in order of id and modulo their number, of those that qualify at that time. */
interface Aim {
  readonly role: RoleName;
  readonly nth: number;
}

export type Blow = { readonly at: number } /** Its group ends it, serving or not yet, and replaces it. */ & (
  | ({ readonly kind: "terminate" } & Aim)
  /** EC2 ends it, and its group finds out. In whatever state it is. */
  | ({ readonly kind: "kill" } & Aim)
  /** Its Kafka dies and cannot start again. */
  | ({ readonly kind: "crash" } & Aim)
  | ({ readonly kind: "reboot" } & Aim)
  /** EC2 stops it. */
  | ({ readonly kind: "stop" } & Aim)
  /** A user marks it unhealthy; with `again`, healthy once more so many ms later. */
  | ({ readonly kind: "unhealthy"; readonly again?: number } & Aim)
  /** The groups of that role desire so many more or fewer than they are made for, from then on. */
  | { readonly kind: "scale"; readonly role: RoleName; readonly zone: number; readonly by: -1 | 0 | 1 }
  /** One instance of each of the role's groups is replaced, all at once. */
  | { readonly kind: "refresh"; readonly role: RoleName }
  /** From then on replacements of unhealthy instances are launched before these are terminated, or no more. */
  | { readonly kind: "launch-first"; readonly on: boolean }
  /** Every instance of the zone ends, and none starts for so many ms. */
  | { readonly kind: "zone-outage"; readonly zone: number; readonly for: number }
  /** No function runs for so many ms: events are lost, sweeps too. */
  | { readonly kind: "function-outage"; readonly for: number }
  /** Another definition is deployed: every node is to be configured anew; with `rotate`, by another credential of its own. */
  | { readonly kind: "redefine"; readonly rotate: boolean }
  /** For so many ms after the next launch every sweep sees the world as it was before: its reads go where replicas lag. */
  | { readonly kind: "lag"; readonly for: number }
  /** An operator asks Rollcall for it, as soon as there is somebody to ask it of: see `operator.ts`. */
  | ({ readonly kind: "hold"; readonly for: number } & Aim)
  | ({ readonly kind: AskedOnce } & Aim)
  /** By hand, past the definition: an ACL goes and a stranger's comes, a stranger becomes a user, a password or the observer goes. */
  | { readonly kind: "tamper"; readonly with: "acl" | "user" | "password" | "observer" }
  /** The archive's events since so many ms ago once more, to Rollcall's rules. */
  | { readonly kind: "replay"; readonly window: number }
);

/** What an operator asks for that has an end of its own; a hold lasts until it is taken back. */
export type AskedOnce = "abandon" | "force" | "release";

export type BlowKind = Blow["kind"];

/** Chances, each between 0 and 1, per event, call or command. */
export interface Rates {
  readonly eventLost: number;
  readonly eventLate: number;
  readonly eventTwice: number;
  /** A call is refused: too many of them. */
  readonly throttled: number;
  /** A call fails in the service, without effect. */
  readonly broken: number;
  /** A call takes effect, but its answer never comes. */
  readonly unanswered: number;
  /** A read sees the world of some seconds ago. */
  readonly stale: number;
  /** The function is killed at a call: before it takes effect, or after. */
  readonly killed: number;
  /** A call takes seconds. */
  readonly slow: number;
  /** A call takes some hundred milliseconds, in which others come in between. */
  readonly delayed: number;
  readonly agentLate: number;
  readonly agentNever: number;
  readonly commandLost: number;
  readonly commandLate: number;
  readonly commandTwice: number;
  /** A command hangs on the node until it is killed at its limit. */
  readonly commandStuck: number;
  /** A command fails on the node without having done anything. */
  readonly commandFailed: number;
  /** EC2 has no instance to give. */
  readonly noCapacity: number;
  /** A listing of groups sees each instance as of another moment of the last seconds. */
  readonly uneven: number;
  /** A configuration that the agent had kept is run once more when the node has just been stopped. */
  readonly commandRevived: number;
  /** A Kafka process recovers its log for long before it opens its listener. */
  readonly recovery: number;
}

export const NO_RATES: Rates = {
  eventLost: 0,
  eventLate: 0,
  eventTwice: 0,
  throttled: 0,
  broken: 0,
  unanswered: 0,
  stale: 0,
  killed: 0,
  slow: 0,
  delayed: 0,
  agentLate: 0,
  agentNever: 0,
  commandLost: 0,
  commandLate: 0,
  commandTwice: 0,
  commandStuck: 0,
  commandFailed: 0,
  noCapacity: 0,
  uneven: 0,
  commandRevived: 0,
  recovery: 0,
};
