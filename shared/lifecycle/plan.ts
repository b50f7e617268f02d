/** The plan of a cluster: its definition, with each configuration that comes of it rendered at most once. */
import { type Definition, withGeneration } from "../cluster/definition.ts";
import { type RenderedAccess, renderAccess } from "../config/access.ts";
import { type Rendered, render } from "../config/render.ts";
import type { Plan } from "./facts.ts";

/** The definition's plan, which remembers what it has rendered. */
export function planFor(definition: Definition): Plan {
  const rendered = new Map<string, Rendered>();
  const access = new Map<string, RenderedAccess | undefined>();
  const earlier = new Map<number, Plan>();
  const plan: Plan = {
    definition,
    render(node, quorum) {
      // The mark changes once more after it is written, when the quorum has formed: founders are formatted only before.
      const key = `${node.role.name}/${node.id}/${node.zone}/${node.address}/${quorum.clusterId}/${quorum.formed}`;
      const known = rendered.get(key);
      if (known) return known;
      const made = render(definition, node, quorum);
      rendered.set(key, made);
      return made;
    },
    access(mark) {
      const key = JSON.stringify(mark?.versions ?? {});
      if (!access.has(key)) access.set(key, renderAccess(definition, mark));
      return access.get(key);
    },
    upTo(generation) {
      if (!definition.security || generation >= definition.security.generation) return plan;
      const known = earlier.get(generation);
      if (known) return known;
      const made = planFor(withGeneration(definition, generation));
      earlier.set(generation, made);
      return made;
    },
  };
  return plan;
}
