/** Which events wake which function: exact patterns, so that nobody else's event costs an invocation. */
import type { Definition } from "../shared/cluster/definition.ts";
import { functionId, UNDELIVERED } from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { getAtt, logicalId, type Resources, ref } from "./template.ts";

export interface EventRule {
  readonly name: string;
  /** The part of the name that tells it from the cluster's other rules. */
  readonly kind: string;
  readonly description: string;
  readonly pattern: Readonly<Record<string, unknown>>;
}

/** All of them wake the lifecycle function. */
export function eventRules(definition: Definition): EventRule[] {
  const { cluster, roles } = definition;
  const groups = roles.flatMap((role) => role.groups.map((g) => g.name));
  return [
    {
      kind: "lifecycle-actions",
      name: `rollcall-${cluster}-lifecycle-actions`,
      description: "An instance of the cluster is launching or terminating, and waits for its hook",
      pattern: {
        source: ["aws.autoscaling"],
        "detail-type": ["EC2 Instance-launch Lifecycle Action", "EC2 Instance-terminate Lifecycle Action"],
        detail: { AutoScalingGroupName: groups },
      },
    },
    {
      kind: "scaling-outcomes",
      name: `rollcall-${cluster}-scaling-outcomes`,
      description: "An instance of the cluster has ended, or its launch or termination has failed",
      pattern: {
        source: ["aws.autoscaling"],
        "detail-type": [
          "EC2 Instance Launch Unsuccessful",
          "EC2 Instance Terminate Successful",
          "EC2 Instance Terminate Unsuccessful",
        ],
        detail: { AutoScalingGroupName: groups },
      },
    },
    {
      // The event names no group and no tag, so every instance of the account wakes it; strangers cost two reads.
      kind: "instance-states",
      name: `rollcall-${cluster}-instance-states`,
      description: "An instance has stopped or ended, maybe one of the cluster",
      pattern: {
        source: ["aws.ec2"],
        "detail-type": ["EC2 Instance State-change Notification"],
        detail: { state: ["stopping", "stopped", "shutting-down", "terminated"] },
      },
    },
    {
      kind: "commands",
      name: `rollcall-${cluster}-commands`,
      description: "A command to a node of the cluster has ended",
      pattern: {
        source: ["aws.ssm"],
        "detail-type": ["EC2 Command Invocation Status-change Notification"],
        detail: {
          "document-name": [stackNames(definition).document],
          status: ["Success", "Failed", "TimedOut", "Cancelled"],
        },
      },
    },
  ];
}

/** What the archive keeps: every event that wakes Rollcall, and nothing else, so that a replay can be of use to it alone. */
export function archivePattern(definition: Definition): Readonly<Record<string, unknown>> {
  return { $or: eventRules(definition).map((rule) => rule.pattern) };
}

/** Seconds an event is worth delivering, and how often it is tried: by then the sweep has long looked for itself. */
const DELIVERY = { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 20 };

export const ruleId = ({ kind }: Pick<EventRule, "kind">): string => logicalId(kind, "rule");
export const SCHEDULE_RULE = "SweepSchedule";

export function ruleResources(definition: Definition): Resources {
  const rules = eventRules(definition).flatMap((rule) => {
    const { name, description, pattern } = rule;
    const id = ruleId(rule);
    const when = { EventPattern: pattern };
    return [
      wakes(id, "lifecycle", { Name: name, Description: description, ...when }, DELIVERY),
      mayInvoke(id, "lifecycle"),
    ];
  });
  const schedule = {
    Name: stackNames(definition).schedule,
    Description: `Looks at everything of the Kafka cluster ${definition.cluster}`,
    ScheduleExpression: rate(definition.periods.sweep),
  };
  return Object.fromEntries([
    ...rules,
    // The next one comes soon enough.
    wakes(SCHEDULE_RULE, "sweep", schedule, { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 }),
    mayInvoke(SCHEDULE_RULE, "sweep"),
  ]);
}

/** @param period ms; EventBridge takes whole minutes only, a laboratory's seconds too */
export function rate(period: number): string {
  const minutes = period / 60_000;
  if (!Number.isInteger(minutes)) return `rate(${period / 1000} seconds)`;
  return minutes === 1 ? "rate(1 minute)" : `rate(${minutes} minutes)`;
}

type Woken = "lifecycle" | "sweep";

function wakes(id: string, woken: Woken, properties: object, RetryPolicy: object): [string, Resources[string]] {
  return [
    id,
    {
      Type: "AWS::Events::Rule",
      Properties: {
        ...properties,
        State: "ENABLED",
        Targets: [
          {
            Id: woken,
            Arn: getAtt(functionId(woken), "Arn"),
            RetryPolicy,
            DeadLetterConfig: { Arn: getAtt(UNDELIVERED, "Arn") },
          },
        ],
      },
    },
  ];
}

function mayInvoke(rule: string, woken: Woken): [string, Resources[string]] {
  return [
    logicalId(rule, "permission"),
    {
      Type: "AWS::Lambda::Permission",
      Properties: {
        FunctionName: ref(functionId(woken)),
        Action: "lambda:InvokeFunction",
        Principal: "events.amazonaws.com",
        SourceAccount: ref("AWS::AccountId"),
        SourceArn: getAtt(rule, "Arn"),
      },
    },
  ];
}
