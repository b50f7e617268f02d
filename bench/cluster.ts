/**
 * A whole cluster on a virtual clock: the lab's cloud with AWS's own delays, modelled nodes, and Rollcall's functions behind
 * the SDK's clients. Each invocation calls in a role of its own, so that its calls and its waits can be told apart.
 */
import { kafkaHandler } from "../functions/kafka.ts";
import { lifecycleHandler } from "../functions/lifecycle.ts";
import { sweepHandler } from "../functions/sweep.ts";
import { type VirtualClock, virtualClock } from "../lab/clock.ts";
import { Cloud } from "../lab/cloud/cloud.ts";
import { AWS_DELAYS } from "../lab/cloud/delays.ts";
import { compileTemplate } from "../lab/compile.ts";
import { dynamodbService } from "../lab/doors/dynamodb.ts";
import { inProcessHandler } from "../lab/doors/in-process.ts";
import { modelledMachines } from "../lab/machines/modelled.ts";
import { ModelledKafka } from "../lab/machines/modelled-kafka.ts";
import { modelledKafkaView } from "../lab/machines/modelled-view.ts";
import { seededRandom } from "../lab/random.ts";
import { deployStack } from "../lab/stack.ts";
import { stackNames } from "../resources/names.ts";
import { awsClients } from "../shared/aws/clients.ts";
import { awsPorts } from "../shared/aws/ports.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { planFor } from "../shared/lifecycle/plan.ts";
import { productionDefinition } from "./definition.ts";
import { drainable } from "./drainable.ts";

/** ms of virtual time in which whatever is asked for must have happened. */
const PATIENCE = 3_600_000;

/** Roles of Rollcall's own invocations. */
const INVOKED = /^(lifecycle|sweep)-\d+$/;

export interface Invocation {
  /** The role its calls are made in. */
  readonly role: string;
  readonly function: "lifecycle" | "sweep";
  readonly event: unknown;
  /** Its waits: after how many of the cloud's calls each one began. */
  readonly waits: number[];
}

export interface BenchCluster {
  readonly definition: Definition;
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  readonly kafka: ModelledKafka;
  readonly invocations: readonly Invocation[];
  /** Moves the clock until that is so. Throws where it is not within an hour. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** A call as an operator makes it. */
  operate(service: string, action: string, input: object): Promise<object>;
  close(): Promise<void>;
}

/** What the cloud's model leaves out, ms: all zero where left out. */
export interface Latency {
  /** Of each API call. */
  readonly call: number;
  /** Of each invocation, before its function runs. */
  readonly start: number;
  /** Of each look at Kafka, on top of the call that asks for it. */
  readonly kafka: number;
}

const NONE: Latency = { call: 0, start: 0, kafka: 0 };

/** The lab's cluster with the periods of one on EC2, all six nodes in service. */
export async function startCluster(seed: number, latency: Latency = NONE): Promise<BenchCluster> {
  // What the functions load at the first need takes real time, in which the virtual clock would run on.
  await Promise.all([
    import("../shared/aws/sdk/ec2.ts"),
    import("../shared/aws/sdk/lambda.ts"),
    import("../shared/aws/sdk/ssm.ts"),
  ]);
  const definition = productionDefinition();
  const dynamodb = drainable(dynamodbService());
  const random = seededRandom(seed);
  const clock = virtualClock(Date.parse("2026-09-14T08:00:00Z"), dynamodb.drain);
  const taking = async (ms: number): Promise<void> => {
    if (ms > 0) await clock.wait(ms);
  };
  const kafka = new ModelledKafka({ clock });
  const cloud = new Cloud({
    scheduler: clock,
    random: random.fork("cloud"),
    machines: modelledMachines({ clock, kafka, random: random.fork("machines") }),
    region: definition.region,
    delays: AWS_DELAYS,
    faults: {
      async before({ caller }) {
        if (INVOKED.test(caller.role)) await taking(latency.call);
        return undefined;
      },
    },
  });
  cloud.register(dynamodb.service);
  const requestHandler = inProcessHandler({ cloud });
  const names = stackNames(definition);
  const plan = planFor(definition);
  const invocations: Invocation[] = [];

  function begin(name: Invocation["function"], event: unknown) {
    const invocation: Invocation = { role: `${name}-${invocations.length}`, function: name, event, waits: [] };
    invocations.push(invocation);
    const clients = awsClients({
      region: definition.region,
      requestHandler,
      credentials: { accessKeyId: invocation.role, secretAccessKey: "bench" },
    });
    const ports = awsPorts({
      clients,
      definition,
      tableName: names.table,
      kafkaFunction: names.kafkaFunction,
      log: { info() {}, warn() {} },
      clock: {
        // A machine counts whole milliseconds.
        now: () => Math.floor(clock.now()),
        wait(ms) {
          invocation.waits.push(cloud.calls.all().length);
          return clock.wait(ms);
        },
      },
    });
    return { plan, ports };
  }

  const cluster: BenchCluster = {
    definition,
    clock,
    cloud,
    kafka,
    invocations,
    async until(what, condition) {
      if (!(await clock.runUntilTrue(condition, PATIENCE))) throw new Error(`within an hour there was never: ${what}`);
    },
    operate: (service, action, input) =>
      clock.settle(cloud.call(service, action, input, { role: "operator" }), PATIENCE),
    close: () => cloud.close(),
  };
  const stack = await deployStack(cloud, {
    template: compileTemplate(definition),
    definition,
    clock,
    functions: {
      lifecycle: () => async (event, context) => {
        await taking(latency.start);
        return lifecycleHandler(begin("lifecycle", event))(event, context);
      },
      sweep: () => async (event, context) => {
        await taking(latency.start);
        return sweepHandler(begin("sweep", event))(event, context);
      },
      kafka: () => async (event, context) => {
        await taking(latency.kafka);
        return kafkaHandler(modelledKafkaView(kafka))(event, context);
      },
    },
  });
  await stack.launch();
  await cluster.until("all nodes in service", () => allInService(cluster));
  return cluster;
}

/** Every group has as many members as it desires, all in service, and no lifecycle action is open. */
export function allInService({ cloud }: Pick<BenchCluster, "cloud">): boolean {
  return cloud.groups
    .all()
    .every(
      (group) =>
        cloud.groups.members(group.name).length === group.desired &&
        cloud.groups.members(group.name).every(({ state }) => state === "InService"),
    );
}
