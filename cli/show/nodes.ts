/** The nodes of a status, a line each, and what those wait for that are not well. Pure. */
import { stands } from "../../shared/lifecycle/decide/wish.ts";
import { type Cell, table } from "../../shared/terminal/table.ts";
import { oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import type { NodeStatus } from "../look/node.ts";
import type { GroupStatus, Status } from "../look/status.ts";
import type { Screen } from "./status.ts";
import { COLOURS, counted, DOES, span } from "./words.ts";

/** What matters most stands first: a narrow terminal cuts the rest. */
const HEADER = ["NODE", "INSTANCE", "AUTO SCALING", "KAFKA", "ADDRESS", "ZONE", "GROUP"];

interface Row {
  readonly cells: readonly Cell[];
  /** What is to be said below it. */
  readonly below: readonly string[];
  /** Whether there is nothing to be said of it, so that it may be left out. */
  readonly well: boolean;
}

/** @param unseen whether the groups cannot be seen */
export function nodeLines(status: Status, unseen: boolean, { width, height, paint }: Screen): string[] {
  const below = waiting(status, width, paint);
  const rows = [
    ...status.groups.flatMap((group) => groupRows(group, unseen, below, paint)),
    ...inOrder(status.outside).map((node) =>
      rowOf(node, { text: unseen ? "(groups not seen)" : "(in no group)" }, below(node)),
    ),
  ];
  const shown = within(rows, height);
  const [header = "", ...lines] = table([HEADER.map((text) => ({ text })), ...shown.map((r) => r.cells)], width, paint);
  const left = rows.length - shown.length;
  return [
    paint(header, "dim"),
    ...shown.flatMap((row, n) => [lines[n] ?? "", ...row.below]),
    ...(left > 0 ? [paint(`and ${counted(left, "other")} that ${left === 1 ? "is" : "are"} well`, "dim")] : []),
  ];
}

/** Without as many of those who are well, from the end, as it takes to get by with so many lines, header included. */
function within(rows: readonly Row[], height: number | undefined): readonly Row[] {
  const lines = rows.reduce((sum, row) => sum + 1 + row.below.length, 1);
  if (height === undefined || lines <= height) return rows;
  // One more line says how many are left out.
  let surplus = lines + 1 - height;
  const kept = [...rows].reverse().filter((row) => !row.well || surplus-- <= 0);
  return kept.reverse();
}

function groupRows(
  group: GroupStatus,
  unseen: boolean,
  below: (node: NodeStatus) => string[],
  paint: Paint,
): readonly Row[] {
  const head = groupCell(group, unseen);
  const rows = inOrder(group.nodes).map((node, n) => rowOf(node, n === 0 ? head : { text: "" }, below(node)));
  const missing = (group.desired ?? 0) - group.nodes.length;
  if (group.desired !== undefined && missing <= 0) return rows;
  if (unseen) return rows;
  const text =
    group.desired === undefined
      ? paint(`${INDENT}its group ${group.name} does not exist`, "red")
      : paint(`${INDENT}${counted(missing, "instance")} more ${missing === 1 ? "is" : "are"} desired`, "yellow");
  const last = rows.length === 0 ? head : { text: "" };
  const cells = [{ text: `${group.role} –` }, NOTHING, NOTHING, NOTHING, NOTHING, { text: group.zone }, last];
  return [...rows, { cells, below: [text], well: false }];
}

function rowOf(node: NodeStatus, group: Cell, below: readonly string[]): Row {
  return { cells: [...cellsOf(node), group], below, well: below.length === 0 };
}

const NOTHING: Cell = { text: "–", colour: "dim" };

function groupCell({ name, desired, deleting, nodes }: GroupStatus, unseen: boolean): Cell {
  if (unseen) return { text: name };
  if (desired === undefined) return { text: `${name} (none)`, colour: "red" };
  const serving = nodes.filter((n) => n.state === "InService").length;
  const text = `${name} ${serving}/${desired}${deleting ? " deleting" : ""}`;
  return serving === desired && !deleting ? { text } : { text, colour: "yellow" };
}

function cellsOf({ role, id, zone, address, instance, state, ec2, kafka }: NodeStatus): Cell[] {
  const or = (text: string | undefined): Cell => (text ? { text } : NOTHING);
  // What EC2 says is news only where it is another word than that it runs.
  const where = [state, ec2 === undefined || (state && ec2 === "running") ? undefined : `EC2 ${ec2}`].filter(Boolean);
  return [
    or(role && `${role} ${id ?? "–"}`),
    { text: instance },
    { text: where.join(", ") || "–", colour: where.length === 1 && state === "InService" ? "green" : "yellow" },
    or(oneLine(kafka)),
    or(address),
    or(zone),
  ];
}

const INDENT = "  ↳ ";

/** What a node waits for, since when, and how long that can last; nothing where it is well. */
function waiting({ at }: Status, width: number, paint: Paint): (node: NodeStatus) => string[] {
  const told = new Map<string, NodeStatus>();
  return (node) => {
    const { next, operator } = node;
    if (next.do === "settled" && node.state === "InService") return [];
    const times = [
      ...(next.unnoticed ? ["no function of Rollcall's has seen that yet"] : []),
      ...(next.since === undefined ? [] : [`for ${span(at - next.since)}`]),
      ...(next.until === undefined ? [] : [`at most ${span(next.until - at)} more`]),
      ...(operator && operator.wish !== "hold" && stands(operator, node.state, at)
        ? [`an operator asked to ${operator.wish} it`]
        : []),
    ];
    // What is the same with everybody, such as a Kafka that cannot be seen, is said once.
    const what = `${DOES[next.do]} (${next.row}): ${oneLine(next.reason)}`;
    const first = told.get(what);
    if (!first) told.set(what, node);
    const as = first && `${DOES[next.do]} (${next.row}), as ${first.role ?? ""} ${first.id ?? first.instance}`;
    const text = `${as ?? what}${times.length > 0 ? ` [${times.join(", ")}]` : ""}`;
    const [head = "", ...rest] = wrap(text, Math.max(20, width - INDENT.length));
    const colour = COLOURS[next.do];
    return [INDENT + paint(head, colour), ...rest.map((line) => " ".repeat(INDENT.length) + paint(line, colour))];
  };
}

export function nodesOf(status: Status): NodeStatus[] {
  return [...status.groups.flatMap((g) => g.nodes), ...status.outside];
}

function inOrder(nodes: readonly NodeStatus[]): NodeStatus[] {
  const key = ({ id }: NodeStatus) => id ?? Number.POSITIVE_INFINITY;
  return [...nodes].sort((a, b) => key(a) - key(b) || a.instance.localeCompare(b.instance));
}
