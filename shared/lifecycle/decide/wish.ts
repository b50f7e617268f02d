/** Which of an operator's wishes stands. */
import type { InstanceRecord, OperatorWish } from "../sights.ts";

/**
 * How long a wish to change something stands, ms. One that could not be carried out by then was meant for another
 * situation than the present one. A hold stands until it is taken back.
 */
export const STANDS = 15 * 60_000;

/** That wish, where an operator has asked for it, and within the present lifecycle action. */
export function wished(
  { facts, record }: { readonly facts: { readonly now: number }; readonly record?: InstanceRecord | undefined },
  wish: OperatorWish["wish"],
): OperatorWish | undefined {
  const asked = record?.operator;
  if (asked?.wish !== wish) return undefined;
  if (wish === "hold") return asked;
  const meant = asked.since >= (record?.action?.since ?? 0) && facts.now - asked.since <= STANDS;
  return meant ? asked : undefined;
}
