import * as v from "valibot";
import type { Definition } from "../../cluster/definition.ts";
import { command } from "./command.ts";
import { commandInvocation } from "./command-invocation.ts";
import { EventError } from "./error.ts";
import type { Hint } from "./hint.ts";
import { instanceState } from "./instance-state.ts";
import { lifecycleAction } from "./lifecycle-action.ts";
import { scalingOutcome } from "./scaling-outcome.ts";

/** Every kind of event that a cluster's rules let through, as one schema that answers with a {@link Hint}. */
export function hintSchema(definition: Definition) {
  return v.variant(
    "detail-type",
    [
      lifecycleAction(definition),
      scalingOutcome(definition),
      instanceState(),
      commandInvocation(definition),
      command(),
    ],
    (issue) => (issue.expected === "Object" ? "an object" : issue.expected.replaceAll(/[()]/g, "")),
  );
}

/**
 * What that event asks for: one instance to look at, or nothing.
 *
 * @throws {EventError} where it is malformed or of an unknown kind; the invocation fails with it, so that Lambda keeps the
 * event in the function's failure queue.
 */
export function parseEvent(definition: Definition, event: unknown): Hint {
  const result = v.safeParse(hintSchema(definition), event);
  if (!result.success) throw new EventError(event, result.issues);
  return result.output;
}
