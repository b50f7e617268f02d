/** What the nodes were asked to bring about, beside what has become of it. Pure. */
import type { Periods } from "../../shared/cluster/definition.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { CommandSight, NodeAction, SentCommand } from "../../shared/lifecycle/sights.ts";
import { oneLine } from "../../shared/terminal/text.ts";
import { heldBy } from "../look/member.ts";
import { span } from "../show/words.ts";
import { examine, type Finding, type Report } from "./finding.ts";

export interface Order {
  readonly instance: string;
  readonly command: SentCommand;
}

/** Those that change a node; the others only ask it something, and their fate is nothing to anybody later. */
const CHANGING: ReadonlySet<NodeAction> = new Set(["configure", "stop"]);
/** How long SSM remembers a command, ms, with a day to spare (AWS: 30 days). */
const REMEMBERED = 29 * 86_400_000;
/** Beyond what a command may run: until SSM has noticed, ms. */
const SLACK = 60_000;

/** The last order that each node in a group or with an id was given, where its fate can still be looked up. */
export function ordersIn({ records }: TableContents, now: number): Order[] {
  return [...records.values()].flatMap(({ instance, command, stopped }) => {
    if (!command || stopped !== undefined || !CHANGING.has(command.action)) return [];
    return now - command.sent < REMEMBERED ? [{ instance, command }] : [];
  });
}

export function commandFindings(
  { command: limit, stop }: Periods,
  contents: TableContents,
  fates: readonly (Order & { readonly fate: CommandSight })[],
  now: number,
): Finding[] {
  return examine("commands", "what the nodes were asked to do, they did", (report: Report) => {
    for (const { instance, command, fate } of fates) {
      const held = heldBy(contents, instance);
      const name = held ? `${held.role} ${held.id} (${instance})` : instance;
      const what = `${command.action} #${command.attempt} of ${name}`;
      const remedy = `rollcall explain ${instance}`;
      const age = now - command.sent;
      const detail = fate.detail ? `: ${oneLine(fate.detail)}` : "";
      if (fate.status === "failed") report("wrong", `${what} failed ${span(age)} ago${detail}`, remedy);
      else if (fate.status === "undelivered")
        report("wrong", `${what} did not reach the node${detail}`, `look after its SSM agent; ${remedy}`);
      else if (fate.status === "unsent" && age > SLACK)
        report("wrong", `${what} was meant to be sent ${span(age)} ago, and SSM knows nothing of it`, remedy);
      else if (fate.status !== "success" && age > Math.max(limit, stop) + SLACK)
        report("wrong", `${what} has been under way for ${span(age)}`, remedy);
    }
  });
}
