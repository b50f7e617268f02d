/** At the end: does every node run with the configuration that its definition says now? */
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { Stage } from "./stage.ts";

export function behindTheDefinition(
  stage: Stage,
  { rosters, quorum }: Pick<TableContents, "rosters" | "quorum">,
): string[] {
  if (!quorum) return [];
  const plan = stage.plan();
  return stage.kafka.processes().flatMap(({ role: name, id, address, digest }) => {
    const role = plan.definition.roles.find((r) => r.name === name);
    const zone = rosters.get(name)?.members.get(id)?.zone;
    if (!role || zone === undefined) return [];
    const wanted = plan.render({ role, id, zone, address }, quorum).digest;
    return digest === wanted ? [] : [`${name} ${id} runs with another configuration than its definition says`];
  });
}
