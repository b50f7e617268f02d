/**
 * A whole cluster from its compiled template, with IAM enforced, on a virtual clock: modelled nodes, and Rollcall's
 * functions behind the AWS adapters, whose calls go to the cloud without a wire.
 */
import { drainable } from "../../../bench/drainable.ts";
import { kafkaHandler } from "../../../functions/kafka.ts";
import { lifecycleHandler } from "../../../functions/lifecycle.ts";
import { sweepHandler } from "../../../functions/sweep.ts";
import { type VirtualClock, virtualClock } from "../../../lab/clock.ts";
import { Cloud } from "../../../lab/cloud/cloud.ts";
import { LAB_DELAYS } from "../../../lab/cloud/delays.ts";
import type { CloudFaults } from "../../../lab/cloud/faults.ts";
import type { DeployedFunction } from "../../../lab/cloud/formation/kind.ts";
import { dynamodbService } from "../../../lab/doors/dynamodb.ts";
import type { AwsCall, Machine } from "../../../lab/machines/machine.ts";
import { modelledMachines } from "../../../lab/machines/modelled.ts";
import { ModelledKafka } from "../../../lab/machines/modelled-kafka.ts";
import { modelledKafkaView } from "../../../lab/machines/modelled-view.ts";
import { seededRandom } from "../../../lab/random.ts";
import { ADMINISTRATORS, type DeployedStack, deployStack, type StackFunctions } from "../../../lab/stack.ts";
import type { Clients } from "../../../shared/aws/clients.ts";
import { awsPorts } from "../../../shared/aws/ports.ts";
import * as ec2Api from "../../../shared/aws/sdk/ec2.ts";
import * as lambdaApi from "../../../shared/aws/sdk/lambda.ts";
import * as ssmApi from "../../../shared/aws/sdk/ssm.ts";
import type { Definition, RoleName } from "../../../shared/cluster/definition.ts";
import { quorumRole } from "../../../shared/cluster/role-kinds.ts";
import { observerLogin, type Secrets } from "../../../shared/kafka/login.ts";
import { environmentOf, kafkaEnvironmentOf } from "../../../shared/lambda/environment.ts";
import { planFor } from "../../../shared/lifecycle/plan.ts";

export interface TemplateCluster {
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  readonly kafka: ModelledKafka;
  readonly stack: DeployedStack;
  /** The role that keeps the quorum. */
  readonly quorum: RoleName;
  readonly functions: (definition: Definition) => StackFunctions;
  machine(instance: string): Machine | undefined;
  /** Moves the clock until that is so, or something was denied: whether it is so. */
  until(condition: () => boolean, within?: number): Promise<boolean>;
  /** A call as an operator makes it. */
  operate(service: string, action: string, input: object): Promise<object>;
  close(): Promise<void>;
}

const HOUR = 3_600_000;
/** As `aws s3 cp` says it. */
const FORBIDDEN = "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden";

export async function startTemplateCluster(
  template: unknown,
  definition: Definition,
  faultsOf: (cloud: () => Cloud) => CloudFaults = () => ({}),
): Promise<TemplateCluster> {
  const dynamodb = drainable(dynamodbService());
  const clock = virtualClock(Date.parse("2026-09-14T08:00:00Z"), dynamodb.drain);
  const random = seededRandom(1);
  const kafka = new ModelledKafka({ clock, mode: definition.kafka.mode });
  const machines = new Map<string, Machine>();
  const modelled = modelledMachines({
    clock,
    kafka,
    random: random.fork("machines"),
    fetch: (instance, url) => (cloud.instanceMayRead(instance, url) ? undefined : FORBIDDEN),
  });
  const cloud: Cloud = new Cloud({
    scheduler: clock,
    random: random.fork("cloud"),
    machines: {
      ...modelled,
      create(spec) {
        const call: AwsCall = (service, action, input) => cloud.callFrom(spec.instance, service, action, input);
        const machine = modelled.create({ ...spec, call });
        machines.set(spec.instance, machine);
        return machine;
      },
    },
    region: definition.region,
    delays: LAB_DELAYS,
    administrators: ADMINISTRATORS,
    faults: faultsOf(() => cloud),
  });
  cloud.register(dynamodb.service);
  const functions = (now: Definition): StackFunctions => {
    const plan = planFor(now);
    const ports = ({ role, environment }: DeployedFunction) => {
      const { table, kafkaFunction } = environmentOf(environment);
      return awsPorts({
        clients: clientsOf(cloud, role),
        definition: now,
        tableName: table,
        kafkaFunction,
        clock,
        log: { info() {}, warn() {} },
      });
    };
    return {
      lifecycle: (deployed) => lifecycleHandler({ plan, ports: ports(deployed) }),
      sweep: (deployed) => sweepHandler({ plan, ports: ports(deployed) }),
      kafka({ role, environment }) {
        const asked = kafkaEnvironmentOf({ ...environment, AWS_REGION: definition.region });
        return kafkaHandler(modelledKafkaView(kafka, asked && observerLogin(secretsFor(cloud, role), asked.secrets)));
      },
    };
  };
  const deployed = deployStack(cloud, { template, definition, clock, functions: functions(definition) });
  const cluster: TemplateCluster = {
    clock,
    cloud,
    kafka,
    stack: await clock.settle(deployed, HOUR),
    quorum: quorumRole(definition).name,
    functions,
    machine: (instance) => machines.get(instance),
    async until(condition, within = HOUR) {
      const denied = () => cloud.iam.denials.length > 0;
      await clock.runUntilTrue(() => denied() || condition(), within);
      return !denied() && condition();
    },
    operate: (service, action, input) => clock.settle(cloud.call(service, action, input, { role: "operator" }), HOUR),
    close: () => cloud.close(),
  };
  return cluster;
}

/** As that role reads them. */
function secretsFor(cloud: Cloud, role: string): Secrets {
  return {
    async read(SecretId) {
      const answer = await cloud.call("secretsmanager", "GetSecretValue", { SecretId }, { role });
      return JSON.parse("SecretString" in answer ? String(answer.SecretString) : "");
    },
  };
}

/** Every group of the stack has as many members as it desires, all in service. */
export function allInService({ cloud }: TemplateCluster): boolean {
  const groups = cloud.groups.all();
  const well = (name: string) => cloud.groups.members(name).every(({ state }) => state === "InService");
  return groups.length > 0 && groups.every((g) => cloud.groups.members(g.name).length === g.desired && well(g.name));
}

/** As the SDK does it by default. */
const ATTEMPTS = 3;

/** An SDK client with nothing of the SDK but its commands, and that it tries again where no answer comes. */
function clientsOf(cloud: Cloud, role: string): Clients {
  async function send(service: string, action: string, input: object, attempt = 1): Promise<object> {
    try {
      return await cloud.call(service, action, input, { role });
    } catch (error) {
      if (!(error instanceof Error && error.name === "TimeoutError") || attempt === ATTEMPTS) throw error;
      return send(service, action, input, attempt + 1);
    }
  }
  const clientOf = (service: string): unknown => ({
    send: (command: { readonly input: object }) =>
      send(service, command.constructor.name.replace(/Command$/, ""), command.input),
    destroy() {},
  });
  const loaded = (service: string, api: unknown) => Promise.resolve({ client: clientOf(service), api });
  // An object with `send` stands in for the SDK's class, which the types cannot say.
  return {
    autoScaling: clientOf("autoscaling"),
    dynamodb: clientOf("dynamodb"),
    ec2: () => loaded("ec2", ec2Api),
    lambda: () => loaded("lambda", lambdaApi),
    ssm: () => loaded("ssm", ssmApi),
    destroy() {},
  } as unknown as Clients;
}
