/** Whether statements allow what is demanded: an explicit deny wins, then an allow, and without either it is denied. */
import type { Context } from "./conditions.ts";
import { matchesAction, matchesArn } from "./pattern.ts";
import type { Statement } from "./policy.ts";

/** One thing that a call needs to be allowed: an action on one resource. A call has all of its demands granted, or none. */
export interface Demand {
  /** `service:Action`, as policies name it: not always the API's own name. */
  readonly action: string;
  /** ARN; `*` where the action knows no resources. */
  readonly resource: string;
  readonly context: Context;
}

export type Verdict<S extends Statement> =
  | { readonly allowed: true /** Every statement that allows it. */; readonly by: readonly S[] }
  | { readonly allowed: false; readonly why: "explicit deny" | "no statement" };

export function evaluate<S extends Statement>(statements: readonly S[], demand: Demand): Verdict<S> {
  const matching = statements.filter((statement) => applies(statement, demand));
  if (matching.some((s) => s.effect === "Deny")) return { allowed: false, why: "explicit deny" };
  return matching.length > 0 ? { allowed: true, by: matching } : { allowed: false, why: "no statement" };
}

function applies({ actions, resources, condition }: Statement, demand: Demand): boolean {
  const action = (pattern: string) => matchesAction(pattern, demand.action);
  const resource = (pattern: string) => matchesArn(pattern, demand.resource);
  return (
    ("these" in actions ? actions.these.some(action) : !actions.allBut.some(action)) &&
    ("these" in resources ? resources.these.some(resource) : !resources.allBut.some(resource)) &&
    condition(demand.context)
  );
}
