import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventError } from "../../shared/lifecycle/events/error.ts";
import type { Hint } from "../../shared/lifecycle/events/hint.ts";
import { parseEvent } from "../../shared/lifecycle/events/parse.ts";
import { definition } from "../definition.ts";
import { type EventSample, replayed, sample, samples } from "./samples.ts";

const LAUNCH = "EC2 Instance-launch Lifecycle Action";
const TERMINATE = "EC2 Instance-terminate Lifecycle Action";
const STATE = "EC2 Instance State-change Notification";
const INVOCATION = "EC2 Command Invocation Status-change Notification";
const COMMAND = "EC2 Command Status-change Notification";
const instance = "i-0123456789abcdef0";
const group = "lab-broker-eu-central-1a";

function hint(event: unknown): Hint {
  return parseEvent(definition, event);
}

function reason(event: EventSample): string {
  const answer = hint(event);
  if (answer.kind !== "leave-alone") throw new Error(`wanted: ${answer.cause}`);
  return answer.reason;
}

function refusal(event: unknown): EventError {
  try {
    hint(event);
  } catch (error) {
    if (error instanceof EventError) return error;
    throw error;
  }
  throw new Error("was read without an error");
}

/** When that sample's action began, ms since the epoch. */
const begun = (kind: string): number => Date.parse(String(sample(kind).time));

describe("the samples in the comments", () => {
  test("there is one of every kind", () => {
    expect(samples.map((s) => s["detail-type"]).sort()).toEqual(
      [INVOCATION, COMMAND, STATE, LAUNCH, TERMINATE, "EC2 Instance Launch Successful"].sort(),
    );
  });

  test.each(samples.map((s) => [s["detail-type"], s] as const))("%s is read", (_, event) => {
    expect(hint(event).kind).toBe(event["detail-type"] === COMMAND ? "leave-alone" : "look");
  });

  test.each(samples.map((s) => [s["detail-type"], s] as const))("%s means the same when replayed", (_, event) => {
    const first = hint(event);
    const again = hint(replayed(event));
    if (first.kind === "look") expect(again).toEqual({ ...first, cause: `replay nightly-2: ${first.cause}` });
    else expect(again).toEqual(first);
  });
});

describe("lifecycle actions", () => {
  test("a launch in one of the cluster's groups asks for a look", () => {
    expect(hint(sample(LAUNCH))).toEqual({
      kind: "look",
      instance,
      group,
      cause: `launching in ${group}`,
      begun: begun(LAUNCH),
    });
  });

  test("a termination in one of the cluster's groups asks for a look", () => {
    expect(hint(sample(TERMINATE))).toEqual({
      kind: "look",
      instance,
      group,
      cause: `terminating in ${group}`,
      begun: begun(TERMINATE),
    });
  });

  test("neither notification metadata, nor origin, destination and action, nor the token need be there", () => {
    const bare = { NotificationMetadata: undefined, Origin: undefined, Destination: undefined, Action: undefined };
    expect(hint(sample(LAUNCH, { ...bare, LifecycleActionToken: undefined })).kind).toBe("look");
  });

  test("one without a time is malformed", () => {
    expect(refusal({ ...sample(LAUNCH), time: "soon" }).message).toContain("when the event happened");
  });

  test("another group's is left alone", () => {
    expect(reason(sample(LAUNCH, { AutoScalingGroupName: "web" }))).toBe("group web is not one of cluster lab");
  });

  test.each([
    ["into the pool", LAUNCH, { Origin: "EC2", Destination: "WarmPool" }],
    ["out of the pool", LAUNCH, { Origin: "WarmPool", Destination: "AutoScalingGroup" }],
    ["back into the pool", TERMINATE, { Origin: "AutoScalingGroup", Destination: "WarmPool" }],
    ["from the pool to its end", TERMINATE, { Origin: "WarmPool", Destination: "EC2" }],
  ])("a warm pool's is left alone: %s", (_, kind, moved) => {
    expect(reason(sample(kind, moved))).toMatch(/warm pool, which Rollcall does not serve$/);
  });

  test.each([LAUNCH, TERMINATE])("a root volume's replacement is left alone: %s", (kind) => {
    const moved = { Origin: "AutoScalingGroup", Destination: "AutoScalingGroup", Action: "ReplaceRootVolume" };
    expect(reason(sample(kind, moved))).toBe(`${instance} stays: only its root volume is replaced`);
  });
});

describe("outcomes of scaling activities", () => {
  test.each(["Launch Successful", "Launch Unsuccessful", "Terminate Successful", "Terminate Unsuccessful"])(
    "%s asks for a look",
    (outcome) => {
      const answer = hint(sample(`EC2 Instance ${outcome}`));
      expect(answer).toEqual({ kind: "look", instance, group, cause: `${outcome.toLowerCase()} in ${group}` });
    },
  );

  test("the activity's message is part of the cause", () => {
    const StatusMessage = "Instance failed to complete user's Lifecycle Action";
    expect(hint(sample("EC2 Instance Launch Unsuccessful", { StatusMessage }))).toMatchObject({
      cause: `launch unsuccessful in ${group} (${StatusMessage})`,
    });
  });

  test.each([[""], [undefined]])("a launch that never came to an instance (%j) is left alone", (EC2InstanceId) => {
    const StatusMessage = "no capacity";
    expect(reason(sample("EC2 Instance Launch Unsuccessful", { EC2InstanceId, StatusMessage }))).toBe(
      `launch unsuccessful in ${group}, with no instance to look at (no capacity)`,
    );
  });

  test("another group's and a warm pool's are left alone", () => {
    expect(reason(sample("EC2 Instance Launch Successful", { AutoScalingGroupName: "web" }))).toMatch(/^group web/);
    expect(reason(sample("EC2 Instance Launch Successful", { Destination: "WarmPool" }))).toMatch(/warm pool/);
  });
});

describe("EC2 state changes", () => {
  test.each(["stopping", "stopped", "shutting-down", "terminated"])("%s asks for a look, of no group", (state) => {
    expect(hint(sample(STATE, { state }))).toEqual({
      kind: "look",
      instance,
      cause: `EC2 says ${state}`,
      suspect: true,
    });
  });

  test.each(["pending", "running"])("%s is left alone", (state) => {
    expect(reason(sample(STATE, { state }))).toContain(`${instance} is ${state}`);
  });
});

describe("command status", () => {
  test.each(["Success", "Failed", "TimedOut", "Cancelled"])("%s of a node command asks for a look", (status) => {
    expect(hint(sample(INVOCATION, { status }))).toEqual({
      kind: "look",
      instance,
      cause: `its command ended: ${status}`,
      echo: true,
      command: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test.each(["Pending", "InProgress", "Delayed", "Cancelling"])("%s of a node command is left alone", (status) => {
    expect(reason(sample(INVOCATION, { status }))).toContain(`has not ended: ${status}`);
  });

  test("another document's is left alone, on a machine outside EC2 too", () => {
    const foreign = { "document-name": "AWS-RunShellScript", "instance-id": "mi-0123456789abcdef0" };
    expect(reason(sample(INVOCATION, foreign))).toBe("document AWS-RunShellScript is not rollcall-lab");
  });

  test("a command's own is left alone, and nothing of its parameters is told", () => {
    const told = reason(sample(COMMAND, { parameters: { payload: ["s3cret"] } }));
    expect(told).toContain("names no instance");
    expect(told).not.toContain("s3cret");
  });
});

describe("malformed events", () => {
  test("the error names field, value and what was expected", () => {
    const error = refusal(sample(LAUNCH, { EC2InstanceId: "web-1", AutoScalingGroupName: undefined }));
    expect(error.message).toBe(
      'event "6a7e8feb-b491-4cf7-a9f1-bf3703467718" ("EC2 Instance-launch Lifecycle Action") cannot be read: ' +
        "detail.AutoScalingGroupName is missing; " +
        'detail.EC2InstanceId is "web-1", expected an EC2 instance id, such as i-0123456789abcdef0. ' +
        "Nothing was done, and nothing is lost: the sweep looks at every instance anyway. " +
        "Drop it from the failure queue, or send it again with these fields as expected.",
    );
    expect(error.problems).toMatchObject([
      { field: "detail.AutoScalingGroupName", value: undefined },
      { field: "detail.EC2InstanceId", value: "web-1" },
    ]);
  });

  test.each([
    ["no detail", { ...sample(LAUNCH), detail: undefined }, "detail is missing"],
    ["no id", { ...sample(STATE), id: undefined }, "id is missing"],
    [
      "an empty group name",
      sample(LAUNCH, { AutoScalingGroupName: "" }),
      "the name of an Auto Scaling group, not empty",
    ],
    [
      "an unknown transition",
      sample(LAUNCH, { LifecycleTransition: "x" }),
      'LifecycleTransition is "x", expected autosc',
    ],
    ["an unknown EC2 state", sample(STATE, { state: "zombie" }), 'state is "zombie", expected pending, running'],
    [
      "an instance id of the wrong type",
      sample(INVOCATION, { "instance-id": 7 }),
      "instance-id is 7, expected a managed",
    ],
    ["another service's event", { ...sample(STATE), source: "my.app" }, 'source is "my.app", expected aws.ec2'],
    ["a list", [], "detail-type is missing"],
    ["null", null, "the event is null, expected an object"],
    ["a sentence", "hello", 'the event is "hello", expected an object'],
  ])("%s", (_, event, words) => {
    expect(refusal(event).message).toContain(words);
  });

  test("an unknown kind says which are known, and that the rule is too wide", () => {
    const error = refusal({ ...sample(STATE), "detail-type": "EC2 Spot Instance Interruption Warning" });
    expect(error.message).toContain(
      'detail-type is "EC2 Spot Instance Interruption Warning", expected "EC2 Instance-l',
    );
    expect(error.message).toContain("narrow the pattern of the rule");
  });

  test("a long value is cut", () => {
    expect(refusal(sample(STATE, { state: "z".repeat(10_000) })).message.length).toBeLessThan(600);
  });
});

describe("whatever comes", () => {
  const strange = fc.oneof(
    fc.jsonValue(),
    // Samples with one field, at the top or in the detail, replaced by something strange.
    fc
      .record({
        event: fc.constantFrom(...samples),
        inside: fc.boolean(),
        field: fc.constantFrom(
          "detail",
          "detail-type",
          "source",
          "id",
          "EC2InstanceId",
          "instance-id",
          "status",
          "__proto__",
        ),
        value: fc.jsonValue(),
      })
      .map(({ event, inside, field, value }): unknown =>
        inside
          ? { ...event, detail: Object.fromEntries([...Object.entries(event.detail), [field, value]]) }
          : Object.fromEntries([...Object.entries(event), [field, value]]),
      ),
  );

  test("there is an answer, or the one clear error", () => {
    fc.assert(
      fc.property(strange, (event) => {
        try {
          expect(["look", "leave-alone"]).toContain(hint(event).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
          if (error instanceof EventError) expect(error.problems.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
