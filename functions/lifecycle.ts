import { parser } from "@aws-lambda-powertools/parser/middleware";
import middy from "@middy/core";
import { deadlineOf } from "../shared/lambda/budget.ts";
import { atFirstCall, type LambdaHandler } from "../shared/lambda/handler.ts";
import { type FunctionOptions, production } from "../shared/lambda/production.ts";
import { countOutcomes, silence } from "../shared/lambda/telemetry.ts";
import { hintSchema, parseEvent } from "../shared/lifecycle/events/parse.ts";
import { type Outcome, reconcile } from "../shared/lifecycle/reconcile.ts";

export type LifecycleAnswer = Outcome | { readonly outcome: "left-alone"; readonly reason: string };

/**
 * An event in, its instance looked at and brought as far as it goes in the invocation's time.
 *
 * The handler throws an EventError where the event cannot be read, and whatever a look or a change keeps failing with:
 * Lambda then tries again twice, and keeps the event in the function's failure queue.
 */
export function lifecycleHandler({
  plan,
  ports,
  telemetry = silence,
}: FunctionOptions): LambdaHandler<LifecycleAnswer> {
  const { definition } = plan;
  // Reconciling ends by its own deadline, and all it knows is in the table: no early answer on top.
  const handler = middy({ timeoutEarlyInMillis: 0 })
    // Where it fails, parsing once more throws the error that says in words what is wrong.
    .use(parser({ schema: hintSchema(definition), errorHandler: (_, event) => parseEvent(definition, event) }))
    .use([...telemetry.middlewares])
    .handler(async (hint, context): Promise<LifecycleAnswer> => {
      if (hint.kind === "leave-alone") {
        telemetry.log.info(hint.reason, { row: "event/left-alone" });
        telemetry.count("LeftAlone");
        return { outcome: "left-alone", reason: hint.reason };
      }
      const { instance, cause, echo = false, suspect = false, begun, command } = hint;
      telemetry.log.info(cause, { row: "event/look", instance });
      const budget = { deadline: deadlineOf(context, ports.clock) };
      const outcome = await reconcile(
        plan,
        ports,
        {
          instance,
          echo,
          suspect,
          ...(begun !== undefined && { begun }),
          ...(command !== undefined && { ended: command }),
        },
        budget,
      );
      countOutcomes(telemetry, [outcome]);
      return outcome;
    });
  // middy's type tells what the parser makes of an event; what comes in is whatever was sent.
  return handler as LambdaHandler<LifecycleAnswer>;
}

/** What Lambda calls. */
export const handler = atFirstCall(() => lifecycleHandler(production("lifecycle")));
