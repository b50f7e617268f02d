/**
 * The quorum's view of itself. ZooKeeper's members answer for themselves; of KRaft's one is asked, which changes nothing, but has a
 * tool of Kafka's run there.
 */
import { quorumRole } from "../../shared/cluster/role-kinds.ts";
import { lookAt, quorumAsked } from "../../shared/lifecycle/look.ts";
import type { FleetSight, QuorumSight, TableSight } from "../../shared/lifecycle/sights.ts";
import type { Cluster } from "../cluster.ts";
import { type Look, look, unseen } from "./cluster.ts";

export type QuorumSeen = Extract<QuorumSight, { seen: true }>;

/** Asks one member in service after the other until one can tell. */
export async function lookAtQuorum(
  { definition, plan, ports }: Pick<Cluster, "definition" | "plan" | "ports">,
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
    const facts = { now: ports.clock.now(), instance: owner, attempt: 0, echo: false, suspect: false };
    const answer = await look(lookAt("quorum", plan, ports, facts, owner), () => ports.clock.now());
    if (!answer.seen) reasons.push(answer.reason);
    else if (!answer.value.seen) reasons.push(answer.value.reason);
    else return { ...answer, value: answer.value };
    // It was not this one alone that was asked.
    if (quorumAsked(definition) === "words") break;
  }
  return unseen(reasons.join("; ") || "no member of it is in service");
}
