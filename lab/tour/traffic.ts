import type { Findings } from "../summary.ts";
import type { Login } from "../workload/connection.ts";

/** Who writes, and to which topic, where brokers ask that. */
export interface Writer {
  readonly topic: string;
  /** Asked anew for each connection. */
  readonly login: () => Login;
}

/** Makes the topic and begins to send to it; `bootstrap` answers which brokers there are now, as `host:port`. */
export type StartTraffic = (bootstrap: () => string[], writer?: Writer) => Promise<Traffic>;

/** Messages that flow all the time, and the proof of what became of them. */
export interface Traffic {
  /** So far. */
  readonly acknowledged: number;
  /** Stops sending, waits for the cluster to be whole, reads everything back and compares. */
  finish(): Promise<Findings["messages"]>;
  /** Stops at once, without a word. */
  abort(): Promise<void>;
}
