/** The pools of fixed addresses: a network interface for each, which goes from an instance to its replacement. */
import { CLUSTER_TAG, ROLE_TAG } from "../shared/aws/names.ts";
import type { Definition } from "../shared/cluster/definition.ts";
import { interfaceId, securityGroupId } from "./logical-ids.ts";
import { getAtt, type Resources } from "./template.ts";

/** Rollcall finds them by their tags. That they outlive their instances, it sees to at each attachment. */
export function interfaceResources({ cluster, roles, zones }: Definition): Resources {
  const resources = roles.flatMap((role) =>
    (role.pool ?? []).map((entry): [string, Resources[string]] => [
      interfaceId(role.name, entry),
      {
        Type: "AWS::EC2::NetworkInterface",
        Properties: {
          Description: `${cluster} ${role.name} ${entry.id}`,
          SubnetId: zones.find((zone) => zone.name === entry.zone)?.subnet,
          PrivateIpAddress: entry.address,
          GroupSet: [getAtt(securityGroupId(role.name), "GroupId")],
          Tags: [
            { Key: CLUSTER_TAG, Value: cluster },
            { Key: ROLE_TAG, Value: role.name },
            { Key: "Name", Value: `${cluster}-${role.name}-${entry.id}` },
          ],
        },
      },
    ]),
  );
  return Object.fromEntries(resources);
}
