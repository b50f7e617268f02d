/** What an operator, or another stack, wants to know of this one. */
import { CLIENT_PORT, type Definition } from "../shared/cluster/definition.ts";
import { DOCUMENT, LOAD_BALANCER, securityGroupId, TABLE, TARGET_GROUP } from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { getAtt, type Output, ref, sub } from "./template.ts";

export function outputs(definition: Definition): Readonly<Record<string, Output>> {
  return {
    TableName: { Description: "Who is who: kept when the stack is deleted", Value: ref(TABLE) },
    DocumentName: { Description: "SSM document that configures and stops a node", Value: ref(DOCUMENT) },
    DashboardName: { Description: "CloudWatch dashboard", Value: stackNames(definition).dashboard },
    BrokerSecurityGroup: {
      Description: "Of the brokers; instances of existing groups need it too",
      Value: getAtt(securityGroupId("broker"), "GroupId"),
    },
    ControllerSecurityGroup: {
      Description: "Of the controllers; instances of existing groups need it too",
      Value: getAtt(securityGroupId("controller"), "GroupId"),
    },
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
