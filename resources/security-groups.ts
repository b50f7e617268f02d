/**
 * Who may talk to whom, and nothing else:
 *
 *     clients, load balancer ──9092──▶ brokers ──9092──▶ brokers
 *     Kafka function ─────────9092──▶ brokers
 *     Kafka function, brokers, controllers ──9093──▶ controllers
 *     brokers, controllers ──443──▶ anywhere (SSM, package repositories, Kafka's archive)
 *
 * Name resolution, instance metadata and time are Amazon's own addresses, which security groups do not filter (VPC User
 * Guide, "Security groups").
 */
import { CLIENT_PORT, CONTROLLER_PORT, type Definition, type RoleName } from "../shared/cluster/definition.ts";
import { KAFKA_SECURITY_GROUP, LOAD_BALANCER_SECURITY_GROUP, securityGroupId } from "./logical-ids.ts";
import { getAtt, logicalId, type Resources, type Tag } from "./template.ts";

const HTTPS = 443;

/** One security group may open connections to another's port. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** Every way between security groups of the stack, by logical id. */
export function ways({ loadBalancer }: Pick<Definition, "loadBalancer">): Way[] {
  const brokers = securityGroupId("broker");
  const controllers = securityGroupId("controller");
  return [
    { from: brokers, to: brokers, port: CLIENT_PORT },
    { from: KAFKA_SECURITY_GROUP, to: brokers, port: CLIENT_PORT },
    ...(loadBalancer ? [{ from: LOAD_BALANCER_SECURITY_GROUP, to: brokers, port: CLIENT_PORT }] : []),
    { from: brokers, to: controllers, port: CONTROLLER_PORT },
    { from: controllers, to: controllers, port: CONTROLLER_PORT },
    { from: KAFKA_SECURITY_GROUP, to: controllers, port: CONTROLLER_PORT },
  ];
}

export function securityGroupResources(definition: Definition): Resources {
  const { cluster, network } = definition;
  const group = (name: string, purpose: string, rules: object): Resources[string] => ({
    Type: "AWS::EC2::SecurityGroup",
    Properties: {
      GroupDescription: `${cluster}: ${purpose}`,
      VpcId: network.vpc,
      ...rules,
      Tags: [{ Key: "Name", Value: `rollcall-${cluster}-${name}` }] satisfies Tag[],
    },
  });
  const fromClients = network.clients.map((client) => ({
    ...tcp(CLIENT_PORT),
    ...(client.startsWith("sg-") ? { SourceSecurityGroupId: client } : { CidrIp: client }),
    Description: "Kafka clients",
  }));
  const outwards = [...new Set([HTTPS, archivePort(definition)])].map((port) => ({
    ...tcp(port),
    CidrIp: "0.0.0.0/0",
    Description: port === HTTPS ? "SSM, package repositories, archive" : "Kafka archive",
  }));
  // A group made without outgoing rules of its own could reach everything.
  const waysFrom = (from: string) =>
    ways(definition)
      .filter((way) => way.from === from)
      .map(({ to, port }) => ({ ...tcp(port), DestinationSecurityGroupId: groupIdOf(to), Description: "Kafka" }));
  const role = (name: RoleName, rules: object) => group(name, `${name}s`, { SecurityGroupEgress: outwards, ...rules });
  return {
    [securityGroupId("broker")]: role("broker", { SecurityGroupIngress: fromClients }),
    [securityGroupId("controller")]: role("controller", {}),
    [KAFKA_SECURITY_GROUP]: group("kafka", "the function that sees Kafka", {
      SecurityGroupEgress: waysFrom(KAFKA_SECURITY_GROUP),
    }),
    ...(definition.loadBalancer && {
      [LOAD_BALANCER_SECURITY_GROUP]: group("bootstrap", "bootstrap load balancer", {
        SecurityGroupIngress: fromClients,
        SecurityGroupEgress: waysFrom(LOAD_BALANCER_SECURITY_GROUP),
      }),
    }),
    // As resources of their own, since groups that name each other, or themselves, could not be made.
    ...Object.fromEntries(ways(definition).flatMap(bothEnds)),
  };
}

const tcp = (port: number) => ({ IpProtocol: "tcp", FromPort: port, ToPort: port });

function bothEnds({ from, to, port }: Way): [string, Resources[string]][] {
  const incoming: [string, Resources[string]] = [
    logicalId(from, "to", to, "ingress"),
    {
      Type: "AWS::EC2::SecurityGroupIngress",
      Properties: {
        GroupId: groupIdOf(to),
        SourceSecurityGroupId: groupIdOf(from),
        ...tcp(port),
        Description: "Kafka",
      },
    },
  ];
  if (from === KAFKA_SECURITY_GROUP || from === LOAD_BALANCER_SECURITY_GROUP) return [incoming];
  const outgoing: [string, Resources[string]] = [
    logicalId(from, "to", to, "egress"),
    {
      Type: "AWS::EC2::SecurityGroupEgress",
      Properties: {
        GroupId: groupIdOf(from),
        DestinationSecurityGroupId: groupIdOf(to),
        ...tcp(port),
        Description: "Kafka",
      },
    },
  ];
  return [outgoing, incoming];
}

const groupIdOf = (id: string) => getAtt(id, "GroupId");

/** The port that Kafka's archive is fetched from. */
function archivePort({ nodes }: Definition): number {
  const url = nodes.archive?.url;
  if (url === undefined || !url.startsWith("https:")) return HTTPS;
  return Number(new URL(url).port) || HTTPS;
}
