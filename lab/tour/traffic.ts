import type { Findings } from "../summary.ts";

/** Messages that flow all the time, and the proof of what became of them. */
export interface Traffic {
  /** So far. */
  readonly acknowledged: number;
  /** Stops sending, waits for the cluster to be whole, reads everything back and compares. */
  finish(): Promise<Findings["messages"]>;
  /** Stops at once, without a word. */
  abort(): Promise<void>;
}
