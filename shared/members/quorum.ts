/**
 * The quorum mark's rules: a quorum is founded once and formed once, and never founded again. Until it has formed nothing rests on a
 * founder, so that its instance is stopped without a gate: whoever marks the quorum formed has to know of each that was.
 */
import type { QuorumMark } from "../lifecycle/sights.ts";

/** The mark that stands once that one was asked for. */
export function quorumFounded(standing: QuorumMark | undefined, mark: Omit<QuorumMark, "formed" | "left">): QuorumMark {
  return standing ?? { clusterId: mark.clusterId, voters: mark.voters, formed: false };
}

/** The mark once a majority was seen, as far as `seen` tells; throws where nothing was founded. */
export function quorumFormed(standing: QuorumMark | undefined, seen: QuorumMark): QuorumMark {
  if (!standing) throw new Error("a quorum cannot be marked formed before it is founded: there is no quorum mark");
  return leftFrom(standing) === leftFrom(seen) ? { ...standing, formed: true } : standing;
}

/** The mark once that instance of a founder is let go; throws where nothing was founded. */
export function founderLeft(standing: QuorumMark | undefined, instance: string): QuorumMark {
  if (!standing) throw new Error("no founder can leave a quorum before it is founded: there is no quorum mark");
  const { left = [] } = standing;
  return standing.formed || left.includes(instance) ? standing : { ...standing, left: [...left, instance].sort() };
}

/** How many founders were let go: their number only ever grows. */
const leftFrom = ({ left = [] }: QuorumMark): number => left.length;
