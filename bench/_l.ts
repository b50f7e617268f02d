/**
 * How much longer a launch takes than the node itself needs, in virtual time: from its agent being there until Rollcall sends
 * the command, and from Kafka counting the broker in until its group may.
 */
import { type Group, roleOf } from "../shared/cluster/definition.ts";
import { type BenchCluster, startCluster } from "./cluster.ts";
import { median, type Section } from "./figure.ts";

const SEED = 5;
const LAUNCHES = 12;
/** ms; more than AWS commonly takes, so that the figure does not rest on its good days. */
const LATENCY = { call: 50, start: 1_000, kafka: 100 };

interface Added {
  /** ms from the agent's registration, or the hook's opening where that came later, until the command was sent. */
  readonly before: number;
  /** ms from Kafka's counting the broker in until the lifecycle action was completed. */
  readonly after: number;
}

export async function latency(): Promise<Section> {
  const cluster = await startCluster(SEED, LATENCY);
  try {
    const groups = roleOf(cluster.definition, "broker").groups;
    const added: Added[] = [];
    for (let launch = 0; launch < LAUNCHES; launch += 1) {
      const group = groups[launch % groups.length];
      if (group) added.push(await measure(cluster, group));
    }
    const whole = added.map(({ before, after }) => before + after);
    const seconds = (values: readonly number[]) => median(values) / 1000;
    return {
      title: "What Rollcall adds to a launch",
      method:
        `${LAUNCHES} brokers launched one after the other in a modelled cluster on a virtual clock, with AWS's delays, ` +
        `${LATENCY.call} ms for each API call, ${LATENCY.kafka} ms for each look at Kafka and ${LATENCY.start / 1000} s for ` +
        "each start of a function. The node's own needs " +
        "are its boot, its agent, the command's delivery and run, the JVM and its registration. Medians.",
      figures: [
        { name: "added in all", value: seconds(whole), unit: "s", target: { atMost: 2 } },
        { name: "  agent there → command sent", value: seconds(added.map(({ before }) => before)), unit: "s" },
        { name: "  in service in Kafka → CONTINUE", value: seconds(added.map(({ after }) => after)), unit: "s" },
        { name: "  most of any launch", value: Math.max(...whole) / 1000, unit: "s" },
      ],
    };
  } finally {
    await cluster.close();
  }
}

async function measure(cluster: BenchCluster, group: Group): Promise<Added> {
  const { clock, cloud, kafka } = cluster;
  const members = () => cloud.groups.members(group.name);
  const before = new Set(members().map(({ instance }) => instance));
  const registered = new Set(kafka.registered().map(({ id }) => id));
  const size = before.size + 1;
  await cluster.operate("autoscaling", "UpdateAutoScalingGroup", {
    AutoScalingGroupName: group.name,
    MaxSize: size,
    DesiredCapacity: size,
  });
  const fresh = () => members().find(({ instance }) => !before.has(instance));
  await cluster.until("a launch hook opens", () => fresh()?.state === "Pending:Wait");
  const opened = clock.now();
  const instance = fresh()?.instance;
  await cluster.until("Kafka counts it in", () => kafka.registered().some(({ id }) => !registered.has(id)));
  const counted = clock.now();
  await cluster.until("the action is completed", () => fresh()?.state !== "Pending:Wait");
  const completed = clock.now();
  await cluster.until("it is in service", () => fresh()?.state === "InService");

  const agent = cloud.snapshot().agents.find((a) => a.instance === instance);
  const command = cloud.snapshot().commands.find((c) => c.instance === instance);
  if (!agent || !command) throw new Error(`${instance} came into service without an agent or a command`);
  return {
    before: command.command.requested - Math.max(agent.registered, opened),
    after: completed - counted,
  };
}
