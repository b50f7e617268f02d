/** What becomes of a stack that is changed, and of one that is deleted. */
import { describe, expect, test } from "vitest";
import { members } from "../cloud/ground.ts";
import { CONTENT, loaded, propertiesOf, smallTemplate, type Template, type TemplateResource } from "./template.ts";

const NOTHING = { created: [], updated: [], replaced: [], deleted: [], kept: [] };

async function changed(change: (template: Template) => void, first = smallTemplate()) {
  const on = await loaded(first);
  await on.clock.runFor(20_000);
  const next = smallTemplate();
  change(next);
  const changes = await on.stack.update(next, on.options());
  return { ...on, changes };
}

describe("an update", () => {
  test("of nothing touches nothing, but deploys the code", async () => {
    const { changes, deployed, cloud } = await changed(() => {});
    expect(changes).toEqual(NOTHING);
    expect(deployed).toHaveLength(2);
    expect(cloud.calls.counts()["autoscaling:UpdateAutoScalingGroup"]).toBeUndefined();
  });

  test("of a group's size is a change of that group", async () => {
    const on = await changed((template) => {
      propertiesOf(template, "Group").DesiredCapacity = 3;
    });
    expect(on.changes).toEqual({ ...NOTHING, updated: ["Group"] });
    await on.clock.runFor(20_000);
    expect(await members(on)).toHaveLength(3);
  });

  test("of a document makes a new version, which is the default from then on", async () => {
    const on = await changed((template) => {
      propertiesOf(template, "Document").Content = { ...CONTENT, description: "another one" };
    });
    expect(on.changes).toEqual({ ...NOTHING, updated: ["Document"] });
    const { Document } = await on.call<{ Document: object }>("ssm", "DescribeDocument", { Name: "small-node" });
    expect(Document).toMatchObject({ LatestVersion: "2", DefaultVersion: "2" });
  });

  test("of a launch template makes a new version, which its group launches from", async () => {
    const on = await changed((template) => {
      Object.assign(propertiesOf(template, "Launch").LaunchTemplateData as object, { InstanceType: "m7g.xlarge" });
    });
    expect(on.changes).toEqual({ ...NOTHING, updated: ["Launch", "Group"] });
    expect(on.cloud.groups.get("brokers-a").template.Version).toBe("2");
  });

  test("of a hook, a rule, a policy or a function goes to where it counts", async () => {
    const on = await changed((template) => {
      propertiesOf(template, "Group").LifecycleHookSpecificationList = [
        {
          LifecycleHookName: "stop",
          LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
          HeartbeatTimeout: 60,
        },
      ];
      propertiesOf(template, "Rule").EventPattern = { source: ["aws.ec2"] };
      propertiesOf(template, "Role").Policies = [];
      propertiesOf(template, "Work").Environment = { Variables: { TABLE: "other" } };
    });
    expect(on.changes.updated).toEqual(["Role", "Work", "Rule", "Group"]);
    expect(on.cloud.groups.get("brokers-a").hooks.map((h) => h.name)).toEqual(["stop"]);
    expect(on.cloud.bus.rule("small-rule")?.pattern).toBe('{"source":["aws.ec2"]}');
    expect(on.cloud.iam.permissions()).toEqual([]);
    expect(on.deployed.at(-1)?.environment).toEqual({ TABLE: "other" });
    // What another resource says of the function stays.
    expect(on.cloud.functions.get("small-work")).toMatchObject({ retries: 1 });
  });

  test("that needs another resource makes it before it deletes the old one", async () => {
    const on = await changed((template) => {
      propertiesOf(template, "Nodes").GroupDescription = "nodes, said better";
    });
    expect(on.changes).toMatchObject({ replaced: ["Nodes"], updated: ["Launch", "Group"] });
    expect(on.stack.resource("Launch").properties.LaunchTemplateData).toMatchObject({
      SecurityGroupIds: [on.stack.resource("Nodes").physicalId],
    });
  });

  test("of a permission replaces it, and the new one stays", async () => {
    const on = await changed((template) => {
      propertiesOf(template, "Permission").SourceAccount = { Ref: "AWS::AccountId" };
    });
    expect(on.changes).toEqual({ ...NOTHING, replaced: ["Permission"] });
    const invoked = on.invoked.length;
    on.cloud.bus.emit({ source: "aws.autoscaling", "detail-type": "x", resources: [], detail: {} });
    await on.clock.runFor(1_000);
    expect(on.invoked.length).toBe(invoked + 1);
  });

  test("of an interface's tags keeps the interface", async () => {
    const address = (value: string): TemplateResource => ({
      Type: "AWS::EC2::NetworkInterface",
      Properties: { SubnetId: "subnet-a", PrivateIpAddress: "10.0.1.77", Tags: [{ Key: "cluster", Value: value }] },
    });
    const first = smallTemplate();
    first.Resources.Address = address("small");
    const on = await changed((template) => {
      template.Resources.Address = address("other");
    }, first);
    expect(on.changes).toEqual({ ...NOTHING, updated: ["Address"] });
    const found = on.cloud.ec2.interfaces.get(on.stack.resource("Address").physicalId);
    expect(found).toMatchObject({ address: "10.0.1.77", tags: [{ Key: "cluster", Value: "other" }] });
  });

  test("that would need another resource of the same name is refused", async () => {
    await expect(
      changed((template) => {
        propertiesOf(template, "Table").KeySchema = [{ AttributeName: "sk", KeyType: "HASH" }];
      }),
    ).rejects.toThrow(/Table/);
  });

  test("adds and deletes; what is to be kept stays, and is said", async () => {
    const on = await changed((template) => {
      delete template.Resources.Table;
      propertiesOf(template, "Work").Environment = { Variables: {} };
      Object.assign(template.Resources.Group ?? {}, { DependsOn: ["Rule", "Permission", "Document"] });
      delete template.Resources.Permission;
      Object.assign(template.Resources.Group ?? {}, { DependsOn: ["Rule", "Document"] });
      template.Resources.More = { Type: "AWS::SQS::Queue", Properties: { QueueName: "more" } };
    });
    expect(on.changes).toMatchObject({ created: ["More"], deleted: ["Permission"], kept: ["Table"] });
    expect(await on.call("dynamodb", "ListTables")).toMatchObject({ TableNames: ["small"] });
    expect(on.cloud.queues.all().map((q) => q.name)).toContain("more");
  });
});

describe("deletion", () => {
  test("groups go first, each instance through its hooks, and only then what they need", async () => {
    const on = await loaded(smallTemplate());
    await on.clock.runFor(20_000);
    const instances = on.cloud.ec2.instances.all().map((i) => i.id);
    expect(instances).toHaveLength(2);
    const deleting = on.stack.delete();
    await on.clock.runFor(5_000);
    expect(on.cloud.functions.has("small-work")).toBe(true);
    expect(on.cloud.groups.get("brokers-a")).toMatchObject({ desired: 0 });
    const { deleted, kept } = await on.clock.settle(deleting, 600_000);
    expect(deleted[0]).toBe("Group");
    expect(kept).toEqual(["Table"]);
    expect(on.cloud.ec2.instances.all().map((i) => i.state)).toEqual(["terminated", "terminated"]);
    expect(on.cloud.functions.has("small-work")).toBe(false);
    expect(on.cloud.bus.rules()).toEqual([]);
    expect(on.cloud.iam.roles.all()).toEqual([]);
    expect(on.stack.resources).toEqual([]);
  });

  test("a table that is protected and not kept stops it", async () => {
    const template = smallTemplate();
    Object.assign(template.Resources.Table ?? {}, { DeletionPolicy: "Delete" });
    propertiesOf(template, "Table").DeletionProtectionEnabled = true;
    propertiesOf(template, "Group").DesiredCapacity = 0;
    const on = await loaded(template);
    await expect(on.stack.delete()).rejects.toThrow(/Table: small is protected from deletion/);
  });
});
