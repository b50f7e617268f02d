/**
 * One modelled Kafka cluster that modelled machines start processes of: KRaft with a dynamic quorum, or brokers on a ZooKeeper
 * ensemble. Deterministic, on the clock it is handed; no I/O. What must never happen is written down in `violations`, so that a
 * wrong gate is seen.
 */
import type { Mode } from "../../shared/cluster/definition.ts";
import { isQuorum, kindOf } from "../../shared/cluster/role-kinds.ts";
import type { QuorumAnswer } from "../../shared/lifecycle/sights.ts";
import type { Scheduler } from "../clock.ts";
import { Access } from "./modelled-access.ts";
import { type BrokerDurations, Brokers, type RegisteredBroker } from "./modelled-brokers.ts";
import { Ensemble } from "./modelled-ensemble.ts";
import type { MetadataQuorum } from "./modelled-metadata.ts";
import type { Partition } from "./modelled-partition.ts";
import { describe, isLive, type Launch, type LogDirectory, type NodeProcess } from "./modelled-process.ts";
import { Quorum, type QuorumDurations } from "./modelled-quorum.ts";
import type { Violation, ViolationKind } from "./modelled-violations.ts";

export interface KafkaDurations {
  /** From the process's start to its open listener, ms. */
  readonly jvm: number;
  readonly quorum: QuorumDurations;
  readonly broker: BrokerDurations;
}

/** As a real cluster on a small machine takes; Kafka's own settings are its defaults. */
export const KAFKA_DURATIONS: KafkaDurations = {
  jvm: 3_000,
  quorum: { election: 1_000, catchUp: 1_000, voterChange: 500 },
  broker: {
    registerRetry: 1_000,
    registerTimeout: 60_000,
    metadata: 500,
    session: 9_000,
    heartbeat: 2_000,
    copy: 2_000,
    follow: 500,
    shutdown: 1_500,
    shutdownTimeout: 300_000,
  },
};

/** The same on ZooKeeper: Kafka 3.9's settings at their defaults. */
export const ZOOKEEPER_DURATIONS: KafkaDurations = {
  ...KAFKA_DURATIONS,
  broker: {
    ...KAFKA_DURATIONS.broker,
    registerTimeout: 18_000,
    session: 18_000,
    heartbeat: 6_000,
    // controlled.shutdown.max.retries, each after controlled.shutdown.retry.backoff.ms
    shutdownTimeout: 15_000,
  },
};

export interface ModelledKafkaOptions {
  readonly clock: Scheduler;
  readonly durations?: KafkaDurations;
  /** By default kraft. */
  readonly mode?: Mode;
  /** Eligible leader replicas (KIP-966): on in clusters founded with Kafka 4.1 or later, and by default here; never on ZooKeeper. */
  readonly elr?: boolean;
  /** How much longer a process takes to open its listener, as it recovers its log, ms; by default nothing. */
  readonly recovery?: (launch: Launch) => number;
}

export interface TopicSpec {
  readonly partitions: number;
  readonly replication: number;
  readonly minIsr: number;
}

/** What a machine holds of a process that it started. */
export interface ProcessHandle {
  /** At once and without a word. */
  kill(): void;
  /** SIGTERM, a controlled shutdown: resolves when it has ended. */
  stop(): Promise<void>;
  /** Its address is plugged in, or out. */
  reach(reachable: boolean): void;
}

const QUORUMS = { kraft: Quorum, zookeeper: Ensemble } as const;
const DURATIONS = { kraft: KAFKA_DURATIONS, zookeeper: ZOOKEEPER_DURATIONS } as const;

/** Of the quorum. */
const isMember = ({ role }: NodeProcess): boolean => isQuorum({ name: role });

export class ModelledKafka {
  readonly mode: Mode;
  readonly violations: Violation[] = [];
  /** Users and ACLs. */
  readonly access: Access;
  readonly #clock: Scheduler;
  readonly #durations: KafkaDurations;
  readonly #recovery: (launch: Launch) => number;
  readonly #quorum: MetadataQuorum;
  readonly #brokers: Brokers;
  readonly #processes = new Set<NodeProcess>();
  /** The same in a list, where somebody has asked for it since the last change. */
  #listed: readonly NodeProcess[] | undefined;
  readonly #plugged = new Map<string, number>();

  constructor({
    clock,
    mode = "kraft",
    durations = DURATIONS[mode],
    elr = mode === "kraft",
    recovery = () => 0,
  }: ModelledKafkaOptions) {
    this.mode = mode;
    this.#clock = clock;
    this.#durations = durations;
    this.#recovery = recovery;
    const violate = this.#violate.bind(this);
    const quorum = new QUORUMS[mode](clock, durations.quorum, violate, () => this.#brokers.quorumChanged());
    this.#quorum = quorum;
    this.access = new Access(
      () => quorum.users,
      () => this.#brokers.usersChanged(),
    );
    this.#brokers = new Brokers({
      clock,
      durations: durations.broker,
      elr: elr && mode === "kraft",
      ephemeral: mode === "zookeeper",
      quorum,
      known: ({ login }) => login === undefined || this.access.lets(login.user, login.password),
      violate,
    });
  }

  /** Whether metadata can be changed: partitions, and with KRaft everything else. */
  get hasController(): boolean {
    return this.#brokers.hasController;
  }

  /** Whether a quorum or an ensemble serves. */
  get hasQuorum(): boolean {
    return this.#quorum.hasLeader;
  }

  /** Whether that member's clients are served now. */
  serves(process: NodeProcess): boolean {
    return this.#quorum.serves(process);
  }

  /** Throws where Kafka would refuse: too few brokers registered, no active controller, the topic exists. */
  createTopic(topic: string, { partitions, replication, minIsr }: TopicSpec): void {
    this.#brokers.createTopic(topic, partitions, replication, minIsr);
  }

  /** By Kafka's own tool. */
  reassign(topic: string, index: number, replicas: readonly number[]): void {
    this.#brokers.reassign(topic, index, replicas);
  }

  /** By Kafka's own tool; of a ZooKeeper ensemble there is none. */
  removeController(id: number): void {
    this.#quorum.remove(id);
  }

  get clusterId(): string | undefined {
    return this.#quorum.clusterId;
  }

  /** Every partition as clients are told of it. */
  partitions(): readonly Partition[] {
    return this.#brokers.partitions;
  }

  /** Brokers that are registered and unfenced, by id. */
  registered(): readonly RegisteredBroker[] {
    return this.#brokers.registered();
  }

  /** On ZooKeeper: the session behind each broker's ephemeral node, by its path. */
  sessions(): ReadonlyMap<string, string> {
    return this.#brokers.sessions();
  }

  /** By the producers that the model imagines: acknowledged in all, and lost of these. */
  messages(): { readonly acknowledged: number; readonly lost: number } {
    return this.#brokers.messages();
  }

  /** The quorum in its leader's eyes; leader -1 where there is none. */
  quorum(): QuorumAnswer {
    return this.#quorum.answer(this.#brokers.live);
  }

  /** Processes that have not ended, whether their listener is open yet or not: the same list until one comes or goes. */
  processes(): readonly NodeProcess[] {
    this.#listed ??= [...this.#processes];
    return this.#listed;
  }

  /** The process that listens there, if any. */
  listenerAt(address: string, port: number): NodeProcess | undefined {
    const there = (p: NodeProcess): boolean => p.address === address && kindOf({ name: p.role }).port === port;
    return this.processes().find((process) => there(process) && isLive(process));
  }

  /** Whether some machine answers at that address at all. */
  isPlugged(address: string): boolean {
    return (this.#plugged.get(address) ?? 0) > 0;
  }

  /** A machine has that address from now on, or no more. */
  plug(address: string, on: boolean): void {
    this.#plugged.set(address, (this.#plugged.get(address) ?? 0) + (on ? 1 : -1));
  }

  /** A disk is gone for good. */
  forget(directory: LogDirectory): void {
    this.#brokers.forget(directory);
  }

  /** Starts a process; `exited` is told where it ends by itself. */
  start(launch: Launch, exited: (reason: string) => void): ProcessHandle {
    const { promise: ended, resolve: settle } = Promise.withResolvers<void>();
    const process: NodeProcess = {
      ...launch,
      started: this.#clock.now(),
      up: false,
      gone: false,
      reachable: true,
      stopping: false,
      ended,
      exit: (reason) => {
        this.#end(process, end);
        exited(reason);
      },
    };
    for (const other of this.#processes) {
      if (other.role !== process.role || other.id !== process.id) continue;
      this.#violate("two processes", `${describe(process)}, and ${other.instance}`);
    }
    this.#processes.add(process);
    this.#listed = undefined;
    const boot = this.#clock.after(this.#durations.jvm + this.#recovery(launch), () => {
      process.up = true;
      if (isMember(process)) this.#quorum.join(process);
      else this.#brokers.join(process);
    });
    const end = () => {
      boot.cancel();
      process.gone = true;
      this.#processes.delete(process);
      this.#listed = undefined;
      settle();
    };
    return {
      kill: () => this.#end(process, end),
      stop: () => this.#stop(process, end),
      reach: (reachable) => this.#reach(process, reachable),
    };
  }

  #stop(process: NodeProcess, end: () => void): Promise<void> {
    if (process.gone) return process.ended;
    if (!isMember(process) && process.up) {
      this.#brokers.stop(process, end);
      return process.ended;
    }
    if (isMember(process) && this.#quorum.needs(process)) {
      this.#violate("stopped under majority", describe(process));
    }
    this.#end(process, end);
    return process.ended;
  }

  #end(process: NodeProcess, end: () => void): void {
    if (process.gone) return;
    if (isMember(process)) {
      end();
      this.#quorum.leave(process);
    } else {
      this.#brokers.vanish(process, end);
    }
  }

  #reach(process: NodeProcess, reachable: boolean): void {
    if (process.gone || process.reachable === reachable) return;
    const change = () => {
      process.reachable = reachable;
    };
    if (isMember(process)) {
      change();
      this.#quorum.update();
    } else if (reachable) {
      this.#brokers.return(process, change);
    } else {
      this.#brokers.vanish(process, change);
    }
  }

  #violate(kind: ViolationKind, detail: string): void {
    this.violations.push({ kind, at: this.#clock.now(), detail });
  }
}
