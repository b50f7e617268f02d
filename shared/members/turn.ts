/** The turn's rules: at most one member of the cluster is taken down on purpose. */
import type { RoleName } from "../cluster/definition.ts";
import type { Turn } from "../lifecycle/sights.ts";

/**
 * Who has the turn once that one was asked for. It goes to the asker if nobody has it; the instance that has it already keeps
 * it, since when it took it, with the reason of now.
 */
export function turnTaken(standing: Turn | undefined, asked: Turn): Turn {
  if (!standing) return asked;
  return standing.instance === asked.instance ? { ...asked, since: standing.since } : standing;
}

/** Who has the turn once that member's was given back, whichever of its incarnations took it. */
export function turnGiven(standing: Turn | undefined, role: RoleName, id: number): Turn | undefined {
  return standing?.role === role && standing.id === id ? undefined : standing;
}
