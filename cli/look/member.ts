/** What facts say of the instance that they are about. */

import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Facts } from "../../shared/lifecycle/facts.ts";
import type { GroupMember, RosterMember, TableSight } from "../../shared/lifecycle/sights.ts";

/** As its group lists it; undefined where none does. */
export function memberOf({ fleet, instance }: Facts): GroupMember | undefined {
  return fleet?.value.groups.flatMap((group) => group.members).find((member) => member.instance === instance);
}

export interface Held extends RosterMember {
  readonly role: RoleName;
}

/** Every id of every roster. */
export function idsOf({ rosters }: Pick<TableSight, "rosters">): Held[] {
  return [...rosters.values()].flatMap(({ role, members }) =>
    [...members.values()].map((member) => ({ ...member, role })),
  );
}

/** The id that an instance holds. */
export function heldBy(table: Pick<TableSight, "rosters">, instance: string): Held | undefined {
  return idsOf(table).find((member) => member.owner === instance);
}
