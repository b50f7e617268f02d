/** How long a modelled machine takes for what it does. */

/** All in milliseconds. */
export interface NodeDurations {
  /** From an address's attachment to its being there in the guest. */
  readonly plug: number;
  /** What each run of the script costs by itself. */
  readonly script: number;
  /** One run of a Kafka tool: formatting, asking the quorum. */
  readonly tool: number;
  /** After which a tool that gets no answer gives up. */
  readonly toolTimeout: number;
  /** How long configure watches the unit that it started. */
  readonly settle: number;
  /** How long configure waits for its address. */
  readonly addressWait: number;
  /** How long configure and stop wait for each other. */
  readonly lockWait: number;
  readonly boot: number;
  /** A process that cannot run ends after that. */
  readonly failedStart: number;
  /** From the end of a process until its unit starts it again: `RestartSec` of `shared/config/unit.ts`. */
  readonly restart: number;
}

export const NODE_DURATIONS: NodeDurations = {
  plug: 500,
  script: 200,
  tool: 1_000,
  toolTimeout: 10_000,
  settle: 2_000,
  addressWait: 60_000,
  lockWait: 360_000,
  boot: 5_000,
  failedStart: 300,
  restart: 1_000,
};
