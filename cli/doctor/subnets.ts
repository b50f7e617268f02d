/** The zones' subnets: that they are there, where and as large as the definition has it, and have addresses left. Pure. */
import type { Definition } from "../../shared/cluster/definition.ts";
import { examine, type Finding } from "./finding.ts";

export interface SubnetSight {
  readonly id: string;
  readonly zone: string;
  readonly vpc: string;
  readonly cidr: string;
  /** Addresses that nobody has. */
  readonly free: number;
}

/** Interfaces that a function in the VPC may take in a subnet. */
const FUNCTION_INTERFACES = 2;

export function subnetFindings(definition: Definition, subnets: readonly SubnetSight[], deployed: boolean): Finding[] {
  return examine("subnets", `${definition.zones.length} subnets are as the definition has them`, (report) => {
    for (const zone of definition.zones) {
      const found = subnets.find((s) => s.id === zone.subnet);
      const at = `zones: ${zone.name}`;
      if (!found) {
        report(
          "wrong",
          `${zone.subnet} of ${zone.name} does not exist in ${definition.region}`,
          `correct subnet at ${at}`,
        );
        continue;
      }
      if (found.zone !== zone.name)
        report("wrong", `${zone.subnet} is in ${found.zone}, not in ${zone.name}`, `correct ${at}`);
      if (found.cidr !== zone.cidr)
        report("wrong", `${zone.subnet} has the block ${found.cidr}, not ${zone.cidr}`, `correct cidr at ${at}`);
      if (found.vpc !== definition.network.vpc)
        report(
          "wrong",
          `${zone.subnet} is in ${found.vpc}, not in ${definition.network.vpc}`,
          "correct network.vpc, or the subnet",
        );
      const needed = addressesNeeded(definition, zone.name, deployed);
      if (found.free < needed)
        report(
          "wrong",
          `${zone.subnet} has ${found.free} addresses left, and ${needed} are needed`,
          "give a larger subnet, or free addresses",
        );
    }
  });
}

/** Before deployment all of them; after it what one replacement takes. */
function addressesNeeded({ roles }: Definition, zone: string, deployed: boolean): number {
  if (deployed) return 1;
  const nodes = roles.filter((r) => r.groups.some((g) => g.zone === zone)).reduce((sum, r) => sum + r.perZone, 0);
  const pool = roles.flatMap((r) => r.pool ?? []).filter((p) => p.zone === zone).length;
  return nodes + pool + FUNCTION_INTERFACES;
}
