/** An explanation as lines for a terminal, or as JSON. Pure. */
import type { Explanation } from "../../shared/lifecycle/explain.ts";
import type { FactName } from "../../shared/lifecycle/facts.ts";
import type { Change, Step } from "../../shared/lifecycle/steps.ts";
import { oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import { wordsOf } from "./facts.ts";
import { COLOURS, DOES } from "./words.ts";

/** In the order in which they are looked at. */
const FACTS: readonly FactName[] = [
  "fleet",
  "table",
  "ec2",
  "address",
  "agent",
  "command",
  "kafka",
  "listeners",
  "quorum",
];

export function explanationJson({ instance, facts, failed, notes, step }: Explanation): object {
  return {
    at: facts.now,
    instance,
    seen: Object.fromEntries(FACTS.flatMap((name) => (facts[name] ? [[name, plainValue(facts[name].value)]] : []))),
    unseen: Object.fromEntries([...failed].map(([name, error]) => [name, error.message])),
    notes: notes.map(stepJson),
    step: stepJson(step),
  };
}

export function stepJson(step: Step): object {
  const { row, reason } = step;
  return { do: step.do, row, reason, ...(step.do === "change" && { change: withoutPayload(step.change) }) };
}

/** The configuration of a whole node says nothing at a glance. */
function withoutPayload(change: Change): object {
  if (change.kind !== "send") return change;
  const { payload: _, ...rest } = change;
  return rest;
}

export function explanationLines(explanation: Explanation, width: number, paint: Paint): string[] {
  const { instance, facts, failed, notes, step } = explanation;
  const seen = FACTS.flatMap((name): [string, string[], boolean][] => {
    const failure = failed.get(name);
    if (failure) return [[name, [`cannot be seen: ${oneLine(failure.message)}`], true]];
    const words = facts[name] && wordsOf(name, facts);
    return words ? [[name, words, false]] : [];
  });
  const label = Math.max(...seen.map(([name]) => name.length));
  const lines = seen.flatMap(([name, words, bad]) =>
    words
      .flatMap((text) => wrap(text, width - label - 4))
      .map((text, n) => `  ${(n === 0 ? name : "").padEnd(label)}  ${bad ? paint(text, "red") : text}`),
  );
  return [
    paint(instance, "bold"),
    "",
    "seen",
    ...lines,
    "",
    ...(notes.length > 0 ? ["first written down", ...notes.flatMap((note) => stepLines(note, width, paint)), ""] : []),
    "then",
    ...stepLines(step, width, paint),
  ];
}

export function stepLines(step: Step, width: number, paint: Paint): string[] {
  const what = step.do === "change" ? `${DOES.change}: ${changeWords(step.change)}` : DOES[step.do];
  return [
    `  ${paint(what, COLOURS[step.do])} ${paint(`(${step.row})`, "dim")}`,
    ...wrap(oneLine(step.reason), width - 4).map((line) => `    ${line}`),
    ...watched(step).map((line) => `    ${paint(line, "dim")}`),
  ];
}

/** What it goes by, where it is the one thing that will change its mind. */
function watched(step: Step): string[] {
  if (step.do === "look") return [`needs to see: ${step.facts.join(", ")}`];
  return step.do === "wait" || step.do === "hold" ? [`looks again at: ${step.on.join(", ")}`] : [];
}

/** A change, in the words of whoever makes it. */
export function changeWords(change: Change): string {
  switch (change.kind) {
    case "note": {
      const entries = Object.entries(change.patch);
      const names = (gone: boolean) => entries.filter(([, to]) => (to === undefined) === gone).map(([name]) => name);
      const [written, taken] = [names(false).join(", "), names(true).join(", ")];
      const said = [
        written && `writes ${written} into its record`,
        taken && `takes ${taken} out of ${written ? "it" : "its record"}`,
      ];
      return said.filter(Boolean).join(", ");
    }
    case "drop-record":
      return "forgets it";
    case "claim":
      return `claims ${change.role} ${change.id}`;
    case "release":
      return `frees ${change.role} ${change.id}`;
    case "serve":
      return `marks ${change.role} ${change.id} as in service at ${change.address}`;
    case "note-generation":
      return `writes down that ${change.role} ${change.id} has generation ${change.generation} of the credential`;
    case "attach":
      return `attaches ${change.eni}`;
    case "keep-on-termination":
      return `keeps ${change.eni} when the instance ends`;
    case "detach":
      return `detaches ${change.attachment}`;
    case "found":
      return `founds the quorum of ${change.voters.join(", ")}`;
    case "form":
      return "marks the quorum as formed";
    case "leave-founding":
      return "counts it among the quorum's founders no more";
    case "note-access":
      return "writes down that users and ACLs are as declared";
    case "send":
      return `sends it the command ${change.action}, the ${ordinal(change.attempt)} time`;
    case "take-turn":
      return `takes the turn for ${change.turn.role} ${change.turn.id}`;
    case "give-turn":
      return `gives back the turn of ${change.turn.role} ${change.turn.id}`;
    case "heartbeat":
      return `keeps its ${ACTIONS[change.action]} open with a heartbeat`;
    case "complete":
      return `answers ${change.result} to its ${ACTIONS[change.action]}`;
    case "mark-unhealthy":
      return "marks it unhealthy, so that its group replaces it";
  }
}

const ACTIONS = { launch: "launch", terminate: "termination" } as const;

function ordinal(n: number): string {
  return `${n}${n === 1 ? "st" : n === 2 ? "nd" : n === 3 ? "rd" : "th"}`;
}

/** Maps as objects. */
function plainValue(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), plainValue(one)]));
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]));
}
