import { describe, expect, test } from "vitest";
import { compilePattern } from "../../lab/cloud/events/pattern.ts";
import { rate } from "../../resources/rules.ts";
import { type EventSample, replayed, sample } from "../events/samples.ts";
import { compile, deployable, ofType, properties } from "./compiled.ts";

const template = compile(deployable);
const matcher = (id: string) =>
  compilePattern(JSON.stringify(properties<{ EventPattern: object }>(template, id).EventPattern));
const rules = ofType(template.Resources, "AWS::Events::Rule").filter(([, r]) => r.Properties.EventPattern);
const archived = matcher("EventArchive");

/** Rules of the template that the event matches. */
const woken = (event: EventSample): string[] => rules.map(([id]) => id).filter((id) => matcher(id)(event));

const GROUP = { AutoScalingGroupName: deployable.roles[1]?.groups[0]?.name };
const LAUNCH = "EC2 Instance-launch Lifecycle Action";
const TERMINATE = "EC2 Instance-terminate Lifecycle Action";
const STATE = "EC2 Instance State-change Notification";
const COMMAND = "EC2 Command Invocation Status-change Notification";

const wanted: readonly (readonly [string, EventSample])[] = [
  ["LifecycleActionsRule", sample(LAUNCH, GROUP)],
  ["LifecycleActionsRule", sample(TERMINATE, GROUP)],
  ["ScalingOutcomesRule", sample("EC2 Instance Launch Unsuccessful", GROUP)],
  ["ScalingOutcomesRule", sample("EC2 Instance Terminate Successful", GROUP)],
  ["ScalingOutcomesRule", sample("EC2 Instance Terminate Unsuccessful", GROUP)],
  ...["stopping", "stopped", "shutting-down", "terminated"].map(
    (state) => ["InstanceStatesRule", sample(STATE, { state })] as const,
  ),
  ...["Success", "Failed", "TimedOut", "Cancelled"].map(
    (status) => ["CommandsRule", sample(COMMAND, { "document-name": "rollcall-lab", status })] as const,
  ),
];

const other = { AutoScalingGroupName: "web-servers" };

const unwanted: readonly (readonly [string, EventSample])[] = [
  ["a launch in another group", sample(LAUNCH, other)],
  ["a termination in a group whose name begins alike", sample(TERMINATE, { AutoScalingGroupName: "lab-broker" })],
  ["an ending in another group", sample("EC2 Instance Terminate Successful", other)],
  ["a launch that succeeded, which its hook has told before", sample("EC2 Instance Launch Successful", GROUP)],
  ["an instance that comes up", sample(STATE, { state: "running" })],
  ["an instance that is about to", sample(STATE, { state: "pending" })],
  ["a command of another document", sample(COMMAND, { "document-name": "AWS-RunShellScript", status: "Success" })],
  ["a command that runs", sample(COMMAND, { "document-name": "rollcall-lab", status: "InProgress" })],
  ["a command that waits", sample(COMMAND, { "document-name": "rollcall-lab", status: "Pending" })],
  ["the same of another source", { ...sample(LAUNCH, GROUP), source: "com.example" }],
  ["another kind of event", { ...sample(LAUNCH, GROUP), "detail-type": "EC2 Instance Rebalance Recommendation" }],
];

describe("recorded events", () => {
  test.each(wanted)("%s: wakes for its own, once, and the archive keeps it", (rule, event) => {
    expect(woken(event)).toEqual([rule]);
    expect(woken(replayed(event))).toEqual([rule]);
    expect(archived(event)).toBe(true);
  });

  test("every rule wakes for something here", () => {
    expect(new Set(wanted.map(([rule]) => rule))).toEqual(new Set(rules.map(([id]) => id)));
  });

  test.each(unwanted)("%s wakes nobody, and is not archived", (_what, event) => {
    expect(woken(event)).toEqual([]);
    expect(archived(event)).toBe(false);
  });

  test("are kept for as long as the definition says", () => {
    expect(properties(template, "EventArchive")).toMatchObject({ RetentionDays: 14, ArchiveName: "rollcall-lab" });
  });
});

describe("each target", () => {
  interface Target {
    readonly Arn: object;
    readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number };
  }
  const targets = ofType(template.Resources, "AWS::Events::Rule").map(
    ([id, { Properties }]) => [id, ...(Properties.Targets as [Target])] as const,
  );

  test.each(targets)("%s gives up within an hour, and loses nothing", (_id, target) => {
    expect(target).toMatchObject({ DeadLetterConfig: { Arn: { "Fn::GetAtt": ["UndeliveredQueue", "Arn"] } } });
    expect(target.RetryPolicy.MaximumEventAgeInSeconds).toBeLessThanOrEqual(3600);
  });

  test("may write to the dead-letter queue, and no other rule may", () => {
    const policy = properties<{ Queues: unknown; PolicyDocument: object }>(template, "UndeliveredQueuePolicy");
    expect(policy.Queues).toEqual([{ Ref: "UndeliveredQueue" }]);
    expect(policy.PolicyDocument).toMatchObject({
      Statement: [
        {
          Action: "sqs:SendMessage",
          Resource: { "Fn::GetAtt": ["UndeliveredQueue", "Arn"] },
          Condition: { ArnEquals: { "aws:SourceArn": targets.map(([id]) => ({ "Fn::GetAtt": [id, "Arn"] })) } },
        },
      ],
    });
  });
});

test.each([
  [60, "rate(1 minute)"],
  [120, "rate(2 minutes)"],
  [2, "rate(2 seconds)"],
])("a sweep every %i s is scheduled as %s", (seconds, expression) => {
  expect(rate(seconds * 1000)).toBe(expression);
});
