/** Looks at the whole world after every event, and says at once what must never be so. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { RosterMember } from "../../shared/lifecycle/sights.ts";
import { terminating } from "../cloud/autoscaling/group.ts";
import type { Violation } from "../machines/modelled-violations.ts";
import type { Stage } from "./stage.ts";

export interface Breach {
  readonly invariant: string;
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

/** Accidents of nature that long before what Rollcall did on purpose excuse it, ms: it cannot have known of them. */
const UNFORESEEN = 180_000;

/** For so long after the quorum has formed, a decision may rest on a look at the table before, ms. */
const NEWLY_FORMED = 15_000;

/** A sweep may decide on what it read that long after it began, ms. */
const SLOW_SWEEP = 2_000;

export class Watch {
  readonly #stage: Stage;
  readonly #harms: readonly { readonly at: number }[];
  readonly #sweeps: readonly WholeSweep[];
  readonly #letGo = new Set<string>();
  /** Losses that were not Rollcall's doing. */
  readonly #nature = new Set<Violation>();
  #contents: TableContents | undefined;
  /** When the quorum was seen to have formed, ms since the epoch. */
  #formed = Number.POSITIVE_INFINITY;
  #kafkaSeen = 0;
  #timeoutsSeen = 0;

  constructor(stage: Stage, harms: readonly { readonly at: number }[], sweeps: readonly WholeSweep[]) {
    this.#stage = stage;
    this.#harms = harms;
    this.#sweeps = sweeps;
  }

  /** The table has changed. */
  update(contents: TableContents): void {
    this.#contents = contents;
    if (contents.quorum?.formed) this.#formed = Math.min(this.#formed, this.#stage.clock.now());
  }

  /** The first breach since the last look. */
  look(): Breach | undefined {
    return this.#kafka() ?? this.#timeouts() ?? this.#processes() ?? this.#interfaces();
  }

  #kafka(): Breach | undefined {
    const { violations } = this.#stage.kafka;
    for (; this.#kafkaSeen < violations.length; this.#kafkaSeen++) {
      const violation = violations[this.#kafkaSeen];
      if (violation && !this.#excused(violation)) {
        return { invariant: violation.kind, detail: violation.detail, at: violation.at };
      }
    }
    return undefined;
  }

  /** That instance's disk has just gone: what was lost with it counts only where Rollcall had let it go. */
  destroyed(instance: string): void {
    if (this.#letGo.has(instance) && !this.#emptied(instance)) return;
    for (const violation of this.#stage.kafka.violations.slice(this.#kafkaSeen)) {
      if (violation.kind === "last copy gone") this.#nature.add(violation);
    }
  }

  /** Rollcall has answered a termination of that instance with CONTINUE. */
  letGo(instance: string): void {
    this.#letGo.add(instance);
  }

  #excused(violation: Violation): boolean {
    const { kind, at, detail } = violation;
    if (this.#emptied(/ on (i-[0-9a-f]+)/.exec(detail)?.[1] ?? "")) return true;
    if (this.#nature.has(violation)) return true;
    // Nothing rests on a quorum before Rollcall has seen it formed: only then brokers are told of it.
    if (at < this.#formed + NEWLY_FORMED && (kind === "stopped under majority" || kind === "voter emptied"))
      return true;
    if (kind !== "stopped under min ISR" && kind !== "stopped under majority" && kind !== "last copy gone")
      return false;
    return this.#harms.some((harm) => harm.at <= at && harm.at > at - UNFORESEEN);
  }

  /** A group that is emptied gives up what it has: nobody is asked. */
  #emptied(instance: string): boolean {
    const { groups } = this.#stage.cloud;
    const member = groups.findMember(instance);
    return member !== undefined && groups.find(member.group)?.desired === 0;
  }

  /** Invariant 5. */
  #timeouts(): Breach | undefined {
    const { timedOut } = this.#stage.cloud.groups.actions;
    for (; this.#timeoutsSeen < timedOut.length; this.#timeoutsSeen++) {
      const ended = timedOut[this.#timeoutsSeen];
      if (!ended || ended.how === "global timeout") continue;
      const { instance, hook, heartbeatDeadline } = ended.action;
      // Before that, a sweep may have left it to an invocation that was killed later.
      const from = heartbeatDeadline - hook.heartbeat / 2 + SLOW_SWEEP;
      const looked = this.#sweeps.filter((s) => s.began >= from && s.ended <= ended.at && !s.failed.has(instance));
      if (looked.length === 0) continue;
      const detail = `${hook.name} of ${instance} timed out, though ${looked.length} sweeps looked at it`;
      return { invariant: "5: no action times out", detail, at: ended.at };
    }
    return undefined;
  }

  /** Invariants 1 and 3: what runs under an id runs on the instance that holds it. */
  #processes(): Breach | undefined {
    for (const { role, id, instance } of this.#stage.kafka.processes()) {
      const owner = this.#member(role, id)?.owner;
      if (owner === instance) continue;
      const detail = `${role} ${id} runs on ${instance}, but ${owner ?? "nobody"} holds it`;
      return { invariant: "3: an id is freed only after a confirmed stop", detail, at: this.#stage.clock.now() };
    }
    return undefined;
  }

  /** Invariant 2. */
  #interfaces(): Breach | undefined {
    const { cloud } = this.#stage;
    for (const { address, attachment } of cloud.ec2.interfaces.all()) {
      if (!attachment || attachment.deviceIndex === 0 || attachment.status === "detaching") continue;
      const role = this.#stage.definition().roles.find((r) => r.pool?.some((p) => p.address === address));
      const pooled = role?.pool?.find((p) => p.address === address);
      if (!role || !pooled) continue;
      const owner = this.#member(role.name, pooled.id)?.owner;
      if (owner === attachment.instance) continue;
      const holder = cloud.groups.findMember(attachment.instance);
      if (!holder || terminating(holder.state)) continue;
      const detail = `${address} is attached to ${attachment.instance}, but ${owner ?? "nobody"} holds ${pooled.id}`;
      return { invariant: "2: an address belongs to the holder of its id", detail, at: this.#stage.clock.now() };
    }
    return undefined;
  }

  #member(role: RoleName, id: number): RosterMember | undefined {
    return this.#contents?.rosters.get(role)?.members.get(id);
  }
}
