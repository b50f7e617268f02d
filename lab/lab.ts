/**
 * A whole cluster on this machine: the modelled cloud with its HTTP door, Rollcall's real handlers behind the real SDK
 * clients, and nodes that are modelled or real.
 */
import { kafkaHandler } from "../functions/kafka.ts";
import { lifecycleHandler } from "../functions/lifecycle.ts";
import { sweepHandler } from "../functions/sweep.ts";
import { stackNames } from "../resources/names.ts";
import { awsClients, type Clients } from "../shared/aws/clients.ts";
import { awsPorts } from "../shared/aws/ports.ts";
import { dynamoTable } from "../shared/aws/table.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { planFor } from "../shared/lifecycle/plan.ts";
import type { Clock, KafkaView, Log, Ports, Table } from "../shared/lifecycle/ports.ts";
import type { RealClock } from "./clock.ts";
import { Cloud } from "./cloud/cloud.ts";
import { LAB_DELAYS } from "./cloud/delays.ts";
import type { CloudFaults } from "./cloud/faults.ts";
import { dynamodbService } from "./doors/dynamodb.ts";
import { startHttpDoor } from "./doors/http.ts";
import { identityService } from "./doors/identity.ts";
import { Journal } from "./journal.ts";
import type { Machine, MachineKind } from "./machines/machine.ts";
import { seededRandom } from "./random.ts";
import { deployGroups, deployStack, type Stack } from "./stack.ts";

export interface LabOptions {
  /** Already moved to this machine's addresses. */
  readonly definition: Definition;
  readonly clock: RealClock;
  readonly machines: MachineKind;
  /** Kafka as the function inside the VPC sees it. */
  readonly kafka: Pick<KafkaView, "brokers" | "listeners">;
  readonly seed: number;
  /** Of the HTTP door; 0: any free one. */
  readonly port?: number;
  readonly faults?: CloudFaults;
  /** One line about something worth telling. */
  readonly say: (line: string) => void;
}

export interface Lab {
  readonly cloud: Cloud;
  readonly definition: Definition;
  readonly clock: Clock;
  readonly endpoint: string;
  readonly stack: Stack;
  /** What Rollcall said of each instance, and the time it spent on it. */
  readonly journal: Journal;
  /** Reads without counting as Rollcall's own calls. */
  readonly table: Table;
  readonly kafka: Pick<KafkaView, "brokers" | "listeners">;
  /** The groups are made, and their instances launch. */
  launch(): Promise<void>;
  machine(instance: string): Machine;
  /** A call as an operator makes it. */
  operate(service: string, action: string, input: object): Promise<object>;
  close(): Promise<void>;
}

const ACCOUNT = "123456789012";

/** The role that each function's calls are made in; the access key id stands for it. */
export const FUNCTION_ROLES = ["lifecycle", "sweep"] as const;

export async function startLab(options: LabOptions): Promise<Lab> {
  const { definition, clock, kafka, say } = options;
  const machines = new Map<string, Machine>();
  const cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(options.seed),
    machines: remembering(options.machines, machines),
    region: definition.region,
    account: ACCOUNT,
    delays: LAB_DELAYS,
    log: say,
    ...(options.faults && { faults: options.faults }),
  });
  cloud.register(dynamodbService());
  cloud.register(identityService(ACCOUNT));
  const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: options.port ?? 0, log: say });
  const opened: Clients[] = [];
  try {
    const plan = planFor(definition);
    const journal = new Journal(clock);
    const names = stackNames(definition);
    const clientsOf = (role: string): Clients => {
      const credentials = { accessKeyId: role, secretAccessKey: "lab" };
      const clients = awsClients({ region: definition.region, endpoint: door.endpoint, credentials });
      opened.push(clients);
      return clients;
    };
    const portsOf = (clients: Clients, over: { clock: Clock; log: Log }): Ports =>
      awsPorts({ clients, definition, tableName: names.table, kafkaFunction: names.kafkaFunction, ...over });
    const [lifecycleClients, sweepClients, viewClients] = [...FUNCTION_ROLES, "view"].map(clientsOf) as [
      Clients,
      Clients,
      Clients,
    ];
    const stack = await deployStack(cloud, definition, {
      lifecycle: (event, context) => {
        const invocation = journal.begin("lifecycle", event);
        return lifecycleHandler({ plan, ports: portsOf(lifecycleClients, invocation) })(event, context).finally(
          invocation.end,
        );
      },
      sweep: (event, context) => {
        const invocation = journal.begin("sweep", event);
        return sweepHandler({ plan, ports: portsOf(sweepClients, invocation) })(event, context).finally(invocation.end);
      },
      kafka: kafkaHandler(kafka),
    });
    return {
      cloud,
      definition,
      clock,
      endpoint: door.endpoint,
      stack,
      journal,
      table: dynamoTable({ client: viewClients.dynamodb, tableName: names.table, cluster: definition.cluster }),
      kafka,
      launch: () => deployGroups(cloud, definition),
      machine(instance) {
        const machine = machines.get(instance);
        if (!machine) throw new Error(`the lab has no machine for ${instance}`);
        return machine;
      },
      operate: (service, action, input) => cloud.call(service, action, input, { role: "operator" }),
      close: () => shut(cloud, door, opened),
    };
  } catch (error) {
    await shut(cloud, door, opened);
    throw error;
  }
}

/** Machines first: nothing of them may be left, whatever else goes wrong. */
async function shut(cloud: Cloud, door: { close(): Promise<void> }, clients: readonly Clients[]): Promise<void> {
  try {
    await cloud.close();
  } finally {
    await door.close();
    for (const client of clients) client.destroy();
  }
}

function remembering(kind: MachineKind, machines: Map<string, Machine>): MachineKind {
  return {
    name: kind.name,
    create(spec) {
      const machine = kind.create(spec);
      machines.set(spec.instance, machine);
      return machine;
    },
    close: () => kind.close(),
  };
}
