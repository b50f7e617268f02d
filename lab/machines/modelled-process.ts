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
  /** Users it was formatted with (`--add-scram`), by name. */
  readonly users?: ReadonlyMap<string, Credential>;
  /** Broker: how many of each partition's acknowledged messages it has, by `topic-partition`. */
  readonly logs: Map<string, number>;
  /** Broker: the epoch it wrote to `.kafka_cleanshutdown`; absent after a kill. */
  cleanShutdown?: number;
  /** Controller: it has ever followed or led, so it has a metadata log. */
  metadata: boolean;
  /** ZooKeeper: the mark beside `myid` that lets an empty disk vote; its first start takes it away. */
  initialize?: boolean;
  /** ZooKeeper: how much of the ensemble's history it has; undefined: no database, so it does not vote before it has synced. */
  zxid?: number;
}

/** A user's password, and the version of the secret that it comes from. */
export interface Credential {
  readonly password: string;
  readonly version: string;
}

/** Who a node is to others, and whom it lets in by its own files. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** Controller: passwords by user (PLAIN); brokers look users up in the metadata instead. */
  readonly accepts: ReadonlyMap<string, string>;
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
  /** ZooKeeper: the ids of all members, itself included. */
  readonly members: readonly number[];
  /** Absent where nobody is asked who he is. */
  readonly login?: Login;
  /** Broker: it denies whatever no ACL allows. */
  readonly authorizes: boolean;
  /** Of the configuration that it runs with. */
  readonly digest: string;
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

/** Whether a controller lets another node in by its own file. */
export function letsIn(controller: Launch, { login }: Launch): boolean {
  if (!controller.login) return true;
  return login !== undefined && controller.login.accepts.get(login.user) === login.password;
}

export function describe(process: Launch): string {
  return `${process.role} ${process.id} on ${process.instance}`;
}
