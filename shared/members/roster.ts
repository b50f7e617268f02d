/**
 * The roster's rules: what a claim needs and what each change yields. The table's two sides say the same, one by these
 * functions, the other by the conditions of its writes. Nothing here changes a roster: it yields the next one.
 */
import type { RoleName } from "../cluster/definition.ts";
import { ROLE_NAMES } from "../cluster/role-kinds.ts";
import type { Claim, Vacated } from "../lifecycle/ports.ts";
import type { Roster, RosterMember } from "../lifecycle/sights.ts";

/** The member a claim asks for; whether it was in service before is the roster's to know. */
export type ClaimedMember = Omit<RosterMember, "owner" | "served" | "retired">;

/** Every role that has a roster of its own, whichever of them the cluster has. */
export const roleNames: readonly RoleName[] = ROLE_NAMES;

/** The roster of a role of which nobody ever held an id. */
export function emptyRoster(role: RoleName): Roster {
  return { role, members: new Map() };
}

/** The member that instance holds; undefined where it holds none. */
export function memberOf(roster: Roster, instance: string): RosterMember | undefined {
  for (const member of roster.members.values()) if (member.owner === instance) return member;
  return undefined;
}

/** Whether the id is that instance's: the only thing that says a claim was won. */
export function holds(roster: Roster, id: number, instance: string): boolean {
  return roster.members.get(id)?.owner === instance;
}

/**
 * The id goes to the instance if nobody holds it and the instance holds no other. What the id's former incarnation left
 * behind stays: that it was in service, and its address where the claim brings none. A claim repeated by the instance
 * that won it changes nothing and is won still.
 */
export function claimed(roster: Roster, wanted: ClaimedMember, instance: string): Claim {
  const former = roster.members.get(wanted.id);
  if (former?.owner !== undefined || memberOf(roster, instance)) {
    return { won: holds(roster, wanted.id, instance), roster };
  }
  const address = wanted.address ?? former?.address;
  const member: RosterMember = {
    id: wanted.id,
    owner: instance,
    zone: wanted.zone,
    since: wanted.since,
    served: former?.served ?? false,
    ...(address === undefined ? {} : { address }),
    ...(wanted.generation === undefined ? {} : { generation: wanted.generation }),
  };
  return { won: true, roster: withMember(roster, member) };
}

/** The id becomes vacant if that instance holds it; zone, service, and the address where a node of it last ran stay with it. */
export function released(roster: Roster, id: number, instance: string, now: number, left: Vacated): Roster {
  const member = roster.members.get(id);
  if (member?.owner !== instance) return roster;
  const { owner: _, ...vacant } = member;
  return withMember(roster, { ...vacant, since: now, ...left });
}

/** The member was seen in service at that address, if that instance holds it. */
export function servedAt(roster: Roster, id: number, instance: string, address: string): Roster {
  const member = roster.members.get(id);
  if (member?.owner !== instance) return roster;
  return withMember(roster, { ...member, served: true, address });
}

/** The member's node has that generation of its credential, if that instance holds it. */
export function generationNoted(roster: Roster, id: number, instance: string, generation: number): Roster {
  const member = roster.members.get(id);
  if (member?.owner !== instance) return roster;
  return withMember(roster, { ...member, generation });
}

function withMember(roster: Roster, member: RosterMember): Roster {
  return { role: roster.role, members: new Map(roster.members).set(member.id, member) };
}
