/**
 * REST JSON (Lambda): the action by method and path; members in path, query, headers and body.
 * https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
import { AwsError } from "../cloud/service.ts";
import { expectBytes, expectNumber, membersOf, requireMembers } from "./fit.ts";
import { fromJson, jsonName, parseJson, structureFromJson, toJson } from "./json.ts";
import type { Protocol } from "./protocol.ts";
import type { Member, Operation, Shape, Structure } from "./shapes.ts";
import { formatText, parseText } from "./text.ts";
import { Misfit, toBytes, type WireRequest, type WireResponse } from "./wire.ts";

interface RestApi {
  readonly operations: ReadonlyMap<string, Operation>;
}

export function restJsonProtocol({ operations }: RestApi): Protocol {
  const routes = [...operations.values()].flatMap(routeOf);
  const find = (request: WireRequest) => {
    for (const route of routes) {
      const match = request.method === route.method ? route.path.exec(request.path) : null;
      if (match) return { action: route.action, labels: match.groups ?? {} };
    }
    return undefined;
  };
  return {
    owns: (request) => find(request) !== undefined,
    open(request) {
      const found = find(request);
      return {
        action: found?.action ?? `${request.method} ${request.path}`,
        input: (operation) => readInput(operation.input, found?.labels ?? {}, request),
      };
    },
    answer(operation, output, requestId) {
      const success = operation.http?.[2] ?? 200;
      return operation.output ? writeOutput(operation.output, output, success, requestId) : respond(success, requestId);
    },
    refuse: ({ code, message, status, members }, requestId) =>
      respond(
        status,
        requestId,
        toBytes(JSON.stringify({ Type: status < 500 ? "User" : "Service", Message: message, ...members })),
        { "content-type": "application/json", "x-amzn-errortype": code },
      ),
    own: {
      unsigned: () => new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403),
      misfit: ({ path, message }) => new AwsError("InvalidParameterValueException", `${path}: ${message}`),
      broken: (message) => new AwsError("ServiceException", message, 500),
    },
  };
}

interface Route {
  readonly action: string;
  readonly method: string;
  /** Its groups are the labels. */
  readonly path: RegExp;
}

function routeOf({ name, http }: Operation): Route[] {
  if (!http) return [];
  const [method, template] = http;
  const [path = ""] = template.split("?");
  const pattern = path
    .replace(/[.$()*+?[\]^|\\]/g, "\\$&")
    .replace(/\{(\w+)(\+?)\}/g, (_, label: string, greedy: string) => `(?<${label}>${greedy ? ".+" : "[^/]+"})`);
  return [{ action: name, method, path: new RegExp(`^${pattern.replace(/\/$/, "")}/?$`) }];
}

function readInput(shape: Structure, labels: Readonly<Record<string, string>>, request: WireRequest): object {
  const input: Record<string, unknown> = {};
  const bodied = new Map<string, Member>();
  for (const [name, member] of shape.members) {
    const { httpLabel, httpQuery, httpHeader, httpPayload } = member.traits;
    if (httpPayload) {
      if (request.body.length > 0) input[name] = readPayload(member.shape, request.body);
      continue;
    }
    if (!httpLabel && httpQuery === undefined && httpHeader === undefined) {
      bodied.set(name, member);
      continue;
    }
    const text = httpLabel
      ? decodeURIComponent(labels[name] ?? "")
      : httpQuery !== undefined
        ? (request.query.get(httpQuery) ?? undefined)
        : request.headers[(httpHeader ?? "").toLowerCase()];
    if (text !== undefined) input[name] = parseText(scalar(member.shape, name), text, name, "http-date");
  }
  if (bodied.size > 0) {
    const inBody: Structure = { kind: "structure", name: shape.name, members: bodied, required: [] };
    Object.assign(input, structureFromJson(inBody, parseJson(request.body)));
  }
  requireMembers(shape, input, "");
  return input;
}

function readPayload(shape: Shape, body: Uint8Array): unknown {
  return shape.kind === "blob" ? body : fromJson(shape, parseJson(body));
}

function writeOutput(shape: Structure, output: object, success: number, requestId: string): WireResponse {
  let status = success;
  let payload: Uint8Array | undefined;
  const headers: Record<string, string> = { "content-type": "application/json" };
  const body: Record<string, unknown> = {};
  for (const [member, value] of membersOf(shape, output, "")) {
    const { name, shape: of, traits } = member;
    if (traits.httpResponseCode) status = expectNumber(value, name);
    else if (traits.httpHeader !== undefined) {
      headers[traits.httpHeader.toLowerCase()] = formatText(scalar(of, name), value, name, "http-date");
    } else if (traits.httpPayload) {
      payload = of.kind === "blob" ? expectBytes(value, name) : toBytes(JSON.stringify(toJson(of, value, name)));
    } else body[jsonName(member)] = toJson(of, value, name);
  }
  const binds = [...shape.members.values()].some(({ traits }) => traits.httpPayload);
  return respond(status, requestId, payload ?? toBytes(binds ? "" : JSON.stringify(body)), headers);
}

function scalar(shape: Shape, path: string) {
  if (shape.kind === "structure" || shape.kind === "list" || shape.kind === "map") {
    throw new Misfit("wrong", path, `the doors do not carry a ${shape.kind} in a header, path or query`);
  }
  return shape;
}

function respond(
  status: number,
  requestId: string,
  body: Uint8Array = new Uint8Array(),
  headers: Readonly<Record<string, string>> = {},
): WireResponse {
  return { status, headers: { ...headers, "x-amzn-requestid": requestId }, body };
}
