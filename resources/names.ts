/** The names of what a cluster's stack is made of; code that finds a resource by name has it from here. */
import type { Definition } from "../shared/cluster/definition.ts";
import { documentOf } from "../shared/lifecycle/events/command-invocation.ts";

export interface StackNames {
  readonly table: string;
  readonly document: string;
  readonly archive: string;
  readonly lifecycleFunction: string;
  readonly sweepFunction: string;
  readonly kafkaFunction: string;
}

export function stackNames({ cluster }: Pick<Definition, "cluster">): StackNames {
  return {
    table: `rollcall-${cluster}`,
    document: documentOf(cluster),
    archive: `rollcall-${cluster}`,
    lifecycleFunction: `rollcall-${cluster}-lifecycle`,
    sweepFunction: `rollcall-${cluster}-sweep`,
    kafkaFunction: `rollcall-${cluster}-kafka`,
  };
}
