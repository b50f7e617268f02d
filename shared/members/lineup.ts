/**
 * Which id an instance should try to take.
 *
 * A group's open places are lined up: ids that are vacant, then ids that a leaving instance still holds, then those that were vacated when
 * the group had no more use for them, then fresh ones, each lowest first and all together no more than the group still desires. (Were
 * the retired ids to come before the leaving, after any scale-in the next member that is to be replaced would lose its place to
 * one of them, and its replicas would be left on nobody.) The instances that wait for an id line up too, by instance id.
 * Everybody who sees the same group pairs the two lines alike, so a crowd takes different ids at the first try, without talking and
 * without sleeping.
 */
import type { Role } from "../cluster/definition.ts";
import type { FleetSight, GroupMember, GroupSight, Roster, RosterMember } from "../lifecycle/sights.ts";

export type Pick =
  | { readonly pick: "claim"; readonly id: number; readonly kind: "vacant" | "fresh" }
  | { readonly pick: "wait"; readonly id: number; readonly holder: string }
  /** The group has as many id holders, or nearer waiters, as it desires. */
  | { readonly pick: "over"; readonly holders: readonly RosterMember[] }
  /** Every id of the role (or fixed address of the zone) is taken. */
  | { readonly pick: "exhausted" };

interface Place {
  readonly id: number;
  /** Absent: vacant. */
  readonly holder?: string;
}

interface Line {
  /** Vacant and leaving ids, as many as the group still desires. */
  readonly places: readonly Place[];
  /** How many places beyond those only fresh ids can fill. */
  readonly fresh: number;
  /** Instances of the group that wait for an id, in order. */
  readonly waiting: readonly string[];
  /** Members that hold an id and are not about to give it back. */
  readonly staying: readonly RosterMember[];
}

const PENDING: ReadonlySet<string> = new Set(["Pending", "Pending:Wait"]);
const LEAVING: ReadonlySet<string> = new Set(["Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"]);

/** Whether that member of a group is on its way out for good; retained, detached and standby instances run on. */
export function isLeaving(member: GroupMember | undefined): boolean {
  // An owner that its group no longer lists is gone or detached; either way its id is not open before it is released.
  return member === undefined || LEAVING.has(member.state);
}

function lineOf(group: GroupSight, zone: string, roster: Roster): Line {
  const byInstance = new Map(group.members.map((m) => [m.instance, m]));
  const vacant: Place[] = [];
  const retired: Place[] = [];
  const leaving: Place[] = [];
  const staying: RosterMember[] = [];
  const owners = new Set<string>();
  for (const member of [...roster.members.values()].sort((a, b) => a.id - b.id)) {
    if (member.owner !== undefined) owners.add(member.owner);
    if (member.zone !== zone) continue;
    if (member.owner === undefined) (member.retired ? retired : vacant).push({ id: member.id });
    else if (isLeaving(byInstance.get(member.owner))) leaving.push({ id: member.id, holder: member.owner });
    else staying.push(member);
  }
  const open = Math.max(0, group.desired - staying.length);
  const places = [...vacant, ...leaving, ...retired].slice(0, open);
  const waiting = group.members
    .filter((m) => PENDING.has(m.state) && !owners.has(m.instance))
    .map((m) => m.instance)
    .sort();
  return { places, fresh: open - places.length, waiting, staying };
}

/**
 * The id for that instance to try next.
 *
 * @param role its role; @param groupName its group; @param zone the group's zone
 * @param fleet all groups as last seen: fresh ids are the role's, so the waiters of all its groups are ranked together
 * @param attempt claims it has lost so far: whoever lost had another view of the group than the winner
 */
export function lineUp(
  role: Role,
  groupName: string,
  fleet: FleetSight,
  roster: Roster,
  instance: string,
  attempt: number,
): Pick {
  const lines = new Map<string, Line>();
  for (const { name, zone } of role.groups) {
    const sight = fleet.groups.find((g) => g.name === name);
    if (sight) lines.set(name, lineOf(sight, zone, roster));
  }
  const own = lines.get(groupName);
  const zone = role.groups.find((g) => g.name === groupName)?.zone;
  if (!own || zone === undefined) throw new Error(`group ${groupName} is not among those seen of role ${role.name}`);
  // A view that lacks the instance itself ranks it last.
  const rank = own.waiting.includes(instance) ? own.waiting.indexOf(instance) : own.waiting.length;
  const place = own.places[rank];
  if (place) {
    return place.holder === undefined
      ? { pick: "claim", id: place.id, kind: "vacant" }
      : { pick: "wait", id: place.id, holder: place.holder };
  }
  if (rank >= own.places.length + own.fresh) return { pick: "over", holders: own.staying };

  // Fixed addresses belong to a zone, so their fresh ids are the group's own; otherwise the whole role draws from one range.
  const fresh = (role.pool?.filter((p) => p.zone === zone).map((p) => p.id) ?? [...role.ids])
    .filter((id) => !roster.members.has(id))
    .sort((a, b) => a - b);
  const drawing = role.pool ? [own] : [...lines.values()];
  const open = drawing.reduce((sum, line) => sum + line.fresh, 0);
  const rivals = drawing
    .flatMap((line) => line.waiting.slice(line.places.length, line.places.length + line.fresh))
    .sort();
  const position = rivals.includes(instance) ? rivals.indexOf(instance) : rivals.length;
  // A claim is lost where views lack somebody, so that everybody ranks too low: the next rank is stretched over all that is open.
  const stretched = attempt === 0 ? position : Math.floor((position * open) / Math.max(rivals.length, 1));
  const id = fresh[Math.min(stretched, fresh.length - 1)];
  return id === undefined ? { pick: "exhausted" } : { pick: "claim", id, kind: "fresh" };
}

/** Whether somebody will take that id over once it is free: its place is among those the group still desires. */
export function willBeReplaced(group: GroupSight, zone: string, roster: Roster, id: number): boolean {
  return lineOf(group, zone, roster).places.some((p) => p.id === id);
}
