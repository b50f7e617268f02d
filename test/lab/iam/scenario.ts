/**
 * One history that needs every permission of the stack: a launch and every kind of replacement, with answers that are lost
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
  const cluster = await startTemplateCluster(template, definition, (cloud) => troubles(cloud));
  for (const [what, step] of STEPS) {
    const goal = await step(cluster);
    const reached = await cluster.until(goal);
    const [denial] = cluster.cloud.iam.denials;
    if (denial) return { cluster, denied: denial.message };
    if (!reached) throw new Error(`within an hour there was never: ${what}`);
  }
  return { cluster, denied: undefined };
}

type Step = (cluster: TemplateCluster) => Promise<() => boolean>;

const STEPS: readonly (readonly [string, Step])[] = [
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
  ["a controller's replacement, told by events", (on) => terminated(on, "controller", ZONES.events)],
  ["a controller's replacement, found by sweeps", (on) => terminated(on, "controller", ZONES.sweeps)],
  ["the replacement of a broker whose process will not start", broken],
  [
    "an event that cannot be read in the failure queue",
    async (on) => {
      const group = groupOf(on.cloud, "broker", ZONES.events);
      on.cloud.bus.emit({
        source: "aws.autoscaling",
        "detail-type": "EC2 Instance-launch Lifecycle Action",
        resources: [],
        detail: { AutoScalingGroupName: group },
      });
      return () => queued(on, "failures") > 0;
    },
  ],
  [
    "a sweep that failed in the failure queue",
    async (on) => {
      const before = queued(on, "failures");
      const sweep = on.stack.stack.resource("SweepFunction").physicalId;
      on.cloud.functions.register({
        ...on.cloud.functions.get(sweep),
        handler: async () => {
          throw new Error("on purpose");
        },
      });
      return () => queued(on, "failures") > before;
    },
  ],
  [
    "an event for a function that is gone among the undelivered",
    async (on) => {
      on.cloud.functions.remove(on.stack.stack.resource("SweepFunction").physicalId);
      return () => queued(on, "undelivered") > 0;
    },
  ],
];

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

function queued({ cloud }: TemplateCluster, kind: string): number {
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

async function broken(on: TemplateCluster): Promise<() => boolean> {
  const old = onlyMember(on.cloud, groupOf(on.cloud, "broker", ZONES.events));
  await on.clock.settle(on.machine(old)?.breakKafka() ?? Promise.resolve(), 60_000);
  return () => on.cloud.groups.findMember(old) === undefined && allInService(on);
}

/** Lost events and lost answers; both in every play in the same places. */
function troubles(cloud: () => Cloud): CloudFaults {
  const lost = new Set<string>();
  return {
    deliveries: (event) =>
      JSON.stringify(event)
        .match(INSTANCE)
        ?.some((id) => isIn(cloud(), id, ZONES.sweeps))
        ? []
        : [0],
    after(call, outcome) {
      if ("error" in outcome) return;
      const { role } = call.caller;
      // The answer to each role's first command never comes: it is found again by its comment.
      if (call.action === "SendCommand" && !lost.has(role)) {
        lost.add(role);
        throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
      }
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
