/**
 * Brokers as the modelled Kafka's active controller keeps them: registrations with their sessions, fencing, and the
 * partitions' leaders and ISRs. Nothing of it changes while there is no active controller: with KRaft the quorum's leader, with
 * ZooKeeper a broker, which only another one replaces once its session is over.
 *
 * With ZooKeeper a registration is an ephemeral node. It stays until its session ends, and who finds one for its id exits at once
 * (`NodeExistsException`, "Fatal error during KafkaServer startup"); a controlled shutdown ends the session. Nobody is fenced:
 * what counts here as that is a broker that the controller does not know of yet, or not any more.
 *
 * Producers are part of the model: whenever a partition can take messages with acks=all (a leader, every ISR member
 * alive, at least min ISR of them), one is acknowledged each millisecond. So a replica that is let in without what it
 * should have *is* a loss, and is seen as one.
 */
import { CLIENT_PORT } from "../../shared/cluster/role-kinds.ts";
import type { Scheduler, Timer } from "../clock.ts";
import type { MetadataQuorum } from "./modelled-metadata.ts";
import {
  afterUncleanShutdown,
  elected,
  nameOf,
  type Partition,
  reassigned,
  withIsrMember,
  withoutBroker,
} from "./modelled-partition.ts";
import { describe, isLive, type LogDirectory, type NodeProcess } from "./modelled-process.ts";
import type { ViolationKind } from "./modelled-violations.ts";

/** All in milliseconds. */
export interface BrokerDurations {
  /** Between two tries to register. */
  readonly registerRetry: number;
  /** `initial.broker.registration.timeout.ms`, or `zookeeper.connection.timeout.ms`: then the process gives up and exits. */
  readonly registerTimeout: number;
  /** From registered to unfenced: catching up with the metadata log. With ZooKeeper, for the controller to take note of it. */
  readonly metadata: number;
  /** `broker.session.timeout.ms`, or `zookeeper.session.timeout.ms` */
  readonly session: number;
  /** `broker.heartbeat.interval.ms`, or a ZooKeeper client's pings, one in a third of the session */
  readonly heartbeat: number;
  /** An empty replica's copying of a partition. */
  readonly copy: number;
  /** The same where the replica only lacks what came while it was away. */
  readonly follow: number;
  /** A controlled shutdown, once the controller has taken note. */
  readonly shutdown: number;
  /** How long a controlled shutdown waits for a controller. */
  readonly shutdownTimeout: number;
}

interface Registration {
  readonly process: NodeProcess;
  readonly epoch: number;
  readonly at: number;
  fenced: boolean;
  /** Its session has ended: another incarnation may register. */
  ended: boolean;
  expiry?: Timer;
}

/** A broker that Kafka counts in. */
export interface RegisteredBroker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string;
}

export interface BrokersOptions {
  readonly clock: Scheduler;
  readonly durations: BrokerDurations;
  /** Eligible leader replicas (KIP-966). */
  readonly elr: boolean;
  /** Registrations are ephemeral nodes in ZooKeeper. */
  readonly ephemeral: boolean;
  readonly quorum: MetadataQuorum;
  /** Whether brokers let that one in, as its user and password are known. */
  readonly known: (process: NodeProcess) => boolean;
  readonly violate: (kind: ViolationKind, detail: string) => void;
}

export class Brokers {
  readonly #clock: Scheduler;
  readonly #durations: BrokerDurations;
  readonly #elr: boolean;
  readonly #ephemeral: boolean;
  readonly #quorum: MetadataQuorum;
  readonly #known: (process: NodeProcess) => boolean;
  readonly #violate: (kind: ViolationKind, detail: string) => void;
  readonly #registrations = new Map<number, Registration>();
  readonly #processes = new Set<NodeProcess>();
  readonly #directories = new Set<LogDirectory>();
  /** Followers that are catching up, by `topic-partition/id`. */
  readonly #fetching = new Map<string, Timer>();
  readonly #acknowledged = new Map<string, number>();
  /** Replicas that partitions are to have, by name. */
  readonly #reassigning = new Map<string, readonly number[]>();
  #partitions: Partition[] = [];
  /** With ZooKeeper: the broker that is the controller, or was until its session ends. */
  #active: Registration | undefined;
  #election: Timer | undefined;
  #epoch = 0;
  #advanced: number;
  #lost = 0;

  constructor({ clock, durations, elr, ephemeral, quorum, known, violate }: BrokersOptions) {
    this.#clock = clock;
    this.#durations = durations;
    this.#elr = elr;
    this.#ephemeral = ephemeral;
    this.#quorum = quorum;
    this.#known = known;
    this.#violate = violate;
    this.#advanced = clock.now();
  }

  /** Whether there is an active controller, which alone changes leaders and ISRs. */
  get hasController(): boolean {
    if (!this.#quorum.hasLeader || !this.#ephemeral) return this.#quorum.hasLeader;
    return this.#active !== undefined && isLive(this.#active.process);
  }

  get partitions(): readonly Partition[] {
    return this.#partitions;
  }

  /** Processes whose listener is open. */
  get live(): readonly NodeProcess[] {
    return [...this.#processes].filter(isLive);
  }

  /** What clients are told: registered and unfenced. */
  registered(): RegisteredBroker[] {
    return [...this.#registrations]
      .filter(([, registration]) => !registration.fenced)
      .map(([id, { process }]) => ({ id, host: process.address, port: CLIENT_PORT, rack: process.zone }))
      .sort((a, b) => a.id - b.id);
  }

  /** Of those whose session has not ended, by the path of its node. */
  sessions(): ReadonlyMap<string, string> {
    const open = [...this.#registrations].filter(([, { ended }]) => !ended);
    return new Map(open.map(([id, { epoch }]) => [`/brokers/ids/${id}`, `session ${epoch}`]));
  }

  /** Acknowledged so far over all partitions, and how many of these a consumer would not find any more. */
  messages(): { readonly acknowledged: number; readonly lost: number } {
    this.#advance();
    const present = [...this.#acknowledged.values()].reduce((sum, count) => sum + count, 0);
    return { acknowledged: present + this.#lost, lost: this.#lost };
  }

  createTopic(topic: string, partitions: number, replication: number, minIsr: number): void {
    if (!this.hasController)
      throw new Error(`topic ${topic}: the quorum has no leader, or there is no active controller`);
    const brokers = acrossRacks(this.registered());
    if (brokers.length < replication) {
      throw new Error(
        `topic ${topic}: replication factor ${replication}, but ${brokers.length} brokers are registered`,
      );
    }
    if (this.#partitions.some((partition) => partition.topic === topic)) throw new Error(`topic ${topic} exists`);
    this.#change(() => {
      for (let index = 0; index < partitions; index++) {
        const replicas = Array.from({ length: replication }, (_, n) => brokers[(index + n) % brokers.length] as number);
        const [leader = -1] = replicas;
        this.#partitions.push({ topic, index, replicas, minIsr, leader, isr: replicas, elr: [] });
      }
    });
  }

  /** As `kafka-reassign-partitions` asks: that partition's replicas are these, once they have all there is. */
  reassign(topic: string, index: number, replicas: readonly number[]): void {
    this.#change(() => {
      this.#reassigning.set(nameOf({ topic, index }), replicas);
    });
  }

  /** A broker's listener is open: it tries to register. */
  join(process: NodeProcess): void {
    const { cleanShutdown } = process.directory;
    delete process.directory.cleanShutdown;
    this.#change(() => {
      this.#processes.add(process);
      this.#directories.add(process.directory);
    });
    this.#register(process, this.#clock.now() + this.#durations.registerTimeout, cleanShutdown);
  }

  /** It ended, or its network is cut, without a word: `end` changes the process. */
  vanish(process: NodeProcess, end: () => void): void {
    this.#change(end);
    if (process.gone) this.#processes.delete(process);
    const registration = this.#registrations.get(process.id);
    if (registration?.process !== process || registration.ended) return;
    const sinceHeartbeat = (this.#clock.now() - registration.at) % this.#durations.heartbeat;
    this.#expire(registration, this.#durations.session - sinceHeartbeat);
  }

  /** Its network is back. */
  return(process: NodeProcess, begin: () => void): void {
    this.#change(begin);
    const registration = this.#registrations.get(process.id);
    if (registration?.process !== process) return;
    registration.expiry?.cancel();
    registration.ended = false;
    if (registration.fenced) this.#unfence(registration);
  }

  /**
   * Controlled shutdown: the controller moves its leaders away and takes it out of every ISR, then it ends. Without a
   * controller it waits for one, at most `shutdownTimeout`, and ends uncleanly.
   */
  stop(process: NodeProcess, ended: () => void): void {
    const registration = this.#registrations.get(process.id);
    if (registration?.process !== process || registration.fenced) {
      this.vanish(process, ended);
      return;
    }
    for (const partition of this.#partitions) this.#checkStop(partition, process);
    const giveUp = this.#clock.now() + this.#durations.shutdownTimeout;
    const attempt = () => {
      if (process.gone) return;
      if (!this.hasController) {
        if (this.#clock.now() >= giveUp) this.vanish(process, ended);
        else this.#clock.after(this.#durations.registerRetry, attempt);
        return;
      }
      this.#change(() => {
        process.stopping = true;
        this.#partitions = this.#partitions.map((partition) => withoutBroker(partition, process.id, this.#elr));
      });
      this.#clock.after(this.#durations.shutdown, () => {
        if (process.gone) return;
        this.#processes.delete(process);
        this.#change(() => {
          ended();
          registration.fenced = true;
          registration.ended = this.#ephemeral;
          // A topic that was made meanwhile may have it among its replicas.
          this.#partitions = this.#partitions.map((partition) => withoutBroker(partition, process.id, this.#elr));
          process.directory.cleanShutdown = registration.epoch;
        });
        if (registration.ended) return;
        // Fenced at once, and yet its session has its time (BrokerHeartbeatTracker of Kafka 4.3): who starts again
        // before it has ended is refused until then.
        this.#expire(registration, this.#durations.session);
      });
    };
    attempt();
  }

  /** That disk is gone. */
  forget(directory: LogDirectory): void {
    this.#advance();
    if (!this.#directories.delete(directory)) return;
    for (const partition of this.#partitions) {
      const name = nameOf(partition);
      const acknowledged = this.#acknowledged.get(name) ?? 0;
      const had = directory.logs.get(name) ?? 0;
      if (had < acknowledged || acknowledged === 0) continue;
      const left = Math.max(0, ...[...this.#directories].map((other) => other.logs.get(name) ?? 0));
      if (left < acknowledged) this.#violate("last copy gone", `${name}: ${acknowledged - left} acknowledged messages`);
    }
  }

  /** The quorum has a leader, or none any more. A new one gives every session its full time. */
  quorumChanged(): void {
    this.#change(() => {});
    if (!this.#quorum.hasLeader) return;
    for (const registration of this.#registrations.values()) {
      if (!registration.ended && !isLive(registration.process)) this.#expire(registration, this.#durations.session);
    }
  }

  /** Who may log in has changed. */
  usersChanged(): void {
    this.#change(() => {});
  }

  #register(process: NodeProcess, deadline: number, cleanShutdown: number | undefined): void {
    if (process.gone) return;
    const existing = this.#registrations.get(process.id);
    const duplicate = existing !== undefined && existing.process !== process && !existing.ended;
    const { hasLeader, clusterId } = this.#quorum;
    const connected = process.reachable && hasLeader;
    if (this.#ephemeral && connected && duplicate) {
      process.exit(`Fatal error during KafkaServer startup: NodeExistsException for /brokers/ids/${process.id}`);
      return;
    }
    // A disk that ZooKeeper mode's Kafka formats itself is of the cluster that it first starts in.
    const foreign = !this.#ephemeral && clusterId !== process.directory.clusterId;
    if (!connected || duplicate || foreign || !this.#quorum.admits(process)) {
      if (this.#clock.now() >= deadline) {
        process.exit(
          duplicate
            ? `DuplicateBrokerRegistrationException: broker ${process.id} has a session still`
            : foreign && hasLeader
              ? `InconsistentClusterIdException: ${process.directory.clusterId}, not ${clusterId}`
              : "no controller answered",
        );
      } else {
        this.#clock.after(this.#durations.registerRetry, () => this.#register(process, deadline, cleanShutdown));
      }
      return;
    }
    const registration: Registration = {
      process,
      epoch: ++this.#epoch,
      at: this.#clock.now(),
      fenced: true,
      ended: false,
    };
    this.#change(() => {
      this.#registrations.set(process.id, registration);
      if (this.#ephemeral && existing && !existing.fenced)
        this.#partitions = this.#partitions.map(succeeded(process.id));
      if (existing && existing.epoch !== cleanShutdown) {
        this.#partitions = this.#partitions.map((partition) => afterUncleanShutdown(partition, process.id, this.#elr));
      }
    });
    this.#unfence(registration);
  }

  #unfence(registration: Registration): void {
    this.#clock.after(this.#durations.metadata, () => {
      const { process } = registration;
      if (!isLive(process) || process.stopping || this.#registrations.get(process.id) !== registration) return;
      if (!this.hasController) {
        this.#unfence(registration);
        return;
      }
      this.#change(() => {
        registration.fenced = false;
      });
    });
  }

  #expire(registration: Registration, ms: number): void {
    registration.expiry?.cancel();
    registration.expiry = this.#clock.after(ms, () => {
      // Without a leader nobody counts sessions.
      if (!this.#quorum.hasLeader || isLive(registration.process)) return;
      this.#change(() => {
        registration.ended = true;
      });
    });
  }

  #reassign(partition: Partition): Partition {
    const replicas = this.#reassigning.get(nameOf(partition));
    if (!replicas) return partition;
    const next = reassigned(partition, replicas);
    if (next.replicas === replicas) this.#reassigning.delete(nameOf(partition));
    return next;
  }

  /** The controller learns of the sessions that have ended. */
  #takeNote(): void {
    for (const [id, registration] of this.#registrations) {
      if (!registration.ended || registration.fenced) continue;
      registration.fenced = true;
      this.#partitions = this.#partitions.map((partition) => withoutBroker(partition, id, this.#elr));
    }
  }

  /** With ZooKeeper: once the controller's session is over, another broker takes its place. */
  #electController(): void {
    if (!this.#ephemeral || !this.#quorum.hasLeader) return;
    const standing = this.#active;
    if (standing && !standing.ended && this.#registrations.get(standing.process.id) === standing) return;
    this.#active = undefined;
    const candidates = () =>
      [...this.#registrations.values()]
        .filter(({ process, ended }) => !ended && isLive(process) && !process.stopping)
        .sort((a, b) => a.epoch - b.epoch);
    if (candidates().length === 0) return;
    this.#election ??= this.#clock.after(this.#durations.metadata, () => {
      this.#election = undefined;
      if (!this.#quorum.hasLeader || this.#active) return;
      this.#change(() => {
        [this.#active] = candidates();
      });
    });
  }

  #checkStop(partition: Partition, process: NodeProcess): void {
    if (!partition.isr.includes(process.id)) return;
    const after = partition.isr.length - 1;
    if (after > 0 && (after >= partition.minIsr || partition.isr.length < partition.minIsr)) return;
    const detail = `${describe(process)}: ${nameOf(partition)} has ${after} in its ISR, min ISR ${partition.minIsr}`;
    this.#violate("stopped under min ISR", detail);
  }

  /** Everything that changes what Kafka does goes through here: first what was acknowledged up to now, then what follows. */
  #change(change: () => void): void {
    this.#advance();
    change();
    this.#electController();
    if (!this.hasController) return;
    this.#takeNote();
    if (this.#reassigning.size > 0) this.#partitions = this.#partitions.map((partition) => this.#reassign(partition));
    this.#partitions = this.#partitions.map((partition) => this.#elect(partition));
    this.#fetch();
  }

  #advance(): void {
    const now = this.#clock.now();
    const elapsed = now - this.#advanced;
    this.#advanced = now;
    if (elapsed === 0) return;
    for (const partition of this.#partitions) {
      if (!this.#takesMessages(partition)) continue;
      const name = nameOf(partition);
      this.#acknowledged.set(name, (this.#acknowledged.get(name) ?? 0) + elapsed);
      for (const id of partition.isr) this.#follow(name, id);
    }
  }

  #takesMessages(partition: Partition): boolean {
    if (partition.leader === -1 || partition.isr.length < partition.minIsr) return false;
    return partition.isr.every((id) => {
      const registration = this.#registrations.get(id);
      return registration !== undefined && isLive(registration.process);
    });
  }

  /** That replica has all there is. */
  #follow(name: string, id: number): void {
    this.#registrations.get(id)?.process.directory.logs.set(name, this.#acknowledged.get(name) ?? 0);
  }

  #elect(partition: Partition): Partition {
    const next = elected(partition, (id) => {
      const registration = this.#registrations.get(id);
      return registration !== undefined && !registration.fenced && !registration.process.stopping;
    });
    if (next.leader === partition.leader || next.leader === -1) return next;
    const name = nameOf(next);
    const acknowledged = this.#acknowledged.get(name) ?? 0;
    const process = this.#registrations.get(next.leader)?.process;
    const kept = process?.directory.logs.get(name) ?? 0;
    if (kept < acknowledged) {
      const leader = `broker ${next.leader} on ${process?.instance}`;
      this.#violate("messages lost", `${name}: ${leader} leads without ${acknowledged - kept} messages`);
      this.#lost += acknowledged - kept;
      this.#acknowledged.set(name, kept);
    }
    return next;
  }

  /** Each unfenced replica outside the ISR of a partition with a leader catches up and is let in. */
  #fetch(): void {
    const wanted = new Set<string>();
    for (const partition of this.#partitions) {
      const name = nameOf(partition);
      if (!this.#isLiveBroker(partition.leader)) continue;
      for (const id of partition.replicas) {
        if (partition.isr.includes(id) || !this.#isLiveBroker(id) || !this.#logsIn(id)) continue;
        const key = `${name}/${id}`;
        wanted.add(key);
        if (!this.#fetching.has(key)) this.#fetching.set(key, this.#catchUp(key, partition, id));
      }
    }
    for (const [key, timer] of this.#fetching) {
      if (wanted.has(key)) continue;
      timer.cancel();
      this.#fetching.delete(key);
    }
  }

  #logsIn(id: number): boolean {
    const registration = this.#registrations.get(id);
    return registration !== undefined && this.#known(registration.process);
  }

  #isLiveBroker(id: number): boolean {
    const registration = this.#registrations.get(id);
    return registration !== undefined && !registration.fenced && !registration.process.stopping
      ? isLive(registration.process)
      : false;
  }

  #catchUp(key: string, { topic, index }: Partition, id: number): Timer {
    const name = `${topic}-${index}`;
    const empty = (this.#registrations.get(id)?.process.directory.logs.get(name) ?? 0) === 0;
    return this.#clock.after(empty ? this.#durations.copy : this.#durations.follow, () => {
      this.#fetching.delete(key);
      this.#change(() => {
        if (!this.hasController) return;
        this.#follow(name, id);
        this.#partitions = this.#partitions.map((partition) =>
          partition.topic === topic && partition.index === index ? withIsrMember(partition, id, this.#elr) : partition,
        );
      });
    });
  }
}

/**
 * Without a controller nobody took note of the former session's end: the next one finds the id alive, in the ISRs it was in, and has
 * it lead again, whatever it still has.
 */
const succeeded =
  (id: number) =>
  (partition: Partition): Partition =>
    partition.leader === id ? { ...partition, leader: -1 } : partition;

/** Broker ids so ordered that neighbours are in different racks where that can be. */
function acrossRacks(brokers: readonly RegisteredBroker[]): number[] {
  const racks = new Map<string, number[]>();
  for (const broker of brokers) racks.set(broker.rack, [...(racks.get(broker.rack) ?? []), broker.id]);
  const longest = Math.max(0, ...[...racks.values()].map((ids) => ids.length));
  return Array.from({ length: longest }, (_, n) => [...racks.values()].flatMap((ids) => ids.slice(n, n + 1))).flat();
}
