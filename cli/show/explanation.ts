/** An explanation as lines for a terminal, or as JSON. Pure. */
import type { Explanation } from "../../shared/lifecycle/explain.ts";
import type { FactName, Facts, Sights } from "../../shared/lifecycle/facts.ts";
import type { InstanceRecord, TableSight } from "../../shared/lifecycle/sights.ts";
import type { Change, Step } from "../../shared/lifecycle/steps.ts";
import { oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import { COLOURS, DOES, span, timeOf } from "./words.ts";

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
  const what = step.do === "change" ? `${DOES.change}: ${changeWords(step.change)}` : stepWords(step);
  return [
    `  ${paint(what, COLOURS[step.do])} ${paint(`(${step.row})`, "dim")}`,
    ...wrap(oneLine(step.reason), width - 4).map((line) => `    ${line}`),
  ];
}

function stepWords(step: Exclude<Step, { do: "change" }>): string {
  if (step.do === "settled") return DOES.settled;
  return `${DOES[step.do]} at ${(step.do === "look" ? step.facts : step.on).join(", ")}`;
}

/** A change, in the words of whoever makes it. */
export function changeWords(change: Change): string {
  switch (change.kind) {
    case "note": {
      const entries = Object.entries(change.patch).map(
        ([key, value]) => `${key} ${value === undefined ? "–" : JSON.stringify(value)}`,
      );
      return `writes into its record ${entries.join(", ")}`;
    }
    case "drop-record":
      return "forgets it";
    case "claim":
      return `claims ${change.role} ${change.id}`;
    case "release":
      return `frees ${change.role} ${change.id}`;
    case "serve":
      return `marks ${change.role} ${change.id} as in service at ${change.address}`;
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
    case "send":
      return `sends it the command ${change.action}, the ${ordinal(change.attempt)} time`;
    case "take-turn":
      return `takes the turn for ${change.turn.role} ${change.turn.id}`;
    case "give-turn":
      return `gives back the turn of ${change.turn.role} ${change.turn.id}`;
    case "heartbeat":
      return `keeps its ${change.action} open with a heartbeat`;
    case "complete":
      return `answers ${change.result} to its ${change.action}`;
    case "mark-unhealthy":
      return "marks it unhealthy, so that its group replaces it";
  }
}

function ordinal(n: number): string {
  return `${n}${n === 1 ? "st" : n === 2 ? "nd" : n === 3 ? "rd" : "th"}`;
}

type Words = { readonly [F in FactName]: (value: Sights[F], facts: Facts) => string[] };

const WORDS: Words = {
  fleet: ({ groups }, { instance }) => {
    const group = groups.find((g) => g.members.some((m) => m.instance === instance));
    if (!group) return ["no group of the cluster lists it"];
    const member = group.members.find((m) => m.instance === instance);
    const others = group.members.filter((m) => m !== member).map((m) => `${m.instance} ${m.state}`);
    return [
      `${member?.state}${member?.healthy ? "" : ", unhealthy"} in ${group.name}, which desires ${group.desired}${group.deleting ? " and is being deleted" : ""}`,
      ...(others.length > 0 ? [`beside it ${others.join(", ")}`] : []),
    ];
  },
  table: (table, facts) => tableWords(table, facts),
  ec2: (state) => [state],
  address: (sight) => {
    if (!sight) return ["the cluster has no interface with its address"];
    const { attachment } = sight;
    const where = attachment
      ? `${attachment.status} ${attachment.status.startsWith("a") ? "to" : "from"} ${attachment.instance}${attachment.deleteOnTermination ? ", and deleted with it" : ""}`
      : "free";
    return [`${sight.address} (${sight.eni}) in ${sight.zone}: ${where}`];
  },
  agent: ({ state, address }) => [`${state}${address === undefined ? "" : ` at ${address}`}`],
  command: ({ id, status, detail }) => [
    `${status}${id === undefined ? "" : ` (${id})`}${detail ? `: ${oneLine(detail)}` : ""}`,
  ],
  kafka: (kafka, { table, instance }) => {
    if (!kafka.seen) return [`cannot be seen: ${oneLine(kafka.reason)}`];
    const id = table && heldBy(table.value, instance)?.id;
    const own = id === undefined ? undefined : kafka.brokers.get(id);
    const registered = [...kafka.brokers.values()].filter((b) => b.registered).length;
    const all = `${registered} of ${kafka.brokers.size} brokers registered`;
    if (!own) return [all];
    return [
      `${own.registered ? `registered at ${own.registered.host}:${own.registered.port}` : "not registered, or fenced"}, ${own.replicas} replicas, ${own.missing} of them not in sync${own.example === undefined ? "" : ` (${own.example})`}; ${all}`,
      `stop: ${own.stop.safe ? "safe" : "not safe"}, ${own.stop.reason}`,
      `start empty: ${own.startEmpty.safe ? "safe" : "not safe"}, ${own.startEmpty.reason}`,
    ];
  },
  listeners: (heard) => [
    [...heard].map(([id, sight]) => `controller ${id} ${sight}`).join(", ") || "no controller was heard",
  ],
  quorum: (quorum) => {
    if (!quorum.seen) return [`cannot be seen: ${oneLine(quorum.reason)}`];
    const replica = (r: { id: number; lag: number }) => `${r.id}${r.lag > 0 ? ` (lag ${r.lag})` : ""}`;
    return [
      `led by ${quorum.leader < 0 ? "nobody" : quorum.leader}, voters ${quorum.voters.map(replica).join(", ")}${quorum.observers.length > 0 ? `, observers ${quorum.observers.map(replica).join(", ")}` : ""}`,
    ];
  },
};

function wordsOf<F extends FactName>(name: F, facts: Facts): string[] {
  const seen = facts[name];
  return seen ? (WORDS[name] as (value: unknown, facts: Facts) => string[])(seen.value, facts) : [];
}

function tableWords(table: TableSight, facts: Facts): string[] {
  const { now, instance } = facts;
  const held = heldBy(table, instance);
  const { turn, quorum } = table;
  return [
    held
      ? `holds ${held.role} ${held.id} since ${span(now - held.since)}${held.served ? ", which was in service" : ", which was never in service yet"}`
      : "holds no id",
    ...(turn ? [`the turn is ${turn.role} ${turn.id}'s since ${span(now - turn.since)}: ${turn.reason}`] : []),
    quorum ? `the quorum ${quorum.formed ? "has formed" : "is being founded"}` : "no quorum is founded",
    ...(table.record ? recordWords(table.record, now) : ["no record"]),
  ];
}

function recordWords(record: InstanceRecord, now: number): string[] {
  const { action, heartbeat, command, configured, stopped, unregistered, hold, operator } = record;
  const ago = (at: number) => `${span(now - at)} ago`;
  return [
    ...(action
      ? [
          `${action.kind} seen ${ago(action.since)}${heartbeat === undefined ? "" : `, last heartbeat ${ago(heartbeat)}`}`,
        ]
      : []),
    ...(command ? [`command ${command.action} #${command.attempt} sent ${ago(command.sent)}`] : []),
    ...(configured ? [`configured ${ago(configured.at)} with ${configured.digest.slice(0, 12)}…`] : []),
    ...(stopped === undefined ? [] : [`stop confirmed ${ago(stopped)}`]),
    ...(unregistered === undefined ? [] : [`out of Kafka since ${span(now - unregistered)}`]),
    ...(hold ? [`held since ${timeOf(hold.since, now)}: ${hold.reason}`] : []),
    ...(operator ? [`an operator asked ${ago(operator.since)} to ${operator.wish} it: ${operator.reason}`] : []),
  ];
}

function heldBy(table: TableSight, instance: string) {
  for (const { role, members } of table.rosters.values()) {
    for (const member of members.values()) if (member.owner === instance) return { ...member, role };
  }
  return undefined;
}

/** Maps as objects. */
function plainValue(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), plainValue(one)]));
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]));
}
