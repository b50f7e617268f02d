/** At the end: are the ids in use the ones that were there before, and does nothing wait for an id that nobody will ever hold again? */
import { groupOf } from "../../shared/cluster/definition.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { Stage } from "./stage.ts";

/** Ids that were taken though others were free, or would have been: a group uses no more of them than it ever desired instances. */
export function idsUsedUp(stage: Stage, { rosters }: Pick<TableContents, "rosters">): string[] {
  const most = mostDesired(stage);
  return stage.cloud.groups.all().flatMap(({ name }) => {
    const place = groupOf(stage.definition(), name);
    const members = place ? [...(rosters.get(place.role.name)?.members.values() ?? [])] : [];
    const ids = members.filter((member) => member.zone === place?.zone).map((member) => member.id);
    const desired = most.get(name) ?? 0;
    return ids.length > desired
      ? [`${name} has used ids ${ids.join(", ")}, and never desired more than ${desired}`]
      : [];
  });
}

/** By group, the most that it ever desired. */
function mostDesired({ cloud, definition }: Stage): Map<string, number> {
  const most = new Map<string, number>();
  const desires = (group: string, count: number) => most.set(group, Math.max(most.get(group) ?? 0, count));
  for (const role of definition().roles) for (const { name } of role.groups) desires(name, role.perZone);
  for (const { action, input } of cloud.calls.all()) {
    if (action !== "SetDesiredCapacity") continue;
    const asked = input as { readonly AutoScalingGroupName: string; readonly DesiredCapacity: number };
    desires(asked.AutoScalingGroupName, asked.DesiredCapacity);
  }
  return most;
}

/** Partitions with a replica on an id that nobody holds: no broker will ever come back to it by itself. */
export function replicasOnNobody({ kafka }: Stage, { rosters }: Pick<TableContents, "rosters">): string[] {
  const brokers = rosters.get("broker")?.members;
  return kafka.partitions().flatMap(({ topic, index, replicas }) => {
    const orphans = replicas.filter((id) => brokers?.get(id)?.owner === undefined);
    return orphans.length > 0 ? [`${topic}-${index} has replicas on ${orphans.join(", ")}, which nobody holds`] : [];
  });
}

/**
 * Whether a user made the group of such an id smaller after the stop of its last holder was sent, which was to be replaced then: only
 * whoever desires more again, or moves the replicas, can put that right.
 */
export function scaledInWhileReplaced(stage: Stage, { rosters }: Pick<TableContents, "rosters">): string | undefined {
  const { cloud, kafka, definition } = stage;
  const calls = cloud.calls.all();
  const carried = new Set(kafka.partitions().flatMap(({ replicas }) => replicas));
  for (const { id, owner, zone } of rosters.get("broker")?.members.values() ?? []) {
    if (owner !== undefined || !carried.has(id)) continue;
    const group = cloud.groups.all().find(({ name }) => {
      const place = groupOf(definition(), name);
      return place?.role.name === "broker" && place.zone === zone;
    });
    const freed = calls.findLast(({ action, input }) => {
      const [role, freedId] = action === "release" ? (input as readonly unknown[]) : [];
      return role === "broker" && freedId === id;
    });
    const [, , holder] = (freed?.input ?? []) as readonly unknown[];
    const stop = cloud.commands
      .everything()
      .find(({ instance, command }) => instance === holder && command.parameters.action?.[0] === "stop");
    const before = group && groupOf(definition(), group.name)?.role.perZone;
    const sizes = [{ at: 0, size: before ?? 0 }, ...resizings(stage, group?.name)];
    const smaller = sizes.some(
      ({ at, size }, n) => at >= (stop?.command.requested ?? at + 1) && size < (sizes[n - 1]?.size ?? 0),
    );
    if (smaller) return `${group?.name} was made smaller while broker ${id} was being replaced`;
  }
  return undefined;
}

/** How many that group was made to desire, and when, ms since the epoch; in order. */
export function resizings(
  { cloud }: Stage,
  group: string | undefined,
): { readonly at: number; readonly size: number }[] {
  return cloud.calls.all().flatMap(({ action, input, at }) => {
    const asked = input as { readonly AutoScalingGroupName?: string; readonly DesiredCapacity?: number };
    const { AutoScalingGroupName, DesiredCapacity: size } = asked;
    return action === "SetDesiredCapacity" && AutoScalingGroupName === group && size !== undefined
      ? [{ at, size }]
      : [];
  });
}

/**
 * Brokers whose id was freed between the two moments, for good and with their replicas: as many holders stay as their group
 * desires, and so nobody takes it over.
 */
export function goneWithReplicas(
  { cloud, kafka, definition }: Pick<Stage, "cloud" | "kafka" | "definition">,
  before: Pick<TableContents, "rosters">,
  { rosters }: Pick<TableContents, "rosters">,
): { readonly instance: string; readonly group: string; readonly what: string }[] {
  const members = [...(rosters.get("broker")?.members.values() ?? [])];
  return members.flatMap(({ id, owner, zone }) => {
    const instance = before.rosters.get("broker")?.members.get(id)?.owner;
    if (owner !== undefined || instance === undefined) return [];
    const group = cloud.groups.all().find(({ name }) => {
      const place = groupOf(definition(), name);
      return place?.role.name === "broker" && place.zone === zone;
    });
    // Who leaves gives its id up too, or is held since nobody takes it over.
    const stays = (owner: string | undefined): boolean => {
      const state = owner === undefined ? undefined : cloud.groups.findMember(owner)?.state;
      return state !== undefined && !state.startsWith("Terminating");
    };
    const holders = members.filter((member) => member.zone === zone && stays(member.owner)).length;
    const carried = kafka.partitions().filter(({ replicas }) => replicas.includes(id)).length;
    if (!group || group.desired === 0 || holders < group.desired || carried === 0) return [];
    return [
      { instance, group: group.name, what: `broker ${id} went for good, with replicas of ${carried} partitions` },
    ];
  });
}
