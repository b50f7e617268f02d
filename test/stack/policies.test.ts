import { describe, expect, test } from "vitest";
import { nodeRoleId } from "../../resources/logical-ids.ts";
import type { Statement } from "../../resources/policy.ts";
import type { Template } from "../../resources/template.ts";
import type { Definition, Role } from "../../shared/cluster/definition.ts";
import { compile, deployable, ensemble, ofType, properties, secure, various } from "./compiled.ts";

interface Granted extends Statement {
  /** Role or other resource that the statement is in. */
  readonly where: string;
  readonly Principal?: unknown;
}

/** Every statement of the template, in whatever policy: roles' own and trust, queues', and separate ones. */
function statementsOf({ Resources }: Template): Granted[] {
  const found: Granted[] = [];
  const walk = (where: string, value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(where, one);
    else if (typeof value === "object" && value !== null) {
      if ("Effect" in value) found.push({ where, ...(value as Statement) });
      else for (const one of Object.values(value)) walk(where, one);
    }
  };
  for (const [id, { Properties }] of Object.entries(Resources)) walk(id, Properties);
  return found;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

describe.each([
  ["the lab's cluster, deployable", deployable],
  ["a cluster that varies", various],
  ["a cluster with security", secure],
  ["a cluster on ZooKeeper", ensemble],
])("%s", (_name, definition) => {
  const template = compile(definition);
  const statements = statementsOf(template);
  const nodeRoles = definition.roles.map(({ name }) => nodeRoleId(name));

  test("no policy has a wildcard action, or everything but some", () => {
    expect(statements.length).toBeGreaterThan(20);
    for (const statement of statements) {
      for (const action of list(statement.Action)) expect(action, statement.where).not.toContain("*");
      expect(Object.keys(statement).filter((key) => key.startsWith("Not"))).toEqual([]);
    }
  });

  test("all resources at once stand only where an action knows none, or Lambda asks for it", () => {
    const everywhere = statements.filter((s) => s.Effect === "Allow" && list(s.Resource).includes("*"));
    expect(everywhere.flatMap((s) => list(s.Action).map((action) => `${s.where} ${action}`)).sort()).toEqual(
      [
        ...["LifecycleRole", "SweepRole"].flatMap((role) =>
          [
            "autoscaling:DescribeAutoScalingGroups",
            "ec2:DescribeInstances",
            "ec2:DescribeNetworkInterfaces",
            "ssm:DescribeInstanceInformation",
            "ssm:GetCommandInvocation",
            "ssm:ListCommands",
          ].map((action) => `${role} ${action}`),
        ),
        ...[
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ].map((action) => `KafkaRole ${action}`),
        ...nodeRoles.flatMap((role) =>
          ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
            (action) => `${role} ssmmessages:${action}`,
          ),
        ),
      ].sort(),
    );
  });

  test("instances and interfaces are the cluster's by their tag, wherever something is done to them", () => {
    for (const statement of statements) {
      const any = JSON.stringify(statement.Resource ?? "");
      if (!/:(instance|network-interface)\/\*/.test(any) || nodeRoles.includes(statement.where)) continue;
      expect(statement.Condition, statement.Sid).toEqual({
        StringEquals: { "aws:ResourceTag/rollcall:cluster": "lab" },
      });
    }
  });

  test("what is written to, invoked or answered is named, not matched", () => {
    const strange = statements
      .filter((s) => s.Effect === "Allow" && !list(s.Resource).includes("*"))
      .flatMap((s) => list(s.Resource).map((resource) => JSON.stringify(resource ?? "")))
      .filter((text) => text.includes("*"))
      .map((text) => text.replace(/^.*\$\{AWS::AccountId\}:/, "").replace(/"\}$/, ""));
    const known = [
      "instance/*",
      "network-interface/*",
      ...["lifecycle", "sweep", "kafka"].map((name) => `log-group:/aws/lambda/rollcall-lab-${name}:*`),
      ...definition.roles
        .flatMap(({ groups }) => groups)
        .map(({ name }) => `autoScalingGroup:*:autoScalingGroupName/${name}`),
    ];
    for (const one of strange) expect(known).toContain(one);
  });

  test("each statement of a role has a name of its own", () => {
    for (const [id] of ofType(template.Resources, "AWS::IAM::Role")) {
      const names = statements.filter((s) => s.where === id && s.Principal === undefined).map((s) => s.Sid);
      expect(new Set(names).size, id).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9]+$/);
    }
  });

  test("only services are trusted: Lambda with functions, EC2 with nodes, EventBridge with its queue", () => {
    const trusted = statements.filter((s) => s.Principal !== undefined).map((s) => [s.where, s.Principal]);
    expect(Object.fromEntries(trusted)).toEqual({
      LifecycleRole: { Service: "lambda.amazonaws.com" },
      SweepRole: { Service: "lambda.amazonaws.com" },
      KafkaRole: { Service: "lambda.amazonaws.com" },
      ...Object.fromEntries(nodeRoles.map((role) => [role, { Service: "ec2.amazonaws.com" }])),
      UndeliveredQueuePolicy: { Service: "events.amazonaws.com" },
    });
  });

  test("IAM would take each role's policy: 10,240 characters in all", () => {
    for (const [id, { Properties }] of ofType(template.Resources, "AWS::IAM::Role")) {
      expect(JSON.stringify(Properties.Policies).length, id).toBeLessThan(10_240);
    }
  });

  test("each function is invoked by its own rules alone", () => {
    for (const [id, { Properties }] of ofType(template.Resources, "AWS::Lambda::Permission")) {
      const rule = id.replace(/Permission$/, "");
      expect(Properties).toMatchObject({
        Action: "lambda:InvokeFunction",
        Principal: "events.amazonaws.com",
        SourceAccount: { Ref: "AWS::AccountId" },
        SourceArn: { "Fn::GetAtt": [rule, "Arn"] },
      });
      const [target] = properties<{ Targets: { Arn: { "Fn::GetAtt": [string] } }[] }>(template, rule).Targets;
      expect(Properties.FunctionName).toEqual({ Ref: target?.Arn["Fn::GetAtt"][0] });
    }
  });
});

test("the function inside the VPC has no rights of its own: its code is denied what Lambda needs for it", () => {
  const statements = statementsOf(compile(deployable)).filter((s) => s.where === "KafkaRole" && !s.Principal);
  expect(statements.map((s) => s.Sid)).toEqual(["LambdaConnectsToVpc", "CodeDoesNot", "WritesLogs"]);
  const [allowed, denied] = statements;
  expect(denied).toMatchObject({ Effect: "Deny", Resource: "*", Action: allowed?.Action });
  expect(Object.keys(denied?.Condition ?? {})).toEqual(["ArnEquals"]);
});

test("members of an ensemble that Exhibitor supervises share one object, and nobody else touches it", () => {
  const supervised = {
    ...ensemble,
    roles: ensemble.roles.map(
      (role): Role =>
        role.name === "zookeeper"
          ? { ...role, supervisor: { kind: "exhibitor", bucket: "shared", key: "exhibitor/lab.properties" } }
          : role,
    ),
  };
  const s3 = (definition: Definition) =>
    statementsOf(compile(definition)).filter((s) => JSON.stringify(s.Action).includes("s3:"));
  expect(s3(supervised)).toMatchObject([
    {
      where: "ZookeeperNodeRole",
      Action: ["s3:GetObject", "s3:PutObject"],
      Resource: { "Fn::Sub": "arn:${AWS::Partition}:s3:::shared/exhibitor/lab.properties" },
    },
  ]);
  expect(s3(ensemble)).toEqual([]);
});

test("a node may fetch the archive where it is in S3, and nothing else of S3", () => {
  const s3 = (template: Template) =>
    statementsOf(template).filter((s) => list(s.Action).some((a) => String(a).startsWith("s3:")));
  expect(s3(compile(deployable))).toEqual([]);
  expect(s3(compile(various))).toMatchObject(
    ["ControllerNodeRole", "NodeRole"].map((where) => ({
      where,
      Action: ["s3:GetObject"],
      Resource: { "Fn::Sub": "arn:${AWS::Partition}:s3:::archives/kafka/kafka.tgz" },
    })),
  );
});
