/**
 * AWS JSON 1.0 and 1.1 (SSM, EventBridge, DynamoDB): the action in a header, JSON in and out.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import { AwsError } from "../cloud/service.ts";
import { parseJson, structureFromJson, toJson } from "./json.ts";
import type { Protocol } from "./protocol.ts";
import { toBytes, type WireResponse } from "./wire.ts";

interface JsonApi {
  readonly version: "1.0" | "1.1";
  /** What stands before the action's name in `X-Amz-Target`. */
  readonly target: string;
}

const TARGET = "x-amz-target";

export function jsonProtocol({ version, target }: JsonApi): Protocol {
  const json = (status: number, requestId: string, body: unknown): WireResponse => ({
    status,
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amzn-requestid": requestId },
    body: toBytes(JSON.stringify(body)),
  });
  return {
    owns: ({ headers }) => headers[TARGET]?.startsWith(`${target}.`) ?? false,
    open({ headers, body }) {
      const [prefix, action] = (headers[TARGET] ?? "").split(".");
      return {
        action: prefix === target && action !== undefined ? action : (headers[TARGET] ?? ""),
        input: (operation) => structureFromJson(operation.input, parseJson(body)),
      };
    },
    answer: ({ output: shape }, output, requestId) => json(200, requestId, shape ? toJson(shape, output) : {}),
    refuse: ({ code, message, status, members }, requestId) =>
      json(status, requestId, { __type: code, message, ...members }),
    own: {
      unsigned: () =>
        new AwsError("MissingAuthenticationTokenException", "Request is missing Authentication Token", 400),
      misfit: ({ kind, path, message }) =>
        new AwsError(kind === "wrong" ? "SerializationException" : "ValidationException", `${path}: ${message}`),
      broken: (message) => new AwsError("InternalFailure", message, 500),
    },
  };
}
