/** Dead letters: what each was about, and which function it should have reached. Pure. */
import * as v from "valibot";
import type { StackNames } from "../../resources/names.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { parseEvent } from "../../shared/lifecycle/events/parse.ts";
import type { Message } from "../aws/queues.ts";
import { reasonOf } from "../exit.ts";

export interface Letter {
  readonly message: Message;
  /** The cluster's function that is to have it, and the event as it was. Absent: it is nothing of the cluster's. */
  readonly to?: { readonly function: string; readonly event: unknown };
  /** What it is about, in words: `i-0abc: it is launching`. */
  readonly about: string;
  /** Why it is here. */
  readonly why: string;
}

/** What Lambda leaves of an asynchronous invocation that failed for good ("destination record", Lambda developer guide). */
const failure = v.object({
  requestContext: v.object({ functionArn: v.string(), condition: v.string() }),
  requestPayload: v.unknown(),
  responsePayload: v.optional(
    v.nullable(v.object({ errorType: v.optional(v.string()), errorMessage: v.optional(v.string()) })),
  ),
});

/** What EventBridge adds to an event that it could not deliver. */
const undelivered = v.object({
  TARGET_ARN: v.string(),
  ERROR_CODE: v.string(),
  ERROR_MESSAGE: v.optional(v.string(), ""),
});

export interface Sorted<L extends Letter> {
  /** To be handed over; each with others that are done with it. */
  readonly hand: readonly { readonly letter: L; readonly covers: readonly L[] }[];
  /** To be left in their queues. */
  readonly stay: readonly { readonly letter: L; readonly why: string }[];
}

/**
 * What becomes of letters. A sweep looks at everything, so that one makes up for all that were missed.
 *
 * @param off functions that are switched off: what they are given only comes back
 */
export function sortLetters<L extends Letter>(
  letters: readonly L[],
  { sweepFunction }: Pick<StackNames, "sweepFunction">,
  off: ReadonlySet<string>,
): Sorted<L> {
  const stay = letters.flatMap((letter) => {
    if (!letter.to) return [{ letter, why: "it is nothing of this cluster's" }];
    return off.has(letter.to.function) ? [{ letter, why: `${letter.to.function} is switched off` }] : [];
  });
  const ours = letters.filter((letter) => !stay.some((one) => one.letter === letter));
  const sweeps = ours.filter((letter) => letter.to?.function === sweepFunction);
  const last = sweeps.at(-1);
  return {
    hand: [
      ...ours.filter((letter) => !sweeps.includes(letter)).map((letter) => ({ letter, covers: [] })),
      ...(last ? [{ letter: last, covers: sweeps.slice(0, -1) }] : []),
    ],
    stay,
  };
}

export function readLetter(definition: Definition, names: StackNames, message: Message): Letter {
  let body: unknown;
  try {
    body = JSON.parse(message.body);
  } catch {
    return { message, about: "not JSON", why: "nobody of the cluster sent it" };
  }
  const undeliverable = v.safeParse(undelivered, message.attributes);
  if (undeliverable.success) {
    const { TARGET_ARN, ERROR_CODE, ERROR_MESSAGE } = undeliverable.output;
    return letter(definition, names, message, TARGET_ARN, body, `${ERROR_CODE}: ${ERROR_MESSAGE}`);
  }
  const failed = v.safeParse(failure, body);
  if (failed.success) {
    const { requestContext, requestPayload, responsePayload } = failed.output;
    const { errorType = "", errorMessage = requestContext.condition } = responsePayload ?? {};
    const why = [errorType, errorMessage].filter(Boolean).join(": ");
    return letter(definition, names, message, requestContext.functionArn, requestPayload, why);
  }
  return { message, about: "of a form that is not known", why: "nobody of the cluster sent it" };
}

function letter(
  definition: Definition,
  names: StackNames,
  message: Message,
  arn: string,
  event: unknown,
  why: string,
): Letter {
  const name = arn.split(":function:").at(1)?.split(":").at(0) ?? arn;
  if (name === names.sweepFunction) return { message, to: { function: name, event }, about: "a sweep", why };
  if (name !== names.lifecycleFunction) return { message, about: `meant for ${arn}`, why };
  return { message, to: { function: name, event }, about: aboutOf(definition, event), why };
}

function aboutOf(definition: Definition, event: unknown): string {
  try {
    const hint = parseEvent(definition, event);
    return hint.kind === "look" ? `${hint.instance}: ${hint.cause}` : hint.reason;
  } catch (error) {
    return reasonOf(error);
  }
}
