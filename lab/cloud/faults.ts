/**
 * Where simulation hurts the modelled cloud. Every hook is left out by default, and then nothing is hurt. The hooks for
 * API calls are in `service.ts`.
 */
import type { CloudEvent } from "./events/event.ts";
import { AwsError, type Faults, type ServiceName } from "./service.ts";

export interface CloudFaults extends Faults {
  /**
   * One delivery of an event to one target: extra delays (ms), one per delivery. `[]` loses it, `[0, 500]` delivers
   * twice, `[30_000]` late. Left out: `[0]`.
   */
  deliveries?(event: CloudEvent, target: string): readonly number[];
  /** When the agent of a freshly booted instance registers, ms after it runs, or `never`. Left out: as `Delays` says. */
  agent?(instance: string): number | "never" | undefined;
  /**
   * What becomes of a command on its way to a node: extra delays (ms), one for each time it runs there; `[]` is never
   * delivered and ends `DeliveryTimedOut`. Left out: `[0]`.
   */
  command?(command: { readonly id: string; readonly instance: string; readonly comment: string }): readonly number[];
  /** Why EC2 cannot start an instance now, e.g. `InsufficientInstanceCapacity`. */
  launch?(zone: string): string | undefined;
}

const THROTTLING: Readonly<Record<string, [code: string, message: string, status: number]>> = {
  autoscaling: ["Throttling", "Rate exceeded", 400],
  ec2: ["RequestLimitExceeded", "Request limit exceeded.", 503],
  lambda: ["TooManyRequestsException", "Rate Exceeded.", 429],
  s3: ["SlowDown", "Please reduce your request rate.", 503],
};

const BREAKDOWNS: Readonly<Record<string, string>> = {
  autoscaling: "ResourceContention",
  ec2: "InternalError",
  s3: "InternalError",
  secretsmanager: "InternalServiceError",
};

/** Too many calls, as that service says it. */
export function throttled(service: ServiceName): AwsError {
  const [code, message, status] = THROTTLING[service] ?? ["ThrottlingException", "Rate exceeded", 400];
  return new AwsError(code, message, status);
}

/** The service's own failure: it did nothing, and may be asked again. */
export function broken(service: ServiceName): AwsError {
  return new AwsError(BREAKDOWNS[service] ?? "InternalServerError", "An internal error has occurred", 500);
}
