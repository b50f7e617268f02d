/** The cluster's stack, made in the modelled cloud call by call: what a history needs of it, and in no time. */
import { commandDocument } from "../../resources/document.ts";
import { groupProperties } from "../../resources/groups.ts";
import { stackNames } from "../../resources/names.ts";
import { archivePattern, eventRules } from "../../resources/rules.ts";
import { CLUSTER_TAG, ROLE_TAG } from "../../shared/aws/names.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import type { Cloud } from "../cloud/cloud.ts";
import type { FunctionSpec } from "../cloud/lambda/functions.ts";
import { TIMEOUTS } from "./shape.ts";

export interface Deployment {
  /** ARNs of the rules that wake Rollcall: a replay goes to these alone. */
  readonly rules: readonly string[];
  readonly archive: string;
  /** ARN of the functions' failure queue. */
  readonly failures: string;
  /** The groups, whose instances launch at once. */
  launch(): Promise<void>;
}

const DEPLOYER = { role: "deployer" } as const;
/** Modelled machines know what the node script does; its text only takes time. */
const SCRIPT = "exit 0";

export async function deploy(
  cloud: Cloud,
  definition: Definition,
  functions: Readonly<Record<keyof typeof TIMEOUTS, FunctionSpec["handler"]>>,
): Promise<Deployment> {
  const { cluster } = definition;
  const names = stackNames(definition);
  const call = (service: string, action: string, input: object) => cloud.call(service, action, input, DEPLOYER);

  for (const { name, subnet, cidr } of definition.zones) {
    cloud.ec2.subnets.add({ id: subnet, vpc: definition.network.vpc, zone: name, cidr });
  }
  for (const role of definition.roles) {
    const tags = [
      { Key: CLUSTER_TAG, Value: cluster },
      { Key: ROLE_TAG, Value: role.name },
    ];
    for (const { zone, address } of role.pool ?? []) {
      await call("ec2", "CreateNetworkInterface", {
        SubnetId: definition.zones.find((z) => z.name === zone)?.subnet,
        PrivateIpAddress: address,
        TagSpecifications: [{ ResourceType: "network-interface", Tags: tags }],
      });
    }
  }
  const Content = JSON.stringify(commandDocument(cluster, SCRIPT));
  await call("ssm", "CreateDocument", { Name: names.document, DocumentType: "Command", Content });

  const failures = cloud.queues.create(`rollcall-${cluster}-failures`).arn;
  const register = (name: string, kind: keyof typeof TIMEOUTS): string =>
    cloud.functions.register({ name, handler: functions[kind], timeout: TIMEOUTS[kind], onFailure: failures });
  const lifecycle = register(names.lifecycleFunction, "lifecycle");
  const sweep = register(names.sweepFunction, "sweep");
  register(names.kafkaFunction, "kafka");

  const rules: string[] = [];
  for (const { name, pattern } of eventRules(definition)) {
    const input = { Name: name, EventPattern: JSON.stringify(pattern) };
    rules.push(((await call("events", "PutRule", input)) as { readonly RuleArn: string }).RuleArn);
    await call("events", "PutTargets", { Rule: name, Targets: [{ Id: "lifecycle", Arn: lifecycle }] });
  }
  await call("events", "CreateArchive", {
    ArchiveName: names.archive,
    EventSourceArn: cloud.bus.arn,
    EventPattern: JSON.stringify(archivePattern(definition)),
  });
  const schedule = `rollcall-${cluster}-sweep`;
  const ScheduleExpression = `rate(${definition.periods.sweep / 1000} seconds)`;
  await call("events", "PutRule", { Name: schedule, ScheduleExpression });
  await call("events", "PutTargets", { Rule: schedule, Targets: [{ Id: "sweep", Arn: sweep }] });

  return { rules, archive: names.archive, failures, launch: () => launchGroups(cloud, definition) };
}

async function launchGroups(cloud: Cloud, definition: Definition): Promise<void> {
  for (const role of definition.roles) {
    const LaunchTemplateName = `rollcall-${definition.cluster}-${role.name}`;
    const LaunchTemplateData = { InstanceType: role.instanceType };
    await cloud.call("ec2", "CreateLaunchTemplate", { LaunchTemplateName, LaunchTemplateData }, DEPLOYER);
    for (const zone of definition.zones) {
      const group = role.groups.find((g) => g.zone === zone.name);
      if (!group) continue;
      const properties = groupProperties(definition, role, zone, group.name);
      await cloud.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        {
          ...properties,
          // As an adopted group may have it: what Rollcall says of an instance counts all the same.
          HealthCheckGracePeriod: 7_200,
          VPCZoneIdentifier: properties.VPCZoneIdentifier.join(","),
          LaunchTemplate: { LaunchTemplateName },
        },
        DEPLOYER,
      );
    }
  }
}
