/**
 * One history that needs every permission of the stack, whatever kind of cluster it is: a launch and every kind of replacement, with answers that are lost
 * and functions that fail. Events about zone c are lost, so that there the sweep does what elsewhere the lifecycle function
 * does. It ends where the first call is denied.
 */

import type { Cloud } from "../../../lab/cloud/cloud.ts";
import type { CloudFaults } from "../../../lab/cloud/faults.ts";
import type { Call } from "../../../lab/cloud/service.ts";
import type { Definition } from "../../../shared/cluster/definition.ts";
import { allInService, startTemplateCluster, type TemplateCluster } from "./cluster.ts";

const ZONES = { events: "eu-central-1a", sweeps: "eu-central-1c" } as const;

export interface Played {
  readonly cluster: TemplateCluster;
  /** What was denied first; undefined where everything went well. */
  readonly denied: string | undefined;
}

/** The caller closes the cluster. Rejects where the stack cannot be made, or a step never comes to its end. */
export async function play(template: unknown, definition: Definition): Promise<Played> {
  const on: Switches = { sweeps: true };
  const cluster = await startTemplateCluster(template, definition, (cloud) => troubles(cloud, on));
  await provideSecrets(cluster, definition);
  for (const [what, step] of STEPS) {
    const goal = await step(cluster, on);
    const reached = await cluster.until(goal);
    const [denial] = cluster.cloud.iam.denials;
    if (denial) return { cluster, denied: denial.message };
    if (!reached) throw new Error(`within an hour there was never: ${what}`);
  }
  return { cluster, denied: undefined };
}

/** What the definition's user has to have made. */
async function provideSecrets(on: TemplateCluster, { security }: Definition): Promise<void> {
  const make = (Name: string | undefined, content: object) =>
    Name === undefined
      ? undefined
      : on.operate("secretsmanager", "CreateSecret", { Name, SecretString: JSON.stringify(content) });
  await make(security?.certificate, { certificate: "a certificate", key: "its key" });
  await make(security?.authority, { authority: "who signed it" });
  for (const { name, secret } of security?.users ?? []) await make(secret, { password: `password of ${name}` });
}

/** What a step may turn off. */
interface Switches {
  sweeps: boolean;
}

type Step = (cluster: TemplateCluster, on: Switches) => Promise<() => boolean>;

/** What needs no node comes first, so that a denial there shows soon. */
const STEPS: readonly (readonly [string, Step])[] = [
  ["an event that cannot be read in the failure queue", unreadable],
  ["a sweep that failed in the failure queue", failedSweep],
  ["an event for a function that is gone among the undelivered", undelivered],
  [
    "every node in service",
    async (on) => {
      await on.clock.settle(on.stack.launch(), 1_000);
      return () => allInService(on);
    },
  ],
  [
    "a broker's replacement, told by events",
    (on) => {
      on.kafka.createTopic("t", { partitions: 3, replication: 3, minIsr: 2 });
      return terminated(on, "broker", ZONES.events);
    },
  ],
  ["a broker's replacement, found by sweeps", (on) => terminated(on, "broker", ZONES.sweeps)],
  ["a quorum member's replacement, told by events", (on) => terminated(on, on.quorum, ZONES.events)],
  ["a quorum member's replacement, found by sweeps", (on) => terminated(on, on.quorum, ZONES.sweeps)],
  ["the replacement of a broker whose process will not start", brokenTold],
  ["the replacement of another one, found by sweeps", (on) => broken(on, ZONES.sweeps)],
];

async function unreadable({ cloud, ...on }: TemplateCluster): Promise<() => boolean> {
  cloud.bus.emit({
    source: "aws.ssm",
    "detail-type": "EC2 Command Invocation Status-change Notification",
    resources: [],
    detail: { "document-name": on.stack.stack.resource("NodeDocument").physicalId, status: "Success" },
  });
  return () => queued(cloud, "failures") > 0;
}

async function failedSweep({ cloud, stack }: TemplateCluster): Promise<() => boolean> {
  const before = queued(cloud, "failures");
  const sweep = cloud.functions.get(stack.stack.resource("SweepFunction").physicalId);
  const failing = async () => {
    cloud.functions.register(sweep);
    throw new Error("on purpose");
  };
  cloud.functions.register({ ...sweep, handler: failing });
  return () => queued(cloud, "failures") > before;
}

async function undelivered({ cloud, stack }: TemplateCluster): Promise<() => boolean> {
  const sweep = cloud.functions.get(stack.stack.resource("SweepFunction").physicalId);
  cloud.functions.remove(sweep.name);
  return () => {
    const arrived = queued(cloud, "undelivered") > 0;
    if (arrived) cloud.functions.register(sweep);
    return arrived;
  };
}

function groupOf(cloud: Cloud, role: string, zone: string): string {
  const group = cloud.groups.all().find((g) => g.name.includes(role) && g.name.endsWith(zone));
  if (!group) throw new Error(`no group of ${role}s in ${zone}`);
  return group.name;
}

function onlyMember(cloud: Cloud, group: string): string {
  const [member] = cloud.groups.members(group);
  if (!member) throw new Error(`${group} has no member`);
  return member.instance;
}

function queued(cloud: Cloud, kind: string): number {
  return cloud.queues.all().find((q) => q.name.endsWith(kind))?.messages.length ?? 0;
}

async function terminated(on: TemplateCluster, role: string, zone: string): Promise<() => boolean> {
  const old = onlyMember(on.cloud, groupOf(on.cloud, role, zone));
  await on.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: old,
    ShouldDecrementDesiredCapacity: false,
  });
  return () => on.cloud.groups.findMember(old) === undefined && allInService(on);
}

async function broken(on: TemplateCluster, zone: string): Promise<() => boolean> {
  const old = onlyMember(on.cloud, groupOf(on.cloud, "broker", zone));
  await on.clock.settle(on.machine(old)?.breakKafka() ?? Promise.resolve(), 60_000);
  return () => on.cloud.groups.findMember(old) === undefined && allInService(on);
}

/** Events about the node keep coming, and nothing is swept meanwhile. */
async function brokenTold(on: TemplateCluster, switches: Switches): Promise<() => boolean> {
  const old = onlyMember(on.cloud, groupOf(on.cloud, "broker", ZONES.events));
  // The sweeps give back the turn of whoever was replaced last.
  await on.clock.runFor(30_000);
  switches.sweeps = false;
  const tell = (): void => {
    switches.sweeps = on.cloud.groups.findMember(old)?.state !== "InService";
    if (switches.sweeps) return;
    on.cloud.bus.emit({
      source: "aws.ec2",
      "detail-type": "EC2 Instance State-change Notification",
      resources: [],
      detail: { "instance-id": old, state: "stopping" },
    });
    on.clock.after(2_000, tell);
  };
  tell();
  return broken(on, ZONES.events);
}

/** Lost events and lost answers; both in every play in the same places. */
function troubles(cloud: () => Cloud, on: Switches): CloudFaults {
  const lost = new Map<string, number>();
  /** The first so many answers to such a call of each role never come. */
  const lose = ({ caller, action }: Call, count: number): void => {
    const key = `${caller.role} ${action}`;
    const before = lost.get(key) ?? 0;
    lost.set(key, before + 1);
    if (before < count) throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
  };
  return {
    deliveries(event) {
      if (event["detail-type"] === "Scheduled Event") return on.sweeps ? [0] : [];
      return JSON.stringify(event)
        .match(INSTANCE)
        ?.some((id) => isIn(cloud(), id, ZONES.sweeps))
        ? []
        : [0];
    },
    after(call, outcome) {
      if ("error" in outcome) return;
      // However often it is tried: the command is found again by its comment.
      if (call.action === "SendCommand") lose(call, 3);
      // Tried again, it is refused by its own success: only reading tells.
      if (call.action === "UpdateItem") lose(call, 1);
      if (call.action === "AttachNetworkInterface") dropWithInstance(cloud(), call);
    },
  };
}

const INSTANCE = /\bi-[0-9a-f]{17}\b/g;

function isIn(cloud: Cloud, instance: string, zone: string): boolean {
  return cloud.ec2.instances.find(instance)?.subnet.zone === zone;
}

/** Somebody has the interface go with its instance: Rollcall has to undo that. */
function dropWithInstance(cloud: Cloud, call: Call): void {
  const { NetworkInterfaceId: id } = call.input as { readonly NetworkInterfaceId: string };
  const { attachment } = cloud.ec2.interfaces.get(id);
  if (attachment) cloud.ec2.interfaces.keep(id, attachment.id, true);
}
