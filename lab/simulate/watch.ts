/**
 * Looks at the whole world after every event, and says at once what must never be so. The rules are `lab/invariants/`; here is
 * when to ask which of them, since a history has thousands of events, and what nature excuses.
 */
import { hookName } from "../../shared/aws/names.ts";
import type { RoleName } from "../../shared/cluster/definition.ts";
import { isQuorum } from "../../shared/cluster/role-kinds.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { LoggedCall } from "../cloud/calls.ts";
import type { Invocation } from "../cloud/ssm/commands.ts";
import { addressesLeftBehind, strayAddresses } from "../invariants/addresses.ts";
import { letIn, notCountedIn } from "../invariants/counted-in.ts";
import { freedTooEarly } from "../invariants/freed.ts";
import { nameOf } from "../invariants/moment.ts";
import { harmDone } from "../invariants/on-purpose.ts";
import { moreThanOneHolder } from "../invariants/one-holder.ts";
import { type Write, wroteOver } from "../invariants/one-writer.ts";
import type { NodeProcess } from "../machines/modelled-process.ts";
import type { Violation } from "../machines/modelled-violations.ts";
import { goneWithReplicas, resizings } from "./identities.ts";
import type { Wish } from "./operator.ts";
import { PERIODS } from "./shape.ts";
import type { Stage } from "./stage.ts";

export interface Breach {
  /** Its number in docs/architecture.md; 0: the history itself came to no end. */
  readonly invariant: number;
  readonly detail: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** A sweep that looked at the whole cluster to its end. */
export interface WholeSweep {
  readonly began: number;
  readonly ended: number;
  /** Instances whose pass failed. */
  readonly failed: ReadonlySet<string>;
}

/** Something that nobody could foresee. */
export interface Harm {
  /** ms since the epoch. */
  readonly at: number;
  readonly instance?: string;
}

/** The longest that a command may be on its way, and run, ms. */
const UNDERWAY = 180_000;
/** For so long after the quorum has formed, a decision may rest on a look at the table before, ms. */
const NEWLY_FORMED = 15_000;
/** A sweep may decide on what it read that long after it began, ms. */
const SLOW_SWEEP = 2_000;
/** What Rollcall saw of Kafka may be that old by the time its call takes effect: fresh, and then a call that is slow twice. */
const LATE = 30_000;

/** Whoever is dead no longer than that has not had its grace, ms: half of it, since some may have passed before its process ended. */
const HASTY = PERIODS.grace / 2;

export class Watch {
  readonly #stage: Stage;
  readonly #harms: Harm[];
  readonly #sweeps: readonly WholeSweep[];
  readonly #wishes: readonly Wish[];
  /** Instances that Rollcall let go: their termination got CONTINUE. */
  readonly #letGo = new Set<string>();
  /** Losses that were not Rollcall's doing. */
  readonly #nature = new Set<Violation>();
  /** Whose disk it was that took the last copy with it. */
  readonly #lostWith = new Map<Violation, string>();
  /** When Kafka was last seen to count a launching instance in. */
  readonly #counted = new Map<string, number>();
  /** Of instances that a process has ever run on. */
  readonly #roles = new Map<string, RoleName>();
  /** Which instance has, or had, a controller's log directory. */
  readonly #directories = new Map<string, string>();
  /** Whose directory, by its id, an instance has anew. */
  readonly #formers = new Map<string, string>();
  #contents: TableContents | undefined;
  #found: Breach | undefined;
  /** When the quorum was seen to have formed, ms since the epoch. */
  #formed = Number.POSITIVE_INFINITY;
  /** Instances that a process runs on, and when the last one of the others ended, ms since the epoch. */
  #live: readonly string[] = [];
  readonly #ended = new Map<string, number>();
  #kafkaSeen = 0;
  #timeoutsSeen = 0;
  #running: readonly NodeProcess[] = [];

  /** @param wishes what operators have asked so far: what comes of force and release is their word, and not Rollcall's doing */
  constructor(stage: Stage, harms: Harm[], sweeps: readonly WholeSweep[], wishes: readonly Wish[]) {
    this.#stage = stage;
    this.#harms = harms;
    this.#sweeps = sweeps;
    this.#wishes = wishes;
  }

  /** The table has changed. */
  wrote(write: Write): void {
    for (const { invariant, what } of wroteOver(write)) this.#breach(invariant, [what]);
    // Nothing else is asked of records.
    if (write.method !== "save") this.#update(write.before, write.after);
  }

  #update(before: TableContents, contents: TableContents): void {
    this.#contents = contents;
    if (contents.quorum?.formed) this.#formed = Math.min(this.#formed, this.#stage.clock.now());
    this.#breach(1, moreThanOneHolder({ running: this.#stage.kafka.processes(), rosters: contents.rosters }));
    const evidence = {
      running: this.#stage.kafka.processes(),
      rosters: contents.rosters,
      cloud: this.#evidence(before),
    };
    this.#breach(3, freedTooEarly(before, evidence));
    const cloud = { interfaces: this.#stage.cloud.ec2.interfaces.all() };
    this.#breach(2, addressesLeftBehind(this.#stage.definition(), before, { rosters: contents.rosters, cloud }));
    this.#drained(before, contents);
  }

  /** 9: what goes for good leaves nothing behind. What was decided on another size of its group, or by nature, is another matter. */
  #drained(before: TableContents, after: TableContents): void {
    for (const { instance, group, what } of goneWithReplicas(this.#stage, before, after)) {
      // A topic that is made just then may put replicas on it that nobody could see in time.
      const unseen = (at: number): boolean => this.#stage.clock.now() - at <= LATE;
      const harmed = this.#harms.some((harm) => harm.instance === instance || (!harm.instance && unseen(harm.at)));
      const resized = resizings(this.#stage, group).filter(({ at }) => this.#stage.clock.now() - at <= UNDERWAY);
      // What was sent before its group was made smaller was sent for its replacement.
      const decided = this.#decided(instance, this.#stage.clock.now());
      const since = resized.some(({ at }) => at >= decided);
      if (!harmed && !since && resized.length < 2) this.#breach(9, [what]);
    }
  }

  /** A function's call has taken effect. */
  heard(call: LoggedCall): void {
    const { kafka, clock, cloud } = this.#stage;
    const now = clock.now();
    if (call.action === "AttachNetworkInterface" || call.action === "DetachNetworkInterface") this.#addresses();
    if (call.action === "Invoke" || call.action === "GetCommandInvocation") {
      for (const { instance, hook } of cloud.groups.actions.all()) {
        if (hook.name === hookName("launch") && notCountedIn(kafka, instance, true) === undefined)
          this.#counted.set(instance, now);
      }
    }
    if (call.action === "SetInstanceHealth" && call.ended === "answered") this.#given(call);
    if (call.action !== "CompleteLifecycleAction" || call.ended !== "answered") return;
    const { LifecycleHookName, InstanceId = "" } = call.input as { LifecycleHookName?: string; InstanceId?: string };
    if (LifecycleHookName === hookName("terminate")) this.#letGo.add(InstanceId);
    const instance = letIn(call);
    if (instance === undefined) return;
    const reason = notCountedIn(kafka, instance, true);
    const lately = now - (this.#counted.get(instance) ?? Number.NEGATIVE_INFINITY) <= LATE;
    const struck = this.#harms.some((harm) => harm.instance === instance && now - harm.at <= LATE);
    if (reason !== undefined && !lately && !struck)
      this.#breach(4, [`${instance} was let into service, but ${reason}`]);
  }

  /** 9: given up on purpose. Whoever lives, in service or on the way there, is not; what is seen of it may be that old. */
  #given({ input, caller }: LoggedCall): void {
    const { kafka, clock, containers } = this.#stage;
    // A user may say so of any instance.
    if (!containers.of(caller)) return;
    const { InstanceId = "" } = input as { InstanceId?: string };
    if (this.#asked("force", InstanceId)) return;
    const now = clock.now();
    const process = kafka.processes().find((p) => p.instance === InstanceId);
    if (process?.reachable && now - process.started >= LATE) {
      this.#breach(9, [`${InstanceId} was marked unhealthy, but ${nameOf(process)} lives on it`]);
    }
    const dead = now - (this.#ended.get(InstanceId) ?? 0);
    // Who dies again and again may have come back in between, and nobody saw.
    const again = this.#harms.filter(({ instance, at }) => instance === InstanceId && now - at <= LATE).length > 1;
    if (!process && dead < HASTY && !again)
      this.#breach(9, [`${InstanceId} was marked unhealthy ${dead} ms after its process ended`]);
  }

  /** That instance's disk has just gone: what was lost with it counts only where Rollcall had let it go. */
  destroyed(instance: string): void {
    const onPurpose = this.#letGo.has(instance) && !this.#emptied(instance) && !this.#asked("force", instance);
    for (const violation of this.#stage.kafka.violations.slice(this.#kafkaSeen)) {
      if (violation.kind !== "last copy gone") continue;
      if (onPurpose) this.#lostWith.set(violation, instance);
      else this.#nature.add(violation);
    }
  }

  /** The first breach so far. */
  look(): Breach | undefined {
    this.#kafka();
    this.#timeouts();
    this.#processes();
    return this.#found;
  }

  /**
   * Whether nature took so many voters, their disks or for good their processes, that the quorum has no majority: by itself, or
   * while one was down on purpose.
   */
  lostQuorum(): boolean {
    const { voters, leader } = this.#stage.kafka.quorum();
    // Whoever leads has a majority.
    if (leader !== -1) return false;
    const live = new Set(this.#stage.kafka.processes().map((p) => p.directory.directoryId));
    const taken = voters.filter(({ directoryId }) => {
      const instance = this.#directories.get(directoryId) ?? "";
      const harmed = this.#harms.some((harm) => harm.instance === instance);
      return !live.has(directoryId) && (harmed || !this.#letGo.has(instance));
    });
    return taken.length > 0 && voters.length - taken.length - 1 <= voters.length / 2;
  }

  #asked(wish: Wish["wish"], instance: string): boolean {
    return this.#wishes.some((one) => one.wish === wish && one.instance === instance);
  }

  #breach(invariant: number, found: readonly string[]): void {
    const [detail] = found;
    if (detail !== undefined) this.#found ??= { invariant, detail, at: this.#stage.clock.now() };
  }

  /** What is known of the instances that held an id. */
  #evidence(before: Pick<TableContents, "rosters">) {
    const { cloud } = this.#stage;
    const after = this.#contents?.rosters;
    const commands: Invocation[] = [];
    const instances = [...before.rosters.values()].flatMap((roster) =>
      [...roster.members.values()].flatMap(({ id, owner }) => {
        if (owner === undefined || after?.get(roster.role)?.members.get(id)?.owner === owner) return [];
        // Its process has ended, and the operator knows.
        if (this.#asked("release", owner)) return [];
        commands.push(...cloud.commands.everything().filter((invocation) => invocation.instance === owner));
        return cloud.ec2.instances.find(owner) ?? [];
      }),
    );
    return { instances, commands };
  }

  #kafka(): void {
    const { violations } = this.#stage.kafka;
    for (; this.#kafkaSeen < violations.length; this.#kafkaSeen++) {
      const violation = violations[this.#kafkaSeen];
      if (!violation || this.#excused(violation)) continue;
      for (const { invariant, what } of harmDone([violation])) this.#breach(invariant, [what]);
    }
  }

  #excused(violation: Violation): boolean {
    const { kind, at, detail } = violation;
    const instance = this.#lostWith.get(violation) ?? / on (i-[0-9a-f]+)/.exec(detail)?.[1] ?? "";
    // Who was forced to start on an empty disk, and nobody else, may lead without what it never had.
    if (kind === "messages lost") return this.#asked("force", instance);
    if (this.#emptied(instance)) return true;
    if (this.#nature.has(violation)) return true;
    if (this.#asked("force", instance)) return true;
    // Nothing rests on a quorum before Rollcall has seen it formed: only then brokers are told of it.
    // What the quorum has kept since, it has without the one who went.
    const since = kind === "voter emptied" ? (this.#ended.get(this.#formers.get(instance) ?? "") ?? at) : at;
    if (
      since < this.#formed + NEWLY_FORMED &&
      (kind === "stopped under majority" || kind === "voter emptied" || kind === "metadata lost")
    )
      return true;
    if (kind !== "stopped under min ISR" && kind !== "stopped under majority" && kind !== "last copy gone")
      return false;
    // Forced, and about to go: nobody could know that it would just then.
    if (this.#stage.kafka.processes().some((p) => p.stopping && this.#asked("force", p.instance))) return true;
    const decided = this.#decided(instance, at) - LATE;
    const ofQuorum = kind === "stopped under majority";
    const concerns = (one: string | undefined): boolean => {
      const role = one === undefined ? undefined : this.#roles.get(one);
      return role === undefined || isQuorum({ name: role }) === ofQuorum;
    };
    return this.#harms.some((harm) => harm.at <= at && harm.at >= decided && concerns(harm.instance));
  }

  /** When what took that instance's node down then was sent, as far as known: what has happened since cannot have been known of. */
  #decided(instance: string, at: number): number {
    const requested = (action: string): number[] =>
      this.#stage.cloud.commands
        .everything()
        .filter((sent) => sent.instance === instance && sent.command.parameters.action?.[0] === action)
        .map(({ command }) => command.requested)
        .filter((time) => time <= at && time >= at - UNDERWAY);
    // A stop is decided once, and then tried again; each configuration is decided anew.
    const [stop, configure] = [requested("stop"), requested("configure")];
    return stop.length > 0 ? Math.min(...stop) : configure.length > 0 ? Math.max(...configure) : at;
  }

  /**
   * A group that is emptied gives up what it has: nobody is asked. Nor is it taken back where the group desires more by the time that
   * the node stops: a stop that was sent is final.
   */
  #emptied(instance: string): boolean {
    const { clock, cloud } = this.#stage;
    const { groups } = cloud;
    const group = groups.find(groups.findMember(instance)?.group ?? "");
    if (!group) return false;
    const decided = this.#decided(instance, clock.now());
    return group.desired === 0 || this.#desiredNothing(group.name, decided - LATE, decided);
  }

  /** Whether a user had that group desire nothing at some time between these, ms since the epoch. */
  #desiredNothing(group: string, from: number, to: number): boolean {
    const sizes = resizings(this.#stage, group);
    return sizes.some(({ at, size }, n) => size === 0 && at <= to && (sizes[n + 1]?.at ?? to) >= from);
  }

  /** Invariant 5. */
  #timeouts(): void {
    const { timedOut } = this.#stage.cloud.groups.actions;
    for (; this.#timeoutsSeen < timedOut.length; this.#timeoutsSeen++) {
      const ended = timedOut[this.#timeoutsSeen];
      if (!ended || ended.how === "global timeout") continue;
      const { instance, hook, heartbeatDeadline } = ended.action;
      // Before that, a sweep may have left it to an invocation that was killed later.
      const from = heartbeatDeadline - hook.heartbeat / 2 + SLOW_SWEEP;
      const looked = this.#sweeps.filter((s) => s.began >= from && s.ended <= ended.at && !s.failed.has(instance));
      if (looked.length === 0) continue;
      this.#breach(5, [`${hook.name} of ${instance} timed out, though ${looked.length} sweeps looked at it`]);
    }
  }

  /** Invariants 1 and 3, where a process has come or gone. */
  #processes(): void {
    const { kafka, clock } = this.#stage;
    const running = kafka.processes();
    if (running === this.#running) return;
    this.#running = running;
    const instances = running.map(({ instance }) => instance);
    for (const instance of this.#live) {
      if (instances.includes(instance)) continue;
      this.#ended.set(instance, clock.now());
      // Whoever decided about another one before could not know of it.
      if (this.#asked("force", instance)) this.#harms.push({ at: clock.now(), instance });
    }
    this.#live = instances;
    for (const { role, directory, instance } of running) {
      this.#roles.set(instance, role);
      if (!isQuorum({ name: role })) continue;
      const former = this.#directories.get(directory.directoryId);
      if (former !== undefined && former !== instance) this.#formers.set(instance, former);
      this.#directories.set(directory.directoryId, instance);
    }
    const rosters = this.#contents?.rosters;
    if (!rosters) return;
    this.#breach(1, moreThanOneHolder({ running, rosters }));
    this.#breach(3, freedTooEarly({ rosters }, { running, rosters, cloud: { instances: [], commands: [] } }));
  }

  /** Invariant 2. A call that takes long may attach an address to one that ends by then: it goes with that instance. */
  #addresses(): void {
    const { cloud } = this.#stage;
    const rosters = this.#contents?.rosters;
    if (!rosters) return;
    const interfaces = cloud.ec2.interfaces.all().filter(({ attachment }) => {
      const holder = attachment && cloud.groups.findMember(attachment.instance);
      return holder !== undefined && !holder.state.startsWith("Terminating");
    });
    this.#breach(2, strayAddresses(this.#stage.definition(), { rosters, cloud: { interfaces } }));
  }
}
