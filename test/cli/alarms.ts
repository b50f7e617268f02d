/** What CloudWatch would find in the lab: each alarm's metric beside its threshold. */
import { type Alarm, alarms } from "../../resources/alarms.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { silence, type Telemetry } from "../../shared/lambda/telemetry.ts";

/** Keeps what the last sweep counted and measured. */
export interface Meter {
  readonly telemetry: Telemetry;
  /** By metric; those of a sweep that is still under way stand beside the last one's. */
  readonly values: ReadonlyMap<string, number>;
}

export function meter(): Meter {
  const values = new Map<string, number>();
  return {
    values,
    telemetry: {
      ...silence,
      count: (counter, by = 1) => void values.set(counter, by),
      measure: (gauge, value) => void values.set(gauge, value),
    },
  };
}

export interface Readings {
  readonly values: ReadonlyMap<string, number>;
  /** Sweeps that began within the alarm's period. */
  readonly sweeps: number;
  /** Messages by queue. */
  readonly queues: Readonly<Record<string, number>>;
  /** How many invocations of a function failed within the alarm's period, by its name. */
  readonly errors: (name: string) => number;
}

/** The kinds of the alarms whose threshold is passed now, however short a time. */
export function alarming(definition: Definition, readings: Readings): string[] {
  return alarms(definition)
    .filter((alarm) => isPassed(alarm, readingOf(definition, alarm, readings)))
    .map(({ kind }) => kind);
}

function readingOf({ cluster }: Definition, { kind, metric }: Alarm, readings: Readings): number | undefined {
  const queue = { "invocations-failed": "failures", "events-undelivered": "undelivered" }[kind];
  if (queue !== undefined) return readings.queues[`rollcall-${cluster}-${queue}`];
  if (kind === "sweep-not-running") return readings.sweeps;
  const [, failing] = /^(\w+)-errors$/.exec(kind) ?? [];
  if (failing !== undefined) return readings.errors(`rollcall-${cluster}-${failing}`);
  return readings.values.get(metric.MetricName);
}

function isPassed({ when, silence: silent }: Alarm, value: number | undefined): boolean {
  if (value === undefined) return silent === "alarming";
  return "above" in when ? value > when.above : value < when.below;
}
