/** Calls as the SDK's standard retry mode makes them: three attempts, where a service says that it may be asked again. */
import type { Clock } from "../../shared/lifecycle/ports.ts";
import { AwsError } from "../cloud/service.ts";

export type Kind = "transient" | "throttling";

const ATTEMPTS = 3;
/** ms before the second attempt; doubled before each further one. Without the SDK's random part, which would be no other. */
const BASE: Readonly<Record<Kind, number>> = { transient: 100, throttling: 500 };

const THROTTLING = new Set(["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"]);

export async function retrying<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const ms = pause(kindOf(error), attempt);
      if (ms === undefined) throw error;
      await clock.wait(ms);
    }
  }
}

/** ms to wait after that attempt; undefined where there is no further one. */
export function pause(kind: Kind | undefined, attempt: number): number | undefined {
  return kind === undefined || attempt >= ATTEMPTS ? undefined : BASE[kind] * 2 ** (attempt - 1);
}

function kindOf(error: unknown): Kind | undefined {
  if (!(error instanceof AwsError)) return undefined;
  if (THROTTLING.has(error.code)) return "throttling";
  return error.status >= 500 ? "transient" : undefined;
}
