/** How to look at the cluster that stays up, and how to hurt it. */
import type { Lab } from "./lab.ts";

/** A text for the terminal, a line each. */
export function lookAround(lab: Lab): string[] {
  const { definition, endpoint, stack } = lab;
  const members = lab.cloud.snapshot().groups.flatMap((g) => g.members);
  const broker = members.find((m) => m.group.includes("-broker-"));
  const instance = broker?.instance ?? "i-…";
  const address = lab.cloud.snapshot().instances.find((i) => i.id === instance)?.address ?? "127.…";
  return [
    "The cluster stays up until Ctrl-C. In another terminal:",
    "",
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${definition.region}`,
    "  export AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=lab",
    "",
    "Look at it:",
    "  aws autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[].Instances[].[InstanceId,LifecycleState]' --output text",
    `  aws dynamodb scan --table-name ${stack.table}`,
    "  aws ssm list-commands --query 'Commands[].[Comment,Status]' --output text",
    "",
    "Hurt it:",
    `  aws ec2 terminate-instances --instance-ids ${instance}`,
    `  aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${instance} --no-should-decrement-desired-capacity`,
    `  aws autoscaling set-instance-health --instance-id ${instance} --health-status Unhealthy`,
    "",
    `A Kafka client reaches it at ${address}:9092.`,
  ];
}
