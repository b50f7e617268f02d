/**
 * The in-process door: a `requestHandler` for SDK clients that answers from the modelled cloud without a socket, and so
 * without any timing of its own.
 *
 *     new SSMClient({ requestHandler: inProcessHandler({ cloud }), region, credentials: { accessKeyId: "sweep", … } })
 */
import type { HttpHandlerOptions, HttpRequest, HttpResponse, QueryParameterBag, RequestHandler } from "@smithy/types";
import { type DoorOptions, openDoor } from "./door.ts";
import { toBytes, type WireRequest } from "./wire.ts";

/** What the SDK takes as a client's `requestHandler`; one serves any number of clients. */
export interface InProcessHandler extends RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions> {
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

export function inProcessHandler(options: DoorOptions): InProcessHandler {
  const door = openDoor(options);
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request, { abortSignal } = {}) {
      if (abortSignal?.aborted) throw aborted();
      const answered = door(wire(request));
      const { status, headers, body } = await (abortSignal
        ? Promise.race([answered, abortion(abortSignal)])
        : answered);
      return { response: { statusCode: status, headers: { ...headers }, body } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

type AbortSignalLike = NonNullable<HttpHandlerOptions["abortSignal"]>;

function abortion(signal: AbortSignalLike): Promise<never> {
  return new Promise((_, reject) => {
    if (signal instanceof AbortSignal) signal.addEventListener("abort", () => reject(aborted()), { once: true });
    else signal.onabort = () => reject(aborted());
  });
}

/** As the SDK's own handler says it: its retry strategy goes by the name. */
function aborted(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}

function wire({ method, path, query, headers, body }: HttpRequest): WireRequest {
  return {
    method,
    path,
    query: parameters(query ?? {}),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: bytes(body),
  };
}

function parameters(query: QueryParameterBag): URLSearchParams {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) found.append(name, one);
  }
  return found;
}

/** None of the modelled services' actions stream, so that a body is all there. */
function bytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === "string") return toBytes(body);
  if (body instanceof Uint8Array) return body;
  throw new Error("the in-process door takes no streams");
}
