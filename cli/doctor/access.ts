/** Users and ACLs beside what the definition declares. Pure. */
import type { Plan } from "../../shared/lifecycle/facts.ts";
import type { AccessMark } from "../../shared/lifecycle/sights.ts";
import { span } from "../show/words.ts";
import { examine, type Finding } from "./finding.ts";

/** Checks that may be missed one after the other, as the alarm has it. */
const MISSED_CHECKS = 3;

/** @param mark absent: they were never applied */
export function accessFindings(
  { definition, access }: Pick<Plan, "definition" | "access">,
  mark: AccessMark | undefined,
  now: number,
): Finding[] {
  if (!definition.security) return [];
  return examine("access", "users and ACLs are as declared", (report) => {
    if (!mark) {
      report("wrong", "users and ACLs were never applied", "rollcall status: a broker applies them as it launches");
      return;
    }
    const age = now - mark.at;
    const wanted = access(mark);
    if (wanted && wanted.digest !== mark.digest)
      report(
        "note",
        `users and ACLs were applied ${span(age)} ago from another declaration than this definition's`,
        "if this is the definition that was deployed, the next sweeps bring it: rollcall status",
      );
    if (mark.drift.length > 0)
      report(
        "note",
        `somebody had changed them past the definition; put right ${span(age)} ago: ${mark.drift.join(", ")}`,
        "where that was wanted, declare it at security.users and deploy; see access-changed in docs/runbook.md",
      );
    for (const [user, why] of Object.entries(mark.troubles ?? {}))
      report(
        "wrong",
        `user ${user} cannot be kept as declared: ${why}`,
        "give it a secret that brokers can read, or leave it out at security.users; it is tried again by itself",
      );
    if (age > MISSED_CHECKS * definition.periods.access)
      report("wrong", `users and ACLs were last compared ${span(age)} ago`, "see access-not-kept in docs/runbook.md");
  });
}
