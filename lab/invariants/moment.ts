/** The whole world at one moment, as nobody inside it can see it: what the invariants are asserted on. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { InstanceRecord, Roster } from "../../shared/lifecycle/sights.ts";
import type { TimedOut } from "../cloud/autoscaling/lifecycle.ts";
import type { Snapshot } from "../cloud/snapshot.ts";

/** A Kafka process that has not ended, whether it serves yet or not. */
export interface RunningNode {
  readonly role: RoleName;
  readonly id: number;
  /** EC2 instance id of the machine that it runs on. */
  readonly instance: string;
}

export interface Moment {
  /** ms since the epoch. */
  readonly at: number;
  readonly rosters: ReadonlyMap<RoleName, Roster>;
  /** By instance. */
  readonly records: ReadonlyMap<string, Pick<InstanceRecord, "hold">>;
  readonly cloud: Pick<Snapshot, "groups" | "actions" | "instances" | "interfaces" | "commands">;
  /** Lifecycle actions that nobody completed in time, so far. */
  readonly timedOut: readonly TimedOut[];
  readonly running: readonly RunningNode[];
}

/** `broker 2`, as every message names a node. */
export const nameOf = ({ role, id }: { readonly role: RoleName; readonly id: number }): string => `${role} ${id}`;

/** Who holds that id. */
export function ownerOf(rosters: Moment["rosters"], role: RoleName, id: number): string | undefined {
  return rosters.get(role)?.members.get(id)?.owner;
}
