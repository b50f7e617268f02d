/** A status as lines for a terminal, and what of it wants an operator. Pure. */
import { type Cell, table } from "../../shared/terminal/table.ts";
import { cut, oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import type { GroupStatus, NodeStatus, Status } from "../look/status.ts";
import { COLOURS, counted, DOES, span, timeOf } from "./words.ts";

/** What is not as it should be, a line each; empty where nothing wants an operator. */
export function concernsOf(status: Status): string[] {
  const nodes = nodesOf(status);
  return [
    ...status.unseen.map(({ what, reason }) => `${what} cannot be seen: ${reason}`),
    ...status.groups
      .filter((g) => g.desired === undefined && !blind(status))
      .map((g) => `group ${g.name} does not exist`),
    ...nodes.filter((n) => n.next.do === "hold").map((n) => `${nameOf(n)} is held: ${n.next.reason}`),
    ...Object.entries(status.letters)
      .filter(([, count]) => count > 0)
      .map(([queue, count]) => `${counted(count, "message")} in ${queue}: rollcall redrive`),
  ];
}

export function statusLines(status: Status, width: number, paint: Paint): string[] {
  const { at, cluster, turn, letters, vacant } = status;
  const nodes = nodesOf(status);
  const inService = nodes.filter((n) => n.state === "InService").length;
  const desired = status.groups.reduce((sum, g) => sum + (g.desired ?? 0), 0);
  const facts: [string, string][] = [
    [
      "turn",
      turn ? `${turn.role} ${turn.id} since ${span(at - turn.since)} (${turn.instance}): ${turn.reason}` : "free",
    ],
    ["quorum", quorumText(status)],
    ["vacant", vacant.map((m) => `${m.role} ${m.id} in ${m.zone} since ${span(at - m.since)}`).join(", ") || "no id"],
    [
      "letters",
      Object.entries(letters)
        .map(([queue, count]) => `${count} in ${queue}`)
        .join(", ") || "not seen",
    ],
  ];
  const label = Math.max(...facts.map(([name]) => name.length));
  return [
    `${paint(cluster, "bold")}  ${inService} in service, ${desired} desired  ${paint(timeOf(at, at), "dim")}`,
    ...facts.map(([name, text]) => cut(`${name.padEnd(label)}  ${oneLine(text)}`, width)),
    ...status.unseen.flatMap(({ what, reason }) =>
      wrap(`! ${what} cannot be seen: ${oneLine(reason)}`, width).map((line) => paint(line, "red")),
    ),
    "",
    ...nodeLines(status, width, paint),
  ];
}

function quorumText({ quorum }: Status): string {
  if (!quorum) return "not founded yet";
  const voters = quorum.voters.map((v) => v.id).join(", ");
  return quorum.formed ? `formed (${voters})` : `being founded by ${voters}`;
}

const HEADER = ["GROUP", "ID", "ADDRESS", "INSTANCE", "AUTO SCALING", "EC2", "KAFKA"];

function nodeLines(status: Status, width: number, paint: Paint): string[] {
  const rows: { readonly cells: readonly Cell[]; readonly node?: NodeStatus }[] = [];
  for (const group of status.groups) {
    const head = groupText(group, blind(status));
    if (group.nodes.length === 0) rows.push({ cells: [head, ...HEADER.slice(1).map(() => NOTHING)] });
    for (const [n, node] of inOrder(group.nodes).entries()) {
      rows.push({ cells: [n === 0 ? head : { text: "" }, ...cellsOf(node)], node });
    }
  }
  for (const [n, node] of inOrder(status.outside).entries()) {
    const head = blind(status) ? "(groups not seen)" : "(in no group)";
    rows.push({ cells: [{ text: n === 0 ? head : "" }, ...cellsOf(node)], node });
  }
  const [header = "", ...lines] = table([HEADER.map((text) => ({ text })), ...rows.map((r) => r.cells)], width, paint);
  return [
    paint(header, "dim"),
    ...rows.flatMap(({ node }, n) => [lines[n] ?? "", ...nextLines(status, node, width, paint)]),
  ];
}

const NOTHING: Cell = { text: "–", colour: "dim" };

function groupText({ name, desired, deleting, nodes }: GroupStatus, unseen: boolean): Cell {
  if (unseen) return { text: name };
  if (desired === undefined) return { text: `${name} (none)`, colour: "red" };
  const serving = nodes.filter((n) => n.state === "InService").length;
  const text = `${name} ${serving}/${desired}${deleting ? " deleting" : ""}`;
  return serving === desired && !deleting ? { text } : { text, colour: "yellow" };
}

function cellsOf({ id, address, instance, state, ec2, kafka }: NodeStatus): Cell[] {
  const or = (text: string | undefined): Cell => (text ? { text } : NOTHING);
  return [
    or(id === undefined ? undefined : String(id)),
    or(address),
    { text: instance },
    state === undefined ? NOTHING : { text: state, colour: state === "InService" ? "green" : "yellow" },
    ec2 === "running" ? { text: ec2, colour: "dim" } : ec2 ? { text: ec2, colour: "red" } : NOTHING,
    or(oneLine(kafka)),
  ];
}

const INDENT = "  ↳ ";

/** What it waits for, since when, and how long that can last; nothing where it is well. */
function nextLines({ at }: Status, node: NodeStatus | undefined, width: number, paint: Paint): string[] {
  if (!node || (node.next.do === "settled" && node.state === "InService")) return [];
  const { next, operator } = node;
  const times = [
    ...(next.since === undefined ? [] : [`for ${span(at - next.since)}`]),
    ...(next.until === undefined ? [] : [`at most ${span(next.until - at)} more`]),
    ...(operator && operator.wish !== "hold" ? [`an operator asked to ${operator.wish} it`] : []),
  ];
  const text = `${DOES[next.do]} (${next.row}): ${oneLine(next.reason)}${times.length > 0 ? ` [${times.join(", ")}]` : ""}`;
  const [first = "", ...rest] = wrap(text, Math.max(20, width - INDENT.length));
  const colour = COLOURS[next.do];
  return [INDENT + paint(first, colour), ...rest.map((line) => " ".repeat(INDENT.length) + paint(line, colour))];
}

/** The groups themselves cannot be seen. */
function blind({ unseen }: Status): boolean {
  return unseen.some(({ what }) => what === "Auto Scaling groups");
}

export function nodesOf(status: Status): NodeStatus[] {
  return [...status.groups.flatMap((g) => g.nodes), ...status.outside];
}

/** `broker 2 (i-0abc)`, or the instance alone. */
export function nameOf({ role, id, instance }: NodeStatus): string {
  return role !== undefined && id !== undefined ? `${role} ${id} (${instance})` : instance;
}

function inOrder(nodes: readonly NodeStatus[]): NodeStatus[] {
  const key = ({ id }: NodeStatus) => id ?? Number.POSITIVE_INFINITY;
  return [...nodes].sort((a, b) => key(a) - key(b) || a.instance.localeCompare(b.instance));
}
