/** The summary as a reader of a terminal wants it. Pure. */

import { type Paint, plain, wrap } from "../../shared/terminal/text.ts";
import type { Replacement, Summary } from "../summary.ts";
import type { EnsembleFindings } from "../tour/ensemble.ts";
import type { OutageFindings } from "../tour/outage.ts";
import { RENEWED, type RenewalFindings } from "../tour/renew.ts";
import { type RotationFindings, rotatedWell } from "../tour/rotate.ts";
import { isSecure, type SecurityFindings } from "../tour/security.ts";

/** `problems`: from `isOk`; `next`: where to go from here, a line each. */
export function reportLines(
  summary: Summary,
  problems: readonly string[],
  next: readonly string[],
  width: number,
  paint: Paint = plain,
): string[] {
  const verdict = summary.ok
    ? paint("✓ Every node came back as itself, and nothing was lost.", "green")
    : paint("✗ Not everything is as it must be:", "red");
  return [
    "",
    verdict,
    ...problems.flatMap((problem) => bullet(problem, width).map((line) => paint(line, "red"))),
    "",
    ...rowsOf(summary).flatMap((row) => rowLines(row, width, paint)),
    "",
    ...next.flatMap((line) => (line === "" ? [""] : wrapped(line, width))),
  ];
}

function bullet(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, n) => (n === 0 ? `  - ${line}` : `    ${line}`));
}

/** Commands keep their blanks and are not broken; prose is. */
function wrapped(line: string, width: number): string[] {
  return line.startsWith(" ") ? [line] : wrap(line, width);
}

interface Row {
  /** Empty where it goes with the row above. */
  readonly name: string;
  readonly text: string;
  readonly bad: boolean;
}

const NAME = "API calls  ".length;

function rowLines({ name, text, bad }: Row, width: number, paint: Paint): string[] {
  return wrap(text, Math.max(NAME, width - NAME)).map((line, n) => {
    const label = n === 0 ? name : "";
    return `${paint(label, "dim")}${" ".repeat(NAME - label.length)}${bad ? paint(line, "red") : line}`;
  });
}

function rowsOf(summary: Summary): Row[] {
  const { kafka, nodes, launch, replacements, messages, replay, apiCalls } = summary;
  const { security, rotation, renewal, ensemble, outage } = summary;
  const calls = Object.entries(apiCalls).sort(([, a], [, b]) => b - a);
  const total = calls.reduce((sum, [, count]) => sum + count, 0);
  const most = calls.slice(0, 3).map(([action, count]) => `${action} ${number(count)}`);
  const row = (name: string, text: string, bad = false): Row => ({ name, text, bad });
  return [
    row(
      "Kafka",
      kafka.real ? `${kafka.version}, real processes` : `modelled${kafka.reason ? `: ${kafka.reason}` : ""}`,
    ),
    row("Launch", ...launched(launch, nodes.length)),
    ...replacements.map((one, n) =>
      row(n === 0 ? "Replaced" : "", replaced(one), !one.sameId || one.sameAddress === false),
    ),
    ...(ensemble ? [row("Ensemble", ...served(ensemble))] : []),
    ...(outage ? [row("", ...heldUp(outage))] : []),
    ...(security ? [row("Security", tried(security), !isSecure(security))] : []),
    ...(rotation ? [row("Rotated", ...turnedOver(rotation))] : []),
    ...(renewal ? [row("Renewed", ...renewed(renewal))] : []),
    row(
      "Messages",
      `${number(messages.acknowledged)} acknowledged, ${number(messages.read)} read back: ${number(messages.lost)} lost, ${number(messages.duplicated)} duplicated`,
      messages.lost !== 0,
    ),
    row("Replay", `${number(replay.events)} events again: ${number(replay.changes)} changes`, replay.changes !== 0),
    row("API calls", `${number(total)} (most: ${most.join(", ")})`),
  ];
}

function replaced({ role, id, kind, old, new: replacement, sameId, sameAddress, seconds }: Replacement): string {
  const identity = sameId ? "same id" : "ANOTHER ID";
  const address = sameAddress === null ? "" : sameAddress ? ", same address" : ", ANOTHER ADDRESS";
  return `${role} ${id} (${kind}): ${old} → ${replacement}, ${identity}${address}, ${seconds.toFixed(1)}s`;
}

/** The words, and whether they are bad news. */
function launched({ seconds, own }: Summary["launch"], nodes: number): [string, boolean] {
  if (!Number.isFinite(seconds)) return ["it did not come to its end", true];
  const share =
    own === undefined ? "" : `; Rollcall's own calls and decisions took at most ${own.toFixed(1)}s of a node's launch`;
  return [`${number(nodes)} nodes in service after ${seconds.toFixed(1)}s${share}`, false];
}

/** The words, and whether they are bad news. */
function served({ members, leader, replacedWhileServing, reason }: EnsembleFindings): [string, boolean] {
  const serving = members.filter(({ mode }) => mode === "leader" || mode === "follower").length;
  const size = serving === members.length ? `${serving} members` : `${serving} of ${members.length} members serve`;
  const on = replacedWhileServing ? "one replaced while it served, no session lost" : `IT DID NOT SERVE ON: ${reason}`;
  return [`${size}, ${leader < 0 ? "NO LEADER" : `led by ${leader}`}; ${on}`, !replacedWhileServing];
}

function tried({ anonymous, wrongPassword, unauthorised, allowed }: SecurityFindings): string {
  return `anonymous ${anonymous}, wrong password ${wrongPassword}, unauthorised ${unauthorised}, allowed ${allowed}`;
}

/** The words, and whether they are bad news. */
function heldUp({ down, held, worsened, seconds }: OutageFindings): [string, boolean] {
  const names = held.map(({ role, id }) => `${role} ${id}`).join(" and ");
  const after = worsened.length === 0 ? `went on after ${seconds.toFixed(1)}s` : `YET ${worsened.join(", ")}`;
  return [`${down.join(" and ")} down: the ends of ${names} were held, and ${after}`, worsened.length > 0];
}

/** The words, and whether they are bad news. */
function turnedOver(rotation: RotationFindings): [string, boolean] {
  const { from, to, seconds, former, present, refusals } = rotation;
  const wanted = rotatedWell(rotation);
  const well = former === wanted.former && present === wanted.present && refusals === wanted.refusals;
  const passwords = `generation ${to} of the nodes' password is ${present}, ${from} ${former}`;
  return [`${passwords}; ${number(refusals)} refusals among nodes, ${seconds.toFixed(1)}s`, !well];
}

/** The words, and whether they are bad news. */
function renewed({ servers, certificate, authority }: RenewalFindings): [string, boolean] {
  const shown = `the certificate of ${number(servers)} nodes is ${certificate}`;
  const well = certificate === RENEWED.certificate;
  if (!authority) return [shown, !well];
  const { former, present, refusals, seconds } = authority;
  const wanted = RENEWED.authority;
  const taken = former === wanted.former && present === wanted.present && refusals === wanted.refusals;
  const believed = `another authority is ${present}, the former ${former}`;
  return [`${shown}; ${believed}; ${number(refusals)} refusals among nodes, ${seconds.toFixed(1)}s`, !well || !taken];
}

/** `12,345` */
function number(value: number): string {
  return value.toLocaleString("en-US");
}
