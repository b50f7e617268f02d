/**
 * What every modelled AWS service looks like to the doors in front of it (HTTP wire protocols, in-process SDK handler).
 *
 * Inputs and outputs have the shapes of the SDK for JavaScript v3: the members of `…CommandInput` and `…CommandOutput`
 * (without `$metadata`), lists as arrays, numbers as numbers, timestamps as `Date`, blobs as `Uint8Array`.
 */
import * as v from "valibot";
import type { AsOf } from "./timeline.ts";

/** Who calls: the role that an access key id stands for. */
export interface Caller {
  readonly role: string;
}

/** Signing names, as in `service:Action`. A door may register others (`dynamodb`). */
export type ServiceName = "autoscaling" | "ec2" | "ssm" | "events" | "lambda" | (string & {});

/** An error as the service itself gives it: its code, its words, its HTTP status (5xx are the service's own fault). */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members that the error's shape has, e.g. `Reason`. */
  readonly members: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** What a read may see: everything up to now, or, where replicas lag, only what was so `asOf` (ms since the epoch). */
export interface View {
  readonly asOf: number;
  /** The same for what a listing has in it, where each item lags by a time of its own. */
  readonly items?: AsOf;
}

/** Parses the input (any field it does not model is refused), does it, answers. Throws AwsError. */
export type Action = (input: unknown, caller: Caller, view: View) => Promise<object> | object;

export interface Service {
  readonly name: ServiceName;
  /** By the API's action name, e.g. `DescribeAutoScalingGroups`. */
  readonly actions: Readonly<Record<string, Action>>;
  /** Members of inputs and outputs whose values neither the log of calls nor a fault hook gets to see. */
  readonly conceals?: readonly string[];
  /** The service's own error for an action it does not have. */
  unknownAction(action: string): AwsError;
}

/** An SDK output without the SDK's own part. */
export type Answer<Output> = Omit<Output, "$metadata">;

/**
 * An action from the schema of its input: what does not fit becomes the error that `refuse` makes of the reason.
 * Schemas are strict objects, so that a field the model does not know is an error and never silently without effect.
 */
export function action<S extends v.GenericSchema>(
  schema: S,
  refuse: (reason: string) => AwsError,
  run: (input: v.InferOutput<S>, caller: Caller, view: View) => Promise<object> | object,
): Action {
  return (input, caller, view) => {
    const parsed = v.safeParse(schema, withoutUndefined(input));
    if (!parsed.success) throw refuse(parsed.issues.map(reasonOf).join("; "));
    return run(parsed.output, caller, view);
  };
}

/** SDK callers pass `undefined` for what they leave out. */
function withoutUndefined(input: unknown): unknown {
  if (typeof input !== "object" || input === null) return input ?? {};
  if (!Object.values(input).includes(undefined)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "input";
  return issue.type === "strict_object" && issue.expected === "never"
    ? `${path}: this field is not modelled by the lab's cloud`
    : `${path}: ${issue.message}`;
}

/** One API call, as the log and the fault hooks see it. */
export interface Call {
  /** Counts from 1, over all services. */
  readonly number: number;
  readonly service: ServiceName;
  readonly action: string;
  /** Without what its service conceals. */
  readonly input: unknown;
  readonly caller: Caller;
  /** When it arrived, milliseconds since the epoch. */
  readonly at: number;
}

/** How a call ended: with its output, without what its service conceals, or with an error. */
export type Outcome = { readonly output: object } | { readonly error: unknown };

/**
 * Where simulation hurts the calls. Both hooks do nothing by default.
 */
export interface Faults {
  /**
   * Before the call takes effect. Throw to refuse it (throttling, 500); never settle to kill its caller before the
   * call; answer `staleBy` (ms) to let a read see the world as it was that long ago, and `lag` where it sees each thing as
   * of another moment.
   */
  before?(call: Call): Promise<Bend> | Bend;
  /**
   * After it took effect. Throw to lose the answer; never settle to kill its caller after the call.
   */
  after?(call: Call, outcome: Outcome): Promise<void> | void;
}

export type Bend =
  | {
      readonly staleBy: number;
      /** By how much each item of a listing lags, by its key, ms; left out: by as much as the listing itself. */
      readonly lag?: (item: string) => number;
    }
  | undefined;

/**
 * What the doors call. `call` answers what the service answers, or throws AwsError; it counts and logs the call and
 * lets the fault hooks at it.
 */
export interface Gateway {
  call(service: ServiceName, action: string, input: unknown, caller: Caller): Promise<object>;
  /** Puts a service beside the modelled ones, so that its calls are counted, logged and hurt like theirs. */
  register(service: Service): void;
}
