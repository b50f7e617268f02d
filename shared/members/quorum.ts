/** The quorum mark's rules: a quorum is founded once and formed once, and never founded again. */
import type { QuorumMark } from "../lifecycle/sights.ts";

/** The mark that stands once that one was asked for. */
export function quorumFounded(standing: QuorumMark | undefined, mark: Omit<QuorumMark, "formed">): QuorumMark {
  return standing ?? { clusterId: mark.clusterId, voters: mark.voters, formed: false };
}

/** The mark once a majority was seen; throws where nothing was founded. */
export function quorumFormed(standing: QuorumMark | undefined): QuorumMark {
  if (!standing) throw new Error("a quorum cannot be marked formed before it is founded: there is no quorum mark");
  return { ...standing, formed: true };
}
