/** Everything of a cluster that Rollcall may change, as lines that can be compared: what a replay has changed shows so. */
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { FleetSight, InstanceRecord } from "../../shared/lifecycle/sights.ts";
import type { Cluster } from "../cluster.ts";

/** What there is, by its name: `broker 2`, `record of i-0abc`. */
export type Moment = ReadonlyMap<string, string>;

export interface Difference {
  readonly what: string;
  /** Absent: there was, or is, no such thing. */
  readonly before?: string;
  readonly after?: string;
}

export async function momentOf({ ports }: Cluster): Promise<Moment> {
  const [fleet, contents] = await Promise.all([ports.fleet.look(), ports.table.readAll()]);
  return momentFrom(fleet, contents);
}

export function momentFrom(fleet: FleetSight, { rosters, records, turn, quorum }: TableContents): Moment {
  const lines = new Map<string, string>();
  for (const group of fleet.groups) {
    lines.set(`group ${group.name}`, `desires ${group.desired}`);
    for (const { instance, state, healthy } of group.members) {
      lines.set(`instance ${instance}`, `${state}${healthy ? "" : ", unhealthy"} in ${group.name}`);
    }
  }
  for (const { role, members } of rosters.values()) {
    for (const { id, owner, served, address } of members.values()) {
      const where = `${served ? ", was in service" : ""}${address === undefined ? "" : ` at ${address}`}`;
      lines.set(`${role} ${id}`, `${owner === undefined ? "vacant" : `held by ${owner}`}${where}`);
    }
  }
  for (const record of records.values()) lines.set(`record of ${record.instance}`, recordText(record));
  lines.set("turn", turn ? `${turn.role} ${turn.id}'s (${turn.instance}: ${turn.reason})` : "free");
  lines.set("quorum", quorum ? (quorum.formed ? "formed" : "being founded") : "not founded");
  return lines;
}

/** Without what every look leaves behind: heartbeats, versions, who attends to it. */
function recordText({ action, command, configured, stopped, unregistered, hold, operator }: InstanceRecord): string {
  const parts = [
    action?.kind,
    command && `command ${command.action} #${command.attempt}`,
    configured && `configured with ${configured.digest.slice(0, 12) || "another by now"} (${configured.times})`,
    stopped !== undefined && "stopped",
    unregistered !== undefined && "out of Kafka",
    hold && `held: ${hold.reason}`,
    operator && `an operator's ${operator.wish}`,
  ];
  return parts.filter((part) => typeof part === "string").join(", ") || "nothing of note";
}

export function differencesOf(before: Moment, after: Moment): Difference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((what) => {
    const [was, is] = [before.get(what), after.get(what)];
    if (was === is) return [];
    return [{ what, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

export function differenceLine({ what, before, after }: Difference): string {
  if (before === undefined) return `${what}: ${after} (new)`;
  return after === undefined ? `${what}: gone (was ${before})` : `${what}: ${after} (was ${before})`;
}
