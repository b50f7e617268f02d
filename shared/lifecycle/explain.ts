/**
 * What Rollcall would do about an instance now, and what it goes by: the same looks and the same decision as ever, with
 * nothing performed.
 */
import { decide, holding } from "./decide/index.ts";
import type { FactName, Facts, Plan, Sights } from "./facts.ts";
import { lookAt, quorumAsked } from "./look.ts";
import { newRecord, patched } from "./perform.ts";
import type { Ports } from "./ports.ts";
import type { InstanceRecord } from "./sights.ts";
import type { RecordPatch, Step } from "./steps.ts";

export interface Explanation {
  readonly instance: string;
  /** Everything that was looked at. */
  readonly facts: Facts;
  /** Looks that failed: the decision then goes no further than the step that asks for them. */
  readonly failed: ReadonlyMap<FactName, Error>;
  /** What would be written down first, or kept open by a heartbeat, on the way to the step. */
  readonly notes: readonly Step[];
  /** The step that comes then. A `look` where that cannot be had: it failed, or would not leave everything as it is. */
  readonly step: Step;
}

export interface ExplainOptions {
  /** Facts already seen, or to be taken as seen. */
  readonly seen?: Partial<Pick<Facts, FactName>>;
  /** Whether a member may be asked about the quorum: it changes nothing, but runs Kafka's tool on the node by a command. */
  readonly askQuorum?: boolean;
}

/** Beyond any number of looks and notes that lead to a step. */
const MOST_ROUNDS = 40;

/** Looks only as far as the decision needs; what fails is part of the answer, so that it never throws for the world's sake. */
export async function explain(
  plan: Plan,
  ports: Ports,
  instance: string,
  { seen = {}, askQuorum = false }: ExplainOptions = {},
): Promise<Explanation> {
  // The moment is kept, so that nothing looked at grows stale on the way.
  let facts = inTime({ ...seen, now: ports.clock.now(), instance, attempt: 0, echo: false, suspect: true });
  const failed = new Map<FactName, Error>();
  const notes: Step[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const step = decide(plan, facts);
    const noted = notedBy(step, facts);
    if (noted) {
      notes.push(step);
      facts = noted;
      continue;
    }
    const disturbs = step.do === "look" && step.facts.includes("quorum") && quorumAsked(plan.definition) === "tool";
    if (step.do !== "look" || (disturbs && !askQuorum)) {
      return { instance, facts, failed, notes, step };
    }
    facts = inTime(await lookAll(plan, ports, facts, step, failed));
    if (step.facts.some((name) => failed.has(name))) return { instance, facts, failed, notes, step };
  }
  const { row, reason } = decide(plan, facts);
  throw new Error(`decide comes to no end about ${instance}: ${row}, ${reason}`);
}

/**
 * No earlier than what the table tells of it: the clock here may be behind that of whoever wrote that, and what is looked at or
 * asked now must not pass for what was before.
 */
function inTime(facts: Facts): Facts {
  const table = facts.table?.value;
  if (!table) return facts;
  const { action, heartbeat, command, configured, stopped, unregistered, alone, hold, operator } = table.record ?? {};
  const recorded = [action?.since, heartbeat, command?.sent, configured?.at, stopped, unregistered, alone];
  const times = [holding(table, facts.instance)?.since, hold?.since, operator?.since, ...recorded];
  return { ...facts, now: Math.max(facts.now, ...times.map((time) => time ?? 0)) };
}

/** The facts with another record, as if it had been written. */
export function withRecord(facts: Facts, patch: RecordPatch): Facts {
  const table = facts.table;
  if (!table) return facts;
  const record: InstanceRecord = patched(table.value.record ?? newRecord(facts), patch);
  return { ...facts, table: { ...table, value: { ...table.value, record } } };
}

/** Where the step only writes something down: the facts after it. */
function notedBy(step: Step, facts: Facts): Facts | undefined {
  if (step.do !== "change") return undefined;
  if (step.change.kind === "note") return withRecord(facts, step.change.patch);
  if (step.change.kind === "heartbeat") return withRecord(facts, { heartbeat: facts.now });
  return undefined;
}

async function lookAll(
  plan: Plan,
  ports: Ports,
  facts: Facts,
  step: Extract<Step, { do: "look" }>,
  failed: Map<FactName, Error>,
): Promise<Facts> {
  const look = async <F extends FactName>(
    name: F,
  ): Promise<readonly [F, { at: number; value: Sights[F] }] | undefined> => {
    try {
      const value = await lookAt(name, plan, ports, facts, step.via);
      return [name, { at: Math.max(ports.clock.now(), facts.now), value }];
    } catch (error) {
      failed.set(name, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  };
  const looked = await Promise.all(step.facts.map(look));
  return { ...facts, ...Object.fromEntries(looked.filter((one) => one !== undefined)) };
}
