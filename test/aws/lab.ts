/** The lab's cloud behind its HTTP door, with the groups, document, interfaces and table of a small cluster in it. */
import { CreateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateDocumentCommand } from "@aws-sdk/client-ssm";
import { type VirtualClock, virtualClock } from "../../lab/clock.ts";
import { Cloud } from "../../lab/cloud/cloud.ts";
import { AWS_DELAYS, type Delays } from "../../lab/cloud/delays.ts";
import { dynamodbService } from "../../lab/doors/dynamodb.ts";
import { startHttpDoor } from "../../lab/doors/http.ts";
import type { MachineKind, ScriptResult } from "../../lab/machines/machine.ts";
import { seededRandom } from "../../lab/random.ts";
import { commandDocument } from "../../resources/document.ts";
import { groupProperties } from "../../resources/groups.ts";
import { stackNames } from "../../resources/names.ts";
import { TABLE_SCHEMA } from "../../resources/table.ts";
import { awsClients, type Clients } from "../../shared/aws/clients.ts";
import { CLUSTER_TAG, ROLE_TAG } from "../../shared/aws/names.ts";
import { awsPorts } from "../../shared/aws/ports.ts";
import type { Ports } from "../../shared/lifecycle/ports.ts";
import { definition } from "../definition.ts";

export interface Lab {
  readonly cloud: Cloud;
  readonly clock: VirtualClock;
  readonly clients: Clients;
  readonly ports: Ports;
  close(): Promise<void>;
}

/** No chance in how long things take: what a test waits for has happened after so many seconds. */
const DELAYS: Delays = {
  ...AWS_DELAYS,
  autoscaling: { ...AWS_DELAYS.autoscaling, react: 1_000, launchHook: 4_000, terminateHook: 500, unhealthy: 1_000 },
  ec2: { ...AWS_DELAYS.ec2, boot: 5_000, attach: 1_000, detach: 1_000 },
  ssm: { register: 10_000, stale: 60_000, deliver: 500, visible: 300, report: 200 },
};

/** @param answer what the node's script answers to each action */
export async function startLab(answer: (action: string) => ScriptResult): Promise<Lab> {
  const clock = virtualClock(Date.UTC(2026, 8, 14));
  const cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(7),
    machines: scripted(answer),
    region: definition.region,
    delays: DELAYS,
  });
  cloud.register(dynamodbService());
  const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0 });
  const clients = awsClients({
    region: definition.region,
    endpoint: door.endpoint,
    credentials: { accessKeyId: "lifecycle", secretAccessKey: "none" },
  });
  const names = stackNames(definition);
  const ports = awsPorts({
    clients,
    definition,
    tableName: names.table,
    kafkaFunction: names.kafkaFunction,
    log: { info() {}, warn() {} },
    // Nobody but the adapter itself moves the clock while it waits: its calls go through sockets, in real time.
    clock: { now: () => clock.now(), wait: (ms) => clock.runFor(ms) },
  });
  const close = async () => {
    clients.destroy();
    await door.close();
    await cloud.close();
  };
  await build(cloud, clients).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { cloud, clock, clients, ports, close };
}

function scripted(answer: (action: string) => ScriptResult): MachineKind {
  return {
    name: "modelled",
    create: () => ({
      run: async (_script, environment) => answer(environment.SSM_action ?? ""),
      plug() {},
      unplug() {},
      reboot: async () => {},
      destroy: async () => {},
      breakKafka: async () => {},
    }),
    close: async () => {},
  };
}

async function build(cloud: Cloud, { autoScaling, dynamodb, ssm }: Clients): Promise<void> {
  const { table, document } = stackNames(definition);
  for (const { name, subnet, cidr } of definition.zones)
    cloud.ec2.subnets.add({ id: subnet, vpc: "vpc-1", zone: name, cidr });
  for (const role of definition.roles) {
    for (const { address, zone } of role.pool ?? []) {
      cloud.ec2.interfaces.create(cloud.ec2.subnets.get(zoneOf(zone).subnet), address, "", [
        { Key: CLUSTER_TAG, Value: definition.cluster },
        { Key: ROLE_TAG, Value: role.name },
      ]);
    }
  }
  await (await ssm()).client.send(
    new CreateDocumentCommand({
      Name: document,
      DocumentType: "Command",
      Content: JSON.stringify(commandDocument(definition.cluster, "echo")),
    }),
  );
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      ...TABLE_SCHEMA,
    }),
  );
  cloud.ec2.templates.create("node", { instanceType: "m7g.large", tags: [], data: {} });
  for (const role of definition.roles) {
    for (const { name, zone } of role.groups) {
      const properties = groupProperties(definition, role, zoneOf(zone), name);
      const { LifecycleHookSpecificationList, Tags, VPCZoneIdentifier, ...group } = properties;
      await autoScaling.send(
        new CreateAutoScalingGroupCommand({
          ...group,
          VPCZoneIdentifier: VPCZoneIdentifier.join(","),
          Tags: [...Tags],
          LifecycleHookSpecificationList: [...LifecycleHookSpecificationList],
          LaunchTemplate: { LaunchTemplateName: "node" },
        }),
      );
    }
  }
}

function zoneOf(name: string) {
  const zone = definition.zones.find((z) => z.name === name);
  if (!zone) throw new Error(`the definition has no zone ${name}`);
  return zone;
}
