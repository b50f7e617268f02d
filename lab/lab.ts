/**
 * A whole cluster on this machine: the modelled cloud with its HTTP door, Rollcall's real handlers behind the real SDK
 * clients, and nodes that are modelled or real.
 */
import { kafkaHandler } from "../functions/kafka.ts";
import { lifecycleHandler } from "../functions/lifecycle.ts";
import { sweepHandler } from "../functions/sweep.ts";
import { awsClients, type Clients } from "../shared/aws/clients.ts";
import type { Connection } from "../shared/aws/connection.ts";
import { awsPorts } from "../shared/aws/ports.ts";
import { awsSecrets } from "../shared/aws/secrets.ts";
import { dynamoTable } from "../shared/aws/table.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { observerSecret } from "../shared/cluster/security.ts";
import { type LoginSource, observerLogin, type Secrets } from "../shared/kafka/login.ts";
import { environmentOf, kafkaEnvironmentOf } from "../shared/lambda/environment.ts";
import { silence, type Telemetry } from "../shared/lambda/telemetry.ts";
import { planFor } from "../shared/lifecycle/plan.ts";
import type { Clock, Log, NetworkView, Ports, Table } from "../shared/lifecycle/ports.ts";
import type { Authority } from "./certificates.ts";
import type { RealClock } from "./clock.ts";
import { Cloud } from "./cloud/cloud.ts";
import { LAB_DELAYS } from "./cloud/delays.ts";
import type { CloudFaults } from "./cloud/faults.ts";
import type { DeployedFunction, FunctionCode } from "./cloud/formation/kind.ts";
import { dynamodbService } from "./doors/dynamodb.ts";
import { startHttpDoor } from "./doors/http.ts";
import { identityService } from "./doors/identity.ts";
import { Journal } from "./journal.ts";
import type { Machine, MachineKind, MachineSpec } from "./machines/machine.ts";
import { seededRandom } from "./random.ts";
import { provideSecrets } from "./secrets.ts";
import { ADMINISTRATORS, codeOf, type DeployedStack, deployStack, type StackFunctions } from "./stack.ts";

export interface LabOptions {
  /** Already moved to this machine's addresses. */
  readonly definition: Definition;
  /** The compiled template of that very definition. */
  readonly template: unknown;
  readonly clock: RealClock;
  readonly machines: MachineKind;
  /** Kafka as the function inside the VPC sees it. */
  readonly kafka: (login?: LoginSource) => NetworkView;
  readonly seed: number;
  /** Of the HTTP door; 0: any free one. */
  readonly port?: number;
  readonly faults?: CloudFaults;
  /** Of the functions' clients, where the SDK's own, whose pauses are the machine's, does not go with the clock. */
  readonly retryStrategy?: NonNullable<Connection["retryStrategy"]>;
  /** Gets what the sweep counts and measures. */
  readonly telemetry?: Telemetry;
  /** One line about something worth telling. */
  readonly say: (line: string) => void;
}

export interface Lab {
  readonly cloud: Cloud;
  /** As last deployed. */
  readonly definition: Definition;
  /** Who signed the nodes' certificate; undefined where they have none. */
  readonly authority: Authority | undefined;
  readonly clock: Clock;
  readonly endpoint: string;
  readonly stack: DeployedStack;
  /** What Rollcall said of each instance, and the time it spent on it. */
  readonly journal: Journal;
  /** Reads without counting as Rollcall's own calls. */
  readonly table: Table;
  /** As Rollcall's observer sees it. */
  readonly kafka: NetworkView;
  /** The groups are made, and their instances launch. */
  launch(): Promise<void>;
  /** Deploys that definition of the same cluster, with the template that is compiled of it. */
  deploy(definition: Definition, template: unknown): Promise<void>;
  /** The functions' code with that definition of the same cluster: what is deployed with the template that is compiled of it. */
  code(definition: Definition): FunctionCode;
  machine(instance: string): Machine;
  /** A call as an operator makes it. */
  operate(service: string, action: string, input: object): Promise<object>;
  close(): Promise<void>;
}

const ACCOUNT = "123456789012";

export async function startLab(options: LabOptions): Promise<Lab> {
  const { definition, clock, say } = options;
  const machines = new Map<string, Machine>();
  let door: Awaited<ReturnType<typeof startHttpDoor>> | undefined;
  const cloud: Cloud = new Cloud({
    scheduler: clock,
    random: seededRandom(options.seed),
    machines: remembering(options.machines, machines, (instance) => ({
      environment: callsOf(cloud.roleOf(instance), door?.endpoint),
      call: (service, action, input) => cloud.callFrom(instance, service, action, input),
    })),
    region: definition.region,
    account: ACCOUNT,
    delays: LAB_DELAYS,
    log: say,
    administrators: ADMINISTRATORS,
    ...(options.faults && { faults: options.faults }),
  });
  cloud.register(dynamodbService());
  cloud.register(identityService(ACCOUNT));
  door = await startHttpDoor({ cloud, host: "127.0.0.1", port: options.port ?? 0, log: say });
  const opened: Clients[] = [];
  try {
    const journal = new Journal(clock);
    // The access key id stands for the role that the calls are made in.
    const clientsOf = (role: string): Clients => {
      const credentials = { accessKeyId: role, secretAccessKey: "lab" };
      const { retryStrategy } = options;
      const connection = { region: definition.region, endpoint: door.endpoint, credentials };
      const clients = awsClients({ ...connection, ...(retryStrategy && { retryStrategy }) });
      opened.push(clients);
      return clients;
    };
    const secretsFor = (role: string): Secrets =>
      awsSecrets({
        region: definition.region,
        endpoint: door.endpoint,
        credentials: { accessKeyId: role, secretAccessKey: "lab" },
      });
    /** The ports of a deployed function, for one invocation after the other. */
    const portsOf = (
      now: Definition,
      { role, environment }: DeployedFunction,
    ): ((over: { clock: Clock; log: Log }) => Ports) => {
      const clients = clientsOf(role);
      const { table, kafkaFunction } = environmentOf(environment);
      return (over) => awsPorts({ clients, definition: now, tableName: table, kafkaFunction, ...over });
    };
    const functionsOf = (now: Definition): StackFunctions => {
      const plan = planFor(now);
      return {
        lifecycle(deployed) {
          const ports = portsOf(now, deployed);
          return (event, context) => {
            const invocation = journal.begin("lifecycle", event);
            return lifecycleHandler({ plan, ports: ports(invocation) })(event, context).finally(invocation.end);
          };
        },
        sweep(deployed) {
          const ports = portsOf(now, deployed);
          return (event, context) => {
            const invocation = journal.begin("sweep", event);
            const telemetry = options.telemetry ?? silence;
            return sweepHandler({ plan, ports: ports(invocation), telemetry })(event, context).finally(invocation.end);
          };
        },
        kafka(deployed) {
          const asked = kafkaEnvironmentOf({ ...deployed.environment, AWS_REGION: now.region });
          return kafkaHandler(options.kafka(asked && observerLogin(secretsFor(deployed.role), asked.secrets)));
        },
      };
    };
    const authority = await provideSecrets(cloud, definition, seededRandom(options.seed).fork("secrets"), clock.now());
    const stack = await deployStack(cloud, {
      template: options.template,
      definition,
      clock,
      functions: functionsOf(definition),
    });
    const lookAs = (now: Definition): NetworkView => options.kafka(looker(now, secretsFor("view")));
    const code = (next: Definition): FunctionCode => codeOf(functionsOf(next));
    let deployed = { definition, kafka: lookAs(definition) };
    return {
      cloud,
      get definition() {
        return deployed.definition;
      },
      authority,
      clock,
      endpoint: door.endpoint,
      stack,
      journal,
      table: dynamoTable({ client: clientsOf("view").dynamodb, tableName: stack.table, cluster: definition.cluster }),
      get kafka() {
        return deployed.kafka;
      },
      launch: () => stack.launch(),
      async deploy(next, template) {
        await stack.stack.update(template, { code: code(next) });
        deployed = { definition: next, kafka: lookAs(next) };
      },
      code,
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

/** Whoever looks at Kafka from outside does so as Rollcall's observer. */
function looker({ cluster, security }: Definition, secrets: Secrets): LoginSource | undefined {
  if (!security) return undefined;
  const { authority, encrypt } = security;
  return observerLogin(secrets, {
    observer: observerSecret(cluster),
    ...(encrypt && authority !== undefined && { authority }),
  });
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

/** What calls AWS on a machine does so at the lab's door, in the role of the machine's profile. */
function callsOf(role: string | undefined, endpoint: string | undefined): Readonly<Record<string, string>> {
  if (role === undefined || endpoint === undefined) return {};
  return { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: role, AWS_SECRET_ACCESS_KEY: "lab" };
}

function remembering(
  kind: MachineKind,
  machines: Map<string, Machine>,
  awsOf: (instance: string) => Pick<MachineSpec, "environment" | "call">,
): MachineKind {
  return {
    name: kind.name,
    create(spec) {
      const machine = kind.create({ ...spec, ...awsOf(spec.instance) });
      machines.set(spec.instance, machine);
      return machine;
    },
    close: () => kind.close(),
  };
}
