/**
 * Client tokens: the same call with the same token again, as an SDK sends it when an answer was lost, changes nothing
 * and is answered as before. The SDK makes up a token for each call that takes one, without being asked.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
import { type Action, AwsError } from "../service.ts";

interface Answered {
  /** The input without the token, as JSON. */
  readonly request: string;
  readonly answer: object;
}

/** The action with `ClientToken` as one more field of its input; what failed may be tried again with its token. */
export function withClientToken(run: Action): Action {
  const answered = new Map<unknown, Answered>();
  return async (input, caller, view) => {
    const { ClientToken: token, ...rest } = Object(input);
    if (token === undefined) return run(rest, caller, view);
    const request = JSON.stringify(rest);
    const before = answered.get(token);
    if (before && before.request !== request) {
      const message = "The client token was used before, in a request with other parameters.";
      throw new AwsError("IdempotentParameterMismatch", message);
    }
    const answer = before?.answer ?? (await run(rest, caller, view));
    answered.set(token, { request, answer });
    return answer;
  };
}
