import { expect, test } from "vitest";
import { compilePattern } from "../../../lab/cloud/events/pattern.ts";

const EVENT = {
  source: "aws.autoscaling",
  "detail-type": "EC2 Instance-launch Lifecycle Action",
  resources: ["arn:one", "arn:two"],
  detail: { AutoScalingGroupName: "lab-broker-a", Origin: "EC2", attempts: 3, nested: { state: null } },
};

function matches(pattern: object): boolean {
  return compilePattern(JSON.stringify(pattern))(EVENT);
}

test.each([
  ["a value of the list", { source: ["aws.ec2", "aws.autoscaling"] }, { source: ["aws.ec2"] }],
  [
    "every field of the pattern",
    { detail: { Origin: ["EC2"] } },
    { source: ["aws.autoscaling"], detail: { Origin: ["WarmPool"] } },
  ],
  ["one element of a list in the event", { resources: ["arn:two"] }, { resources: ["arn:three"] }],
  [
    "prefix",
    { detail: { AutoScalingGroupName: [{ prefix: "lab-" }] } },
    { detail: { AutoScalingGroupName: [{ prefix: "a" }] } },
  ],
  [
    "suffix",
    { detail: { AutoScalingGroupName: [{ suffix: "-a" }] } },
    { detail: { AutoScalingGroupName: [{ suffix: "-b" }] } },
  ],
  [
    "wildcard",
    { detail: { AutoScalingGroupName: [{ wildcard: "lab-*-a" }] } },
    { detail: { AutoScalingGroupName: [{ wildcard: "lab" }] } },
  ],
  [
    "equals-ignore-case",
    { detail: { Origin: [{ "equals-ignore-case": "ec2" }] } },
    { detail: { Origin: [{ "equals-ignore-case": "e" }] } },
  ],
  [
    "anything-but",
    { detail: { Origin: [{ "anything-but": ["WarmPool"] }] } },
    { detail: { Origin: [{ "anything-but": "EC2" }] } },
  ],
  [
    "anything-but needs the field",
    { detail: { Origin: [{ "anything-but": "x" }] } },
    { detail: { absent: [{ "anything-but": "x" }] } },
  ],
  [
    "anything-but prefix",
    { detail: { Origin: [{ "anything-but": { prefix: "W" } }] } },
    { detail: { Origin: [{ "anything-but": { prefix: "E" } }] } },
  ],
  ["exists", { detail: { Origin: [{ exists: true }] } }, { detail: { Origin: [{ exists: false }] } }],
  ["absent", { "replay-name": [{ exists: false }] }, { "replay-name": [{ exists: true }] }],
  ["null", { detail: { nested: { state: [null] } } }, { detail: { nested: { state: ["null"] } } }],
  ["numbers are no strings", { detail: { attempts: [3] } }, { detail: { attempts: ["3"] } }],
  [
    "numeric",
    { detail: { attempts: [{ numeric: [">", 0, "<=", 3] }] } },
    { detail: { attempts: [{ numeric: ["<", 3] }] } },
  ],
  [
    "$or",
    { $or: [{ source: ["x"] }, { detail: { Origin: ["EC2"] } }] },
    { $or: [{ source: ["x"] }, { source: ["y"] }] },
  ],
])("%s", (_name, yes, no) => {
  expect(matches(yes)).toBe(true);
  expect(matches(no)).toBe(false);
});

test.each([
  ['{"source": "aws.ec2"}', "source must be an object or an array"],
  ['{"source": []}', "empty arrays"],
  ['{"source": [{"regex": "x"}]}', "Unrecognized match type regex"],
  ['{"source": [{"prefix": "a", "suffix": "b"}]}', "only one operator"],
  ["[]", "not an object"],
  ["{", "not valid JSON"],
])("a pattern that is wrong is refused: %s", (source, reason) => {
  expect(() => compilePattern(source)).toThrow(reason);
});
