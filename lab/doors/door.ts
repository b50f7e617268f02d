/**
 * One AWS endpoint in front of the modelled cloud: finds the service and the caller in a request's signature, reads the
 * input, calls the cloud, writes the answer. Both doors, HTTP and in-process, are this function.
 *
 * Signatures are not checked: whoever can reach the door may be anyone. The access key id alone tells which role calls.
 */
import { AwsError, type Gateway } from "../cloud/service.ts";
import { type Api, anyJson, anyQuery, catalogue } from "./catalogue.ts";
import type { OpenedRequest } from "./protocol.ts";
import { Misfit, type WireRequest, type WireResponse } from "./wire.ts";

export interface DoorOptions {
  readonly cloud: Gateway;
  /** Role by access key id; a key that is not in it stands for the role of its own name. */
  readonly roles?: ReadonlyMap<string, string>;
  /** One line about a request that the door itself refused, or that the lab failed at. */
  readonly log?: (line: string) => void;
}

/** Answers every request; never rejects. Where the cloud never answers (a fault), it never settles. */
export type Door = (request: WireRequest) => Promise<WireResponse>;

export function openDoor({ cloud, roles = new Map(), log = () => {} }: DoorOptions): Door {
  let requests = 0;

  async function answer(request: WireRequest, service: string, api: Api, requestId: string): Promise<WireResponse> {
    const { protocol, operations } = api;
    const key = accessKeyOf(request);
    if (key === undefined) throw protocol.own.unsigned();
    const caller = { role: roles.get(key) ?? key };
    const opened = protocol.open(request);
    const operation = operations.get(opened.action);
    // What the API does not have the cloud has not either: it gives the service's own error, and counts the call.
    if (!operation) {
      await cloud.call(service, opened.action, {}, caller);
      throw new Error(`the cloud answers ${service}:${opened.action}, which the SDK's API does not have`);
    }
    const input = read(opened, () => opened.input(operation), api, service);
    const output = await cloud.call(service, operation.name, input, caller);
    return protocol.answer(operation, output, requestId);
  }

  function read(opened: OpenedRequest, input: () => unknown, { protocol }: Api, service: string): unknown {
    try {
      return input();
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      log(`${service}:${opened.action} refused: ${error.path}: ${error.message}`);
      throw protocol.own.misfit(error);
    }
  }

  function refuseStranger(request: WireRequest, service: string, requestId: string): WireResponse {
    const words = `there is no service "${service}" here, only ${[...catalogue.keys()].join(", ")}`;
    log(words);
    return request.headers["x-amz-target"] === undefined
      ? anyQuery.refuse(new AwsError("InvalidAction", words), requestId)
      : anyJson.refuse(new AwsError("UnknownOperationException", words), requestId);
  }

  return async (request) => {
    requests += 1;
    const requestId = requestIdOf(requests);
    const service = serviceOf(request);
    const known = catalogue.get(service);
    if (!known) return refuseStranger(request, service, requestId);
    try {
      return await answer(request, service, known, requestId);
    } catch (error) {
      if (error instanceof AwsError) return known.protocol.refuse(error, requestId);
      const words =
        error instanceof Misfit ? `the answer does not fit: ${error.path}: ${error.message}` : String(error);
      log(`the lab failed at a request to ${service}: ${words}${error instanceof Error ? `\n${error.stack}` : ""}`);
      return known.protocol.refuse(known.protocol.own.broken(words), requestId);
    }
  };
}

/** UUIDs by counting: unique at one door, and the same in every run. */
function requestIdOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** `AWS4-HMAC-SHA256 Credential=<access key id>/<date>/<region>/<service>/aws4_request, SignedHeaders=…, Signature=…` */
const CREDENTIAL = /\bCredential=([^,\s]+)\/\d{8}\/[^/,\s]+\/([^/,\s]+)\/aws4_request\b/;

const accessKeyOf = ({ headers }: WireRequest) => CREDENTIAL.exec(headers.authorization ?? "")?.[1];

function serviceOf(request: WireRequest): string {
  const signed = CREDENTIAL.exec(request.headers.authorization ?? "")?.[2];
  if (signed !== undefined) return signed;
  for (const [service, { protocol }] of catalogue) if (protocol.owns(request)) return service;
  return "";
}
