/** In which order a template's resources are made: each after all it depends on, otherwise as the template has them. */
import { referencesIn } from "./intrinsics.ts";
import type { TemplateResource } from "./template.ts";

type Resources = Readonly<Record<string, TemplateResource>>;

/** By logical id: what has to be there before. Throws where DependsOn names nothing. */
export function dependencies(resources: Resources): Map<string, Set<string>> {
  return new Map(
    Object.entries(resources).map(([logicalId, { DependsOn, Properties }]) => {
      const stranger = DependsOn.find((name) => !(name in resources));
      if (stranger !== undefined) throw new Error(`${logicalId}.DependsOn: there is no resource ${stranger}`);
      const referred = [...referencesIn(Properties)].filter((name) => name in resources);
      return [logicalId, new Set([...DependsOn, ...referred])];
    }),
  );
}

/** Logical ids; deletion goes the other way round. Throws where they depend on each other in a circle. */
export function creationOrder(resources: Resources): string[] {
  const before = dependencies(resources);
  const order: string[] = [];
  const done = new Set<string>();
  while (done.size < before.size) {
    const ready = [...before].find(([id, needs]) => !done.has(id) && [...needs].every((need) => done.has(need)));
    if (!ready) {
      const stuck = [...before.keys()].filter((id) => !done.has(id));
      throw new Error(`Circular dependency between resources: [${stuck.join(", ")}]`);
    }
    done.add(ready[0]);
    order.push(ready[0]);
  }
  return order;
}

/** Those of the types, and everything that depends on one of them. */
export function heldBack(resources: Resources, types: readonly string[]): Set<string> {
  const before = dependencies(resources);
  const held = new Set<string>();
  for (const id of creationOrder(resources)) {
    const needsHeld = [...(before.get(id) ?? [])].some((need) => held.has(need));
    if (needsHeld || types.includes(resources[id]?.Type ?? "")) held.add(id);
  }
  return held;
}
