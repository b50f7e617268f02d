/** What an operator can ask about an instance as it stands: the same at the command line as in a history that is played. */
import type { LifecycleState } from "./sights.ts";
import type { Step } from "./steps.ts";

const HOLDABLE: ReadonlySet<LifecycleState> = new Set([
  "Pending",
  "Pending:Wait",
  "InService",
  "Terminating",
  "Terminating:Wait",
]);

/** Whether Rollcall does anything in that state that a hold could keep it from. */
export const isHoldable = (state: LifecycleState): boolean => HOLDABLE.has(state);

/** Rows of a launch where Kafka has the node already. */
const COUNTED: ReadonlySet<string> = new Set(["launch/10", "launch/11"]);

/**
 * Whether Kafka counts on a node that launches, so that to give it up is not safe.
 *
 * @param step what the rules alone would do: an operator's hold would hide how far it is
 */
export const isCountedOn = ({ row }: Step): boolean => COUNTED.has(row);
