/** Rules of the default bus and their targets. */
import { compilePattern, type Pattern } from "./pattern.ts";

export interface Target {
  readonly id: string;
  readonly arn: string;
  /** Constant JSON handed to the target instead of the event. */
  readonly input?: string;
  /** Queue for events that cannot be delivered. */
  readonly deadLetters?: string;
}

export interface RuleText {
  readonly name: string;
  readonly description?: string;
  readonly pattern?: string;
  /** `rate(1 minute)`; the lab also takes seconds. */
  readonly schedule?: string;
  readonly enabled: boolean;
}

export interface Rule extends RuleText {
  readonly arn: string;
  readonly targets: ReadonlyMap<string, Target>;
  /** Never matches where the rule has a schedule only. */
  readonly matches: Pattern;
}

/** Throws an Error that says what is wrong with pattern or schedule. */
export function makeRule(text: RuleText, arn: string, targets: ReadonlyMap<string, Target>): Rule {
  if (text.schedule !== undefined) period(text.schedule);
  const matches = text.pattern === undefined ? () => false : compilePattern(text.pattern);
  return { ...text, arn, targets, matches };
}

const UNITS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds of a `rate(…)` expression; throws an Error for anything else. */
export function period(schedule: string): number {
  const parts = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(schedule);
  const ms = Number(parts?.[1]) * (UNITS[parts?.[2] ?? ""] ?? Number.NaN);
  if (!(ms > 0)) throw new Error(`Parameter ScheduleExpression is not valid: ${schedule}`);
  return ms;
}
