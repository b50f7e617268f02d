/**
 * DynamoDB as one more service of the lab's cloud: dynalite, in this process and without a socket. Its calls come
 * through the gateway like all others, and so are counted, logged and hurt like them.
 *
 * What dynalite lacks against the real one: TransactWriteItems and TransactGetItems are unknown to it, and
 * ReturnValuesOnConditionCheckFailure has no effect. It lives on real time (tables are CREATING for some ms), so a
 * simulation that must be deterministic keeps its table elsewhere.
 */
import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import dynalite from "dynalite";
import { type Action, AwsError, type Service } from "../cloud/service.ts";
import { catalogue } from "./catalogue.ts";
import { expectObject, expectString } from "./fit.ts";
import { structureFromJson, toJson } from "./json.ts";
import type { Operation } from "./shapes.ts";

const ACTIONS = [
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "DescribeTimeToLive",
  "GetItem",
  "ListTables",
  "ListTagsOfResource",
  "PutItem",
  "Query",
  "Scan",
  "TagResource",
  "UntagResource",
  "UpdateItem",
  "UpdateTable",
];

/** An empty database of its own. */
export function dynamodbService(): Service {
  const server = dynalite({ createTableMs: 1, deleteTableMs: 1, updateTableMs: 1 });
  return {
    name: "dynamodb",
    actions: Object.fromEntries(ACTIONS.map((name) => [name, actionOf(server, operationOf(name))])),
    unknownAction: (action) =>
      new AwsError("UnknownOperationException", `dynalite, the lab's DynamoDB, does not know ${action}`),
  };
}

function operationOf(name: string): Operation {
  const operation = catalogue.get("dynamodb")?.operations.get(name);
  if (!operation) throw new Error(`the SDK's DynamoDB has no action ${name}`);
  return operation;
}

function actionOf(server: Server, operation: Operation): Action {
  return async (input) => {
    const { status, body } = await ask(server, operation.name, JSON.stringify(toJson(operation.input, input)));
    const said = expectObject(body, operation.name);
    // Dynalite's tables have members that the API does not (`TableThroughputModeSummary`).
    if (status === 200) return operation.output ? structureFromJson(operation.output, said, "", "skip") : {};
    const { __type: type, message, Message, ...members } = said;
    throw new AwsError(
      expectString(type, "__type").replace(/^.*#/, ""),
      String(message ?? Message ?? ""),
      status,
      Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)])),
    );
  };
}

/** One request handed to dynalite's own listener, as Node's HTTP server would hand it over. */
function ask(server: Server, action: string, body: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = Object.assign(new EventEmitter(), { method: "POST", url: "/", headers: headersFor(action) });
    const response = {
      statusCode: 200,
      setHeader() {},
      end(text: string) {
        try {
          resolve({ status: response.statusCode, body: JSON.parse(text) });
        } catch (cause) {
          reject(new Error(`dynalite's answer to ${action} is not JSON: ${text}`, { cause }));
        }
      },
    };
    server.emit("request", request, response);
    request.emit("data", Buffer.from(body));
    request.emit("end");
  });
}

/** Dynalite wants a signature's form; who calls is the door's business, and not for it to know. */
const headersFor = (action: string) => ({
  "content-type": "application/x-amz-json-1.0",
  "x-amz-target": `DynamoDB_20120810.${action}`,
  "x-amz-date": "20260101T000000Z",
  authorization:
    "AWS4-HMAC-SHA256 Credential=lab/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=none",
});
