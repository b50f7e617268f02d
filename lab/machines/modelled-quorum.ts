/**
 * The modelled KRaft quorum (kraft.version 1): a voter is an id *and* a log directory's uuid. It is founded once, by a
 * majority of the initial controllers; from then on an empty disk is a stranger that joins as an observer, and with
 * `controller.quorum.auto.join.enable` takes the place of the voter with its id.
 */
import type { QuorumAnswer, QuorumReplica, Voter } from "../../shared/lifecycle/sights.ts";
import type { Scheduler, Timer } from "../clock.ts";
import type { MetadataQuorum } from "./modelled-metadata.ts";
import { type Credential, describe, isLive, letsIn, type NodeProcess } from "./modelled-process.ts";
import type { ViolationKind } from "./modelled-violations.ts";

/** All in milliseconds. */
export interface QuorumDurations {
  /** From a majority without a leader to a leader. */
  readonly election: number;
  /** A new observer's fetching of the metadata log. */
  readonly catchUp: number;
  /** Removing, or adding, one voter. */
  readonly voterChange: number;
}

/** The leader appends a no-op record that often (`metadata.max.idle.interval.ms`), so the log grows by itself. */
const IDLE_RECORD = 500;

export class Quorum implements MetadataQuorum {
  readonly #clock: Scheduler;
  readonly #durations: QuorumDurations;
  readonly #violate: (kind: ViolationKind, detail: string) => void;
  readonly #leaderChanged: () => void;
  readonly #processes = new Set<NodeProcess>();
  readonly #joining = new Map<NodeProcess, Timer>();
  /** Until when a replica was last known to follow, by directory id. */
  readonly #caughtUp = new Map<string, number>();
  #voters: readonly Voter[] = [];
  #founding = "";
  #founded = 0;
  #leader: NodeProcess | undefined;
  #election: Timer | undefined;
  clusterId: string | undefined;
  users: ReadonlyMap<string, Credential> = new Map();

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
  }

  get hasLeader(): boolean {
    return this.#leader !== undefined;
  }

  get leader(): number {
    return this.#leader?.id ?? -1;
  }

  get voters(): readonly Voter[] {
    return this.#voters;
  }

  join(process: NodeProcess): void {
    if (process.directory.founders && !process.directory.metadata && this.#isVoter(process)) {
      const detail = `${describe(process)} was formatted with the directory id it had before, without its log`;
      if (this.#caughtUp.has(process.directory.directoryId)) this.#violate("voter emptied", detail);
    }
    this.#processes.add(process);
    this.update();
  }

  leave(process: NodeProcess): void {
    this.#processes.delete(process);
    this.#note(process);
    this.update();
  }

  needs(process: NodeProcess): boolean {
    const live = this.#leader ? this.#followers(this.#leader) : this.#liveVoters();
    return this.#isMajority(live.length) && !this.#isMajority(live.filter((voter) => voter !== process).length);
  }

  serves(process: NodeProcess): boolean {
    return isLive(process) && this.#processes.has(process);
  }

  admits(process: NodeProcess): boolean {
    return this.#leader !== undefined && letsIn(this.#leader, process);
  }

  remove(id: number): void {
    this.#voters = this.#voters.filter((voter) => voter.id !== id);
    this.update();
  }

  update(): void {
    this.#found();
    this.#elect();
    this.#admit();
  }

  /** What `kafka-metadata-quorum describe --replication` tells, with the brokers that follow. */
  answer(brokers: readonly NodeProcess[]): QuorumAnswer {
    for (const process of [...this.#processes, ...brokers]) if (isLive(process)) this.#note(process);
    const voters = this.#voters.map((voter) => this.#replica(voter.id, voter.directoryId));
    const observers = [...this.#processes, ...brokers]
      .filter((process) => isLive(process) && !this.#isVoter(process))
      .map((process) => this.#replica(process.id, process.directory.directoryId));
    return { leader: this.leader, voters, observers };
  }

  #replica(id: number, directoryId: string): QuorumReplica {
    const now = this.#clock.now();
    const caughtUp = this.#caughtUp.get(directoryId);
    if (caughtUp === undefined) return { id, directoryId, logEndOffset: 0, lag: this.#offset(now), caughtUpAgo: -1 };
    const logEndOffset = this.#offset(caughtUp);
    return { id, directoryId, logEndOffset, lag: this.#offset(now) - logEndOffset, caughtUpAgo: now - caughtUp };
  }

  #offset(at: number): number {
    return Math.max(0, Math.floor((at - this.#founded) / IDLE_RECORD));
  }

  /** It follows now, if there is anyone to follow, unless it is still catching up. */
  #note(process: NodeProcess): void {
    const follows = process.role === "broker" || process.directory.metadata;
    if (this.#leader && follows && this.admits(process))
      this.#caughtUp.set(process.directory.directoryId, this.#clock.now());
  }

  #isVoter(process: NodeProcess): boolean {
    return this.#voters.some((voter) => voter.id === process.id && voter.directoryId === process.directory.directoryId);
  }

  #liveVoters(): NodeProcess[] {
    return [...this.#processes].filter((process) => isLive(process) && this.#isVoter(process));
  }

  /** Voters that the leader, or whoever would be it, and they in turn let in; itself included. */
  #followers(leader: NodeProcess): NodeProcess[] {
    return this.#liveVoters().filter((voter) => voter === leader || (letsIn(leader, voter) && letsIn(voter, leader)));
  }

  #isMajority(count: number): boolean {
    return this.#voters.length > 0 && count > this.#voters.length / 2;
  }

  /** A majority of processes formatted with the same initial controllers founds the quorum, once. */
  #found(): void {
    const sets = new Map<string, NodeProcess[]>();
    for (const process of this.#processes) {
      if (!process.directory.founders || !isLive(process)) continue;
      const key = foundingKey(process);
      sets.set(key, [...(sets.get(key) ?? []), process]);
    }
    for (const [key, processes] of sets) {
      const founders = processes[0]?.directory.founders ?? [];
      const present = founders.filter((voter) =>
        processes.some((p) => p.id === voter.id && p.directory.directoryId === voter.directoryId),
      );
      if (present.length <= founders.length / 2 || key === this.#founding) continue;
      if (this.#founding !== "") {
        this.#violate("second quorum", processes.map(describe).join(", "));
        for (const process of processes) this.#processes.delete(process);
        continue;
      }
      this.#founding = key;
      this.#founded = this.#clock.now();
      this.#voters = founders;
      this.clusterId = processes[0]?.directory.clusterId;
    }
  }

  #elect(): void {
    const electable = (voter: NodeProcess): boolean => this.#isMajority(this.#followers(voter).length);
    const live = this.#liveVoters();
    if (this.#leader && live.includes(this.#leader) && electable(this.#leader)) return;
    if (this.#leader) {
      this.#leader = undefined;
      this.#leaderChanged();
    }
    if (!live.some(electable)) {
      this.#election?.cancel();
      this.#election = undefined;
      return;
    }
    this.#election ??= this.#clock.after(this.#durations.election, () => {
      this.#election = undefined;
      const candidates = this.#liveVoters().filter(electable);
      const [first] = candidates;
      if (!first) return;
      this.#leader = candidates.reduce((lowest, voter) => (voter.id < lowest.id ? voter : lowest), first);
      const followers = this.#followers(this.#leader);
      // Of what was there before nobody has anything: it begins with what its founders were formatted with.
      if (!followers.some(({ directory }) => directory.metadata))
        this.users = this.#leader.directory.users ?? new Map();
      for (const voter of followers) voter.directory.metadata = true;
      this.#leaderChanged();
      this.update();
    });
  }

  /** Live voters follow; each other controller catches up, then changes places with the voter of its id. */
  #admit(): void {
    for (const process of this.#processes) {
      if (isLive(process) && this.#isVoter(process) && this.admits(process)) process.directory.metadata = true;
      const strange = isLive(process) && !this.#isVoter(process) && process.directory.clusterId === this.clusterId;
      if (strange && this.admits(process) && !this.#joining.has(process)) this.#observe(process);
    }
    for (const [process, timer] of this.#joining) {
      if (this.#leader && isLive(process) && this.#processes.has(process)) continue;
      timer.cancel();
      this.#joining.delete(process);
    }
  }

  #observe(process: NodeProcess): void {
    const caughtUp = process.directory.metadata ? 0 : this.#durations.catchUp;
    const then = (ms: number, next: () => void) => {
      this.#joining.set(process, this.#clock.after(ms, next));
    };
    const add = () => {
      this.#voters = [...this.#voters, { id: process.id, directoryId: process.directory.directoryId }];
      this.#joining.delete(process);
      this.update();
    };
    const change = () => {
      if (!process.autoJoin) return;
      const former = this.#voters.some((voter) => voter.id === process.id);
      if (!former) return then(this.#durations.voterChange, add);
      then(this.#durations.voterChange, () => {
        this.#voters = this.#voters.filter((voter) => voter.id !== process.id);
        then(this.#durations.voterChange, add);
        this.update();
      });
    };
    then(caughtUp, () => {
      process.directory.metadata = true;
      change();
    });
  }
}

function foundingKey(process: NodeProcess): string {
  const voters = (process.directory.founders ?? []).map((voter) => `${voter.id}@${voter.directoryId}`);
  return `${process.directory.clusterId} ${voters.sort().join(",")}`;
}
