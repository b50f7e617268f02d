/** Makes a cluster's stack in the lab's cloud, in the order a deployment does: the groups last, since instances follow at once. */
import { readFileSync } from "node:fs";
import { commandDocument } from "../resources/document.ts";
import { groupProperties } from "../resources/groups.ts";
import { type StackNames, stackNames } from "../resources/names.ts";
import { archivePattern, eventRules } from "../resources/rules.ts";
import { CLUSTER_TAG, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import type { Cloud } from "./cloud/cloud.ts";
import type { FunctionSpec } from "./cloud/lambda/functions.ts";

export interface StackFunctions {
  readonly lifecycle: FunctionSpec["handler"];
  readonly sweep: FunctionSpec["handler"];
  readonly kafka: FunctionSpec["handler"];
}

export interface Stack {
  readonly names: StackNames;
  /** ARNs of the rules that wake Rollcall: a replay goes to these alone. */
  readonly rules: readonly string[];
  readonly archive: string;
  /** Where asynchronous invocations land that failed for good. */
  readonly failures: string;
}

/** Longest run of each function, ms. The lifecycle function waits with an instance for as long as it may. */
const TIMEOUTS = { lifecycle: 300_000, sweep: 55_000, kafka: 15_000 } as const;
const DEPLOYER = { role: "deployer" } as const;

const SCRIPT = readFileSync(new URL("../resources/node/rollcall-node.sh", import.meta.url), "utf8");

/** Everything but the groups: nothing runs yet. */
export async function deployStack(cloud: Cloud, definition: Definition, functions: StackFunctions): Promise<Stack> {
  const { cluster } = definition;
  const names = stackNames(definition);
  const call = (service: string, action: string, input: object) => cloud.call(service, action, input, DEPLOYER);

  for (const { name, subnet, cidr } of definition.zones) {
    cloud.ec2.subnets.add({ id: subnet, vpc: `vpc-${cluster}`, zone: name, cidr });
  }
  for (const role of definition.roles) {
    for (const { id, zone, address } of role.pool ?? []) {
      const subnet = definition.zones.find((z) => z.name === zone)?.subnet;
      await call("ec2", "CreateNetworkInterface", {
        SubnetId: subnet,
        PrivateIpAddress: address,
        Description: `${cluster} ${role.name} ${id}`,
        TagSpecifications: [
          {
            ResourceType: "network-interface",
            Tags: [
              { Key: CLUSTER_TAG, Value: cluster },
              { Key: ROLE_TAG, Value: role.name },
            ],
          },
        ],
      });
    }
  }
  await call("dynamodb", "CreateTable", {
    TableName: names.table,
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  });
  await call("ssm", "CreateDocument", {
    Name: names.document,
    DocumentType: "Command",
    Content: JSON.stringify(commandDocument(cluster, SCRIPT)),
  });

  const failures = cloud.queues.create(`rollcall-${cluster}-failures`);
  const register = (name: string, handler: FunctionSpec["handler"], timeout: number): string =>
    cloud.functions.register({ name, handler, timeout, onFailure: failures.arn });
  const lifecycle = register(names.lifecycleFunction, functions.lifecycle, TIMEOUTS.lifecycle);
  const sweep = register(names.sweepFunction, functions.sweep, TIMEOUTS.sweep);
  register(names.kafkaFunction, functions.kafka, TIMEOUTS.kafka);

  const rules: string[] = [];
  for (const { name, description, pattern } of eventRules(definition)) {
    const input = { Name: name, Description: description, EventPattern: JSON.stringify(pattern) };
    const { RuleArn } = (await call("events", "PutRule", input)) as { RuleArn: string };
    await call("events", "PutTargets", { Rule: name, Targets: [{ Id: "lifecycle", Arn: lifecycle }] });
    rules.push(RuleArn);
  }
  await call("events", "CreateArchive", {
    ArchiveName: names.archive,
    EventSourceArn: cloud.bus.arn,
    EventPattern: JSON.stringify(archivePattern(definition)),
  });
  const schedule = `rollcall-${cluster}-sweep`;
  const seconds = definition.periods.sweep / 1000;
  await call("events", "PutRule", { Name: schedule, ScheduleExpression: `rate(${seconds} seconds)` });
  await call("events", "PutTargets", { Rule: schedule, Targets: [{ Id: "sweep", Arn: sweep }] });
  return { names, rules, archive: names.archive, failures: failures.arn };
}

/** The groups, whose instances launch at once. */
export async function deployGroups(cloud: Cloud, definition: Definition): Promise<void> {
  for (const role of definition.roles) {
    const template = `rollcall-${definition.cluster}-${role.name}`;
    await cloud.call(
      "ec2",
      "CreateLaunchTemplate",
      { LaunchTemplateName: template, LaunchTemplateData: { InstanceType: role.instanceType } },
      DEPLOYER,
    );
    for (const group of role.groups) {
      const zone = definition.zones.find((z) => z.name === group.zone);
      if (!zone) throw new Error(`group ${group.name} is in ${group.zone}, which the definition does not have`);
      await cloud.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        { ...groupProperties(definition, role, zone, group.name), LaunchTemplate: { LaunchTemplateName: template } },
        DEPLOYER,
      );
    }
  }
}
