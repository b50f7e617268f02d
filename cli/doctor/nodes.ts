/** The nodes' agents and configurations, beside what would be rendered now. Pure. */
import type { Definition } from "../../shared/cluster/definition.ts";
import type { Plan } from "../../shared/lifecycle/facts.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { AgentSight, FleetSight } from "../../shared/lifecycle/sights.ts";
import { idsOf } from "../look/member.ts";
import { examine, type Finding } from "./finding.ts";

export function nodeFindings(
  plan: Plan,
  fleet: FleetSight,
  contents: TableContents,
  agents: ReadonlyMap<string, AgentSight>,
): Finding[] {
  const serving = new Set(
    fleet.groups.flatMap((g) => g.members.filter((m) => m.state === "InService").map((m) => m.instance)),
  );
  const nodes = idsOf(contents).filter((m) => m.owner !== undefined && serving.has(m.owner));
  return [
    ...examine("agents", `${nodes.length} nodes in service take commands`, (report) => {
      for (const { role, id, owner = "" } of nodes) {
        const agent = agents.get(owner);
        if (agent && agent.state !== "online")
          report(
            "wrong",
            `the SSM agent of ${role} ${id} (${owner}) is ${agent.state}: it can be neither configured nor stopped in order`,
            `look after it on the node: systemctl status amazon-ssm-agent; its role needs AmazonSSMManagedInstanceCore's permissions, its subnet a way to SSM`,
          );
      }
    }),
    ...examine("configuration", "every node in service has what the definition says", (report) => {
      for (const node of nodes) {
        const { role, id, owner = "", zone, address } = node;
        const record = contents.records.get(owner);
        const declared = roleIn(plan.definition, role);
        if (!declared || address === undefined || !contents.quorum?.formed) continue;
        if (!record?.configured) {
          report(
            "wrong",
            `nothing is known of the configuration of ${role} ${id} (${owner})`,
            `rollcall explain ${owner}`,
          );
          continue;
        }
        const { digest } = plan.render({ role: declared, id, zone, address }, contents.quorum);
        if (digest !== record.configured.digest)
          report(
            "note",
            `${role} ${id} (${owner}) is configured otherwise than this definition says`,
            "if this is the definition that was deployed, Rollcall brings it node by node: rollcall status",
          );
      }
    }),
  ];
}

function roleIn({ roles }: Definition, name: string) {
  return roles.find((r) => r.name === name);
}
