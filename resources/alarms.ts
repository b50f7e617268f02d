/** What calls an operator. Each alarm is on one thing that does not pass by itself, or has had its time to. */
import type { Definition, Role } from "../shared/cluster/definition.ts";
import { type Counter, FREE_IDS, type Gauge, NAMESPACE } from "../shared/lambda/metrics.ts";
import { FUNCTION_NAMES, functionNames } from "./functions.ts";
import { FAILURES, UNDELIVERED } from "./logical-ids.ts";
import { getAtt, logicalId, type Resources } from "./template.ts";

export interface Alarm {
  /** What is wrong, in words of a name: `node-held`. */
  readonly kind: string;
  /** What is wrong and what it means, in a sentence. */
  readonly description: string;
  readonly metric: Metric;
  readonly when: { readonly above: number } | { readonly below: number };
  /** Seconds that the metric is taken over; a multiple of 60. */
  readonly period: number;
  /** How many periods it has to be so, one after the other. */
  readonly times: number;
  /** Whether to hear nothing is alarming, too. */
  readonly silence?: "alarming";
}

export interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Statistic: "Maximum" | "Minimum" | "Sum";
}

/** A metric of a function of the cluster, by the sweep where none is named: it looks at everything. */
export function ownMetric(
  { cluster }: Pick<Definition, "cluster">,
  MetricName: Counter | Gauge,
  Statistic: Metric["Statistic"] = "Maximum",
): Metric {
  return {
    Namespace: NAMESPACE,
    MetricName,
    Dimensions: [
      { Name: "cluster", Value: cluster },
      { Name: "service", Value: "sweep" },
    ],
    Statistic,
  };
}

export function functionMetric(name: string, MetricName: string): Metric {
  return {
    Namespace: "AWS/Lambda",
    MetricName,
    Dimensions: [{ Name: "FunctionName", Value: name }],
    Statistic: "Sum",
  };
}

/** An alarm looks back over a day at most (CloudWatch, PutMetricAlarm). */
const DAY = 86_400;

export function alarms(definition: Definition): Alarm[] {
  const { periods, roles } = definition;
  const names = functionNames(definition);
  // The sweep measures once in each.
  const period = 60 * Math.ceil(periods.sweep / 60_000);
  return [
    {
      kind: "node-held",
      description: "An instance waits for an operator: its reason is in the log of the sweep",
      metric: ownMetric(definition, "Held"),
      when: { above: 0 },
      period,
      times: 5,
    },
    {
      kind: "launch-too-long",
      description: "An instance has been launching for longer than a replacement may wait for its id",
      metric: ownMetric(definition, "LongestLaunch"),
      when: { above: periods.identity / 1000 },
      period,
      times: 1,
    },
    {
      kind: "node-absent",
      description: "Kafka has not counted in an instance for longer than Rollcall waits before it replaces one",
      metric: ownMetric(definition, "LongestAbsence"),
      when: { above: periods.silentGrace / 1000 },
      period,
      times: 3,
    },
    {
      kind: "nodes-missing",
      description: "Fewer instances are in service than desired, for longer than a launch takes",
      metric: ownMetric(definition, "MissingNodes"),
      when: { above: 0 },
      period,
      times: Math.max(
        1,
        Math.floor(Math.min(DAY, (periods.identity + periods.command + periods.register) / 1000) / period),
      ),
    },
    {
      kind: "passes-failing",
      description: "Rollcall keeps failing at an instance: why is in the log of the sweep",
      metric: ownMetric(definition, "Failed"),
      when: { above: 0 },
      period,
      times: 5,
    },
    ...roles.flatMap((role) => rosterNearlyUsedUp(definition, role, period)),
    ...accessAlarms(definition, period),
    {
      kind: "sweep-not-running",
      description: "Nothing looks after the cluster but events: the sweep does not run",
      metric: functionMetric(names.sweep, "Invocations"),
      when: { below: 1 },
      period,
      times: 3,
      silence: "alarming",
    },
    ...FUNCTION_NAMES.map(
      (name): Alarm => ({
        kind: `${name}-errors`,
        description: `The function ${name} keeps failing: why is in its log`,
        metric: functionMetric(names[name], "Errors"),
        when: { above: 2 },
        period: 300,
        times: 1,
      }),
    ),
    {
      kind: "invocations-failed",
      description: "The functions' failure queue holds an event that a function failed at for good",
      metric: queueMetric(FAILURES),
      when: { above: 0 },
      period: 60,
      times: 1,
    },
    {
      kind: "events-undelivered",
      description: "The rules' dead-letter queue holds an event that EventBridge could not deliver",
      metric: queueMetric(UNDELIVERED),
      when: { above: 0 },
      period: 60,
      times: 1,
    },
  ];
}

function queueMetric(queue: string): Metric {
  return {
    Namespace: "AWS/SQS",
    MetricName: "ApproximateNumberOfMessagesVisible",
    Dimensions: [{ Name: "QueueName", Value: getAtt(queue, "QueueName") }],
    Statistic: "Maximum",
  };
}

/**
 * Where less than a fifth of the ids to spare is left, of fewer than ten to spare none; a role with just as many as it needs has
 * none to warn of.
 */
function rosterNearlyUsedUp(definition: Definition, role: Role, period: number): Alarm[] {
  const spare = role.ids.length - role.perZone * role.groups.length;
  if (spare === 0) return [];
  return [
    {
      kind: `${role.name}-ids-nearly-used-up`,
      description: `Few ${role.name} ids are left: without one, an instance cannot launch`,
      metric: ownMetric(definition, FREE_IDS[role.name], "Minimum"),
      when: { below: Math.max(1, Math.floor(spare / 5)) },
      period,
      times: 5,
    },
  ];
}

/** How many checks may fail one after the other before anybody is told. */
const MISSED_CHECKS = 3;

function accessAlarms(definition: Definition, period: number): Alarm[] {
  if (!definition.security) return [];
  return [
    {
      kind: "access-changed",
      description: "Somebody changed users, passwords or ACLs past the definition; Rollcall has put them right",
      metric: ownMetric(definition, "AccessDrift"),
      when: { above: 0 },
      period,
      times: 1,
    },
    {
      kind: "access-not-kept",
      description:
        "Users and ACLs have not been compared with the definition for some time: why is in the log of the sweep",
      metric: ownMetric(definition, "AccessAge"),
      when: { above: (MISSED_CHECKS * definition.periods.access) / 1000 },
      period,
      times: 3,
    },
  ];
}

export function alarmName({ cluster }: Pick<Definition, "cluster">, { kind }: Pick<Alarm, "kind">): string {
  return `rollcall-${cluster}-${kind}`;
}

export const alarmId = ({ kind }: Pick<Alarm, "kind">): string => logicalId(kind, "alarm");

export function alarmResources(definition: Definition): Resources {
  return Object.fromEntries(
    alarms(definition).map((alarm) => {
      const { description, metric, when, period, times, silence } = alarm;
      const [threshold, operator] =
        "above" in when ? [when.above, "GreaterThanThreshold"] : [when.below, "LessThanThreshold"];
      return [
        alarmId(alarm),
        {
          Type: "AWS::CloudWatch::Alarm",
          Properties: {
            AlarmName: alarmName(definition, alarm),
            AlarmDescription: description,
            ...metric,
            Period: period,
            EvaluationPeriods: times,
            DatapointsToAlarm: times,
            Threshold: threshold,
            ComparisonOperator: operator,
            TreatMissingData: silence === "alarming" ? "breaching" : "notBreaching",
            AlarmActions: definition.alarms,
            OKActions: definition.alarms,
          },
        },
      ];
    }),
  );
}
