/** The lab's cloud refuses what policies do not allow, each service in its own words. */
import { describe, expect, test } from "vitest";
import { loaded, propertiesOf, smallTemplate, type Template } from "../formation/template.ts";

/** A stack whose function's role has these statements. */
async function withStatements(statements: readonly object[], change: (template: Template) => void = () => {}) {
  const template = smallTemplate();
  propertiesOf(template, "Role").Policies = [
    { PolicyName: "work", PolicyDocument: { Version: "2012-10-17", Statement: statements } },
  ];
  propertiesOf(template, "NodeRole").Policies = [
    { PolicyName: "agent", PolicyDocument: { Version: "2012-10-17", Statement: AGENT } },
  ];
  change(template);
  const on = await loaded(template);
  const as = async (service: string, action: string, input: object, role = "small-work") =>
    on.clock.settle(
      on.cloud.call(service, action, input, { role }).then(
        () => "allowed",
        (error: { code: string; message: string; status: number }) => error,
      ),
      60_000,
    );
  return { ...on, as };
}

const AGENT = [
  {
    Sid: "Agent",
    Effect: "Allow",
    Action: [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ],
    Resource: "*",
  },
];

const WHO = "User: arn:aws:sts::123456789012:assumed-role/small-work/lab is not authorized to perform";

describe("a call without a permission", () => {
  test.each([
    [
      "autoscaling",
      "DescribeAutoScalingGroups",
      {},
      "AccessDenied",
      `${WHO}: autoscaling:DescribeAutoScalingGroups on resource: * because no identity-based policy allows the autoscaling:DescribeAutoScalingGroups action`,
    ],
    [
      "ec2",
      "DescribeInstances",
      {},
      "UnauthorizedOperation",
      `You are not authorized to perform this operation. ${WHO}: ec2:DescribeInstances on resource: * because no identity-based policy allows the ec2:DescribeInstances action`,
    ],
    [
      "ssm",
      "SendCommand",
      { DocumentName: "small-node", InstanceIds: ["i-0123456789abcdef0"] },
      "AccessDeniedException",
      `${WHO}: ssm:SendCommand on resource: arn:aws:ssm:eu-central-1:123456789012:document/small-node because no identity-based policy allows the ssm:SendCommand action`,
    ],
    [
      "dynamodb",
      "GetItem",
      { TableName: "small", Key: { pk: { S: "x" } } },
      "AccessDeniedException",
      `${WHO}: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/small because no identity-based policy allows the dynamodb:GetItem action`,
    ],
    [
      "lambda",
      "Invoke",
      { FunctionName: "small-work" },
      "AccessDeniedException",
      `${WHO}: lambda:InvokeFunction on resource: arn:aws:lambda:eu-central-1:123456789012:function:small-work because no identity-based policy allows the lambda:InvokeFunction action`,
    ],
  ])("%s:%s is %s", async (service, action, input, code, message) => {
    const on = await withStatements([]);
    expect(await on.as(service, action, input)).toMatchObject({ code, message });
    expect(on.log.at(-1)).toContain("is not authorized to perform");
    expect(on.cloud.iam.denials.at(-1)).toMatchObject({ who: "small-work" });
  });

  test("an explicit deny says so", async () => {
    const on = await withStatements([
      { Effect: "Allow", Action: "ec2:*", Resource: "*" },
      { Effect: "Deny", Action: "ec2:DescribeInstances", Resource: "*" },
    ]);
    expect(await on.as("ec2", "DescribeInstances", {})).toMatchObject({ message: /with an explicit deny/ });
  });

  test("nothing of it happens", async () => {
    const on = await withStatements([]);
    await on.as("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 3 });
    expect(on.cloud.groups.get("brokers-a").desired).toBe(2);
  });
});

test("an action that no table knows is denied, even to a star", async () => {
  const on = await withStatements([{ Effect: "Allow", Action: "*", Resource: "*" }]);
  expect(await on.as("ssm", "DeleteDocument", { Name: "small-node" })).toMatchObject({ code: "AccessDeniedException" });
  expect(on.log).toContain(
    "ssm:DeleteDocument: the lab has no authorization table for it, so that no policy can allow it",
  );
});

test("a key that stands for no role is no key", async () => {
  const on = await withStatements([]);
  expect(await on.as("ssm", "ListCommands", {}, "stranger")).toMatchObject({ code: "UnrecognizedClientException" });
  expect(await on.as("ec2", "DescribeInstances", {}, "stranger")).toMatchObject({ code: "AuthFailure" });
});

describe("resources and conditions", () => {
  const on = (Action: string, Resource: unknown, Condition: object = {}) =>
    withStatements([{ Sid: "This", Effect: "Allow", Action, Resource, Condition }]);
  const heartbeat = { AutoScalingGroupName: "brokers-a", LifecycleHookName: "launch", InstanceId: "i-0" };
  const tagged = (value: string) => ({ StringEquals: { "autoscaling:ResourceTag/cluster": value } });

  test("a group by its name, whatever its id", async () => {
    const right = await on(
      "autoscaling:RecordLifecycleActionHeartbeat",
      "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/brokers-a",
    );
    expect(await right.as("autoscaling", "RecordLifecycleActionHeartbeat", heartbeat)).toMatchObject({
      code: "ValidationError",
    });
    const wrong = await on(
      "autoscaling:RecordLifecycleActionHeartbeat",
      "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/brokers-b",
    );
    expect(await wrong.as("autoscaling", "RecordLifecycleActionHeartbeat", heartbeat)).toMatchObject({
      code: "AccessDenied",
    });
  });

  test("a group by its tags", async () => {
    const right = await on("autoscaling:RecordLifecycleActionHeartbeat", "*", tagged("small"));
    expect(await right.as("autoscaling", "RecordLifecycleActionHeartbeat", heartbeat)).toMatchObject({
      code: "ValidationError",
    });
    const wrong = await on("autoscaling:RecordLifecycleActionHeartbeat", "*", tagged("other"));
    expect(await wrong.as("autoscaling", "RecordLifecycleActionHeartbeat", heartbeat)).toMatchObject({
      code: "AccessDenied",
    });
  });

  test("the group that the instance is in", async () => {
    const cloud = await on("autoscaling:SetInstanceHealth", "*", tagged("small"));
    await cloud.clock.runFor(30_000);
    const [instance] = cloud.cloud.ec2.instances.all();
    const input = (InstanceId: string | undefined) => ({ InstanceId, HealthStatus: "Unhealthy" });
    expect(await cloud.as("autoscaling", "SetInstanceHealth", input(instance?.id))).toBe("allowed");
    expect(await cloud.as("autoscaling", "SetInstanceHealth", input("i-0"))).toMatchObject({ code: "AccessDenied" });
  });

  test("a command needs its document and each of its instances", async () => {
    const document = {
      Sid: "Document",
      Effect: "Allow",
      Action: "ssm:SendCommand",
      Resource: "arn:aws:ssm:*:*:document/small-node",
    };
    const instances = {
      Sid: "Nodes",
      Effect: "Allow",
      Action: "ssm:SendCommand",
      Resource: "arn:aws:ec2:*:*:instance/*",
      Condition: { StringEquals: { "ssm:resourceTag/cluster": "small" } },
    };
    const send = async (statements: object[]) => {
      const cloud = await withStatements(statements);
      await cloud.clock.runFor(60_000);
      const [instance] = cloud.cloud.ec2.instances.all();
      return cloud.as("ssm", "SendCommand", { DocumentName: "small-node", InstanceIds: [instance?.id] });
    };
    expect(await send([document, instances])).toBe("allowed");
    expect(await send([instances])).toMatchObject({ message: /on resource: arn:aws:ssm:.*:document\/small-node/ });
    expect(await send([document])).toMatchObject({ message: /on resource: arn:aws:ec2:.*:instance\/i-/ });
    const stranger = { ...instances, Condition: { StringEquals: { "ssm:resourceTag/cluster": "other" } } };
    expect(await send([document, stranger])).toMatchObject({ message: /instance\/i-/ });
    // EC2's own prefix is not in the context of SSM's actions.
    const wrongKey = { ...instances, Condition: { StringEquals: { "ec2:ResourceTag/cluster": "small" } } };
    expect(await send([document, wrongKey])).toMatchObject({ message: /instance\/i-/ });
  });

  test("an attachment needs its instance and its interface", async () => {
    const attach = async (condition: object) => {
      const cloud = await withStatements(
        [
          {
            Effect: "Allow",
            Action: ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface"],
            Resource: "*",
            Condition: condition,
          },
        ],
        (template) => {
          template.Resources.Address = {
            Type: "AWS::EC2::NetworkInterface",
            Properties: {
              SubnetId: "subnet-a",
              PrivateIpAddress: "10.0.1.77",
              Tags: [{ Key: "cluster", Value: "small" }],
            },
          };
        },
      );
      await cloud.clock.runFor(30_000);
      const [instance] = cloud.cloud.ec2.instances.all();
      const NetworkInterfaceId = cloud.stack.resource("Address").physicalId;
      const outcome = await cloud.as("ec2", "AttachNetworkInterface", {
        NetworkInterfaceId,
        InstanceId: instance?.id,
        DeviceIndex: 1,
      });
      return { cloud, outcome, attachment: cloud.cloud.ec2.interfaces.get(NetworkInterfaceId).attachment?.id };
    };
    const right = await attach({ StringEquals: { "ec2:ResourceTag/cluster": "small" } });
    expect(right.outcome).toBe("allowed");
    expect(await right.cloud.as("ec2", "DetachNetworkInterface", { AttachmentId: right.attachment })).toBe("allowed");
    const zone = { StringEquals: { "ec2:AvailabilityZone": "eu-central-1b" } };
    expect((await attach(zone)).outcome).toMatchObject({ code: "UnauthorizedOperation" });
  });
});

describe("services act by policies too", () => {
  const LOG = { Sid: "Log", Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" };

  test("EventBridge invokes a function that lets the rule in, and no other", async () => {
    const template = smallTemplate();
    delete template.Resources.Permission;
    Object.assign(template.Resources.Group ?? {}, { DependsOn: ["Rule"] });
    const on = await loaded(template);
    await on.clock.runFor(20_000);
    expect(on.invoked).toEqual([]);
    expect(on.cloud.iam.denials[0]).toMatchObject({ who: "events.amazonaws.com", action: "lambda:InvokeFunction" });
    const [message] = on.cloud.queues.all().find((q) => q.name === "small-undelivered")?.messages ?? [];
    expect(message?.attributes).toMatchObject({ ERROR_CODE: "NO_PERMISSIONS", RULE_ARN: /rule\/small-rule$/ });
  });

  test("a permission for another rule does not count", async () => {
    const template = smallTemplate();
    propertiesOf(template, "Permission").SourceArn = "arn:aws:events:eu-central-1:123456789012:rule/other";
    const on = await loaded(template);
    await on.clock.runFor(20_000);
    expect(on.invoked).toEqual([]);
  });

  test("a dead-letter queue takes nothing without its policy", async () => {
    const template = smallTemplate();
    delete template.Resources.Permission;
    delete template.Resources.UndeliveredPolicy;
    Object.assign(template.Resources.Group ?? {}, { DependsOn: ["Rule"] });
    const on = await loaded(template);
    await on.clock.runFor(20_000);
    expect(on.cloud.iam.denials.map((d) => d.action)).toContain("sqs:SendMessage");
    expect(on.cloud.snapshot().queues).toMatchObject({ "small-undelivered": 0 });
  });

  async function failing(statements: readonly object[]) {
    const on = await withStatements(statements);
    on.cloud.functions.register({
      ...on.cloud.functions.get("small-work"),
      handler: async () => {
        throw new Error("on purpose");
      },
    });
    await on.clock.runFor(600_000);
    return on;
  }

  test("what failed for good goes where the function's role may send it", async () => {
    const fail = { Effect: "Allow", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:*:*:small-failures" };
    expect((await failing([LOG, fail])).cloud.snapshot().queues).toMatchObject({
      "small-failures": expect.any(Number),
    });
    expect((await failing([LOG, fail])).cloud.snapshot().queues["small-failures"]).toBeGreaterThan(0);
    const without = await failing([LOG]);
    expect(without.cloud.snapshot().queues["small-failures"]).toBe(0);
    expect(without.cloud.iam.denials[0]).toMatchObject({ who: "small-work", action: "sqs:SendMessage" });
  });

  test("a function that may not write its log runs, and IAM tells", async () => {
    const on = await withStatements([]);
    await on.clock.runFor(20_000);
    expect(on.invoked.length).toBeGreaterThan(0);
    expect(on.cloud.iam.denials[0]).toMatchObject({
      action: "logs:CreateLogStream",
      resource: expect.stringMatching(
        /:log-group:\/aws\/lambda\/small-work:log-stream:2026\/09\/01\/\[\$LATEST\][0-9a-f]{32}$/,
      ),
    });
  });

  test("an agent registers where its instance's role lets it", async () => {
    const right = await withStatements([LOG]);
    await right.clock.runFor(60_000);
    expect(right.cloud.agents.all()).toHaveLength(2);
    const wrong = await withStatements([LOG], (template) => {
      propertiesOf(template, "NodeRole").Policies = [];
    });
    await wrong.clock.runFor(60_000);
    expect(wrong.cloud.agents.all()).toEqual([]);
    expect(wrong.cloud.iam.denials[0]).toMatchObject({
      who: "small-NodeRole",
      action: "ssm:UpdateInstanceInformation",
    });
  });

  test("a function in a VPC needs the rights to its network interfaces", async () => {
    const vpc = (template: Template) => {
      propertiesOf(template, "Work").VpcConfig = { SubnetIds: ["subnet-a"], SecurityGroupIds: [{ Ref: "Nodes" }] };
    };
    await expect(withStatements([], vpc)).rejects.toThrow(
      "Work: The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    );
  });
});

test("permissions that nothing ever used are told", async () => {
  const on = await loaded(smallTemplate());
  await on.clock.runFor(20_000);
  expect(on.cloud.iam.unusedPermissions().map(({ sid, action }) => `${sid} ${action}`)).toEqual([
    "Look autoscaling:DescribeAutoScalingGroups",
    "Fail sqs:SendMessage",
  ]);
  await on.cloud.call("autoscaling", "DescribeAutoScalingGroups", {}, { role: "small-work" });
  expect(on.cloud.iam.unusedPermissions()).toEqual([
    { role: "small-work", policy: "work", sid: "Fail", action: "sqs:SendMessage" },
  ]);
});
