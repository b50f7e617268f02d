/**
 * The modelled ZooKeeper ensemble: a fixed list of members, a majority of which elects the one that has seen most and then
 * serves. With `zookeeper.db.autocreate=false` an empty disk has no vote until it has synced with a leader, unless the mark
 * `initialize` lies on it (FileTxnSnapLog.restore and FastLeaderElection of ZooKeeper 3.8).
 *
 * What is written is part of the model: as long as it serves, its history grows with each millisecond, and whoever follows has
 * it. So an election that forgets is seen as one.
 */
import type { QuorumAnswer } from "../../shared/lifecycle/sights.ts";
import type { Scheduler, Timer } from "../clock.ts";
import type { MetadataQuorum } from "./modelled-metadata.ts";
import { describe, isLive, type NodeProcess } from "./modelled-process.ts";
import type { QuorumDurations } from "./modelled-quorum.ts";
import type { ViolationKind } from "./modelled-violations.ts";

/** The first broker makes Kafka's cluster id and keeps it in ZooKeeper: Rollcall's own mark has another. */
const CLUSTER_ID = "kept-in-zookeeper-4711";

export class Ensemble implements MetadataQuorum {
  /** Brokers make the first ones before they start. */
  readonly users = new Map<string, never>();
  readonly #clock: Scheduler;
  readonly #durations: QuorumDurations;
  readonly #violate: (kind: ViolationKind, detail: string) => void;
  readonly #leaderChanged: () => void;
  readonly #processes = new Set<NodeProcess>();
  /** The leader, and who follows it. */
  readonly #serving = new Set<NodeProcess>();
  readonly #syncing = new Map<NodeProcess, Timer>();
  /** The disk that last served for each member, by id. */
  readonly #disks = new Map<number, string>();
  #members: readonly number[] = [];
  #leader: NodeProcess | undefined;
  #election: Timer | undefined;
  /** What a majority has written, and up to when that is counted. */
  #written = 0;
  #advanced: number;

  constructor(
    clock: Scheduler,
    durations: QuorumDurations,
    violate: (kind: ViolationKind, detail: string) => void,
    leaderChanged: () => void,
  ) {
    this.#clock = clock;
    this.#durations = durations;
    this.#violate = violate;
    this.#leaderChanged = leaderChanged;
    this.#advanced = clock.now();
  }

  get hasLeader(): boolean {
    return this.#leader !== undefined;
  }

  get clusterId(): string | undefined {
    return this.#disks.size > 0 ? CLUSTER_ID : undefined;
  }

  join(process: NodeProcess): void {
    const { directory } = process;
    if (directory.zxid === undefined && directory.initialize) directory.zxid = 0;
    delete directory.initialize;
    this.#members = process.members;
    this.#processes.add(process);
    this.update();
  }

  leave(process: NodeProcess): void {
    this.#advance();
    this.#processes.delete(process);
    this.update();
  }

  remove(id: number): void {
    throw new Error(`member ${id} is one of the ensemble by its configuration`);
  }

  needs(process: NodeProcess): boolean {
    return (
      this.#serving.has(process) &&
      this.#isMajority(this.#serving.size) &&
      !this.#isMajority([...this.#serving].filter((member) => member !== process).length)
    );
  }

  serves(process: NodeProcess): boolean {
    return this.#serving.has(process);
  }

  admits(): boolean {
    return true;
  }

  update(): void {
    this.#advance();
    for (const process of this.#serving) {
      if (!isLive(process) || !this.#processes.has(process)) this.#serving.delete(process);
    }
    if (this.#leader && (!this.#serving.has(this.#leader) || !this.#isMajority(this.#serving.size))) this.#fall();
    if (this.#leader) this.#sync();
    else this.#elect();
  }

  answer(): QuorumAnswer {
    const serving = new Set([...this.#serving].map(({ id }) => id));
    return {
      leader: this.#leader?.id ?? -1,
      voters: this.#members.map((id) => ({
        id,
        directoryId: this.#disks.get(id) ?? "",
        logEndOffset: serving.has(id) ? this.#written : -1,
        lag: 0,
        caughtUpAgo: serving.has(id) ? 0 : -1,
      })),
      observers: [],
    };
  }

  /** Whoever serves has all that is written. */
  #advance(): void {
    const now = this.#clock.now();
    if (this.#leader) {
      this.#written += now - this.#advanced;
      for (const { directory } of this.#serving) directory.zxid = this.#written;
    }
    this.#advanced = now;
  }

  #isMajority(count: number): boolean {
    return this.#members.length > 0 && count > this.#members.length / 2;
  }

  #voters(): NodeProcess[] {
    return [...this.#processes].filter((process) => isLive(process) && process.directory.zxid !== undefined);
  }

  /** Nobody serves until the next election. */
  #fall(): void {
    this.#leader = undefined;
    this.#serving.clear();
    for (const timer of this.#syncing.values()) timer.cancel();
    this.#syncing.clear();
    this.#leaderChanged();
  }

  #elect(): void {
    if (!this.#isMajority(this.#voters().length)) {
      this.#election?.cancel();
      this.#election = undefined;
      return;
    }
    this.#election ??= this.#clock.after(this.#durations.election, () => {
      this.#election = undefined;
      this.#advance();
      const voters = this.#voters();
      if (this.#leader || !this.#isMajority(voters.length)) return;
      const leader = voters.reduce((best, voter) => (isBefore(best, voter) ? voter : best));
      const seen = leader.directory.zxid ?? 0;
      if (seen < this.#written) {
        this.#violate(
          "metadata lost",
          `${voters.map(describe).join(", ")} lack ${this.#written - seen} of what was written`,
        );
        this.#written = seen;
      }
      this.#leader = leader;
      for (const voter of voters) this.#serve(voter);
      this.#leaderChanged();
      this.update();
    });
  }

  /** Each live member that does not serve yet takes over what the leader has. */
  #sync(): void {
    for (const [process, timer] of this.#syncing) {
      if (isLive(process) && this.#processes.has(process)) continue;
      timer.cancel();
      this.#syncing.delete(process);
    }
    for (const process of this.#processes) {
      if (!isLive(process) || this.#serving.has(process) || this.#syncing.has(process)) continue;
      const timer = this.#clock.after(this.#durations.catchUp, () => {
        this.#syncing.delete(process);
        this.#advance();
        this.#serve(process);
        this.update();
      });
      this.#syncing.set(process, timer);
    }
  }

  #serve(process: NodeProcess): void {
    process.directory.zxid = this.#written;
    this.#serving.add(process);
    this.#disks.set(process.id, process.directory.directoryId);
  }
}

/** Who has seen more is elected, then who has the higher id. */
function isBefore(a: NodeProcess, b: NodeProcess): boolean {
  const [one, other] = [a.directory.zxid ?? -1, b.directory.zxid ?? -1];
  return one === other ? a.id < b.id : one < other;
}
