/** The quorum's view of itself, asked through one of its members: it changes nothing, but a tool of Kafka's runs there for it. */
import { quorumRole } from "../../shared/cluster/role-kinds.ts";
import type { FleetSight, QuorumSight, TableSight } from "../../shared/lifecycle/sights.ts";
import type { Cluster } from "../cluster.ts";
import { type Look, look, unseen } from "./cluster.ts";

export type QuorumSeen = Extract<QuorumSight, { seen: true }>;

/** Asks one member in service after the other until one can tell. */
export async function lookAtQuorum(
  { definition, ports }: Pick<Cluster, "definition" | "ports">,
  fleet: FleetSight,
  { rosters }: Pick<TableSight, "rosters">,
): Promise<Look<QuorumSeen>> {
  const serving = new Set(
    fleet.groups.flatMap((g) => g.members.filter((m) => m.state === "InService").map((m) => m.instance)),
  );
  const members = [...(rosters.get(quorumRole(definition).name)?.members.values() ?? [])];
  const reasons: string[] = [];
  for (const { owner } of members) {
    if (owner === undefined || !serving.has(owner)) continue;
    const answer = await look(ports.kafka.quorum(owner), () => ports.clock.now());
    if (!answer.seen) reasons.push(answer.reason);
    else if (!answer.value.seen) reasons.push(answer.value.reason);
    else return { ...answer, value: answer.value };
  }
  return unseen(reasons.join("; ") || "no member of it is in service");
}
