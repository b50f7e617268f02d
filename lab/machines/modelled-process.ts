/** What the modelled Kafka is told of a process that a machine starts, and what the machine may then do with it. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Voter } from "../../shared/lifecycle/sights.ts";

/** A formatted log directory; it lasts as long as the machine's disk. */
export interface LogDirectory {
  /** Kafka's uuid of the directory, as `meta.properties` holds it. */
  readonly directoryId: string;
  readonly clusterId: string;
  /** Present where it was formatted with `--initial-controllers`. */
  readonly founders?: readonly Voter[];
  /** Broker: how many of each partition's acknowledged messages it has, by `topic-partition`. */
  readonly logs: Map<string, number>;
  /** Broker: the epoch it wrote to `.kafka_cleanshutdown`; absent after a kill. */
  cleanShutdown?: number;
  /** Controller: it has ever followed or led, so it has a metadata log. */
  metadata: boolean;
}

export interface Launch {
  readonly role: RoleName;
  readonly id: number;
  /** Instance id: who has which process. */
  readonly instance: string;
  /** Availability zone, the broker's rack. */
  readonly zone: string;
  /** What it listens on and advertises. */
  readonly address: string;
  readonly directory: LogDirectory;
  /** Controller: `controller.quorum.auto.join.enable`. */
  readonly autoJoin: boolean;
}

export interface NodeProcess extends Launch {
  /** When it was started, ms since the epoch. */
  readonly started: number;
  /** Its listener is open. */
  up: boolean;
  /** It ended, one way or another. */
  gone: boolean;
  /** Its address is plugged in. */
  reachable: boolean;
  /** Controlled shutdown in progress. */
  stopping: boolean;
  /** Settles with its end. */
  readonly ended: Promise<void>;
  /** It ends by itself, e.g. because it could not register: the machine is told. */
  readonly exit: (reason: string) => void;
}

/** Running, its listener open, on the network. */
export function isLive(process: NodeProcess): boolean {
  return process.up && !process.gone && process.reachable;
}

export function describe(process: Launch): string {
  return `${process.role} ${process.id} on ${process.instance}`;
}
