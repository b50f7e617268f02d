/** What a cluster that asks who is there counts on: the secrets its definition names, and a way to them. Pure. */
import { missingSecrets, type SecretState } from "../../resources/given-secrets.ts";
import { secretsOfNode } from "../../resources/secrets.ts";
import { type WaysOut, withoutWayOut } from "../../resources/way-out.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import type { SecretId, Security } from "../../shared/cluster/security.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import { idsOf } from "../look/member.ts";
import { span } from "../show/words.ts";
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

/** What TLS goes by, each with its key in the definition. */
export const ofTls = ({ certificate, authority }: Pick<Security, "certificate" | "authority">): [string, SecretId][] =>
  Object.entries({ certificate, authority }).flatMap(([key, secret]) => (secret === undefined ? [] : [[key, secret]]));

/**
 * Nodes have what was in a secret when they were configured; nobody but its user knows whether it was renewed since.
 *
 * @param changes when each secret was last changed, ms since the epoch
 */
export function renewalFindings(
  definition: Definition,
  changes: ReadonlyMap<SecretId, number>,
  contents: Pick<TableContents, "rosters" | "records">,
  now: number,
): Finding[] {
  const { security, roles } = definition;
  if (!security) return [];
  return examine("certificate", "every node was configured since it was last changed", (report) => {
    for (const [key, secret] of ofTls(security)) {
      const changed = changes.get(secret);
      if (changed === undefined) continue;
      const readers = roles.filter((role) => secretsOfNode(definition, role).includes(secret));
      const behind = idsOf(contents).filter(({ role, owner }) => {
        const configured = owner === undefined ? undefined : contents.records.get(owner)?.configured?.at;
        return configured !== undefined && configured < changed && readers.some(({ name }) => name === role);
      });
      if (behind.length === 0) continue;
      const who = behind.map(({ role, id }) => `${role} ${id}`).join(", ");
      report(
        "note",
        `security.${key}: its secret was changed ${span(now - changed)} ago; ${who} were configured before that`,
        "where it was renewed, raise security.generation by one and deploy, or name another secret; see README, Renew the certificate",
      );
    }
  });
}
