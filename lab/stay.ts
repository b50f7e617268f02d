/** How to look at the cluster that stays up, and how to hurt it. */
import { groupOf } from "../shared/cluster/definition.ts";
import { CLIENT_PORT } from "../shared/cluster/role-kinds.ts";
import type { Lab } from "./lab.ts";

/**
 * A text for the terminal, a line each.
 *
 * @param real whether a Kafka runs that clients can reach
 * @param file where the definition lies that the cluster was made from
 */
export function lookAround(lab: Lab, real: boolean, file: string): string[] {
  const { definition, endpoint, stack, cloud } = lab;
  const { groups, instances } = cloud.snapshot();
  const members = groups.flatMap((g) => g.members);
  const brokers = members.filter((m) => groupOf(definition, m.group)?.role.name === "broker").map((m) => m.instance);
  const [instance = "i-…"] = brokers;
  const servers = instances.filter((i) => brokers.includes(i.id)).map((i) => `${i.address}:${CLIENT_PORT}`);
  return [
    "The cluster stays up until Ctrl-C, and what happens to it shows below. In another terminal:",
    "",
    // The AWS CLI's first version does not heed AWS_REGION, and the second heeds it before AWS_DEFAULT_REGION.
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${definition.region} AWS_DEFAULT_REGION=${definition.region}`,
    `  export AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=lab ROLLCALL_CLUSTER=${file}`,
    "",
    "Look at it:",
    "  npx rollcall status --watch",
    `  npx rollcall explain ${instance}`,
    "  aws autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[].Instances[].[InstanceId,LifecycleState]' --output text",
    `  aws dynamodb scan --table-name ${stack.table}`,
    "  aws ssm list-commands --query 'Commands[].[Comment,Status]' --output text",
    "",
    "Hurt it:",
    `  aws ec2 terminate-instances --instance-ids ${instance}`,
    `  aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${instance} --no-should-decrement-desired-capacity`,
    `  aws autoscaling set-instance-health --instance-id ${instance} --health-status Unhealthy`,
    "",
    real
      ? `A Kafka client on this machine reaches it at ${servers.join(",")}.`
      : "No Kafka client can reach it: its nodes are modelled.",
  ];
}
