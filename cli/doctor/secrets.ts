/** What a cluster that asks who is there counts on: the secrets its definition names, and a way to them. Pure. */
import { missingSecrets, type SecretState } from "../../resources/given-secrets.ts";
import { type WaysOut, withoutWayOut } from "../../resources/way-out.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import type { SecretId } from "../../shared/cluster/security.ts";
import { examine, type Finding } from "./finding.ts";

export function secretFindings(
  definition: Definition,
  states: ReadonlyMap<SecretId, SecretState>,
  ways: WaysOut,
): Finding[] {
  return examine("secrets", "the secrets that the definition names are there, and a way to them", (report) => {
    for (const { path, problem, remedy } of [
      ...missingSecrets(definition, states),
      ...withoutWayOut(definition, ways),
    ]) {
      report("wrong", `${path}: ${problem}`, remedy);
    }
  });
}
