/**
 * How an operator's wish about one instance comes to pass: what would happen is shown, it is confirmed, and written into the
 * instance's record, where every decision honours it. The next sweep acts on it; or this machine does, where the functions
 * cannot.
 */
import { uttered } from "../shared/lifecycle/decide/wish.ts";
import { type Explanation, explain, withRecord } from "../shared/lifecycle/explain.ts";
import type { Facts } from "../shared/lifecycle/facts.ts";
import { perform } from "../shared/lifecycle/perform.ts";
import { type Outcome, reconcile } from "../shared/lifecycle/reconcile.ts";
import type { OperatorWish } from "../shared/lifecycle/sights.ts";
import type { Cluster } from "./cluster.ts";
import type { Invocation, Options } from "./command.ts";
import { EXIT, type ExitCode, Refusal } from "./exit.ts";
import { unlessInterrupted } from "./interruption.ts";
import { stepJson, stepLines } from "./show/explanation.ts";
import { span } from "./show/words.ts";

/** Options of every command that changes what is asked of Rollcall. */
export const CAREFUL = {
  yes: { type: "boolean", help: "do not ask whether to go on" },
  "dry-run": { type: "boolean", help: "only show what would happen" },
  here: {
    type: "boolean",
    help: "take Rollcall's steps from this machine at once, for five minutes at most, as where the functions are down",
  },
} as const satisfies Options;

/** Of one that asks for something. */
export const ASKING = {
  reason: { type: "string", value: "TEXT", help: "why, for the record (default: who asked)" },
  ...CAREFUL,
} as const satisfies Options;

/** Of one that can be unsafe. */
export const FORCEFUL = { ...ASKING, force: { type: "boolean", help: "even where that is not safe" } } as const;

/** What speaks against a wish. */
export type Objection =
  /** It would be to no purpose, or is not Rollcall's to do. */
  | { readonly refused: string }
  /** `--force` overrides it. */
  | { readonly unsafe: string };

export interface Ask {
  readonly instance: string;
  /** Undefined: whatever was asked before is taken back. */
  readonly wish: Pick<OperatorWish, "wish" | "id"> | undefined;
  /** In words, as a question: `Hold i-0abc?` */
  readonly question: string;
  /** Whether what holds it must still be so in the same words when the wish is written. */
  readonly exactly?: true;
  /**
   * @param then what would happen once the wish is in the record
   * @param alone what Rollcall's own rules would do, without whatever an operator has asked before
   */
  judge(now: Explanation, then: Explanation, alone: Explanation): Objection | undefined;
}

/** How long the steps may take that are taken from here, ms: as long as an invocation of the lifecycle function. */
const HERE = 300_000;
/** Between two looks while one of them has to wait, ms. */
const PAUSE = 1_000;
/** The longest reason that a record keeps, characters. */
const LONGEST_REASON = 200;
/** How often the record may have moved on under our hands. */
const ROUNDS = 5;

/** A call of such a command. */
export interface Asked extends Pick<Invocation, "cluster" | "terminal" | "clock" | "operator" | "interrupted"> {
  readonly options: {
    readonly reason?: string | undefined;
    readonly here: boolean;
    readonly "dry-run": boolean;
    readonly force?: boolean;
  };
}

/**
 * @throws {Refusal} where it is refused, unsafe without `--force`, or not confirmed; {Interrupted} after Ctrl-C, as long as
 *   nothing is written
 */
export async function askFor(asked: Asked, ask: Ask): Promise<ExitCode> {
  const { cluster, terminal, options } = asked;
  const { instance, wish } = ask;
  // Until it is written nothing is done that would have to be ended in order.
  const looked = <T>(look: Promise<T>): Promise<T> => unlessInterrupted(look, asked.interrupted);
  const now = await looked(see(cluster, instance));
  const operator = wish && uttered(now.facts, wish, reasonFor(options.reason, asked.operator));
  const after = (wished: OperatorWish | undefined): Promise<Explanation> =>
    looked(
      explain(cluster.plan, cluster.ports, instance, {
        seen: withRecord(now.facts, { operator: wished }),
        askQuorum: true,
      }),
    );
  const alone = now.facts.table?.value.record?.operator ? await after(undefined) : now;
  const then = operator ? await after(operator) : alone;
  const objection = ask.judge(now, then, alone);
  if (objection && "refused" in objection) throw new Refusal(objection.refused);

  const { width, paint } = terminal;
  if (!terminal.json)
    terminal.say("now", ...stepLines(now.step, width, paint), "then", ...stepLines(then.step, width, paint));
  if (objection && !options.force)
    throw new Refusal(`that is not safe: ${objection.unsafe}. --force does it all the same`);
  if (objection && !terminal.json) terminal.say(paint(`not safe: ${objection.unsafe}`, "red"));
  const told = {
    instance,
    operator: operator ?? null,
    now: stepJson(now.step),
    after: stepJson(then.step),
    ...(objection && { unsafe: objection.unsafe }),
  };
  if (options["dry-run"]) {
    terminal.tell({ ...told, done: false }, ["nothing is done (--dry-run)"]);
    return EXIT.fine;
  }
  await terminal.confirm(ask.question);
  await write(asked, now, ask, operator);
  if (!options.here) {
    const sweep = span(cluster.definition.periods.sweep);
    terminal.tell({ ...told, done: true }, [
      `written into its record; Rollcall acts on it at its next sweep, within ${sweep}`,
    ]);
    return EXIT.fine;
  }
  const outcome = await takeSteps(asked, instance);
  terminal.tell({ ...told, done: true, outcome }, [
    "written into its record, and acted on from here:",
    outcomeLine(outcome),
  ]);
  return EXIT.fine;
}

/** @throws {Refusal} where it is no instance of the cluster, or what would have to be known cannot be seen */
export async function see({ plan, ports, definition }: Cluster, instance: string): Promise<Explanation> {
  const now = await explain(plan, ports, instance, { askQuorum: true });
  if (now.step.row === "state/foreign") {
    throw new Refusal(`${instance} is not of cluster ${definition.cluster}: ${now.step.reason}`);
  }
  return seenAtAll(now);
}

/** @throws what the look at its group or at the table failed with: without them nothing can be said */
export function seenAtAll(explanation: Explanation): Explanation {
  const { facts, failed } = explanation;
  const failure = failed.get("table") ?? failed.get("fleet");
  if (failure && (!facts.fleet || !facts.table)) throw failure;
  return explanation;
}

/**
 * Takes Rollcall's own steps about the instance from here, with what is said of it shown, until there is nothing more to do, it is
 * held, or its time is over; what is left then is the functions' again.
 */
export async function takeSteps(
  { cluster, terminal, clock, interrupted }: Omit<Asked, "options" | "operator">,
  instance: string,
): Promise<Outcome> {
  let said = "";
  const say = (message: string): void => {
    if (message !== said) terminal.say(`  ${message}`);
    said = message;
  };
  const ports = { ...cluster.ports, log: { info: say, warn: say } };
  const deadline = clock.now() + HERE;
  const changes: string[] = [];
  for (;;) {
    const outcome = await reconcile(cluster.plan, ports, { instance, suspect: true }, { deadline, once: true });
    changes.push(...outcome.changes);
    const over = clock.now() + PAUSE >= deadline || interrupted.aborted;
    if (outcome.outcome !== "waiting" || over) return { ...outcome, changes };
    await unlessInterrupted(clock.wait(PAUSE), interrupted);
  }
}

/** What has become of it, and what was changed on the way. */
export function outcomeLine({ outcome, row, reason, changes }: Outcome): string {
  return `${outcome} (${row}): ${reason} [${changes.length === 0 ? "no change" : `changes: ${changes.join(", ")}`}]`;
}

/**
 * Writes it where the record still leads to the step that was shown: whoever was asked may have thought for a while.
 *
 * @throws {Refusal} where it does not, or changes at every look
 */
async function write(
  { cluster, interrupted }: Pick<Asked, "cluster" | "interrupted">,
  shown: Explanation,
  ask: Ask,
  operator: OperatorWish | undefined,
): Promise<void> {
  const { plan, ports } = cluster;
  for (let round = 0; round < ROUNDS; round += 1) {
    const now = await unlessInterrupted(see(cluster, shown.instance), interrupted);
    const { row, reason } = now.step;
    const same = now.step.do === shown.step.do && row === shown.step.row;
    if (!same || (ask.exactly && reason !== shown.step.reason)) {
      throw new Refusal(`${shown.instance} has moved on meanwhile (${row}: ${reason}): look again`);
    }
    const facts = await withFreshTable(cluster, now.facts);
    if (versionIn(facts) !== versionIn(now.facts)) continue;
    const effect = await perform({ kind: "note", patch: { operator } }, plan, ports, facts, undefined);
    if (effect.table) return;
  }
  throw new Refusal(`the record of ${shown.instance} changes at every look: try again`);
}

const versionIn = ({ table }: Facts): number => table?.value.record?.version ?? 0;

/** What an explanation goes by may have been noted only in thought. */
async function withFreshTable({ ports }: Cluster, facts: Facts): Promise<Facts> {
  const value = await ports.table.read(facts.instance);
  return { ...facts, table: { at: ports.clock.now(), value } };
}

function reasonFor(given: string | undefined, operator: string): string {
  return (given?.replace(/\s+/g, " ").trim() || `asked by ${operator}`).slice(0, LONGEST_REASON);
}
