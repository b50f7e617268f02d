import { describe, expect, test } from "vitest";
import { contextOf } from "../../../lab/cloud/iam/demands/demand.ts";
import { evaluate } from "../../../lab/cloud/iam/evaluate.ts";
import { readPolicy } from "../../../lab/cloud/iam/policy.ts";

const GROUP = "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:0b1c:autoScalingGroupName/brokers-a";

interface Asked {
  readonly action?: string;
  readonly resource?: string;
  readonly context?: readonly (readonly [string, string])[];
}

/** Whether a policy of that one statement allows it; the statement allows everything that it does not restrict. */
function allows(statement: object, { action = "s:Do", resource = GROUP, context = [] }: Asked = {}): boolean {
  const Statement = {
    Effect: "Allow",
    Resource: "*",
    ...("NotAction" in statement ? {} : { Action: "*" }),
    ...statement,
  };
  const statements = readPolicy("test", { Version: "2012-10-17", Statement });
  return evaluate(statements, { action, resource, context: contextOf(context) }).allowed;
}

describe("actions", () => {
  test.each([
    ["s:Do", "s:Do", true],
    ["s:do", "S:DO", true],
    ["s:D*", "s:Do", true],
    ["s:D?", "s:Do", true],
    ["s:Do", "s:Done", false],
    ["s:*", "t:Do", false],
    [["s:A", "s:Do"], "s:Do", true],
  ])("%j and %s: %s", (Action, action, allowed) => {
    expect(allows({ Action }, { action })).toBe(allowed);
  });

  test("NotAction is all but these", () => {
    expect(allows({ NotAction: "s:Do" })).toBe(false);
    expect(allows({ NotAction: "s:Other" })).toBe(true);
  });
});

describe("resources", () => {
  test.each([
    ["*", true],
    [GROUP, true],
    ["arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:*:autoScalingGroupName/brokers-?", true],
    ["arn:aws:autoscaling:*:*:autoScalingGroup:*", true],
    ["arn:aws:autoscaling:eu-central-1:2:autoScalingGroup:*:autoScalingGroupName/brokers-a", false],
    ["arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:*:autoScalingGroupName/brokers-b", false],
    // A part's wildcard does not reach into the next part.
    ["arn:aws:autoscaling:*:autoScalingGroupName/brokers-a", false],
  ])("%s: %s", (Resource, allowed) => {
    expect(allows({ Resource })).toBe(allowed);
  });

  test("an action that knows no resources needs a star", () => {
    expect(allows({ Resource: "*" }, { resource: "*" })).toBe(true);
    expect(allows({ Resource: GROUP }, { resource: "*" })).toBe(false);
  });

  test("NotResource is all but these", () => {
    const { Resource: _, ...NotResource } = { Resource: undefined, NotResource: GROUP };
    const statements = readPolicy("test", {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", ...NotResource },
    });
    const at = (resource: string) => evaluate(statements, { action: "s:Do", resource, context: new Map() }).allowed;
    expect([at(GROUP), at("arn:aws:s3:::other")]).toEqual([false, true]);
  });
});

describe("conditions", () => {
  const tag = (value: string) => [["aws:ResourceTag/cluster", value]] as const;
  const several = [
    ["k", "a"],
    ["k", "b"],
  ] as const;
  test.each<[name: string, condition: object, context: Asked["context"], allowed: boolean]>([
    ["equal", { StringEquals: { "aws:ResourceTag/cluster": "lab" } }, tag("lab"), true],
    ["equal, the key in other letters", { StringEquals: { "AWS:resourcetag/Cluster": "lab" } }, tag("lab"), true],
    ["not equal", { StringEquals: { "aws:ResourceTag/cluster": "lab" } }, tag("other"), false],
    ["not equal in case", { StringEquals: { "aws:ResourceTag/cluster": "lab" } }, tag("LAB"), false],
    ["equal but for case", { StringEqualsIgnoreCase: { "aws:ResourceTag/cluster": "lab" } }, tag("LAB"), true],
    ["one of several", { StringEquals: { "aws:ResourceTag/cluster": ["x", "lab"] } }, tag("lab"), true],
    ["no key", { StringEquals: { "aws:ResourceTag/cluster": "lab" } }, [], false],
    ["no key, if it exists", { StringEqualsIfExists: { "aws:ResourceTag/cluster": "lab" } }, [], true],
    ["another one, if it exists", { StringEqualsIfExists: { "aws:ResourceTag/cluster": "lab" } }, tag("x"), false],
    ["not: another", { StringNotEquals: { k: "b" } }, [["k", "a"]], true],
    ["not: the same", { StringNotEquals: { k: ["a", "b"] } }, [["k", "a"]], false],
    ["not: no key", { StringNotEquals: { k: "b" } }, [], true],
    ["like", { StringLike: { k: "la*" } }, [["k", "lab"]], true],
    ["not like", { StringNotLike: { k: "la*" } }, [["k", "lab"]], false],
    [
      "ARN equals takes wildcards",
      { ArnEquals: { "aws:SourceArn": "arn:aws:events:*:1:rule/x-*" } },
      [["aws:SourceArn", "arn:aws:events:eu:1:rule/x-1"]],
      true,
    ],
    [
      "ARN of another account",
      { ArnLike: { "aws:SourceArn": "arn:aws:events:*:1:rule/*" } },
      [["aws:SourceArn", "arn:aws:events:eu:2:rule/x"]],
      false,
    ],
    ["true", { Bool: { "aws:SecureTransport": true } }, [["aws:SecureTransport", "true"]], true],
    ["false", { Bool: { "aws:SecureTransport": "false" } }, [["aws:SecureTransport", "true"]], false],
    ["a number", { NumericLessThanEquals: { k: 5 } }, [["k", "5"]], true],
    ["a number too large", { NumericLessThan: { k: 5 } }, [["k", "5"]], false],
    ["absent", { Null: { k: true } }, [], true],
    ["not absent", { Null: { k: "true" } }, [["k", "a"]], false],
    ["present", { Null: { k: "false" } }, [["k", "a"]], true],
    ["all of them", { "ForAllValues:StringEquals": { k: ["a", "b", "c"] } }, several, true],
    ["not all of them", { "ForAllValues:StringEquals": { k: ["a", "c"] } }, several, false],
    ["all of none", { "ForAllValues:StringEquals": { k: "a" } }, [], true],
    ["any of them", { "ForAnyValue:StringEquals": { k: ["b", "c"] } }, several, true],
    ["none of them", { "ForAnyValue:StringEquals": { k: "c" } }, several, false],
    ["any of none", { "ForAnyValue:StringEquals": { k: "a" } }, [], false],
    ["two keys, one wrong", { StringEquals: { k: "a", l: "b" } }, [["k", "a"]], false],
    ["two operators, one wrong", { StringEquals: { k: "a" }, StringLike: { k: "b*" } }, [["k", "a"]], false],
  ])("%s", (_, Condition, context, allowed) => {
    expect(allows({ Condition }, { context: context ?? [] })).toBe(allowed);
  });
});

test("an explicit deny wins, and without a statement it is denied", () => {
  const statements = readPolicy("test", {
    Version: "2012-10-17",
    Statement: [
      { Sid: "All", Effect: "Allow", Action: "s:*", Resource: "*" },
      { Sid: "ButThis", Effect: "Deny", Action: "s:Do", Resource: "*" },
    ],
  });
  const verdict = (action: string) => evaluate(statements, { action, resource: "*", context: new Map() });
  expect(verdict("s:Do")).toEqual({ allowed: false, why: "explicit deny" });
  expect(verdict("t:Do")).toEqual({ allowed: false, why: "no statement" });
  expect(verdict("s:Other")).toMatchObject({ allowed: true, by: [{ sid: "All" }] });
});

describe("what is not modelled is refused", () => {
  test.each([
    [
      "an operator",
      { Action: "*", Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } },
      /IpAddress is not modelled/,
    ],
    [
      "a policy variable in a condition",
      { Action: "*", Condition: { StringEquals: { k: "${aws:username}" } } },
      /policy variables/,
    ],
    ["a policy variable in a resource", { Action: "*", Resource: "arn:aws:s3:::${aws:username}" }, /policy variables/],
    ["an element", { Action: "*", Resource: "*", Principle: "*" }, /Principle/],
    ["no action", { Resource: "*" }, /either Action or NotAction/],
  ])("%s", (_, statement, message) => {
    const document = { Version: "2012-10-17", Statement: { Effect: "Allow", Resource: "*", ...statement } };
    expect(() => readPolicy("Role.Policies", document)).toThrow(message);
    expect(() => readPolicy("Role.Policies", document)).toThrow(/^Role.Policies/);
  });

  test("an older version of the language", () => {
    expect(() => readPolicy("x", { Version: "2008-10-17", Statement: [] })).toThrow(/Version/);
  });
});
