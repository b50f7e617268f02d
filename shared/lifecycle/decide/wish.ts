/** Which of an operator's wishes stands. */
import type { Facts } from "../facts.ts";
import type { InstanceRecord, LifecycleState, OperatorWish } from "../sights.ts";
import { actionIn } from "./scene.ts";

/**
 * How long a wish to change something stands, ms. One that could not be carried out by then was meant for another
 * situation than the present one. A hold stands until it is taken back.
 */
export const STANDS = 15 * 60_000;

interface Subject {
  readonly facts: { readonly now: number };
  /** As its group lists it; absent: none does. */
  readonly member?: { readonly state: LifecycleState } | undefined;
  readonly record?: InstanceRecord | undefined;
}

/** That wish, where an operator has asked for it, and for what the instance is in now. */
export function wished({ facts, member, record }: Subject, wish: OperatorWish["wish"]): OperatorWish | undefined {
  const asked = record?.operator;
  return asked?.wish === wish && stands(asked, member?.state, facts.now) ? asked : undefined;
}

/** Whether it counts at that time, ms since the epoch, for an instance in that state; undefined: no group lists it. */
export function stands({ wish, since, action }: OperatorWish, state: LifecycleState | undefined, now: number): boolean {
  return wish === "hold" || (action === actionIn(state) && now - since <= STANDS);
}

/** What is written down of a wish that is uttered now, for what the instance is in now. */
export function uttered(
  { instance, now, fleet }: Facts,
  wish: Pick<OperatorWish, "wish" | "id">,
  reason: string,
): OperatorWish {
  const members = fleet?.value.groups.flatMap((group) => group.members);
  const action = actionIn(members?.find((member) => member.instance === instance)?.state);
  return { ...wish, since: now, ...(action && { action }), reason };
}
