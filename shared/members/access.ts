/** The access mark's rule: it tells of the latest time that users and ACLs were compared with what is declared. */
import type { AccessMark } from "../lifecycle/sights.ts";

/** The mark that stands once that one was written. */
export function accessSaved(standing: AccessMark | undefined, mark: AccessMark): AccessMark {
  return standing && standing.at > mark.at ? standing : mark;
}
