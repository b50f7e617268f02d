/** What every call to AWS has in common: an error that says what was being done, and to what. */

/**
 * Awaits a call. Where it fails, throws an error that names the undertaking, with the SDK's own error as its cause.
 *
 * @param undertaking what is being done, to what: `"attach eni-0a to i-0b"`
 */
export async function calling<T>(undertaking: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw failed(undertaking, cause);
  }
}

/** The error of an undertaking that failed; the caller looks again later. */
export function failed(undertaking: string, cause: unknown): Error {
  return new Error(`could not ${undertaking}: ${cause instanceof Error ? describe(cause) : String(cause)}`, { cause });
}

/** An SDK error's code: its name, and for every other error the name of its class. */
function describe(error: Error): string {
  return error.message ? `${error.name}: ${error.message}` : error.name;
}

/** Whether a service answered with one of these error codes. */
export function isAnswered(error: unknown, ...codes: readonly string[]): error is Error {
  return error instanceof Error && codes.includes(error.name);
}
