/**
 * Who may talk to whom, and nothing else; ports and their owners are as the roles' descriptions have them:
 *
 *     clients, load balancer ──9092──▶ brokers ──9092──▶ brokers
 *     Kafka function ─────────9092──▶ brokers
 *     Kafka function, brokers, the quorum ──9093 or 2181──▶ the quorum
 *     ZooKeeper members ──2888, 3888──▶ ZooKeeper members
 *     nodes ──443──▶ anywhere (SSM, Secrets Manager, package repositories, Kafka's archive)
 *     Kafka function ──443──▶ anywhere, where it has a password to fetch from Secrets Manager
 *
 * Name resolution, instance metadata and time are Amazon's own addresses, which security groups do not filter (VPC User
 * Guide, "Security groups").
 */
import type { Definition, Role } from "../shared/cluster/definition.ts";
import { CLIENT_PORT, isQuorum, kindOf } from "../shared/cluster/role-kinds.ts";
import { KAFKA_SECURITY_GROUP, LOAD_BALANCER_SECURITY_GROUP, securityGroupId } from "./logical-ids.ts";
import { getAtt, logicalId, type Resources, type Tag } from "./template.ts";

const HTTPS = 443;

/** One security group may open connections to another's port. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Words that tell it from other ways between the same two. */
  readonly besides: readonly string[];
}

/** Every way between security groups of the stack, by logical id. */
export function ways({ loadBalancer, roles }: Pick<Definition, "loadBalancer" | "roles">): Way[] {
  return roles.flatMap((role) => {
    const { port, peerPorts } = kindOf(role);
    const to = securityGroupId(role.name);
    const nodes = roles.filter((other) => other === role || !isQuorum(other)).map(({ name }) => securityGroupId(name));
    const callers = [
      ...nodes,
      KAFKA_SECURITY_GROUP,
      ...(loadBalancer && !isQuorum(role) ? [LOAD_BALANCER_SECURITY_GROUP] : []),
    ];
    return [
      ...callers.map((from) => ({ from, to, port, besides: [] })),
      ...peerPorts.map((peer) => ({ from: to, to, port: peer, besides: [String(peer)] })),
    ];
  });
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
  const outwards = [...new Set([HTTPS, archivePort(definition)])].map((port) =>
    anywhere(port, port === HTTPS ? "SSM, package repositories, archive" : "Kafka archive"),
  );
  // A group made without outgoing rules of its own could reach everything.
  const waysFrom = (from: string) =>
    ways(definition)
      .filter((way) => way.from === from)
      .map(({ to, port }) => ({ ...tcp(port), DestinationSecurityGroupId: groupIdOf(to), Description: "Kafka" }));
  const ofRole = (role: Role): [string, Resources[string]] => [
    securityGroupId(role.name),
    group(role.name, kindOf(role).members, {
      SecurityGroupEgress: outwards,
      ...(!isQuorum(role) && { SecurityGroupIngress: fromClients }),
    }),
  ];
  return {
    ...Object.fromEntries(definition.roles.map(ofRole)),
    [KAFKA_SECURITY_GROUP]: group("kafka", "the function that sees Kafka", {
      SecurityGroupEgress: [
        ...waysFrom(KAFKA_SECURITY_GROUP),
        ...(definition.security ? [anywhere(HTTPS, "Secrets Manager")] : []),
      ],
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

const anywhere = (port: number, Description: string) => ({ ...tcp(port), CidrIp: "0.0.0.0/0", Description });

function bothEnds({ from, to, port, besides }: Way): [string, Resources[string]][] {
  const incoming: [string, Resources[string]] = [
    logicalId(from, "to", to, ...besides, "ingress"),
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
    logicalId(from, "to", to, ...besides, "egress"),
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
