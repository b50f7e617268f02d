/**
 * The SDK's own serialisers against the doors': for any action of these APIs and any value that its shape allows, what
 * the client sends is what the cloud gets, and what the cloud answers is what the client gets.
 */
import * as autoScaling from "@aws-sdk/client-auto-scaling";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as ec2 from "@aws-sdk/client-ec2";
import * as eventBridge from "@aws-sdk/client-eventbridge";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as quotas from "@aws-sdk/client-service-quotas";
import * as sqs from "@aws-sdk/client-sqs";
import * as ssm from "@aws-sdk/client-ssm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../../lab/doors/catalogue.ts";
import { inProcessHandler } from "../../../lab/doors/in-process.ts";
import type { Operation } from "../../../lab/doors/shapes.ts";
import { type FakeCloud, fakeCloud } from "./fake-cloud.ts";
import { structureValues } from "./shape-values.ts";

interface Sdk {
  readonly module: Readonly<Record<string, unknown>>;
  /** What the SDK itself changes on the way, or the doors do not carry. */
  readonly except?: RegExp;
}

const SDKS: Readonly<Record<string, Sdk>> = {
  autoscaling: { module: { ...autoScaling, Client: autoScaling.AutoScalingClient } },
  // CopySnapshot: the SDK adds a presigned URL.
  ec2: { module: { ...ec2, Client: ec2.EC2Client }, except: /^CopySnapshot$/ },
  ssm: { module: { ...ssm, Client: ssm.SSMClient } },
  // PutEvents: its EndpointId picks another host.
  events: { module: { ...eventBridge, Client: eventBridge.EventBridgeClient }, except: /^PutEvents$/ },
  dynamodb: { module: { ...dynamodb, Client: dynamodb.DynamoDBClient } },
  // The clients check digests of what they send and are sent; a queue's URL picks another host.
  sqs: { module: { ...sqs, Client: sqs.SQSClient }, except: /^(SendMessage|SendMessageBatch|ReceiveMessage)$/ },
  secretsmanager: { module: { ...secretsManager, Client: secretsManager.SecretsManagerClient } },
  servicequotas: { module: { ...quotas, Client: quotas.ServiceQuotasClient } },
  // The others have maps, which the doors do not carry in forms and XML.
  iam: { module: { ...iam, Client: iam.IAMClient }, except: /^(?!GetRole$)/ },
  // The others stream, or have lists in the query.
  lambda: { module: { ...lambda, Client: lambda.LambdaClient }, except: /^(?!Invoke$)/ },
};

function construct({ module }: Sdk, name: string, argument: object) {
  const Class = module[name];
  if (typeof Class !== "function") throw new Error(`the SDK has no ${name}`);
  return Reflect.construct(Class, [argument]);
}

async function send(sdk: Sdk, operation: Operation, input: object, cloud: FakeCloud): Promise<object> {
  const client = construct(sdk, "Client", {
    region: "eu-central-1",
    endpoint: "http://door",
    requestHandler: inProcessHandler({ cloud }),
    credentials: { accessKeyId: "tester", secretAccessKey: "none" },
    maxAttempts: 1,
  });
  const { $metadata, ...answer } = await client.send(construct(sdk, `${operation.name}Command`, input));
  return answer;
}

describe.each(Object.entries(SDKS))("%s", (service, sdk) => {
  const all = [...(catalogue.get(service)?.operations.values() ?? [])];
  const operations = all.filter(({ name }) => !sdk.except?.test(name));

  it("carries every action's input and output unchanged", async () => {
    const calls = fc.constantFrom(...operations).chain((operation) =>
      fc.record({
        operation: fc.constant(operation).map((o) => Object.assign(o, { [fc.toStringMethod]: () => o.name })),
        input: structureValues(operation.input),
        output: operation.output ? structureValues(operation.output) : fc.constant({}),
      }),
    );
    await fc.assert(
      fc.asyncProperty(calls, async ({ operation, input, output }) => {
        const cloud = fakeCloud(() => output);
        const answer = await send(sdk, operation, input, cloud);
        expect(cloud.seen).toEqual([{ service, action: operation.name, input, caller: { role: "tester" } }]);
        expect(answer).toEqual(output);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
