import { describe, expect, test } from "vitest";
import { creationOrder } from "../../../lab/cloud/formation/order.ts";
import { readTemplate } from "../../../lab/cloud/formation/template.ts";
import { members } from "../cloud/ground.ts";
import { formationGround, loaded, propertiesOf, smallTemplate } from "./template.ts";

describe("a template becomes a stack", () => {
  test("with groups that launch as it says", async () => {
    const on = await loaded(smallTemplate());
    await on.clock.runFor(20_000);
    expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Pending:Wait", "Pending:Wait"]);
    const [instance] = on.cloud.ec2.instances.all();
    expect(instance).toMatchObject({
      profile: "arn:aws:iam::123456789012:instance-profile/small-Profile",
      tags: [
        { Key: "cluster", Value: "small" },
        { Key: "aws:autoscaling:groupName", Value: "brokers-a" },
      ],
    });
  });

  test("with functions that have their environment and role from it", async () => {
    const on = await loaded(smallTemplate());
    expect(on.deployed).toEqual([
      {
        logicalId: "Work",
        name: "small-work",
        handler: "work.handler",
        environment: { TABLE: "small", WHERE: "a/small-node" },
        role: "small-work",
      },
    ]);
  });

  test("with rules that wake its functions", async () => {
    const on = await loaded(smallTemplate());
    await on.clock.runFor(20_000);
    expect(on.invoked).toHaveLength(2);
    expect(on.cloud.iam.denials).toEqual([]);
  });

  test("with parameters from SSM's public ones, or as given", async () => {
    const on = formationGround();
    const stack = await on.load(smallTemplate(), { parameters: { Size: "1" } });
    expect(stack.resource("Group").properties.DesiredCapacity).toBe("1");
    expect(stack.resource("Launch").properties.LaunchTemplateData).toMatchObject({ ImageId: /^ami-/ });
  });

  test("with outputs", async () => {
    const { stack } = await loaded(smallTemplate());
    expect(stack.outputs()).toEqual({ Where: "arn:aws:lambda:eu-central-1:123456789012:function:small-work" });
  });

  test("what the lab has no model for is kept, for everybody to see", async () => {
    const on = await loaded(smallTemplate());
    expect(on.cloud.snapshot().resources).toContainEqual({
      stack: "small",
      logicalId: "Nodes",
      type: "AWS::EC2::SecurityGroup",
      physicalId: expect.stringMatching(/^sg-0[0-9a-f]{16}$/),
      attributes: { GroupId: expect.stringMatching(/^sg-/), VpcId: "vpc-1" },
      properties: { GroupDescription: "nodes", VpcId: "vpc-1" },
    });
  });

  test("groups and what needs them are held back where that is asked", async () => {
    const template = smallTemplate();
    template.Resources.Alarm = {
      Type: "AWS::CloudWatch::Alarm",
      DependsOn: "Group",
      Properties: { ComparisonOperator: "GreaterThanThreshold", EvaluationPeriods: 1 },
    };
    const on = await loaded(template, { hold: ["AWS::AutoScaling::AutoScalingGroup"] });
    const has = () => on.stack.resources.map((r) => r.logicalId).filter((id) => id === "Group" || id === "Alarm");
    expect(has()).toEqual([]);
    await on.stack.release();
    expect(has()).toEqual(["Group", "Alarm"]);
  });

  test("conditions leave resources and properties out", async () => {
    const template = smallTemplate();
    template.Conditions = { Large: { "Fn::Equals": [{ Ref: "Size" }, "9"] } };
    template.Resources.Extra = { Type: "AWS::SQS::Queue", Condition: "Large" };
    propertiesOf(template, "Failures").MessageRetentionPeriod = { "Fn::If": ["Large", 60, { Ref: "AWS::NoValue" }] };
    const { stack } = await loaded(template);
    expect(stack.resources.map((r) => r.logicalId)).not.toContain("Extra");
    expect(stack.resource("Failures").properties).toEqual({ QueueName: "small-failures" });
  });
});

describe("order", () => {
  const order = (template = smallTemplate()) => creationOrder(readTemplate(template).Resources);

  test("each after all that it refers to or depends on", () => {
    const at = (id: string) => order().indexOf(id);
    expect(at("Profile")).toBeGreaterThan(at("NodeRole"));
    expect(at("Launch")).toBeGreaterThan(Math.max(at("Profile"), at("Nodes")));
    expect(order().at(-1)).toBe("Group");
  });

  test("a circle is refused", async () => {
    const template = smallTemplate();
    template.Resources.Rule = { ...template.Resources.Rule, DependsOn: "Permission" } as never;
    await expect(loaded(template)).rejects.toThrow(
      /stack small: Circular dependency between resources: \[.*Rule.*Permission.*\]/,
    );
  });
});

describe("nothing is ignored", () => {
  test("a type that is not known", async () => {
    const template = smallTemplate();
    template.Resources.Topic = { Type: "AWS::SNS::Topic" };
    await expect(loaded(template)).rejects.toThrow(
      "Topic: the lab's CloudFormation does not know the resource type AWS::SNS::Topic",
    );
  });

  test("a property that is not known, before anything is made", async () => {
    const template = smallTemplate();
    propertiesOf(template, "Group").Cooldown = "300";
    const on = formationGround();
    await expect(on.load(template)).rejects.toThrow(
      `Group (AWS::AutoScaling::AutoScalingGroup): Properties.Cooldown: the lab's CloudFormation does not know this property, "300"`,
    );
    expect(on.cloud.calls.all()).toEqual([]);
  });

  test("a property that is not known further down", async () => {
    const template = smallTemplate();
    propertiesOf(template, "Launch").LaunchTemplateData = { InstanceType: "t4g.small", KeyName: "mine" };
    await expect(loaded(template)).rejects.toThrow(
      `Launch (AWS::EC2::LaunchTemplate): Properties.LaunchTemplateData.KeyName: the lab's CloudFormation does not know this property, "mine"`,
    );
  });

  test.each([
    [
      "a value that is not allowed",
      "Failures",
      { MessageRetentionPeriod: "long" },
      /Properties.MessageRetentionPeriod/,
    ],
    [
      "a function that is not known",
      "Failures",
      { QueueName: { "Fn::ImportValue": "x" } },
      /Fn::ImportValue: .*does not know/,
    ],
    [
      "a reference to nothing",
      "Failures",
      { QueueName: { Ref: "Nobody" } },
      /QueueName.Ref: nothing of that name, "Nobody"/,
    ],
    [
      "an attribute of nothing",
      "Failures",
      { QueueName: { "Fn::GetAtt": ["Table", "Colour"] } },
      /no such resource or attribute/,
    ],
    ["a dynamic reference", "Failures", { QueueName: "{{resolve:secretsmanager:x}}" }, /cannot be resolved/],
  ])("%s", async (_, logicalId, properties, message) => {
    const template = smallTemplate();
    Object.assign(propertiesOf(template, logicalId), properties);
    await expect(loaded(template)).rejects.toThrow(message);
  });

  test("a section of the template", async () => {
    await expect(loaded({ ...smallTemplate(), Mappings: {} } as never)).rejects.toThrow(
      /Mappings: .*does not know this/,
    );
  });

  test("a parameter that does not exist, or has no value", async () => {
    await expect(loaded(smallTemplate(), { parameters: { Sise: "1" } })).rejects.toThrow(
      "Parameters: [Sise] do not exist",
    );
    const template = smallTemplate();
    template.Parameters = { ...template.Parameters, Needed: { Type: "String" } };
    await expect(loaded(template)).rejects.toThrow("Parameters.Needed must have a value");
  });

  test("a role that Lambda may not assume", async () => {
    const template = smallTemplate();
    propertiesOf(template, "Work").Role = { "Fn::GetAtt": ["NodeRole", "Arn"] };
    await expect(loaded(template)).rejects.toThrow(
      "Work: The role defined for the function cannot be assumed by Lambda.",
    );
  });
});
