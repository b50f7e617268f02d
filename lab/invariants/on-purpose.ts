/**
 * Invariant 9: nothing Rollcall does on purpose takes a partition under its min ISR, or a quorum under its majority. Only the
 * modelled Kafka tells what was on purpose; real processes do not say why they end. What else it saw that must never happen is
 * told here too, under the invariant that it breaks.
 */
import type { Violation, ViolationKind } from "../machines/modelled-violations.ts";

const BROKEN: Readonly<Record<ViolationKind, number>> = {
  "two processes": 1,
  "stopped under min ISR": 9,
  "stopped under majority": 9,
  // An empty disk let in where others had more.
  "messages lost": 9,
  "last copy gone": 9,
  "voter emptied": 9,
  "second quorum": 9,
  "metadata lost": 9,
};

export function harmDone(violations: readonly Violation[]): { readonly invariant: number; readonly what: string }[] {
  return violations.map(({ kind, detail }) => ({ invariant: BROKEN[kind], what: `${kind}: ${detail}` }));
}
