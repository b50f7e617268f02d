/** The fixed addresses: who has them, and whether each is where its id is. Pure. */
import { CLUSTER_TAG, ROLE_TAG } from "../../shared/aws/names.ts";
import type { Definition, PoolAddress, Role } from "../../shared/cluster/definition.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import { examine, type Finding, type Report } from "./finding.ts";

export interface InterfaceSight {
  readonly id: string;
  /** Every private address of it. */
  readonly addresses: readonly string[];
  readonly zone: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly attachment?: {
    readonly id: string;
    /** Absent: attached to something that is no instance of this account, such as a load balancer. */
    readonly instance?: string;
    readonly status: string;
    readonly deleteOnTermination: boolean;
  };
}

/** @param contents absent: nothing is deployed */
export function addressFindings(
  definition: Definition,
  interfaces: readonly InterfaceSight[],
  contents: TableContents | undefined,
): Finding[] {
  const pools = definition.roles.flatMap((role) => (role.pool ?? []).map((entry) => ({ role, entry })));
  const fine = contents ? "each is where its id is" : "none of them is taken";
  return examine("addresses", `${pools.length} fixed addresses: ${fine}`, (report) => {
    for (const { role, entry } of pools) {
      const found = interfaces.filter((i) => i.addresses.includes(entry.address));
      const own = found.filter((i) => i.tags[CLUSTER_TAG] === definition.cluster);
      for (const stranger of found.filter((i) => !own.includes(i))) {
        const what = stranger.description === "" ? stranger.id : `${stranger.id} (${stranger.description})`;
        report(
          "wrong",
          `${entry.address} of ${role.name} ${entry.id} is taken by ${what}`,
          `free it, or give another address at roles.${role.name}.addresses`,
        );
      }
      if (contents) deployed(report, role, entry, own, contents);
      else if (own.length > 0) {
        report(
          "wrong",
          `${own[0]?.id} has ${entry.address} and this cluster's tags, though no table is there: a former stack left it`,
          `aws ec2 delete-network-interface --network-interface-id ${own[0]?.id}`,
        );
      }
    }
  });
}

function deployed(
  report: Report,
  role: Role,
  { id, address, zone }: PoolAddress,
  own: readonly InterfaceSight[],
  { rosters }: TableContents,
): void {
  const name = `${role.name} ${id}`;
  const [found, ...more] = own;
  if (!found) {
    report(
      "wrong",
      `no interface of the cluster has ${address}, which ${name} needs`,
      "a deployment makes none where it made one before: see launch/3 in docs/runbook.md",
    );
    return;
  }
  for (const other of more)
    report("wrong", `${other.id} has ${address}, too, and the cluster's tags`, `take the tags off ${other.id}`);
  if (found.tags[ROLE_TAG] !== role.name)
    report(
      "wrong",
      `${found.id} (${address}) is not tagged ${ROLE_TAG}=${role.name}`,
      `aws ec2 create-tags --resources ${found.id} --tags Key=${ROLE_TAG},Value=${role.name}`,
    );
  if (found.zone !== zone)
    report("wrong", `${found.id} (${address}) is in ${found.zone}, not in ${zone}`, "deploy the stack again");
  const owner = rosters.get(role.name)?.members.get(id)?.owner;
  const { attachment } = found;
  const at = attachment?.instance;
  if (attachment && at !== owner && attachment.status !== "detaching") {
    const detach = `aws ec2 detach-network-interface --attachment-id ${attachment.id}`;
    report(
      "wrong",
      `${address} is attached to ${at ?? "something else"}, but ${name} is ${owner === undefined ? "vacant" : `held by ${owner}`}`,
      `once nothing of ${name} runs there: ${detach}`,
    );
  }
  if (attachment && at === owner && attachment.deleteOnTermination)
    report(
      "wrong",
      `${found.id} (${address}) would be deleted with ${at}`,
      `aws ec2 modify-network-interface-attribute --network-interface-id ${found.id} --attachment AttachmentId=${attachment.id},DeleteOnTermination=false`,
    );
  if (!attachment && owner !== undefined && rosters.get(role.name)?.members.get(id)?.served)
    report("wrong", `${address} is attached to nobody, but ${owner} holds ${name}`, `rollcall explain ${owner}`);
}
