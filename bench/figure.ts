/** One measured number, with what it is held to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Absent: told beside the others, held to nothing. */
  readonly target?: Target;
}

export type Target = { readonly atMost: number } | { readonly exactly: number };

/** Figures that are measured together, in one run. */
export interface Section {
  readonly title: string;
  /** How it was measured, and on what: one or two sentences. */
  readonly method: string;
  readonly figures: readonly Figure[];
}

/** What this machine cannot measure. */
export interface LeftOut {
  readonly title: string;
  /** What is missing, with the remedy. */
  readonly missing: string;
}

export function isMet({ value, target }: Figure): boolean {
  if (!target) return true;
  return "atMost" in target ? value <= target.atMost : value === target.exactly;
}

/** Middle value, or the mean of the two in the middle. Throws where there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new Error("no values to take the median of");
  return (lower + upper) / 2;
}

/** Throws where there is none. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error("no values to take the mean of");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
