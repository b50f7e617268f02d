/**
 * The operator of a history: asks for what `rollcall` asks for, by the same words in an instance's record, and as careful as it is.
 * A hold is taken back; an id is taken from nobody but a member whose process cannot start any more, and that is terminated then.
 */
import type { RoleName } from "../../shared/cluster/definition.ts";
import { isCountedOn, isHoldable } from "../../shared/lifecycle/askable.ts";
import { uttered } from "../../shared/lifecycle/decide/wish.ts";
import { type Explanation, explain, withRecord } from "../../shared/lifecycle/explain.ts";
import { perform } from "../../shared/lifecycle/perform.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { OperatorWish } from "../../shared/lifecycle/sights.ts";
import type { Member } from "../cloud/autoscaling/group.ts";
import type { Blow } from "./blows.ts";
import type { Stage } from "./stage.ts";
import { aimed, membersOf } from "./strike.ts";

export type Intent = Extract<Blow, { kind: "hold" | "abandon" | "force" | "release" }>;

const INTENTS: ReadonlySet<string> = new Set<Intent["kind"]>(["hold", "abandon", "force", "release"]);

export const isIntent = (blow: Blow): blow is Intent => INTENTS.has(blow.kind);

/** Something that was asked. */
export interface Wish {
  readonly wish: OperatorWish["wish"];
  readonly instance: string;
}

export interface Told {
  /** About to be written into the record; answers how to take that back, where it comes to nothing. */
  readonly asked: (wish: Wish) => () => void;
  /** Something happened to that instance that nobody could foresee. */
  readonly harmed: (instance: string) => void;
}

const SECOND = 1_000;
/** Between two looks whether there is somebody to ask it of, and how long it is looked for, ms. */
const EACH = 2 * SECOND;
const PATIENCE = 120 * SECOND;
/** How often the record may have moved on meanwhile. */
const ROUNDS = 5;

export class Operator {
  readonly #stage: Stage;
  readonly #told: Told;
  readonly #released = new Set<string>();

  constructor(stage: Stage, told: Told) {
    this.#stage = stage;
    this.#told = told;
  }

  /** From now on looks for an opportunity. */
  intend(intent: Intent): void {
    const until = this.#stage.clock.now() + PATIENCE;
    const look = async (): Promise<void> => {
      const done = await this.#try(intent);
      if (!done && this.#stage.clock.now() < until) this.#after(EACH, look);
    };
    this.#after(0, look);
  }

  /** Leaves nothing behind: what is held still is left to Rollcall, and who lost its id is replaced. */
  tidyUp({ records }: TableContents): void {
    for (const [instance, { operator }] of records) {
      if (operator?.wish === "hold") this.#after(0, async () => void (await this.#ask(instance, undefined)));
    }
    for (const instance of this.#released) this.#after(0, () => this.#replace(instance));
  }

  /** Whether there was anybody to ask it of. */
  async #try(intent: Intent): Promise<boolean> {
    const { table, machine } = this.#stage;
    const { rosters, records } = await table.readAll();
    const holds = (instance: string): boolean =>
      [...(rosters.get(intent.role)?.members.values() ?? [])].some(({ owner }) => owner === instance);
    switch (intent.kind) {
      case "hold": {
        const member = this.#aimed(intent, ({ state }) => isHoldable(state));
        if (!member || !(await this.#ask(member.instance, "hold"))) return false;
        this.#after(intent.for, async () => void (await this.#ask(member.instance, undefined)));
        return true;
      }
      case "abandon": {
        const member = this.#aimed(intent, ({ state }) => state === "Pending:Wait");
        return (
          member !== undefined && this.#ask(member.instance, "abandon", (_now, _then, { step }) => !isCountedOn(step))
        );
      }
      case "force": {
        const member = this.#aimed(intent, ({ instance }) => {
          const record = records.get(instance);
          return record?.hold !== undefined && record.operator === undefined;
        });
        return member !== undefined && this.#ask(member.instance, "force", helps);
      }
      case "release": {
        const member = this.#aimed(intent, ({ state, instance }) => state === "InService" && holds(instance));
        if (!member) return false;
        // Known to be dead: that is what makes it safe.
        await machine(member.instance)?.breakKafka();
        this.#told.harmed(member.instance);
        await this.#ask(member.instance, "release");
        this.#released.add(member.instance);
        this.#after(PATIENCE / 2, () => this.#replace(member.instance));
        return true;
      }
    }
  }

  /** Writes it into the record; false where that is refused. Undefined: what was asked is taken back. */
  async #ask(
    instance: string,
    wish: OperatorWish["wish"] | undefined,
    judge: (now: Explanation, then: Explanation, alone: Explanation) => boolean = () => true,
  ): Promise<boolean> {
    const { ports, plan, clock } = this.#stage;
    for (let round = 0; round < ROUNDS; round += 1) {
      const now = await explain(plan(), ports, instance, { askQuorum: true });
      if (!now.facts.table || now.step.row === "state/foreign") return false;
      const record = now.facts.table.value.record;
      const id = [...now.facts.table.value.rosters.values()]
        .flatMap(({ members }) => [...members.values()])
        .find(({ owner }) => owner === instance)?.id;
      const meant = wish === "release" && id !== undefined ? { id } : {};
      const operator = wish && uttered(now.facts, { wish, ...meant }, "asked in a history");
      const after = (wished: OperatorWish | undefined): Promise<Explanation> =>
        explain(plan(), ports, instance, { seen: withRecord(now.facts, { operator: wished }), askQuorum: true });
      const then = await after(operator);
      const alone = record?.operator ? await after(undefined) : now;
      if (!judge(now, then, alone)) return false;
      // To be asked takes its time.
      const again = await explain(plan(), ports, instance, { askQuorum: true });
      if (again.step.do !== now.step.do || again.step.row !== now.step.row) return false;
      const value = await ports.table.read(instance);
      if (value.record?.version !== record?.version) continue;
      const forget = wish && this.#told.asked({ wish, instance });
      const facts = { ...now.facts, table: { at: clock.now(), value } };
      const effect = await perform({ kind: "note", patch: { operator } }, plan(), ports, facts, undefined);
      if (effect.table) return true;
      forget?.();
    }
    return false;
  }

  /** In service without an id, since that was taken from it. */
  async #replace(instance: string): Promise<void> {
    const { cloud, table, operate } = this.#stage;
    const member = cloud.groups.findMember(instance);
    const { rosters } = await table.readAll();
    const holds = [...rosters.values()].some(({ members }) => [...members.values()].some((m) => m.owner === instance));
    if (member?.state !== "InService" || holds) return;
    await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: false,
    });
  }

  #aimed(aim: { readonly role: RoleName; readonly nth: number }, qualifies: (member: Member) => boolean) {
    return membersOf(this.#stage, aim.role).some(qualifies) ? aimed(this.#stage, aim, qualifies) : undefined;
  }

  /** What goes wrong in it is a mistake of the history itself, and ends it. */
  #after(ms: number, work: () => Promise<void>): void {
    const { clock } = this.#stage;
    clock.after(ms, () => {
      work().catch((error: unknown) => {
        clock.after(0, () => {
          throw error;
        });
      });
    });
  }
}

/** Whether something holds it that a force passes. */
function helps({ step: now }: Explanation, { step: then }: Explanation): boolean {
  return now.do === "hold" && !(then.do === "hold" && then.row === now.row);
}
