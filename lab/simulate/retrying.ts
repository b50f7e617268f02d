/** Calls as the SDK's standard retry mode makes them: three attempts, where a service says that it may be asked again. */
import type { Clock } from "../../shared/lifecycle/ports.ts";
import { AwsError } from "../cloud/service.ts";

const ATTEMPTS = 3;
/** ms before the second attempt; doubled before each further one. Throttling waits longer. */
const BASE = { transient: 100, throttling: 500 } as const;

const THROTTLING = new Set(["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"]);

export async function retrying<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const again = retryAfter(error, attempt);
      if (again === undefined) throw error;
      await clock.wait(again);
    }
  }
}

/** ms to wait before the next attempt; undefined where there is none. */
export function retryAfter(error: unknown, attempt: number): number | undefined {
  if (attempt >= ATTEMPTS || !(error instanceof Error)) return undefined;
  if (THROTTLING.has(error.name)) return BASE.throttling * 2 ** (attempt - 1);
  return error instanceof AwsError && error.status >= 500 ? BASE.transient * 2 ** (attempt - 1) : undefined;
}
