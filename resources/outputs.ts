/** What an operator, or another stack, wants to know of this one. */
import type { Definition, Role } from "../shared/cluster/definition.ts";
import { CLIENT_PORT, kindOf } from "../shared/cluster/role-kinds.ts";
import { userSecret } from "../shared/cluster/security.ts";
import {
  DOCUMENT,
  KAFKA_SECURITY_GROUP,
  LOAD_BALANCER,
  nodeProfileId,
  securityGroupId,
  TABLE,
  TARGET_GROUP,
} from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { getAtt, logicalId, type Output, ref, sub } from "./template.ts";

export function outputs(definition: Definition): Readonly<Record<string, Output>> {
  return {
    TableName: { Description: "Who is who: kept when the stack is deleted", Value: ref(TABLE) },
    DocumentName: { Description: "SSM document that configures and stops a node", Value: ref(DOCUMENT) },
    DashboardName: { Description: "CloudWatch dashboard", Value: stackNames(definition).dashboard },
    ...Object.fromEntries(definition.roles.flatMap(ofRole)),
    ...(definition.security && {
      [KAFKA_SECURITY_GROUP]: {
        Description:
          "Of the function that sees Kafka: it fetches its password from Secrets Manager through a NAT gateway or a VPC endpoint, which must let it in at 443",
        Value: getAtt(KAFKA_SECURITY_GROUP, "GroupId"),
      },
      UserSecrets: {
        Description: "What the names of secrets begin with that hold the password of a user; the user's name follows",
        Value: userSecret(definition.cluster, { name: "", acls: [] }),
      },
    }),
    ...(definition.loadBalancer && {
      BootstrapServer: {
        Description: "bootstrap.servers of Kafka clients",
        Value: sub(`\${${LOAD_BALANCER}.DNSName}:${CLIENT_PORT}`),
      },
      BootstrapTargetGroup: {
        Description: "Existing groups of brokers attach themselves to it",
        Value: ref(TARGET_GROUP),
      },
    }),
  };
}

function ofRole({ name }: Role): [string, Output][] {
  const { members } = kindOf({ name });
  return [
    [
      securityGroupId(name),
      {
        Description: `Of the ${members}; instances of existing groups need it too`,
        Value: getAtt(securityGroupId(name), "GroupId"),
      },
    ],
    [
      logicalId(name, "node-profile"),
      {
        Description: `Instance profile of the ${members}; instances of existing groups need it, or what it allows`,
        Value: ref(nodeProfileId(name)),
      },
    ],
  ];
}
