import type { Context } from "aws-lambda";

/** How Lambda calls a function: with JSON, whatever it holds. */
export type LambdaHandler<Answer> = (event: unknown, context: Context) => Promise<Answer>;

/** A function that is made when it is first called, so that importing its module reads and connects nothing. */
export function atFirstCall<Answer>(make: () => LambdaHandler<Answer>): LambdaHandler<Answer> {
  let made: LambdaHandler<Answer> | undefined;
  return async (event, context) => {
    // Where this throws, the next call tries again.
    made ??= make();
    return made(event, context);
  };
}
