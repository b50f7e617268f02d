/**
 * A whole cluster on this machine: the modelled cloud with its HTTP door, Rollcall's real handlers behind the real SDK
 * clients, and nodes that are modelled or real.
 */
import { kafkaHandler } from "../functions/kafka.ts";
import { lifecycleHandler } from "../functions/lifecycle.ts";
import { sweepHandler } from "../functions/sweep.ts";
import { awsClients, type Clients } from "../shared/aws/clients.ts";
import { awsPorts } from "../shared/aws/ports.ts";
import { dynamoTable } from "../shared/aws/table.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { environmentOf } from "../shared/lambda/environment.ts";
import { planFor } from "../shared/lifecycle/plan.ts";
import type { Clock, KafkaView, Log, Ports, Table } from "../shared/lifecycle/ports.ts";
import type { RealClock } from "./clock.ts";
import { Cloud } from "./cloud/cloud.ts";
import { LAB_DELAYS } from "./cloud/delays.ts";
import type { CloudFaults } from "./cloud/faults.ts";
import type { DeployedFunction } from "./cloud/formation/kind.ts";
import { dynamodbService } from "./doors/dynamodb.ts";
import { startHttpDoor } from "./doors/http.ts";
import { identityService } from "./doors/identity.ts";
import { Journal } from "./journal.ts";
import type { Machine, MachineKind } from "./machines/machine.ts";
import { seededRandom } from "./random.ts";
import { ADMINISTRATORS, type DeployedStack, deployStack } from "./stack.ts";

export interface LabOptions {
  /** Already moved to this machine's addresses. */
  readonly definition: Definition;
  /** The compiled template of that very definition. */
  readonly template: unknown;
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
  readonly stack: DeployedStack;
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
    administrators: ADMINISTRATORS,
    ...(options.faults && { faults: options.faults }),
  });
  cloud.register(dynamodbService());
  cloud.register(identityService(ACCOUNT));
  const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: options.port ?? 0, log: say });
  const opened: Clients[] = [];
  try {
    const plan = planFor(definition);
    const journal = new Journal(clock);
    // The access key id stands for the role that the calls are made in.
    const clientsOf = (role: string): Clients => {
      const credentials = { accessKeyId: role, secretAccessKey: "lab" };
      const clients = awsClients({ region: definition.region, endpoint: door.endpoint, credentials });
      opened.push(clients);
      return clients;
    };
    /** The ports of a deployed function, for one invocation after the other. */
    const portsOf = ({ role, environment }: DeployedFunction): ((over: { clock: Clock; log: Log }) => Ports) => {
      const clients = clientsOf(role);
      const { table, kafkaFunction } = environmentOf(environment);
      return (over) => awsPorts({ clients, definition, tableName: table, kafkaFunction, ...over });
    };
    const stack = await deployStack(cloud, {
      template: options.template,
      definition,
      clock,
      functions: {
        lifecycle(deployed) {
          const ports = portsOf(deployed);
          return (event, context) => {
            const invocation = journal.begin("lifecycle", event);
            return lifecycleHandler({ plan, ports: ports(invocation) })(event, context).finally(invocation.end);
          };
        },
        sweep(deployed) {
          const ports = portsOf(deployed);
          return (event, context) => {
            const invocation = journal.begin("sweep", event);
            return sweepHandler({ plan, ports: ports(invocation) })(event, context).finally(invocation.end);
          };
        },
        kafka: () => kafkaHandler(kafka),
      },
    });
    return {
      cloud,
      definition,
      clock,
      endpoint: door.endpoint,
      stack,
      journal,
      table: dynamoTable({ client: clientsOf("view").dynamodb, tableName: stack.table, cluster: definition.cluster }),
      kafka,
      launch: () => stack.launch(),
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
