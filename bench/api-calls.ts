/** Which API calls Rollcall makes for one launch and for one replacement of a broker, counted at the lab's cloud. */
import type { LoggedCall } from "../lab/cloud/calls.ts";
import { roleOf } from "../shared/cluster/definition.ts";
import { allInService, type BenchCluster, type Invocation, startCluster } from "./cluster.ts";
import type { Figure, Section } from "./figure.ts";

const LIMIT = 12;
const SEED = 1;
/** ms of virtual time for the last events to come and be answered. */
const AFTERMATH = 30_000;

export async function apiCalls(): Promise<Section> {
  const cluster = await startCluster(SEED);
  try {
    cluster.kafka.createTopic("orders", { partitions: 6, replication: 3, minIsr: 2 });
    const launched = await launch(cluster);
    const earlier = cluster.invocations.length;
    const { old, replacement } = await replace(cluster);
    const [launching, replacing] = [cluster.invocations.slice(0, earlier), cluster.invocations.slice(earlier)];
    return {
      title: "API calls",
      method:
        "A modelled cluster of six nodes on a virtual clock, with AWS's delays, through the SDK's clients. Counted is the " +
        "invocation that the lifecycle hook woke, without what it looked at again because it had to wait. Besides: what " +
        "the other events of the same instance woke, which look and find it attended to or settled.",
      figures: [
        ...figures("launch of a broker", cluster, launching, launched, "launch"),
        ...figures("replacement, the old broker's end", cluster, replacing, old, "terminate"),
        ...figures("replacement, the new broker's launch", cluster, replacing, replacement, "launch"),
      ],
    };
  } finally {
    await cluster.close();
  }
}

/** One broker more; its instance. */
async function launch(cluster: BenchCluster): Promise<string> {
  const [, group] = roleOf(cluster.definition, "broker").groups;
  if (!group) throw new Error("the cluster has no second group of brokers");
  const before = instancesOf(cluster, group.name);
  await cluster.operate("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: group.name, DesiredCapacity: 2 });
  await cluster.until("one broker more", () => allInService(cluster));
  await cluster.clock.runFor(AFTERMATH);
  return newcomer(cluster, group.name, before);
}

/** One broker ended by its group, in order, and replaced; both instances. */
async function replace(cluster: BenchCluster): Promise<{ readonly old: string; readonly replacement: string }> {
  const [group] = roleOf(cluster.definition, "broker").groups;
  const before = instancesOf(cluster, group?.name ?? "");
  const [old] = before;
  if (!group || old === undefined) throw new Error("the cluster has no broker to replace");
  await cluster.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: old,
    ShouldDecrementDesiredCapacity: false,
  });
  await cluster.until("the broker replaced", () => !instancesOf(cluster, group.name).has(old) && allInService(cluster));
  await cluster.clock.runFor(AFTERMATH);
  return { old, replacement: newcomer(cluster, group.name, before) };
}

function instancesOf({ cloud }: BenchCluster, group: string): Set<string> {
  return new Set(cloud.groups.members(group).map(({ instance }) => instance));
}

function newcomer(cluster: BenchCluster, group: string, before: ReadonlySet<string>): string {
  const [instance] = [...instancesOf(cluster, group)].filter((member) => !before.has(member));
  if (instance === undefined) throw new Error(`nobody new in ${group}`);
  return instance;
}

function figures(
  name: string,
  cluster: BenchCluster,
  invocations: readonly Invocation[],
  instance: string,
  hook: "launch" | "terminate",
): Figure[] {
  const about = invocations.filter(({ event }) => JSON.stringify(event).includes(instance));
  const [own] = about.filter(({ event }) => Object(event)["detail-type"] === `EC2 Instance-${hook} Lifecycle Action`);
  if (!own) throw new Error(`no invocation for the ${hook} hook of ${instance}`);
  const counts = new Map<string, number>();
  for (const { service, action } of firstLooks(cluster, own)) {
    const call = `${service}:${action}`;
    counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  const unit = "calls";
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const besides = about.filter((other) => other !== own).flatMap((other) => firstLooks(cluster, other));
  return [
    { name, value: total, unit, target: { atMost: LIMIT } },
    ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([call, value]) => ({ name: `  ${call}`, value, unit })),
    { name: `  besides, by other events (${about.length - 1})`, value: besides.length, unit },
  ];
}

/** The invocation's calls without those that only repeat, after a wait, what it had asked before. */
function firstLooks({ cloud }: BenchCluster, { role, waits }: Invocation): LoggedCall[] {
  const [firstWait = Number.POSITIVE_INFINITY] = waits;
  const asked = new Set<string>();
  return cloud.calls.all().filter((call) => {
    if (call.caller.role !== role) return false;
    const question = JSON.stringify([call.service, call.action, call.input]);
    const repeated = asked.has(question) && call.number > firstWait;
    asked.add(question);
    return !repeated;
  });
}
