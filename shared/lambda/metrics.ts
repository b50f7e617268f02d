/** The metrics of the functions: what they are called, and what they mean. */
import type { RoleName } from "../cluster/definition.ts";

/** Of all of them. */
export const NAMESPACE = "Rollcall";

/**
 * What the functions count; each with the dimensions `cluster` and `service` (the function).
 *
 * - `Settled`, `Waiting`, `Held`, `Done`: instances looked at, by outcome. **Held above 0 wants an operator.**
 * - `LeftAlone`: events that were nobody's business
 * - `Changes`: changes made in the world
 * - `Warnings`: warnings logged, holds among them
 * - `Failed`: invocations that failed, and in a sweep instances whose pass did
 * - `Left`: instances that a sweep's time did not suffice for
 */
export type Counter =
  | "Settled"
  | "Waiting"
  | "Held"
  | "Done"
  | "LeftAlone"
  | "Changes"
  | "Warnings"
  | "Failed"
  | "Left";

/**
 * What the sweep measures of the whole cluster, with the same dimensions.
 *
 * - `MissingNodes`: instances that the groups desire and that are not in service
 * - `LongestLaunch`: of the launches in progress, seconds
 * - `LongestAbsence`: of the instances in service that Kafka does not count in, seconds
 * - `FreeControllerIds`, `FreeZooKeeperIds`, `FreeBrokerIds`: ids that nobody holds
 * - `AccessDrift`: what had to be put right when users and ACLs were last compared, though they had been as declared
 * - `AccessAge`: since then, seconds
 */
export type Gauge = keyof typeof GAUGES;

/** With their units, as CloudWatch names them. */
export const GAUGES = {
  MissingNodes: "Count",
  LongestLaunch: "Seconds",
  LongestAbsence: "Seconds",
  FreeControllerIds: "Count",
  FreeZooKeeperIds: "Count",
  FreeBrokerIds: "Count",
  AccessDrift: "Count",
  AccessAge: "Seconds",
} as const;

/** The gauge that tells how many of a role's ids are free. */
export const FREE_IDS = {
  controller: "FreeControllerIds",
  zookeeper: "FreeZooKeeperIds",
  broker: "FreeBrokerIds",
} as const satisfies Record<RoleName, Gauge>;
