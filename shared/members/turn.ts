/** The turn's rules: at most one member of the cluster is taken down on purpose. */
import type { Turn } from "../lifecycle/sights.ts";

/**
 * Who has the turn once that one was asked for. It goes to the asker if nobody has it, or if it is that member's already: a new
 * purpose makes it a new turn, so that whoever ends the old one's business cannot give this one back.
 */
export function turnTaken(standing: Turn | undefined, asked: Turn): Turn {
  if (!standing) return asked;
  return standing.role === asked.role && standing.id === asked.id ? asked : standing;
}

/** Who has the turn once that very one was given back. */
export function turnGiven(standing: Turn | undefined, given: Turn): Turn | undefined {
  return standing && isSameTurn(standing, given) ? undefined : standing;
}

/** One turn is told from another by whose it is, since when, and for what. */
function isSameTurn(a: Turn, b: Turn): boolean {
  return (
    a.role === b.role && a.id === b.id && a.instance === b.instance && a.since === b.since && a.reason === b.reason
  );
}
