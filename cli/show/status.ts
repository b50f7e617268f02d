/** A status as lines for a terminal, and what of it wants an operator. Pure. */
import type { AccessMark } from "../../shared/lifecycle/sights.ts";
import { cut, oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import type { NodeStatus } from "../look/node.ts";
import type { Status } from "../look/status.ts";
import { nodeLines, nodesOf } from "./nodes.ts";
import { counted, span, timeOf } from "./words.ts";

/** What is not as it should be, a line each; empty where nothing wants an operator. */
export function concernsOf(status: Status): string[] {
  if (!status.deployed) return [nothingDeployed(status)];
  return [
    ...status.unseen.map(({ what, reason }) => `${what} cannot be seen: ${reason}`),
    ...status.groups
      .filter((g) => g.desired === undefined && !blind(status))
      .map((g) => `group ${g.name} does not exist`),
    ...nodesOf(status)
      .filter((n) => n.next.do === "hold")
      .map((n) => `${nameOf(n)} is held: ${n.next.reason}`),
    ...Object.entries(status.letters)
      .filter(([, count]) => count > 0)
      .map(([queue, count]) => `${counted(count, "message")} in ${queue}: rollcall redrive`),
  ];
}

export interface Screen {
  readonly width: number;
  /** As many lines at most, where that is wanted: those who are well go first. */
  readonly height?: number;
  readonly paint: Paint;
}

export function statusLines(status: Status, { width, height, paint }: Screen): string[] {
  if (!status.deployed) return wrap(nothingDeployed(status), width);
  const head = headLines(status, width, paint);
  const room = height === undefined ? undefined : Math.max(3, height - head.length - 1);
  return [...head, "", ...nodeLines(status, blind(status), { width, ...(room && { height: room }), paint })];
}

function headLines(status: Status, width: number, paint: Paint): string[] {
  const { at, cluster, turn, vacant } = status;
  const inService = nodesOf(status).filter((n) => n.state === "InService").length;
  const desired = status.groups.reduce((sum, g) => sum + (g.desired ?? 0), 0);
  const facts: [string, string][] = [
    [
      "turn",
      turn ? `${turn.role} ${turn.id} since ${span(at - turn.since)} (${turn.instance}): ${turn.reason}` : "free",
    ],
    ["quorum", quorumText(status)],
    ["vacant", vacant.map((m) => `${m.role} ${m.id} in ${m.zone} since ${span(at - m.since)}`).join(", ") || "no id"],
    ["letters", lettersText(status)],
    ...(status.access === undefined ? [] : [["access", accessText(status.access, at)] as [string, string]]),
  ];
  const label = Math.max(...facts.map(([name]) => name.length));
  return [
    `${paint(cluster, "bold")}  ${inService} in service, ${desired} desired  ${paint(timeOf(at, at), "dim")}`,
    ...facts.map(([name, text]) => cut(`${name.padEnd(label)}  ${oneLine(text)}`, width)),
    ...status.unseen.flatMap(({ what, reason }) =>
      wrap(`! ${what} cannot be seen: ${oneLine(reason)}`, width).map((line) => paint(line, "red")),
    ),
  ];
}

function nothingDeployed({ cluster }: Status): string {
  return `nothing of ${cluster} is deployed in this account and region; rollcall doctor tells what a deployment would meet`;
}

function quorumText({ quorum, voters }: Status): string {
  if (!quorum) return "not founded yet";
  const founders = quorum.voters.map((v) => v.id).join(", ");
  if (!quorum.formed) return `being founded by ${founders}`;
  if (!voters) return `formed (${founders})`;
  const led = voters.leader < 0 ? "led by nobody" : `led by ${voters.leader}`;
  return `formed, ${led}, voters ${voters.voters.map((v) => v.id).join(", ")}`;
}

function lettersText({ letters }: Status): string {
  const counts = Object.entries(letters);
  if (counts.length === 0) return "not seen";
  const waiting = counts.filter(([, count]) => count > 0).map(([queue, count]) => `${count} in ${queue}`);
  return waiting.length === 0 ? "none" : `${waiting.join(", ")}: rollcall redrive`;
}

function accessText(mark: AccessMark | null, at: number): string {
  if (!mark) return "users and ACLs were never applied yet";
  const drift = mark.drift.length === 0 ? "as declared" : `put right: ${mark.drift.join(", ")}`;
  const troubles = Object.entries(mark.troubles ?? {}).map(([user, why]) => `, but for user ${user}: ${why}`);
  return `users and ACLs compared ${span(at - mark.at)} ago, ${drift}${troubles.join("")}`;
}

/** The groups themselves cannot be seen. */
function blind({ unseen }: Status): boolean {
  return unseen.some(({ what }) => what === "Auto Scaling groups");
}

/** `broker 2 (i-0abc)`, or the instance alone. */
export function nameOf({ role, id, instance }: NodeStatus): string {
  return role !== undefined && id !== undefined ? `${role} ${id} (${instance})` : instance;
}
