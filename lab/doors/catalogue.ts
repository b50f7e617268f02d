/** The services the doors can speak for: each with its protocol and what the SDK knows of its API. */
import * as autoScaling from "@aws-sdk/client-auto-scaling";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as ec2 from "@aws-sdk/client-ec2";
import * as eventBridge from "@aws-sdk/client-eventbridge";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as quotas from "@aws-sdk/client-service-quotas";
import * as sqs from "@aws-sdk/client-sqs";
import * as ssm from "@aws-sdk/client-ssm";
import { callerIdentityOperation } from "./identity.ts";
import { jsonProtocol } from "./json-rpc.ts";
import { objectStoreProtocol } from "./object-store.ts";
import type { Protocol } from "./protocol.ts";
import { queryProtocol } from "./query.ts";
import { restJsonProtocol } from "./rest-json.ts";
import { type Operation, operationsOf } from "./shapes.ts";

export interface Api {
  readonly protocol: Protocol;
  readonly operations: ReadonlyMap<string, Operation>;
}

const lambdaOperations = operationsOf(lambda);

/** By signing name: what stands for the service in a signature's scope. */
export const catalogue: ReadonlyMap<string, Api> = new Map([
  [
    "autoscaling",
    {
      operations: operationsOf(autoScaling),
      protocol: queryProtocol({
        dialect: "aws",
        version: "2011-01-01",
        namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
      }),
    },
  ],
  [
    "ec2",
    {
      operations: operationsOf(ec2),
      protocol: queryProtocol({
        dialect: "ec2",
        version: "2016-11-15",
        namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
      }),
    },
  ],
  [
    "ssm",
    {
      operations: operationsOf(ssm),
      protocol: jsonProtocol({ version: "1.1", target: "AmazonSSM" }),
    },
  ],
  [
    "events",
    {
      operations: operationsOf(eventBridge),
      protocol: jsonProtocol({ version: "1.1", target: "AWSEvents" }),
    },
  ],
  [
    "dynamodb",
    {
      operations: operationsOf(dynamodb),
      protocol: jsonProtocol({ version: "1.0", target: "DynamoDB_20120810" }),
    },
  ],
  ["sqs", { operations: operationsOf(sqs), protocol: jsonProtocol({ version: "1.0", target: "AmazonSQS" }) }],
  [
    "secretsmanager",
    {
      operations: operationsOf(secretsManager),
      protocol: jsonProtocol({ version: "1.1", target: "secretsmanager" }),
    },
  ],
  [
    "servicequotas",
    {
      operations: operationsOf(quotas),
      protocol: jsonProtocol({ version: "1.1", target: "ServiceQuotasV20190624" }),
    },
  ],
  [
    "iam",
    {
      operations: operationsOf(iam),
      protocol: queryProtocol({
        dialect: "aws",
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
      }),
    },
  ],
  ["s3", { operations: operationsOf(s3), protocol: objectStoreProtocol }],
  ["lambda", { operations: lambdaOperations, protocol: restJsonProtocol({ operations: lambdaOperations }) }],
  [
    "sts",
    {
      operations: new Map([[callerIdentityOperation.name, callerIdentityOperation]]),
      protocol: queryProtocol({
        dialect: "aws",
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
      }),
    },
  ],
]);

/** For requests to services that are not here: the caller is told in the protocol it speaks. */
export const anyJson = jsonProtocol({ version: "1.1", target: "" });
export const anyQuery = queryProtocol({ dialect: "aws", version: "", namespace: "" });
