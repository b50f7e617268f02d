/** New brokers in search of a node id: how they claim one in the roster, by what each sees of its group. */
import type { Random } from "../lab/random.ts";
import type { Role } from "../shared/cluster/definition.ts";
import type { Table } from "../shared/lifecycle/ports.ts";
import type { FleetSight, GroupMember, Roster } from "../shared/lifecycle/sights.ts";
import { lineUp } from "../shared/members/lineup.ts";

const LOOKS = 100;

export type Claimant = Pick<GroupMember, "instance" | "zone"> & { readonly group: string };

/** The probability with which an instance sees each of the others lies in that range, evenly spread over the instances. */
export interface Share {
  readonly from: number;
  readonly to: number;
}

/** What claimants share. */
export interface Crowd {
  readonly role: Role;
  readonly table: Table;
  readonly claimants: readonly Claimant[];
}

export interface Claim {
  readonly id: number;
  /** Claims made, the one that was won included. */
  readonly attempts: number;
}

/** That many, in the role's groups in turn. */
export function crowdOf(role: Role, size: number, table: Table, random: Random): Crowd {
  const claimants = Array.from({ length: size }, (_, index): Claimant => {
    const group = role.groups[index % role.groups.length];
    if (!group) throw new Error("the role has no groups");
    return {
      instance: `i-${Buffer.from(random.bytes(9)).toString("hex").slice(1)}`,
      group: group.name,
      zone: group.zone,
    };
  });
  return { role, table, claimants };
}

/** Lines up and claims until an id is won, looking at the group afresh before each try. */
export async function claim(
  { role, table, claimants }: Crowd,
  own: Claimant,
  seen: Share,
  random: Random,
): Promise<Claim> {
  const view = laggingView({ role, claimants }, own, seen.from + random.next() * (seen.to - seen.from), random);
  const { instance, group, zone } = own;
  let attempts = 0;
  let roster = await rosterOf(role, table, instance);
  for (let look = 0; look < LOOKS; look += 1) {
    const choice = lineUp(role, group, view(), roster, instance, attempts);
    if (choice.pick !== "claim") {
      // Whose holder or whose turn it cannot see, it takes for free or for spoken for: not a try, another look.
      roster = await rosterOf(role, table, instance);
      continue;
    }
    attempts += 1;
    const answer = await table.claim(role.name, { id: choice.id, zone, since: 0 }, instance);
    if (answer.won) return { id: choice.id, attempts };
    roster = answer.roster;
  }
  throw new Error(`${instance} has no id after ${LOOKS} looks, ${attempts} of them with an attempt`);
}

/** A view of the groups that catches up: what one look lacks, the next sees with the same probability, and nothing is lost again. */
function laggingView(
  { role, claimants }: Omit<Crowd, "table">,
  own: Claimant,
  seen: number,
  random: Random,
): () => FleetSight {
  const visible = new Set([own]);
  return () => {
    for (const other of claimants) if (random.chance(seen)) visible.add(other);
    return {
      groups: role.groups.map(({ name }) => ({
        name,
        desired: claimants.filter((c) => c.group === name).length,
        deleting: false,
        members: claimants
          .filter((c) => c.group === name && visible.has(c))
          .map(({ instance, zone }) => ({ instance, zone, state: "Pending:Wait" as const, healthy: true })),
      })),
    };
  };
}

async function rosterOf(role: Role, table: Table, instance: string): Promise<Roster> {
  const roster = (await table.read(instance)).rosters.get(role.name);
  if (!roster) throw new Error(`the table answers without a roster of ${role.name}`);
  return roster;
}
