/**
 * The one place where Rollcall decides: what is seen goes in, the next step comes out, with its row and its reason.
 *
 * Pure and total: no I/O, no clock (now is a fact), no randomness. The table is chosen by the present state, never by
 * the event that woke us, so a duplicate, late, lost, reordered or replayed event only makes Rollcall look once more.
 */
import { groupOf } from "../../cluster/definition.ts";
import { reachOf } from "../../members/generation.ts";
import type { FactName, Facts, Plan } from "../facts.ts";
import type { InstanceRecord, RosterMember, TableSight } from "../sights.ts";
import type { Step } from "../steps.ts";
import { decideGone } from "./gone.ts";
import { decideInService } from "./in-service.ts";
import { decideLaunch } from "./launch.ts";
import { decideAsAsked, decideAsAskedOutside } from "./operator.ts";
import { change, hold, look, type Scene, settled, wait } from "./scene.ts";
import { decideTerminate } from "./terminate.ts";

/** Before a change, what it rests on must have been seen no longer ago than this, ms. */
export const FRESH = 5_000;

/** So long after it was first seen, a view that does not know an instance may be one of before it was born, ms. */
const NEWBORN = 300_000;

/** The next step for an instance, from what is known of it: a fact to look at, a change, or why there is nothing to do. Never throws. */
export function decide(plan: Plan, facts: Facts): Step {
  return unhold(facts, fresh(plan, facts, choose(plan, facts)));
}

function choose(plan: Plan, facts: Facts): Step {
  if (!facts.fleet || !facts.table) {
    const unseen = (["fleet", "table"] as const).filter((name) => !facts[name]);
    return look("state/look", "where the instance stands", ...unseen);
  }
  const fleet = facts.fleet.value;
  const table = facts.table.value;
  const record = table.record;
  const group = fleet.groups.find((g) => g.members.some((m) => m.instance === facts.instance));
  const member = group?.members.find((m) => m.instance === facts.instance);
  const place = group && groupOf(plan.definition, group.name);
  if (!group || !member || !place) return outsideGroups(plan, facts, table);

  // Only a lifecycle action has an invocation that stays with it; nobody stays with an instance in service.
  const attended =
    member.state.endsWith(":Wait") && (record?.attended ?? 0) > facts.now && !neglected(record, facts.now, plan);
  if (facts.echo && attended) return settled("state/attended", "another invocation is at work on it");
  // Whoever asks a node something waits for the answer; were its end to wake others, each would ask in turn, without end.
  const ended = facts.echo ? facts.ended : undefined;
  if (ended !== undefined) {
    // The id is not written down at once; it is found by the command's comment.
    const awaited = record?.command;
    if (awaited && awaited.id === undefined && !facts.command)
      return look("state/attended", `is ${ended} the ${awaited.action} that was sent to it`, "command");
    if (!awaited || (awaited.id ?? facts.command?.value.id) !== ended)
      return settled("state/attended", `whoever sent command ${ended} waits for its end`);
  }

  const roster = table.rosters.get(place.role.name) ?? { role: place.role.name, members: new Map() };
  const mine = [...roster.members.values()].find((m) => m.owner === facts.instance);
  const { generation, behind } = reachOf(plan.definition.security?.generation ?? 0, table.rosters.values());
  const scene: Scene = {
    plan: plan.upTo(generation),
    ...(behind && { behind }),
    facts,
    fleet,
    table,
    role: place.role,
    zone: place.zone,
    group,
    member,
    roster,
    ...(mine && { mine }),
    ...(record && { record }),
  };
  if (facts.suspect && !facts.ec2) return look("state/ec2", "its EC2 state is said to have changed", "ec2");
  if (facts.ec2?.value === "terminated") return decideGone(facts, table, member);

  // Nobody comes back from a termination, so whoever sees another state looks at a view that is behind, and must not act on
  // it: an invocation that is late would configure what another has just freed.
  if (record?.action?.kind === "terminate" && !member.state.startsWith("Terminat")) {
    return wait(
      "state/behind",
      `its termination has begun, though its group still says ${member.state}`,
      "fleet",
      "table",
    );
  }
  const asked = decideAsAsked(scene);
  if (asked) return asked;
  switch (member.state) {
    case "Pending:Wait":
      return decideLaunch(scene);
    case "InService":
      return decideInService(scene);
    case "Terminating:Wait":
      return decideTerminate(scene);
    case "Pending":
      return wait("state/pending", "Pending: its launch hook has not begun yet", "fleet");
    case "Standby":
    case "Detached":
    case "Terminating:Retained":
      return mine
        ? hold(
            "state/aside",
            `${member.state}: it runs on and keeps ${mine.id}; put it back in service or terminate it`,
            "fleet",
          )
        : settled("state/aside", `${member.state}, and it holds no id`);
    default:
      return settled("state/leave-alone", `${member.state}: not Rollcall's to act on`);
  }
}

/** Nobody is known to have recorded a heartbeat for half its period, so whoever was at work on it may have been killed. */
function neglected(record: InstanceRecord | undefined, now: number, plan: Plan): boolean {
  return record?.heartbeat === undefined || now - record.heartbeat > plan.definition.periods.heartbeat / 2;
}

/** No group of the cluster lists it: gone, detached, or never one of ours. */
function outsideGroups(plan: Plan, facts: Facts, table: TableSight): Step {
  const mine = holding(table, facts.instance);
  if (!mine && !table.record)
    return settled("state/foreign", "no group of this cluster lists it, and it holds nothing");
  if (!facts.ec2) return look("state/ec2", "no group lists it any more", "ec2");
  switch (facts.ec2.value) {
    case "terminated":
      return decideGone(facts, table, undefined);
    case "unknown": {
      // Both views may be of before it was born: whoever has an id or a record was seen by somebody who looked later.
      const seen = Math.max(mine?.since ?? 0, table.record?.action?.since ?? 0);
      if (facts.now - seen < NEWBORN)
        return wait("state/unknown", "neither EC2 nor a group knows it yet: it is too new to be gone", "ec2", "fleet");
      return decideGone(facts, table, undefined);
    }
    case "shutting-down":
      return wait("state/shutting-down", "EC2 is ending it; what it holds is freed when EC2 says terminated", "ec2");
    default:
      if (!mine) return settled("state/aside", `no group lists it, EC2 says ${facts.ec2.value}, and it holds no id`);
      return (
        decideAsAskedOutside(plan, facts, table) ??
        hold(
          "state/aside",
          `no group lists it, but EC2 says ${facts.ec2.value}: it keeps ${mine.id}; terminate it or attach it again`,
          "fleet",
          "ec2",
        )
      );
  }
}

/** The member that instance holds, in whichever role. */
export function holding(table: TableSight, instance: string): RosterMember | undefined {
  for (const roster of table.rosters.values()) {
    for (const member of roster.members.values()) if (member.owner === instance) return member;
  }
  return undefined;
}

/** A change waits until everything it rests on has been seen lately. */
function fresh(plan: Plan, facts: Facts, step: Step): Step {
  if (step.do !== "change") return step;
  const stale = step.restsOn.filter((name: FactName) => {
    const seen = facts[name];
    return seen === undefined || facts.now - seen.at > FRESH;
  });
  if (stale.length === 0) return step;
  if (stale.includes("quorum")) {
    // Who is asked about it, the tables know.
    const asks = choose(plan, { ...facts, quorum: undefined });
    if (asks.do === "look") return asks;
  }
  return look(step.row, `about to: ${step.reason}`, ...stale);
}

/** Keeps the record's hold true: written once when a hold begins or has another reason, taken away when it ends. */
function unhold(facts: Facts, step: Step): Step {
  const record = facts.table?.value.record;
  if (!record) return step;
  if (step.do === "hold") {
    if (record.hold?.reason === step.reason) return step;
    const since = record.hold?.since ?? facts.now;
    return {
      ...change(step.row, step.reason, { kind: "note", patch: { hold: { reason: step.reason, since } } }),
      alarm: true,
    };
  }
  if (!record.hold || step.do === "look" || step.row === "state/attended") return step;
  if (step.do !== "wait" && step.alarm) return step;
  if (step.do === "change" && (step.change.kind === "note" || step.change.kind === "heartbeat")) return step;
  return change(step.row, `no longer held: ${step.reason}`, { kind: "note", patch: { hold: undefined } });
}
