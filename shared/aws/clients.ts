/** The SDK's clients, all made alike. */
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Connection, clientSettings } from "./connection.ts";

export type { Connection } from "./connection.ts";

/**
 * A service's client, with its commands. EC2's module is large (its schemas alone are 539 KB), SSM's and Lambda's are not
 * needed before an instance has its id: each is loaded with its first use.
 */
interface Loaded<Client, Api> {
  readonly client: Client;
  readonly api: Api;
}

type Ec2Api = typeof import("./sdk/ec2.ts");
type LambdaApi = typeof import("./sdk/lambda.ts");
type SsmApi = typeof import("./sdk/ssm.ts");

export type Ec2 = Loaded<InstanceType<Ec2Api["EC2Client"]>, Ec2Api>;
export type Lambda = Loaded<InstanceType<LambdaApi["LambdaClient"]>, LambdaApi>;
export type Ssm = Loaded<InstanceType<SsmApi["SSMClient"]>, SsmApi>;

export interface Clients {
  readonly autoScaling: AutoScalingClient;
  readonly dynamodb: DynamoDBClient;
  ec2(): Promise<Ec2>;
  lambda(): Promise<Lambda>;
  ssm(): Promise<Ssm>;
  /** Closes their idle connections. */
  destroy(): void;
}

/** Until an API answers, ms; each answers within tens of milliseconds, DescribeAutoScalingGroups within hundreds. */
const ANSWER = 5_000;
/** Until an invoked function answers, ms: beyond what the Kafka function itself may take. */
const INVOKE = 20_000;
/** Clients of one account and region, each with its own limit of time; `destroy` closes what they hold open. */
export function awsClients(connection: Connection): Clients {
  const settings = (answer: number) => clientSettings(connection, answer);
  const autoScaling = new AutoScalingClient(settings(ANSWER));
  const dynamodb = new DynamoDBClient(settings(ANSWER));
  let ec2: Promise<Ec2> | undefined;
  let lambda: Promise<Lambda> | undefined;
  let ssm: Promise<Ssm> | undefined;
  return {
    autoScaling,
    dynamodb,
    ec2() {
      ec2 ??= import("./sdk/ec2.ts").then((api) => ({ client: new api.EC2Client(settings(ANSWER)), api }));
      return ec2;
    },
    lambda() {
      lambda ??= import("./sdk/lambda.ts").then((api) => ({ client: new api.LambdaClient(settings(INVOKE)), api }));
      return lambda;
    },
    ssm() {
      ssm ??= import("./sdk/ssm.ts").then((api) => ({ client: new api.SSMClient(settings(ANSWER)), api }));
      return ssm;
    },
    destroy() {
      for (const client of [autoScaling, dynamodb]) client.destroy();
      for (const loaded of [ec2, lambda, ssm]) void loaded?.then(({ client }) => client.destroy());
    },
  };
}
