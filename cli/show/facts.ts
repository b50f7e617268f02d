/** What was seen, in words. Pure. */
import type { FactName, Facts, Sights } from "../../shared/lifecycle/facts.ts";
import type { InstanceRecord, TableSight } from "../../shared/lifecycle/sights.ts";
import { oneLine } from "../../shared/terminal/text.ts";
import { heldBy } from "../look/member.ts";
import { span, timeOf } from "./words.ts";

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
      `stop it: ${own.stop.safe ? "safe" : "not safe"}, ${own.stop.reason}`,
      `start it empty: ${own.startEmpty.safe ? "safe" : "not safe"}, ${own.startEmpty.reason}`,
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

/** What was seen of that fact, a line each; nothing where it was not looked at. */
export function wordsOf<F extends FactName>(name: F, facts: Facts): string[] {
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
    ...(configured
      ? [
          `configured ${ago(configured.at)}${configured.digest === "" ? "" : ` with ${configured.digest.slice(0, 12)}…`}`,
        ]
      : []),
    ...(stopped === undefined ? [] : [`stop confirmed ${ago(stopped)}`]),
    ...(unregistered === undefined ? [] : [`out of Kafka since ${span(now - unregistered)}`]),
    ...(hold ? [`held since ${timeOf(hold.since, now)}: ${hold.reason}`] : []),
    ...(operator ? [`an operator asked ${ago(operator.since)} to ${operator.wish} it: ${operator.reason}`] : []),
  ];
}
