/**
 * The SDK's clients, all made alike. Credentials, and an endpoint other than AWS's own (`AWS_ENDPOINT_URL`), the SDK reads
 * from the environment itself.
 */
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SSMClient } from "@aws-sdk/client-ssm";

/** How AWS is reached; what is left out is the SDK's to find. */
export interface Connection
  extends Pick<DynamoDBClientConfig, "credentials" | "endpoint" | "requestHandler" | "retryStrategy"> {
  readonly region: string;
}

/** EC2's module is large (its schemas alone are 539 KB), so that it is loaded with its first use. */
export interface Ec2 {
  readonly client: EC2Client;
  readonly api: typeof import("@aws-sdk/client-ec2");
}

export interface Clients {
  readonly autoScaling: AutoScalingClient;
  readonly dynamodb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly ssm: SSMClient;
  ec2(): Promise<Ec2>;
  /** Closes their idle connections. */
  destroy(): void;
}

/** Until a connection stands, ms: within a region it takes a few, so a second means that it will not. */
const CONNECT = 1_000;
/** Until an API answers, ms; each answers within tens of milliseconds, DescribeAutoScalingGroups within hundreds. */
const ANSWER = 5_000;
/** Until an invoked function answers, ms: beyond what the Kafka function itself may take. */
const INVOKE = 20_000;
/** Connections at once, so that a crowd of claims does not queue for them. */
const SOCKETS = 200;
/** The first and two more; whoever is not served then is better off looking again. */
const ATTEMPTS = 3;

export function awsClients(connection: Connection): Clients {
  const settings = (answer: number) => ({
    maxAttempts: ATTEMPTS,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: CONNECT,
      requestTimeout: answer,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: SOCKETS },
      httpAgent: { maxSockets: SOCKETS },
    },
    ...connection,
  });
  const autoScaling = new AutoScalingClient(settings(ANSWER));
  const dynamodb = new DynamoDBClient(settings(ANSWER));
  const lambda = new LambdaClient(settings(INVOKE));
  const ssm = new SSMClient(settings(ANSWER));
  let ec2: Promise<Ec2> | undefined;
  return {
    autoScaling,
    dynamodb,
    lambda,
    ssm,
    ec2() {
      ec2 ??= import("@aws-sdk/client-ec2").then((api) => ({ client: new api.EC2Client(settings(ANSWER)), api }));
      return ec2;
    },
    destroy() {
      for (const client of [autoScaling, dynamodb, lambda, ssm]) client.destroy();
      void ec2?.then(({ client }) => client.destroy());
    },
  };
}
