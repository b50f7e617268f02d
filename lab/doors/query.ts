/**
 * AWS Query (Auto Scaling, STS) and EC2 Query: a form body in, XML out.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, …/aws-ec2-query-protocol.html
 */
import { AwsError } from "../cloud/service.ts";
import { fromForm, type QueryDialect } from "./form.ts";
import type { Protocol } from "./protocol.ts";
import { type Misfit, toBytes, toText, type WireResponse } from "./wire.ts";
import { element, escapeXml, toXml } from "./xml.ts";

interface QueryApi {
  readonly dialect: QueryDialect;
  /** The API's version, as every request names it. */
  readonly version: string;
  readonly namespace: string;
}

export function queryProtocol({ dialect, version, namespace }: QueryApi): Protocol {
  return {
    owns: ({ body }) => new URLSearchParams(toText(body)).get("Version") === version,
    open({ body }) {
      const parameters = new URLSearchParams(toText(body));
      return {
        action: parameters.get("Action") ?? "",
        input: (operation) => fromForm(dialect, operation.input, parameters),
      };
    },
    answer({ name, output: shape }, output, requestId) {
      const members = shape ? toXml(shape, output) : "";
      const content =
        dialect === "ec2"
          ? element("requestId", requestId) + members
          : (shape ? element(`${name}Result`, members) : "") +
            element("ResponseMetadata", element("RequestId", requestId));
      return xml(200, requestId, `<${name}Response xmlns="${namespace}">${content}</${name}Response>`);
    },
    refuse({ code, message, status, members }, requestId) {
      const said = Object.entries({ Code: code, Message: message, ...members })
        .map(([name, value]) => element(name, escapeXml(value)))
        .join("");
      const body =
        dialect === "ec2"
          ? element("Response", element("Errors", element("Error", said)) + element("RequestID", requestId))
          : `<ErrorResponse xmlns="${namespace}">${element(
              "Error",
              element("Type", status < 500 ? "Sender" : "Receiver") + said,
            )}${element("RequestId", requestId)}</ErrorResponse>`;
      return xml(status, requestId, body);
    },
    own: {
      unsigned: () => new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
      misfit: dialect === "ec2" ? ec2Misfit : awsMisfit,
      broken: (message) => new AwsError(dialect === "ec2" ? "InternalError" : "InternalFailure", message, 500),
    },
  };
}

function awsMisfit({ path, message }: Misfit): AwsError {
  return new AwsError("ValidationError", `1 validation error detected: Value at '${path}': ${message}`);
}

function ec2Misfit({ kind, path, message }: Misfit): AwsError {
  switch (kind) {
    case "unknown":
      return new AwsError("UnknownParameter", `The parameter ${path} is not recognized: ${message}`);
    case "missing":
      return new AwsError("MissingParameter", `The request must contain the parameter ${path}`);
    case "wrong":
      return new AwsError("InvalidParameterValue", `Invalid value for parameter ${path}: ${message}`);
  }
}

function xml(status: number, requestId: string, document: string): WireResponse {
  return {
    status,
    headers: { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId },
    body: toBytes(`<?xml version="1.0" encoding="UTF-8"?>\n${document}`),
  };
}
