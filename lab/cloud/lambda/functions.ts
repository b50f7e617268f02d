/** Lambda functions: synchronous and asynchronous invocation, time limits, retries, on-failure destinations. */
import type { Context } from "aws-lambda";
import { contextOf } from "../iam/demands/demand.ts";
import type { Iam } from "../iam/iam.ts";
import type { Queues } from "../queue.ts";
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";

export interface FunctionSpec {
  readonly name: string;
  readonly handler: (event: unknown, context: Context) => Promise<unknown>;
  /** Milliseconds. */
  readonly timeout: number;
  /** MiB. */
  readonly memory?: number;
  /** Retries of an asynchronous invocation that failed: 0–2, by default 2. */
  readonly retries?: number;
  /** ARN of the queue for asynchronous invocations that failed for good. */
  readonly onFailure?: string;
  /** Name of the role that Lambda assumes for it. Absent: it writes no log, and its failures go anywhere. */
  readonly role?: string;
  /** ARN of its log group; by default `/aws/lambda/<name>`'s. */
  readonly logGroup?: string;
}

/** What the function itself made of an invocation; `error` is plain JSON, and of `response` JSON is yet to be made. */
export type Outcome =
  | { readonly ok: true; readonly response: unknown }
  | { readonly ok: false; readonly error: { errorType: string; errorMessage: string; trace: string[] } };

/** One run of a function in progress, for the view. */
export interface Invocation {
  /** Request id; the retries of an asynchronous invocation share it. */
  readonly id: string;
  readonly function: string;
  readonly event: unknown;
  /** ms since the epoch. */
  readonly started: number;
}

export class Functions {
  readonly #world: World;
  readonly #queues: Queues;
  readonly #iam: Iam;
  readonly #functions = new Map<string, FunctionSpec>();
  readonly #invocations = new Set<Invocation>();
  readonly #errors: { readonly function: string; readonly at: number }[] = [];
  /** Reserved concurrency by function name, where it is set; only 0 has an effect here. */
  readonly #reserved = new Map<string, number>();

  constructor(world: World, queues: Queues, iam: Iam) {
    this.#world = world;
    this.#queues = queues;
    this.#iam = iam;
  }

  /** Answers the function's ARN. */
  register(spec: FunctionSpec): string {
    this.#functions.set(spec.name, spec);
    return this.arn(spec.name);
  }

  /** As `register`; where there is one of that name already, what `configure` said of it stays. */
  deploy(spec: FunctionSpec): string {
    const { retries, onFailure } = this.#functions.get(spec.name) ?? {};
    return this.register({
      ...(retries !== undefined && { retries }),
      ...(onFailure !== undefined && { onFailure }),
      ...spec,
    });
  }

  /** How asynchronous invocations of it end. Throws ResourceNotFoundException. */
  configure(
    name: string,
    { retries, onFailure }: { readonly retries: number; readonly onFailure: string | undefined },
  ): void {
    const { onFailure: _, ...spec } = this.get(name);
    this.register({ ...spec, retries, ...(onFailure !== undefined && { onFailure }) });
  }

  /** Without effect where there is none of that name. */
  remove(name: string): void {
    this.#functions.delete(name);
  }

  arn(name: string): string {
    return this.#world.arn("lambda", `function:${name}`);
  }

  /** ARN of the function that has that role. */
  ofRole(role: string): string | undefined {
    const spec = [...this.#functions.values()].find((f) => f.role === role);
    return spec && this.arn(spec.name);
  }

  /** Undefined: it shares what the account has. */
  reserved(name: string): number | undefined {
    return this.#reserved.get(name);
  }

  /** 0 switches the function off; undefined takes the reservation back. */
  reserve(name: string, concurrency: number | undefined): void {
    if (concurrency === undefined) this.#reserved.delete(name);
    else this.#reserved.set(name, concurrency);
  }

  /** CloudWatch's metric *Errors* of that function: its invocations since then, ms since the epoch, that failed or ran out of time. */
  errors(name: string, since: number): number {
    return this.#errors.filter((error) => error.function === name && error.at >= since).length;
  }

  /** Invocations in progress. */
  running(): Invocation[] {
    return [...this.#invocations];
  }

  /** By name or ARN. Throws ResourceNotFoundException. */
  get(nameOrArn: string): FunctionSpec {
    const name = nameOrArn.split(":function:").at(-1) ?? nameOrArn;
    const found = this.#functions.get(name);
    if (found) return found;
    throw new AwsError("ResourceNotFoundException", `Function not found: ${this.arn(name)}`, 404, { Type: "User" });
  }

  has(nameOrArn: string): boolean {
    return this.#functions.has(nameOrArn.split(":function:").at(-1) ?? nameOrArn);
  }

  /** Runs it once, to its end or its time limit. `event` is handed over as it is: nobody else may have it. */
  async invoke(spec: FunctionSpec, event: unknown): Promise<Outcome> {
    return this.#run(spec, event, this.#world.uuid());
  }

  /**
   * Runs it until it succeeds or its retries are used up; then the event goes to the on-failure queue. Where the function is
   * switched off, it goes there at once.
   */
  invokeLater(spec: FunctionSpec, event: unknown): void {
    if (this.#reserved.get(spec.name) === 0)
      this.#giveUp(spec, event, this.#world.uuid(), 0, "ZeroReservedConcurrency");
    else void this.#attempt(spec, event, this.#world.uuid(), 1);
  }

  async #attempt(spec: FunctionSpec, event: unknown, id: string, count: number): Promise<void> {
    const outcome = await this.#run(spec, asJson(event), id);
    if (outcome.ok) return;
    this.#world.log(`function ${spec.name}: ${outcome.error.errorType}: ${outcome.error.errorMessage}`);
    const delays = this.#world.delays.lambda.retries.slice(0, spec.retries);
    const delay = delays[count - 1];
    if (delay !== undefined) {
      this.#world.after(delay, () => void this.#attempt(spec, event, id, count + 1));
      return;
    }
    this.#giveUp(spec, event, id, count, "RetriesExhausted", outcome.error);
  }

  /** "Destination invocation record" in Lambda's developer guide. */
  #giveUp(spec: FunctionSpec, event: unknown, id: string, count: number, condition: string, error?: object): void {
    if (spec.onFailure === undefined || !this.#may(spec, "sqs:SendMessage", spec.onFailure)) return;
    this.#queues.get(spec.onFailure)?.send({
      version: "1.0",
      timestamp: new Date(this.#world.now()).toISOString(),
      requestContext: {
        requestId: id,
        functionArn: `${this.arn(spec.name)}:$LATEST`,
        condition,
        approximateInvokeCount: count,
      },
      requestPayload: event,
      ...(error && {
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        responsePayload: error,
      }),
    });
  }

  async #run(spec: FunctionSpec, event: unknown, id: string): Promise<Outcome> {
    const started = this.#world.now();
    const invocation: Invocation = { id, function: spec.name, event, started };
    this.#invocations.add(invocation);
    this.#writeLog(spec, id);
    try {
      const outcome = await this.#limited(spec, event, this.#context(spec, id, started + spec.timeout));
      if (!outcome.ok) this.#errors.push({ function: spec.name, at: this.#world.now() });
      return outcome;
    } finally {
      this.#invocations.delete(invocation);
    }
  }

  /** A function that may not write its log runs all the same; only IAM's own log tells. */
  #writeLog(spec: FunctionSpec, id: string): void {
    if (spec.role === undefined) return;
    const group = spec.logGroup ?? this.#world.arn("logs", `log-group:/aws/lambda/${spec.name}`);
    const day = new Date(this.#world.now()).toISOString().slice(0, 10).replaceAll("-", "/");
    const stream = `${group}:log-stream:${day}/[$LATEST]${id.replaceAll("-", "")}`;
    if (this.#may(spec, "logs:CreateLogStream", stream)) this.#may(spec, "logs:PutLogEvents", stream);
  }

  /** Whether Lambda may do that in the function's role. */
  #may({ name, role }: FunctionSpec, action: string, resource: string): boolean {
    if (role === undefined) return true;
    return this.#iam.permits(role, { action, resource, context: contextOf([["aws:SourceArn", this.arn(name)]]) });
  }

  /** A function that outlives its limit is answered for; what it still does is up to the doors to cut off. */
  #limited(spec: FunctionSpec, event: unknown, context: Context): Promise<Outcome> {
    return new Promise((resolve) => {
      const limit = this.#world.after(spec.timeout, () => {
        const seconds = (spec.timeout / 1000).toFixed(2);
        const errorMessage = `RequestId: ${context.awsRequestId} Error: Task timed out after ${seconds} seconds`;
        resolve({ ok: false, error: { errorType: "Sandbox.Timedout", errorMessage, trace: [] } });
      });
      const end = (outcome: Outcome) => {
        limit.cancel();
        resolve(outcome);
      };
      const run = async () => spec.handler(event, context);
      run().then(
        (response) => end({ ok: true, response }),
        (error: unknown) => end({ ok: false, error: describe(error) }),
      );
    });
  }

  #context(spec: FunctionSpec, id: string, deadline: number): Context {
    const ignore = () => {};
    return {
      callbackWaitsForEmptyEventLoop: true,
      functionName: spec.name,
      functionVersion: "$LATEST",
      invokedFunctionArn: this.arn(spec.name),
      memoryLimitInMB: String(spec.memory ?? 128),
      awsRequestId: id,
      logGroupName: `/aws/lambda/${spec.name}`,
      logStreamName: id,
      getRemainingTimeInMillis: () => Math.max(0, deadline - this.#world.now()),
      done: ignore,
      fail: ignore,
      succeed: ignore,
    };
  }
}

/** A copy, as JSON would make it; of what JSON itself could have made it is many times faster than by way of a text. */
function asJson(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) {
    return value === undefined ? null : JSON.parse(JSON.stringify(value));
  }
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value))
    if (part !== undefined && typeof part !== "function") copy[name] = asJson(part);
  return copy;
}

function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") ?? [] };
}
