/** The names of what a cluster's stack is made of; code that finds a resource by name has it from here. */
import type { Definition, RoleName } from "../shared/cluster/definition.ts";
import { documentOf } from "../shared/lifecycle/events/command-invocation.ts";

export interface StackNames {
  readonly stack: string;
  readonly table: string;
  readonly document: string;
  readonly archive: string;
  readonly lifecycleFunction: string;
  readonly sweepFunction: string;
  readonly kafkaFunction: string;
  /** The rule that wakes the sweep. */
  readonly schedule: string;
  /** Where asynchronous invocations land that failed for good. */
  readonly failures: string;
  /** Where events land that could not be delivered to their function. */
  readonly undelivered: string;
  readonly dashboard: string;
}

export function stackNames({ cluster }: Pick<Definition, "cluster">): StackNames {
  const stack = `rollcall-${cluster}`;
  return {
    stack,
    table: stack,
    document: documentOf(cluster),
    archive: stack,
    lifecycleFunction: `${stack}-lifecycle`,
    sweepFunction: `${stack}-sweep`,
    kafkaFunction: `${stack}-kafka`,
    schedule: `${stack}-sweep`,
    failures: `${stack}-failures`,
    undelivered: `${stack}-undelivered`,
    dashboard: stack,
  };
}

export function launchTemplateName({ cluster }: Pick<Definition, "cluster">, role: RoleName): string {
  return `rollcall-${cluster}-${role}`;
}
