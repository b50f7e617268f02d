/** How a command to a node is sent, followed and tried again; the same for each action. */
import type { Facts } from "../facts.ts";
import type { CommandSight, NodeAction, NodeAnswer, SentCommand } from "../sights.ts";
import type { Step } from "../steps.ts";
import { change, look, type Scene, wait } from "./scene.ts";

/** A command without an id that SSM does not list by then was never sent: its listing lags by seconds. */
const UNLISTED = 15_000;
/** Beyond a command's own limit, for delivery and for the news of its end. */
const SLACK = 60_000;
export const MOST_ATTEMPTS = 3;

export type Progress =
  | { readonly at: "unsent" }
  /** Waiting, looking, or whatever else comes before its end is known. */
  | { readonly at: "underway"; readonly step: Step }
  | { readonly at: "succeeded"; readonly answer: NodeAnswer }
  /** `undelivered`: SSM says that the node never had it. */
  | { readonly at: "failed"; readonly reason: string; readonly attempt: number; readonly undelivered?: true };

/**
 * How far the record's command is, if it is that action with that digest, sent no earlier than `since`.
 */
export function progress(scene: Scene, row: string, action: NodeAction, digest: string, since = 0): Progress {
  const sent = scene.record?.command;
  if (!sent || sent.action !== action || sent.digest !== digest || sent.sent < since) return { at: "unsent" };
  if (!scene.facts.command)
    return { at: "underway", step: look(row, `how far ${action} #${sent.attempt} is`, "command") };
  return judge(scene.facts, row, sent, scene.facts.command.value, scene.plan.definition.periods.command);
}

function judge(facts: Facts, row: string, sent: SentCommand, seen: CommandSight, limit: number): Progress {
  const { action, attempt } = sent;
  const age = facts.now - sent.sent;
  switch (seen.status) {
    case "success":
      return seen.answer?.ok
        ? { at: "succeeded", answer: seen.answer }
        : { at: "failed", reason: `${action} ended well but without its answer: ${seen.detail}`, attempt };
    case "failed":
      return { at: "failed", reason: `${action} failed: ${seen.answer?.error ?? seen.detail}`, attempt };
    case "undelivered":
      return { at: "failed", reason: `${action} never reached the node: ${seen.detail}`, attempt, undelivered: true };
    case "unsent":
      if (age > UNLISTED) return { at: "failed", reason: `${action} was not sent after all`, attempt };
      return { at: "underway", step: wait(row, `${action} #${attempt} is not listed yet`, "command") };
    case "pending":
    case "running":
      if (age > limit + SLACK)
        return { at: "failed", reason: `${action} did not end in time: ${seen.detail}`, attempt };
      return { at: "underway", step: wait(row, `${action} #${attempt} runs on the node`, "command") };
  }
}

/** Sends it for the `attempt`th time. */
export function send(
  row: string,
  reason: string,
  what: { action: NodeAction; digest: string; payload: string; attempt: number; address?: string },
  ...restsOn: Extract<Step, { do: "change" }>["restsOn"]
): Step {
  return change(row, reason, { kind: "send", ...what }, "table", ...restsOn);
}
