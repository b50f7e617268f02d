/** The SDK clients that only an operator needs, each loaded at its first use: a command waits for no more than it uses. */
import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { STSClient } from "@aws-sdk/client-sts";
import type { Connection } from "../../shared/aws/clients.ts";

export interface OperatorClients {
  autoScaling(): Promise<AutoScalingClient>;
  dynamodb(): Promise<DynamoDBClient>;
  ec2(): Promise<EC2Client>;
  events(): Promise<EventBridgeClient>;
  iam(): Promise<IAMClient>;
  lambda(): Promise<LambdaClient>;
  quotas(): Promise<ServiceQuotasClient>;
  secrets(): Promise<SecretsManagerClient>;
  sqs(): Promise<SQSClient>;
  ssm(): Promise<SSMClient>;
  sts(): Promise<STSClient>;
  /** Closes their idle connections. */
  destroy(): void;
}

interface Client {
  destroy(): void;
}

export function operatorClients(connection: Connection): OperatorClients {
  const made: Promise<Client>[] = [];
  const once = <C extends Client>(make: () => Promise<C>): (() => Promise<C>) => {
    let client: Promise<C> | undefined;
    return () => {
      if (!client) {
        client = make();
        made.push(client);
      }
      return client;
    };
  };
  return {
    autoScaling: once(async () => new (await import("@aws-sdk/client-auto-scaling")).AutoScalingClient(connection)),
    dynamodb: once(async () => new (await import("@aws-sdk/client-dynamodb")).DynamoDBClient(connection)),
    ec2: once(async () => new (await import("@aws-sdk/client-ec2")).EC2Client(connection)),
    events: once(async () => new (await import("@aws-sdk/client-eventbridge")).EventBridgeClient(connection)),
    iam: once(async () => new (await import("@aws-sdk/client-iam")).IAMClient(connection)),
    lambda: once(async () => new (await import("@aws-sdk/client-lambda")).LambdaClient(connection)),
    quotas: once(async () => new (await import("@aws-sdk/client-service-quotas")).ServiceQuotasClient(connection)),
    secrets: once(async () => new (await import("@aws-sdk/client-secrets-manager")).SecretsManagerClient(connection)),
    // A queue's URL names AWS's own host, whatever endpoint the client was given.
    sqs: once(
      async () => new (await import("@aws-sdk/client-sqs")).SQSClient({ ...connection, useQueueUrlAsEndpoint: false }),
    ),
    ssm: once(async () => new (await import("@aws-sdk/client-ssm")).SSMClient(connection)),
    sts: once(async () => new (await import("@aws-sdk/client-sts")).STSClient(connection)),
    destroy() {
      for (const client of made) {
        // One that could not even be loaded has nothing to close.
        client.then(
          (loaded) => loaded.destroy(),
          () => {},
        );
      }
    },
  };
}
