/** What a group has to launch and to terminate now. Pure. */
import type { Random } from "../../random.ts";
import { counts, type Group, type Member } from "./group.ts";

export interface Plan {
  readonly launch: number;
  /** Replaced because they are unhealthy. */
  readonly replace: readonly Member[];
  /** One too many. */
  readonly shrink: readonly Member[];
}

/**
 * Unhealthy members are terminated first, and the gap is filled a moment later. A maintenance policy of min 100 and max
 * above it turns that around: launched first, terminated once enough healthy ones are in service.
 */
export function planFor(group: Group, members: readonly Member[], random: Random): Plan {
  const counted = members.filter(counts);
  const sick = counted.filter((m) => !m.healthy && m.state === "InService");
  const replaced = group.suspended.includes("ReplaceUnhealthy") ? [] : sick;
  const spare = group.maintenance?.min === 100 ? extraOf(group, replaced.length) : 0;

  const gap = group.desired + spare - counted.length;
  const well = counted.filter((m) => m.healthy && m.state === "InService").length;
  const replace =
    spare === 0 ? replaced : well >= group.desired ? replaced.slice(0, counted.length - group.desired) : [];
  const surplus = spare === 0 ? counted.length - replace.length - group.desired : 0;
  const remaining = counted.filter((m) => !replace.includes(m));

  return {
    launch: group.suspended.includes("Launch") || replace.length > 0 ? 0 : Math.max(0, gap),
    replace: group.suspended.includes("Terminate") ? [] : replace,
    shrink: group.suspended.includes("Terminate") ? [] : leastWanted(group, remaining, surplus, random),
  };
}

/** How many a maintenance policy lets the group have above its desired capacity for that many replacements. */
function extraOf({ desired, maintenance }: Group, replacements: number): number {
  const percent = (maintenance?.max ?? 100) - 100;
  return percent <= 0 ? 0 : Math.min(replacements, Math.max(1, Math.floor((desired * percent) / 100)));
}

/** Which ones a scale-in takes: the zone with the most first, then as the termination policies say. */
function leastWanted(group: Group, members: readonly Member[], count: number, random: Random): Member[] {
  const chosen: Member[] = [];
  while (chosen.length < count) {
    const left = members.filter((m) => !m.protected && !chosen.includes(m));
    const inService = left.filter((m) => m.state === "InService");
    const candidates = inService.length > 0 ? inService : left;
    if (candidates.length === 0) break;
    const sizes = sizeByZone(candidates);
    const largest = Math.max(...sizes.values());
    const crowded = candidates.filter((m) => sizes.get(m.subnet.zone) === largest);
    chosen.push(byPolicy(group, crowded, random));
  }
  return chosen;
}

function byPolicy({ policies }: Group, members: readonly Member[], random: Random): Member {
  const byAge = [...members].sort((a, b) => a.launched - b.launched);
  const [oldest, newest] = [byAge[0], byAge.at(-1)];
  if (policies[0] === "OldestInstance" && oldest) return oldest;
  if (policies[0] === "NewestInstance" && newest) return newest;
  const oldestVersion = Math.min(...members.map((m) => m.templateVersion));
  return random.pick(members.filter((m) => m.templateVersion === oldestVersion));
}

/** The subnet of the zone with the fewest members, in the group's order. */
export function subnetFor(group: Group, members: readonly Member[]): Group["subnets"][number] | undefined {
  const sizes = sizeByZone(members.filter(counts));
  const size = (zone: string) => sizes.get(zone) ?? 0;
  return [...group.subnets].sort((a, b) => size(a.zone) - size(b.zone))[0];
}

function sizeByZone(members: readonly Member[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { subnet } of members) sizes.set(subnet.zone, (sizes.get(subnet.zone) ?? 0) + 1);
  return sizes;
}
