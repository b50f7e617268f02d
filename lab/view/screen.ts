/** The live part of the terminal: the step of the tour that is on, and a row for each node. Pure. */

import { type Cell, table, tableWidth } from "../../shared/terminal/table.ts";
import { type Colour, cut, duration, oneLine, type Paint, plain, wrap } from "../../shared/terminal/text.ts";
import { type ClusterSnapshot, inOrder, type NodeSnapshot } from "./snapshot.ts";

export interface Screen {
  readonly snapshot: ClusterSnapshot;
  /** When the lab started, ms since the epoch. */
  readonly start: number;
  readonly step?: { readonly title: string; readonly since: number };
}

export interface Size {
  /** Columns. */
  readonly width: number;
  /** Rows; what is more is left out, the least telling first. */
  readonly height?: number;
}

/** Lines of at most `width` columns, never more than `height`. */
export function renderScreen(
  screen: Screen,
  { width, height = Number.POSITIVE_INFINITY }: Size,
  paint: Paint = plain,
): string[] {
  const { snapshot } = screen;
  const nodes = inOrder(snapshot.nodes);
  const head = headLines(screen, width, paint);
  const notes = snapshot.notes.map((note) => paint(cut(oneLine(note), width), "dim"));
  const shape = shapeFor(nodes, width);
  const [header = "", ...rows] = table([HEADER.map(cell), ...nodes.map(cellsOf)].map(shape), width, paint);
  const body = nodes.length === 0 ? ["no instance yet"] : [paint(header, "dim")];
  const reasons = nodes.map((node) => reasonLines(node, width, paint));

  // From all of every reason, to one line of each, to none; then rows go, the healthy ones first.
  const fits = (lines: readonly string[]) => lines.length <= height;
  const whole = [
    ...head,
    ...body,
    ...nodes.flatMap((_, n) => [rows[n] ?? "", ...(reasons[n] ?? [])]),
    ...spaced(notes),
  ];
  if (fits(whole)) return whole;
  const short = [...head, ...body, ...nodes.flatMap((_, n) => [rows[n] ?? "", ...(reasons[n] ?? []).slice(0, 1)])];
  if (fits(short)) return short;
  const room = Math.max(0, height - head.length - body.length - 1);
  const telling = nodes.map((node, n) => ({ n, calm: isCalm(node) })).sort((a, b) => Number(a.calm) - Number(b.calm));
  const shown = telling.slice(0, room).sort((a, b) => a.n - b.n);
  const more = nodes.length - shown.length;
  const rest = more > 0 ? [paint(`… and ${more} more`, "dim")] : [];
  return [...head, ...body, ...shown.map(({ n }) => rows[n] ?? ""), ...rest].slice(0, height);
}

const GAP = 2;
/** Columns; where less is left beside the time, the time goes. */
const SHORTEST_TITLE = 12;

function headLines({ snapshot, start, step }: Screen, width: number, paint: Paint): string[] {
  const title = oneLine(step?.title ?? `Cluster ${snapshot.cluster}`);
  const whole = duration(snapshot.at - start);
  const time = step ? `${duration(snapshot.at - step.since)} · ${whole} in all` : whole;
  const room = width - "▸ ".length - time.length - GAP;
  const mark = paint("▸", "cyan");
  if (room < SHORTEST_TITLE) return ["", `${mark} ${paint(cut(title, width - 2), "bold")}`];
  return ["", `${mark} ${paint(cut(title, room), "bold")}${" ".repeat(GAP)}${paint(time, "dim")}`];
}

function spaced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

const HEADER = ["ROLE", "ID", "ZONE", "ADDRESS", "INSTANCE", "AUTO SCALING", "EC2", "KAFKA"];
const [ZONE, INSTANCE, EC2] = [2, 4, 6];

function cell(text: string): Cell {
  return { text };
}

function cellsOf(node: NodeSnapshot): Cell[] {
  const { role, id, zone, address, instance, scaling, ec2, kafka } = node;
  return [
    { text: role },
    { text: id === undefined ? "–" : String(id), ...(id === undefined ? { colour: "dim" } : {}) },
    { text: zone },
    { text: address ?? "–", ...(address === undefined ? { colour: "dim" } : {}) },
    { text: instance, colour: "dim" },
    { text: scaling || "–", colour: scalingColour(scaling) },
    { text: ec2, colour: ec2 === "running" ? "dim" : ec2 === "pending" ? "yellow" : "red" },
    { text: oneLine(kafka) || "–", ...(kafka === "" ? { colour: "dim" } : {}) },
  ];
}

function scalingColour(scaling: string): Colour {
  if (scaling === "InService") return "green";
  return scaling.startsWith("Pending") ? "yellow" : scaling === "" ? "dim" : "red";
}

/** Drops from the rows what can be spared, step by step, until they fit. */
function shapeFor(nodes: readonly NodeSnapshot[], width: number): (row: readonly Cell[]) => Cell[] {
  const rows = [HEADER.map(cell), ...nodes.map(cellsOf)];
  const common = commonStart(nodes.map(({ zone }) => zone));
  const shortZone = (row: readonly Cell[]) =>
    replace(row, ZONE, (text) => (text === "ZONE" ? text : text.slice(common)));
  const shortInstance = (row: readonly Cell[]) => replace(shortZone(row), INSTANCE, (text) => cut(text, 9));
  const withoutEc2 = (row: readonly Cell[]) => shortInstance(row).filter((_, column) => column !== EC2);
  const shapes = [(row: readonly Cell[]) => [...row], shortZone, shortInstance];
  return shapes.find((shape) => tableWidth(rows.map(shape)) <= width) ?? withoutEc2;
}

function replace(row: readonly Cell[], column: number, change: (text: string) => string): Cell[] {
  return row.map((one, n) => (n === column ? { ...one, text: change(one.text) } : one));
}

/** How many characters all zones start with, up to their last dash: `eu-central-` of `eu-central-1a`. */
function commonStart(zones: readonly string[]): number {
  const [first = ""] = zones;
  const start = first.slice(0, first.lastIndexOf("-") + 1);
  return zones.every((zone) => zone.startsWith(start)) ? start.length : 0;
}

const INDENT = "  ↳ ";

/** Why it waits, below its row. */
function reasonLines(node: NodeSnapshot, width: number, paint: Paint): string[] {
  if (isCalm(node)) return [];
  const [first = "", ...rest] = wrap(oneLine(node.status ?? ""), Math.max(10, width - INDENT.length));
  const colour = node.held ? "red" : "cyan";
  return [INDENT + paint(first, colour), ...rest.map((line) => " ".repeat(INDENT.length) + paint(line, colour))];
}

function isCalm(node: NodeSnapshot): boolean {
  return node.status === undefined || node.status === "";
}
