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
