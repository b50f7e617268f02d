/** What is written where there is no terminal to draw on: plain lines, or one JSON object a line. Pure. */

import { cut, oneLine } from "../../shared/terminal/text.ts";
import type { Change, Difference } from "./changes.ts";

/** `broker 2  eu-central-1b  i-0abc…  Pending:Wait → InService · Kafka: in sync 12/12`; undefined: nothing worth a line. */
export function changeLine(change: Change): string | undefined {
  const { node } = change;
  const who = `${node.role} ${node.id ?? "–"}`.padEnd("controller 101".length);
  const parts = [
    difference("", change.scaling),
    difference("id ", change.id),
    difference("address ", change.address),
    difference("EC2 ", change.ec2),
    difference("Kafka: ", change.kafka),
    change.status?.to ?? "",
  ];
  const what = change.gone
    ? `${change.scaling?.from ?? change.ec2?.from ?? ""} → gone`
    : parts.filter((part) => part !== "").join(" · ");
  // It has stopped waiting, and what it waited for has been told already.
  if (what === "") return undefined;
  return oneLine(`${who}  ${node.zone}  ${cut(node.instance, 19)}  ${what}`);
}

function difference(name: string, change: Difference | undefined): string {
  if (!change) return "";
  const { from, to = "none" } = change;
  return from === undefined ? `${name}${to}` : `${name}${from} → ${to}`;
}

/** The same as an object: the node's identity, and `{from, to}` for each thing that changed. */
export function changeObject(change: Change): Record<string, unknown> {
  const { node, gone, ...differences } = change;
  const { instance, role, zone, id } = node;
  return { instance, role, zone, id: id ?? null, gone, changes: differences };
}
