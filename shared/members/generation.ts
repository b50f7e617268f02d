/**
 * How far the rotation of the nodes' own credential may have gone. A node accepts the generations next to its own (`generations`),
 * so two nodes that are two apart cannot talk: none goes on before all that run have come after it.
 */
import type { RoleName } from "../cluster/definition.ts";
import type { Roster } from "../lifecycle/sights.ts";

export interface Reach {
  /** The generation that nodes are configured with now. */
  readonly generation: number;
  /** Who has to come after before it is the declared one. */
  readonly behind?: { readonly role: RoleName; readonly id: number; readonly generation: number };
}

/** One more than whoever holds an id is known to have at least; the declared one where nobody is that far behind. */
export function reachOf(declared: number, rosters: Iterable<Roster>): Reach {
  let behind: Reach["behind"];
  for (const { role, members } of rosters) {
    for (const { id, owner, generation } of members.values()) {
      if (owner === undefined || generation === undefined) continue;
      if (generation < (behind?.generation ?? declared - 1)) behind = { role, id, generation };
    }
  }
  return behind ? { generation: behind.generation + 1, behind } : { generation: declared };
}
