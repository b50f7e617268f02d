/**
 * Whether the function that sees Kafka can reach Secrets Manager, whose password it logs in with. It is inside the VPC, where
 * it has no public address ("Giving Lambda functions access to resources in an Amazon VPC"), so it takes either a VPC endpoint
 * that answers by Secrets Manager's own name, or a route to somewhere that lets it out, such as a NAT gateway.
 */
import {
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  type EC2Client,
  type RouteTable,
  type VpcEndpoint,
} from "@aws-sdk/client-ec2";
import type { Definition } from "../shared/cluster/definition.ts";
import type { Problem } from "../shared/cluster/problems.ts";

export interface WaysOut {
  readonly endpoints: readonly EndpointSight[];
  readonly routeTables: readonly RouteTableSight[];
}

export interface EndpointSight {
  readonly id: string;
  /** Whether it is available, and Secrets Manager's own name leads to it. */
  readonly serves: boolean;
}

export interface RouteTableSight {
  /** The one of subnets that have none of their own. */
  readonly main: boolean;
  readonly subnets: readonly string[];
  /** Where packets to anywhere go, e.g. `nat-…`; absent: nowhere. */
  readonly way?: string;
}

const REMEDY =
  "Give the subnet a route to a NAT gateway, or the VPC an interface endpoint of Secrets Manager with private DNS, which lets the stack's KafkaFunctionSecurityGroup in at 443";

/** Nothing where no password is fetched. */
export function withoutWayOut({ security, zones }: Definition, { endpoints, routeTables }: WaysOut): Problem[] {
  if (!security || endpoints.some(({ serves }) => serves)) return [];
  const deaf = endpoints[0];
  return zones.flatMap(({ name, subnet }): Problem[] => {
    const own = routeTables.find(({ subnets }) => subnets.includes(subnet));
    const way = (own ?? routeTables.find(({ main }) => main))?.way;
    if (way !== undefined && !way.startsWith("igw-")) return [];
    const route = way === undefined ? "no route leads out of this subnet" : `${way} lets out public addresses only`;
    const besides = deaf ? `, and the endpoint ${deaf.id} does not answer by its service's name` : "";
    const problem = `the function that sees Kafka cannot reach Secrets Manager from here: ${route}${besides}`;
    return [{ path: `zones.${name}.subnet`, value: subnet, problem, remedy: REMEDY }];
  });
}

export async function waysOut(client: Pick<EC2Client, "send">, vpc: string): Promise<WaysOut> {
  const Filters = [{ Name: "vpc-id", Values: [vpc] }];
  const [{ VpcEndpoints }, { RouteTables }] = await Promise.all([
    client.send(new DescribeVpcEndpointsCommand({ Filters })),
    client.send(new DescribeRouteTablesCommand({ Filters })),
  ]);
  return {
    endpoints: (VpcEndpoints ?? []).filter(isOfSecretsManager).map(endpointSight),
    routeTables: (RouteTables ?? []).map(routeTableSight),
  };
}

/** `com.amazonaws.<region>.secretsmanager`; in some partitions with more before it. */
const isOfSecretsManager = ({ ServiceName }: VpcEndpoint): boolean => ServiceName?.endsWith(".secretsmanager") ?? false;

function endpointSight({ VpcEndpointId, State, PrivateDnsEnabled }: VpcEndpoint): EndpointSight {
  // EC2 answers `available`, where the SDK's type has `Available`.
  const available = State?.toLowerCase() === "available";
  return { id: VpcEndpointId ?? "", serves: available && PrivateDnsEnabled === true };
}

function routeTableSight({ Associations = [], Routes = [] }: RouteTable): RouteTableSight {
  const anywhere = Routes.find((route) => route.DestinationCidrBlock === "0.0.0.0/0" && route.State !== "blackhole");
  const way =
    anywhere?.NatGatewayId ?? anywhere?.TransitGatewayId ?? anywhere?.NetworkInterfaceId ?? anywhere?.GatewayId;
  return {
    main: Associations.some(({ Main }) => Main),
    subnets: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
    ...(way !== undefined && { way }),
  };
}
