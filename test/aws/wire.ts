/** A line to AWS that answers as its services are documented, or were captured, to answer: for what the lab's cloud never says. */
import type { HttpHandlerOptions, HttpRequest, HttpResponse, RequestHandler } from "@smithy/types";
import { awsClients, type Clients } from "../../shared/aws/clients.ts";

export interface Exchange {
  /** `CompleteLifecycleAction`, `SendCommand`, … */
  readonly action: string;
  /** Query parameters, or the JSON body. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface WireAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Clients at the end of that line; every exchange is noted in `asked`. Nothing is tried twice. */
export function wiredClients(answer: (exchange: Exchange) => WireAnswer): { clients: Clients; asked: Exchange[] } {
  const asked: Exchange[] = [];
  const requestHandler: RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions> & Required<HandlerConfig> = {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request) {
      const exchange = exchangeOf(request);
      asked.push(exchange);
      const { status = 200, headers = {}, body } = answer(exchange);
      return { response: { statusCode: status, headers: { ...headers }, body: new TextEncoder().encode(body) } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
  const clients = awsClients({
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestHandler,
    retryStrategy: {
      acquireInitialRetryToken: async () => ({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
      refreshRetryTokenForRetry: () => Promise.reject(new Error("not tried twice")),
      recordSuccess() {},
    },
  });
  return { clients, asked };
}

interface HandlerConfig {
  updateHttpClientConfig?(): void;
  httpHandlerConfigs?(): Record<string, never>;
}

function exchangeOf({ headers, body, path }: HttpRequest): Exchange {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const target = headers["x-amz-target"];
  if (target) return { action: target.replace(/^.*\./, ""), input: JSON.parse(text) };
  if (path.includes("/invocations")) return { action: "Invoke", input: JSON.parse(text) };
  const { Action, ...input } = Object.fromEntries(new URLSearchParams(text));
  return { action: String(Action), input };
}

/** An error of Auto Scaling (query protocol). */
export function scalingError(code: string, message: string): WireAnswer {
  const xmlns = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
  return {
    status: 400,
    body: `<ErrorResponse xmlns="${xmlns}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>7a62c49f</RequestId></ErrorResponse>`,
  };
}

/** An answer of Auto Scaling (query protocol). */
export function scalingAnswer(action: string, result: string): WireAnswer {
  const xmlns = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
  return {
    body: `<${action}Response xmlns="${xmlns}"><${action}Result>${result}</${action}Result></${action}Response>`,
  };
}

/** An error of EC2 (EC2 protocol). */
export function ec2Error(code: string, message: string): WireAnswer {
  return {
    status: 400,
    body: `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>ea966190</RequestID></Response>`,
  };
}

/** An answer of EC2 (EC2 protocol). */
export function ec2Answer(action: string, members: string): WireAnswer {
  return {
    body: `<?xml version="1.0" encoding="UTF-8"?><${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>ea966190</requestId>${members}</${action}Response>`,
  };
}

/** An answer of Systems Manager (JSON 1.1). */
export function ssmAnswer(members: object): WireAnswer {
  return { headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(members) };
}

/** An error of Systems Manager (JSON 1.1). */
export function ssmError(code: string, message: string): WireAnswer {
  return { ...ssmAnswer({ __type: code, message }), status: 400 };
}
