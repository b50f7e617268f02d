/** A changed definition is deployed to a running cluster, and reaches its nodes one after the other. */
import type { Definition } from "../../shared/cluster/definition.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { Lab } from "../lab.ts";
import { waits } from "./hurt.ts";
import { until } from "./until.ts";

/** The template of a definition, as a deployment makes it. */
export type Template = (definition: Definition) => Promise<unknown>;

export interface RollOut {
  readonly lab: Lab;
  readonly template: Template;
  /** Of real machines: has a directory for each. */
  readonly folder: string;
}

/** How long nodes may take for one change, ms: one after the other, each until it is back in every ISR. */
export const ROLL_OUT_LIMIT = 240_000;

/** Resolves once it is deployed; nodes have it later. */
export async function deploy({ lab, template }: Pick<RollOut, "lab" | "template">, next: Definition): Promise<void> {
  await lab.deploy(next, await template(next));
}

/**
 * Waits until every node is configured as last deployed, users and ACLs are so too, and nobody has the turn.
 *
 * @param rounds how often every node starts anew on the way there
 * @throws {Overdue} naming what every node was waiting for
 */
export async function everywhere(lab: Lab, rounds = 1): Promise<void> {
  const plan = planFor(lab.definition);
  await until(
    lab.clock,
    "every node to have what was deployed",
    ROLL_OUT_LIMIT * rounds,
    async () => {
      const { rosters, records, quorum, access, turn } = await lab.table.readAll();
      if (turn || !quorum || access?.digest !== plan.access()?.digest) return undefined;
      const behind = plan.definition.roles.some((role) =>
        [...(rosters.get(role.name)?.members.values() ?? [])].some(({ id, owner, zone, address = "" }) => {
          if (owner === undefined) return false;
          const { digest } = plan.render({ role, id, zone, address }, quorum);
          return records.get(owner)?.configured?.digest !== digest;
        }),
      );
      return behind ? undefined : true;
    },
    () => waits(lab),
  );
}
