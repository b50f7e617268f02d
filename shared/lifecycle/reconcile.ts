/** Look, decide, perform, and again, until the step is settled or the invocation's time is nearly used up. */
import { decide } from "./decide/index.ts";
import type { FactName, Facts, Plan, Seen } from "./facts.ts";
import { lookAt, quorumAsked } from "./look.ts";
import { perform } from "./perform.ts";
import type { Ports } from "./ports.ts";
import type { SentCommand } from "./sights.ts";
import type { Step } from "./steps.ts";

export interface Subject {
  readonly instance: string;
  /** Woken by an echo (a sweep, a command's status) rather than by news. */
  readonly echo?: boolean;
  /** The id of the command whose end the echo told of. */
  readonly ended?: string;
  /** When the lifecycle action began, where an event told so; ms since the epoch. */
  readonly begun?: number;
  /** Something said that EC2's own state has changed. */
  readonly suspect?: boolean;
  /** Facts already seen by whoever looks at many instances at once. */
  readonly seen?: Partial<Pick<Facts, FactName>>;
}

export interface Budget {
  /** When to have stopped, ms since the epoch; a wait that would end later is left to the sweep. */
  readonly deadline: number;
  /** Ends at the first wait instead of waiting: for a sweep, which has others to look at. */
  readonly once?: boolean;
}

export interface Outcome {
  readonly instance: string;
  readonly outcome: "settled" | "waiting" | "held" | "done";
  readonly row: string;
  readonly reason: string;
  /** Changes made, by kind, in order. */
  readonly changes: readonly string[];
}

/** A wait looks again after a tenth of what it has lasted so far, but no sooner and no later than this, ms. */
const SHORTEST = 250;
const LONGEST = 2_000;
/** How long an invocation counts as being at work on an instance after it last wrote its record, ms. */
const ATTENTION = 30_000;
/** A look at the quorum starts a JVM on a node, and gives up after 20 s; ms. */
const QUORUM_LOOK = 22_000;
/** How many looks and changes may fail one after another before the invocation itself fails. */
const MOST_FAILURES = 5;

/** Every fact has its place from the first: an engine is quicker with objects of one shape than of hundreds. */
const UNSEEN: { readonly [F in FactName]: undefined } = {
  fleet: undefined,
  ec2: undefined,
  table: undefined,
  address: undefined,
  agent: undefined,
  command: undefined,
  kafka: undefined,
  listeners: undefined,
  quorum: undefined,
};

/**
 * Brings one instance as far as it can be brought now.
 *
 * @throws when a look or a change keeps failing: the invocation then fails visibly, and is tried again or swept later
 */
export async function reconcile(plan: Plan, ports: Ports, subject: Subject, budget: Budget): Promise<Outcome> {
  const { clock, log } = ports;
  const { instance } = subject;
  let facts: Facts = {
    ...UNSEEN,
    ...subject.seen,
    now: clock.now(),
    instance,
    attempt: 0,
    echo: subject.echo ?? false,
    suspect: subject.suspect ?? false,
    ...(subject.begun !== undefined && { begun: subject.begun }),
    ...(subject.ended !== undefined && { ended: subject.ended }),
  };
  const changes: string[] = [];
  let said = "";
  let waiting = facts.now;
  let failures = 0;
  const left = ({ row, reason }: Step, outcome: Outcome["outcome"]): Outcome => ({
    instance,
    outcome,
    row,
    reason,
    changes,
  });
  /** Waits where there is time for it; false where the rest has to be left to the sweep. */
  const patience = async (ms: number): Promise<boolean> => {
    if (budget.once || clock.now() + ms >= budget.deadline) return false;
    await clock.wait(ms);
    return true;
  };

  /** The command whose fate was looked at. */
  let asked: SentCommand | undefined;
  for (;;) {
    facts = { ...facts, now: clock.now() };
    // Another invocation may have sent one since: what became of the former is not its fate.
    if (facts.command && facts.table && !isSame(asked, facts.table.value.record?.command))
      facts = forget(facts, ["command"]);
    const step = decide(plan, facts);
    const pause = Math.min(Math.max(Math.round((facts.now - waiting) / 10), SHORTEST), LONGEST);
    if (step.do !== "look" && step.row !== "state/attended" && `${step.row} ${step.reason}` !== said) {
      said = `${step.row} ${step.reason}`;
      const grave = step.do === "hold" || ("alarm" in step && step.alarm);
      log[grave ? "warn" : "info"](step.reason, {
        instance,
        row: step.row,
        step: step.do,
        ...("change" in step && { change: step.change.kind }),
      });
      waiting = facts.now;
    }
    try {
      if (step.do === "settled") return left(step, "settled");

      if (step.do === "look") {
        // A look that cannot end in time would run the invocation into its limit.
        const long = step.facts.includes("quorum") && quorumAsked(plan.definition) === "tool";
        if (long && budget.deadline - clock.now() < QUORUM_LOOK) return left(step, "waiting");
        if (step.facts.includes("command")) asked = facts.table?.value.record?.command;
        facts = await lookAll(step, plan, ports, facts);
      } else if (step.do === "change") {
        // One that ends at its first wait does not stay with the instance.
        const attended = budget.once ? undefined : Math.min(budget.deadline, facts.now + ATTENTION);
        const effect = await perform(step.change, plan, ports, facts, attended);
        changes.push(step.change.kind);
        // From here on it is this invocation that attends to it.
        facts = { ...forget(facts, effect.stale), echo: false };
        if (effect.table) facts = { ...facts, table: { at: clock.now(), value: effect.table } };
        if (effect.lost) facts = { ...facts, attempt: facts.attempt + 1 };
        if (effect.early && !(await patience(pause))) return left(step, "waiting");
        if (effect.ended) return left(step, "done");
      } else {
        if (!(await patience(pause))) return left(step, step.do === "hold" ? "held" : "waiting");
        facts = { ...forget(facts, step.on), echo: false };
      }
      // A look alone is no progress: after a failure each is made anew, and all but one may succeed for ever.
      if (step.do !== "look") failures = 0;
    } catch (error) {
      failures += 1;
      const time = budget.deadline - clock.now();
      log.warn(`${step.do} failed: ${error instanceof Error ? error.message : String(error)}`, {
        instance,
        row: step.row,
        failures,
      });
      if (failures >= MOST_FAILURES || time <= LONGEST) throw error;
      // Whether the call took effect is not known, so nothing seen before it counts.
      facts = forget(facts, ["fleet", "table", "address", "agent", "command", "kafka", "listeners", "quorum", "ec2"]);
      await clock.wait(Math.min(SHORTEST * 2 ** failures, LONGEST));
    }
  }
}

/** The id may have been noted since. */
function isSame(one: SentCommand | undefined, other: SentCommand | undefined): boolean {
  if (!one || !other) return one === other;
  return (
    one.action === other.action &&
    one.digest === other.digest &&
    one.attempt === other.attempt &&
    one.sent === other.sent
  );
}

async function lookAll(step: Extract<Step, { do: "look" }>, plan: Plan, ports: Ports, facts: Facts): Promise<Facts> {
  const from = ports.clock.now();
  const seen: { -readonly [F in FactName]?: Seen<unknown> } = {};
  await Promise.all(
    step.facts.map(async (name) => {
      const value = await lookAt(name, plan, ports, facts, step.via);
      seen[name] = { from, at: ports.clock.now(), value };
    }),
  );
  return { ...facts, ...(seen as Pick<Facts, FactName>) };
}

function forget(facts: Facts, names: readonly FactName[]): Facts {
  const kept: { -readonly [F in keyof Facts]: Facts[F] } = { ...facts };
  for (const name of names) kept[name] = undefined;
  return kept;
}
