/** How the cluster as a whole stands at one moment: what no single instance's outcome tells. */
import { type Definition, groupOf, type RoleName } from "../cluster/definition.ts";
import type { TableContents } from "./ports.ts";
import type { FleetSight } from "./sights.ts";

export interface Gauges {
  /** Instances that the groups desire and that are not in service, whatever the reason. */
  readonly missing: number;
  /** How long the longest launch in progress has lasted, ms; 0 where there is none. */
  readonly longestLaunch: number;
  /** How long Kafka has not counted in an instance that Auto Scaling counts as in service, the longest of them, ms. */
  readonly longestAbsence: number;
  /** Ids that nobody holds, by role. */
  readonly freeIds: ReadonlyMap<RoleName, number>;
  /** Of users and ACLs, where somebody is asked who he is and they have been applied once. */
  readonly access?: {
    /** How much had to be put right when they were last compared with what is declared, though that stood already. */
    readonly drift: number;
    /** Since then, ms. */
    readonly age: number;
  };
}

/** The gauges of the cluster's own groups, at `now` (ms since the epoch). */
export function gaugesOf(definition: Definition, fleet: FleetSight, contents: TableContents, now: number): Gauges {
  const groups = fleet.groups.filter((group) => groupOf(definition, group.name) !== undefined);
  const members = groups.flatMap((group) => group.members);
  const inService = new Set(members.filter((m) => m.state === "InService").map((m) => m.instance));
  const pending = new Set(members.filter((m) => m.state === "Pending:Wait").map((m) => m.instance));
  const desired = groups.reduce((sum, group) => sum + (group.deleting ? 0 : group.desired), 0);
  const records = [...contents.records.values()];
  const absent = records.filter((r) => r.unregistered !== undefined && inService.has(r.instance));
  // Its record tells of its launch for as long as no other action begins; whether that is over its group knows.
  const launching = records.filter((r) => r.action?.kind === "launch" && pending.has(r.instance));
  const longest = (since: readonly (number | undefined)[]): number =>
    since.reduce<number>((most, at) => Math.max(most, at === undefined ? 0 : now - at), 0);
  const { access } = contents;
  return {
    ...(definition.security && access && { access: { drift: access.drift.length, age: now - access.at } }),
    missing: Math.max(0, desired - (inService.size - absent.length)),
    longestLaunch: longest(launching.map((record) => record.action?.since)),
    longestAbsence: longest(absent.map((record) => record.unregistered)),
    freeIds: new Map(
      definition.roles.map(({ name, ids }) => {
        const held = [...(contents.rosters.get(name)?.members.values() ?? [])].filter((m) => m.owner !== undefined);
        return [name, ids.length - held.length];
      }),
    ),
  };
}
