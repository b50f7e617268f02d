/** Roster, turn and records beside the groups and EC2: whether everybody who holds an id is who should. Pure. */
import { type Definition, groupOf } from "../../shared/cluster/definition.ts";
import { stands } from "../../shared/lifecycle/decide/wish.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { FleetSight, InstanceState } from "../../shared/lifecycle/sights.ts";
import { type Held, heldBy, idsOf } from "../look/member.ts";
import { span } from "../show/words.ts";
import { examine, type Finding, type Report } from "./finding.ts";

export interface MembersSight {
  readonly now: number;
  readonly fleet: FleetSight;
  readonly contents: TableContents;
  readonly ec2: ReadonlyMap<string, InstanceState>;
}

/** A turn that is taken for longer keeps everybody else from theirs, ms. */
const LONG_TURN = 3_600_000;
/** Sweeps that would have put it right, had they run. */
const SWEEPS = 5;

export function memberFindings(definition: Definition, sight: MembersSight): Finding[] {
  const { contents, fleet } = sight;
  return [
    ...examine("roster", "every id is held by the instance that should hold it, or vacant", (report) => {
      for (const held of idsOf(contents)) idFindings(report, definition, sight, held);
      for (const { instance, state } of fleet.groups.flatMap((g) => g.members)) {
        if (state === "InService" && !heldBy(contents, instance))
          report("wrong", `${instance} is in service and holds no id`, `rollcall explain ${instance}`);
        if (state === "Terminating:Retained")
          report(
            "wrong",
            `${instance} runs on, as its termination was not confirmed in time (${state})`,
            `aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${instance} --no-should-decrement-desired-capacity`,
          );
      }
    }),
    ...examine("turn", contents.turn ? "it is taken, and in use" : "it is free", (report) =>
      turnFindings(report, sight),
    ),
    ...examine("records", "nothing is held, and nothing is left behind", (report) =>
      recordFindings(report, sight, definition),
    ),
  ];
}

function idFindings(report: Report, definition: Definition, { fleet, ec2, now }: MembersSight, held: Held): void {
  const { id, role, owner, zone, address } = held;
  const name = `${role} ${id}`;
  const declared = definition.roles.find((r) => r.name === role);
  if (!declared?.ids.includes(id))
    report("note", `${name} is not among the definition's ids any more`, `keep its id until nobody holds it`);
  const pooled = declared?.pool?.find((p) => p.id === id);
  if (pooled && address !== undefined && address !== pooled.address)
    report(
      "wrong",
      `${name} has the address ${pooled.address} in the definition, and ${address} in the roster`,
      "give it back the address it had",
    );
  if (owner === undefined) return;
  const group = fleet.groups.find((g) => g.members.some((m) => m.instance === owner));
  const place = group && groupOf(definition, group.name);
  if (!place) {
    const state = ec2.get(owner) ?? "unknown";
    if (state === "terminated" || state === "unknown") {
      const overdue = now - held.since > SWEEPS * definition.periods.sweep;
      report(
        overdue ? "wrong" : "note",
        `${name} is held by ${owner}, which is ${state}: the next sweep frees it`,
        `where no sweep does: rollcall release ${id} --here`,
      );
    } else
      report(
        "wrong",
        `${name} is held by ${owner}, which is in no group and ${state}`,
        `terminate it, attach it again, or: rollcall release ${id}`,
      );
    return;
  }
  if (place.role.name !== role)
    report("wrong", `${name} is held by ${owner} of group ${group.name}`, `rollcall explain ${owner}`);
  else if (place.zone !== zone)
    report(
      "wrong",
      `${name} belongs into ${zone}, and is held by ${owner} in ${place.zone}`,
      `rollcall explain ${owner}`,
    );
}

function turnFindings(report: Report, { contents, now }: MembersSight): void {
  const { turn } = contents;
  if (!turn) return;
  const name = `${turn.role} ${turn.id}`;
  const holder = contents.rosters.get(turn.role)?.members.get(turn.id)?.owner;
  if (now - turn.since > LONG_TURN)
    report(
      "wrong",
      `${name} has had the turn for ${span(now - turn.since)} (${turn.reason}): nobody else may be stopped or configured`,
      `rollcall explain ${holder ?? turn.instance}`,
    );
}

function recordFindings(report: Report, { contents, fleet, ec2, now }: MembersSight, definition: Definition): void {
  const listed = new Map(fleet.groups.flatMap((g) => g.members.map((m) => [m.instance, m.state])));
  const records = [...contents.records.values()];
  // What holds many, such as a Kafka that cannot be seen, is one thing.
  const holds = Map.groupBy(
    records.flatMap(({ instance, hold }) => (hold ? [{ instance, ...hold }] : [])),
    ({ reason }) => reason,
  );
  for (const [reason, held] of holds) {
    const names = held.map(({ instance }) => instance).join(", ");
    const since = Math.min(...held.map((one) => one.since));
    report(
      "wrong",
      `${names} ${held.length === 1 ? "is" : "are"} held since ${span(now - since)}: ${reason}`,
      `rollcall explain ${held[0]?.instance}`,
    );
  }
  for (const { instance, operator } of records) {
    if (operator && !stands(operator, listed.get(instance), now))
      report(
        "note",
        `what an operator asked about ${instance} ${span(now - operator.since)} ago (${operator.wish}) counts no more`,
        `rollcall resume ${instance}`,
      );
    const state = ec2.get(instance) ?? "unknown";
    if (!listed.has(instance) && !heldBy(contents, instance) && (state === "terminated" || state === "unknown"))
      report(
        "note",
        `${instance} is ${state} and still remembered: the next sweep, within ${span(definition.periods.sweep)}, forgets it`,
      );
  }
}
