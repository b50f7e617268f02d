/** At the end, when nothing goes wrong any more: has every group what it should have, and if not, is it rightly held? */
import { groupOf, type RoleName } from "../../shared/cluster/definition.ts";
import { CLIENT_PORT, isQuorum, quorumRole } from "../../shared/cluster/role-kinds.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { InstanceRecord } from "../../shared/lifecycle/sights.ts";
import { behindTheDefinition } from "./configured.ts";
import { idsUsedUp, replicasOnNobody, scaledInWhileReplaced } from "./identities.ts";
import type { Stage } from "./stage.ts";
import { accessUnsettled } from "./tamper.ts";

/** What is not (yet) as it should be, in words; empty where all is well. */
export function unsettled(stage: Stage, contents: TableContents): string[] {
  const found = [
    ...groupsUnsettled(stage, contents),
    ...kafkaUnsettled(stage, contents),
    ...tableUnsettled(stage, contents),
    ...accessUnsettled(stage),
  ];
  // Whatever else is to be asked makes sense only then.
  if (found.length > 0) return found;
  return [...idsUsedUp(stage, contents), ...replicasOnNobody(stage, contents), ...behindTheDefinition(stage, contents)];
}

function groupsUnsettled(stage: Stage, { rosters }: TableContents): string[] {
  const { cloud } = stage;
  const found: string[] = [];
  for (const group of cloud.groups.all()) {
    const place = groupOf(stage.definition(), group.name);
    if (!place) continue;
    const members = cloud.groups.members(group.name);
    if (members.length !== group.desired)
      found.push(`${group.name} has ${members.length} of ${group.desired} instances`);
    const roster = rosters.get(place.role.name);
    for (const { instance, state, healthy } of members) {
      if (state !== "InService" || !healthy)
        found.push(`${instance} of ${group.name} is ${state}${healthy ? "" : ", unhealthy"}`);
      const held = [...(roster?.members.values() ?? [])].find((m) => m.owner === instance);
      if (!held) found.push(`${instance} of ${group.name} holds no id`);
      else if (held.zone !== place.zone)
        found.push(`${instance} of ${group.name} holds ${held.id}, which is ${held.zone}'s`);
    }
  }
  for (const { instance } of cloud.groups.actions.all()) found.push(`a lifecycle action of ${instance} is open`);
  return found;
}

function kafkaUnsettled({ kafka, definition }: Stage, { rosters }: TableContents): string[] {
  const found: string[] = [];
  const registered = new Map(kafka.registered().map((b) => [b.id, b]));
  for (const member of rosters.get("broker")?.members.values() ?? []) {
    if (member.owner === undefined) continue;
    const sight = registered.get(member.id);
    if (!sight) found.push(`broker ${member.id} is not registered`);
    else if (sight.host !== member.address)
      found.push(`broker ${member.id} is at ${sight.host}:${CLIENT_PORT}, not ${member.address}`);
  }
  const quorum = quorumRole(definition()).name;
  const owned = (role: RoleName) =>
    new Set([...(rosters.get(role)?.members.values() ?? [])].filter((m) => m.owner).map((m) => m.id));
  const brokers = owned("broker");
  for (const { topic, index, leader, isr, replicas } of kafka.partitions()) {
    const out = replicas.filter((id) => brokers.has(id) && !isr.includes(id));
    if (leader === -1) found.push(`${topic}-${index} has no leader`);
    if (out.length > 0) found.push(`${topic}-${index} lacks ${out.join(", ")} in its ISR`);
  }
  const { leader, voters } = kafka.quorum();
  if (leader === -1) found.push("the quorum has no leader");
  for (const id of owned(quorum)) {
    const voter = voters.find((v) => v.id === id && v.caughtUpAgo === 0);
    if (!voter) found.push(`${quorum} ${id} is no voter that has caught up`);
  }
  return found;
}

function tableUnsettled(stage: Stage, { rosters, records, turn }: TableContents): string[] {
  const found: string[] = [];
  const there = new Set(stage.cloud.groups.everyMember().map((m) => m.instance));
  for (const [role, roster] of rosters) {
    for (const { id, owner } of roster.members.values()) {
      if (owner !== undefined && !there.has(owner))
        found.push(`${role} ${id} is still held by ${owner}, which is gone`);
    }
  }
  for (const { instance, hold } of records.values()) {
    if (!there.has(instance)) found.push(`the record of ${instance}, which is gone, is still there`);
    if (hold) found.push(`${instance} is held: ${hold.reason}`);
  }
  if (turn) found.push(`${turn.role} ${turn.id} still has the turn (${turn.instance}: ${turn.reason})`);
  return found;
}

/** Why that cannot get better by itself, where it cannot; undefined where Rollcall should have put it right. */
export function excuse(stage: Stage, contents: TableContents, lostQuorum: boolean): string | undefined {
  const { kafka } = stage;
  if (contents.quorum?.formed && lostQuorum) return "the quorum has lost its majority";
  const headless = kafka.partitions().find((p) => p.leader === -1);
  if (headless) return `${headless.topic}-${headless.index} has lost its last in-sync replica`;
  const served = [...(contents.rosters.get("broker")?.members.values() ?? [])].some((m) => m.served);
  if (served && !kafka.registered().some(({ host, port }) => kafka.listenerAt(host, port)))
    return "no broker is left that Kafka could be seen through";
  const smaller = scaledInWhileReplaced(stage, contents);
  if (smaller !== undefined) return smaller;
  // One that is held wrongly is not excused by another that is rightly.
  const holds = [...contents.records.values()].filter(({ hold }) => hold !== undefined);
  const held = holds.find((record) => rightly(stage, contents, record));
  if (!holds.every((record) => rightly(stage, contents, record) || follows(record))) return undefined;
  return held ? `${held.instance} is rightly held: ${held.hold?.reason}` : undefined;
}

/** Holds that end with another's: who has the turn, or is missing from an ISR, is held itself. */
function follows({ hold, role }: InstanceRecord): boolean {
  const reason = hold?.reason ?? "";
  const missed = !isQuorum({ name: role }) && /no in-sync replica left|below its min ISR/.test(reason);
  return missed || /the turn is /.test(reason);
}

/** Holds that only an operator can end. */
function rightly(stage: Stage, contents: TableContents, record: InstanceRecord): boolean {
  const { kafka } = stage;
  const { hold, role } = record;
  const reason = hold?.reason ?? "";
  if (isQuorum({ name: role }) && /stopping (it|\w+ \d+) is not safe/.test(reason))
    return kafka.quorum().voters.length < 3;
  if (/would have no in-sync replica left|below its min ISR/.test(reason)) {
    return kafka.partitions().some((p) => p.replicas.length <= p.minIsr || p.isr.length < p.minIsr);
  }
  if (/will not be replaced/.test(reason)) return leavesForGood(stage, contents, record);
  return /look dead at once/.test(reason) && severalOut(stage, contents, role);
}

/** As many holders of its zone's ids stay as its group desires, so that nobody takes its id over. */
function leavesForGood(
  { cloud }: Stage,
  { rosters }: Pick<TableContents, "rosters">,
  { instance, role }: InstanceRecord,
): boolean {
  const members = [...(rosters.get(role)?.members.values() ?? [])];
  const zone = members.find(({ owner }) => owner === instance)?.zone;
  const group = cloud.groups.find(cloud.groups.findMember(instance)?.group ?? "");
  const stays = (owner: string | undefined): boolean => {
    const state = owner === undefined ? undefined : cloud.groups.findMember(owner)?.state;
    return state !== undefined && !state.startsWith("Terminating");
  };
  return group !== undefined && members.filter((m) => m.zone === zone && stays(m.owner)).length >= group.desired;
}

/** More than one member of that role is in service though its process has ended. */
function severalOut({ cloud, kafka }: Stage, { rosters }: Pick<TableContents, "rosters">, role: RoleName): boolean {
  const alive = new Set(kafka.processes().map(({ instance }) => instance));
  const out = [...(rosters.get(role)?.members.values() ?? [])]
    .filter(({ owner }) => owner !== undefined && cloud.groups.findMember(owner)?.state === "InService")
    .filter(({ owner = "" }) => !alive.has(owner));
  return out.length > 1;
}
