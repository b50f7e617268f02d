/** Whether the account lets so much be made and run. Pure. */
import type { Definition } from "../../shared/cluster/definition.ts";
import { examine, type Finding } from "./finding.ts";

export interface QuotaSight {
  /** vCPUs that on-demand instances of the standard families may have in the region. */
  readonly cores: number;
  /** vCPUs by instance type; types that the region does not have are missing. */
  readonly coresOf: ReadonlyMap<string, number>;
  readonly groups: { readonly most: number; readonly now: number };
  /** Invocations of all functions at once that have no reservation. */
  readonly concurrency: number;
}

/** Families that the quota of standard instances counts (L-1216C47A). */
const STANDARD = /^[acdhimrtz]\d/;
/** Beside one invocation for each instance that launches: sweep, Kafka, and one to spare. */
const FUNCTIONS = 3;

export function quotaFindings(definition: Definition, quotas: QuotaSight, deployed: boolean): Finding[] {
  return examine("quotas", "they suffice", (report) => {
    const nodes = definition.roles.reduce((sum, r) => sum + r.perZone * r.groups.length, 0);
    for (const { name, instanceType } of definition.roles) {
      if (!quotas.coresOf.has(instanceType))
        report(
          "wrong",
          `${definition.region} has no instance type ${instanceType}`,
          `give another at roles.${name}.instanceType`,
        );
    }
    const cores = definition.roles
      .filter((r) => STANDARD.test(r.instanceType))
      .reduce((sum, r) => sum + r.perZone * r.groups.length * (quotas.coresOf.get(r.instanceType) ?? 0), 0);
    if (cores > quotas.cores)
      report(
        "wrong",
        `the cluster needs ${cores} vCPUs, and the region's quota for standard on-demand instances is ${quotas.cores}`,
        "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value …",
      );
    const wanted = definition.roles.flatMap((r) => r.groups).filter((g) => !g.existing).length;
    const left = quotas.groups.most - quotas.groups.now;
    if (!deployed && wanted > left)
      report(
        "wrong",
        `the cluster needs ${wanted} Auto Scaling groups, and the account may have ${left} more`,
        "ask for a higher quota of Auto Scaling groups",
      );
    if (nodes + FUNCTIONS > quotas.concurrency)
      report(
        "wrong",
        `${nodes} instances that launch at once need ${nodes + FUNCTIONS} invocations at once, and the account's functions may have ${quotas.concurrency}`,
        "ask for a higher quota of Lambda's concurrent executions",
      );
  });
}
