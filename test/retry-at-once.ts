import type { RetryStrategyV2, RetryToken } from "@smithy/types";

/** Calls that are made of one, where all fail. */
export const ATTEMPTS = 3;

/** The SDK's standard retries, without their delays. */
export const retryAtOnce: RetryStrategyV2 = {
  acquireInitialRetryToken: async () => retryToken(0),
  async refreshRetryTokenForRetry(token, { errorType }) {
    const count = token.getRetryCount() + 1;
    if (errorType === "CLIENT_ERROR" || count >= ATTEMPTS) throw new Error("not to be tried again");
    return retryToken(count);
  },
  recordSuccess() {},
};

function retryToken(count: number): RetryToken {
  return { getRetryCount: () => count, getRetryDelay: () => 0 };
}
