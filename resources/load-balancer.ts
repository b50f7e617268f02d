/** One address for bootstrap: clients that know it need no broker's. Behind it they talk to the brokers directly. */
import { type Definition, roleOf } from "../shared/cluster/definition.ts";
import { CLIENT_PORT } from "../shared/cluster/role-kinds.ts";
import { LOAD_BALANCER, LOAD_BALANCER_SECURITY_GROUP, TARGET_GROUP } from "./logical-ids.ts";
import { getAtt, type Resources, ref } from "./template.ts";

/**
 * Whether brokers are targets as the instances of their groups. Brokers with fixed addresses listen there and nowhere else, so
 * it is their addresses that are the targets.
 */
export function balancesInstances(definition: Definition): boolean {
  return definition.loadBalancer && roleOf(definition, "broker").pool === undefined;
}

/** Its health checks say where to send a client, and nothing else: no group replaces an instance for them. */
export function loadBalancerResources(definition: Definition): Resources {
  if (!definition.loadBalancer) return {};
  const { zones, network } = definition;
  const addresses = roleOf(definition, "broker").pool;
  return {
    [LOAD_BALANCER]: {
      Type: "AWS::ElasticLoadBalancingV2::LoadBalancer",
      Properties: {
        Type: "network",
        Scheme: "internal",
        Subnets: zones.map((zone) => zone.subnet),
        SecurityGroups: [getAtt(LOAD_BALANCER_SECURITY_GROUP, "GroupId")],
        // A zone without a broker that answers still leads to one.
        LoadBalancerAttributes: [{ Key: "load_balancing.cross_zone.enabled", Value: "true" }],
      },
    },
    [TARGET_GROUP]: {
      Type: "AWS::ElasticLoadBalancingV2::TargetGroup",
      Properties: {
        VpcId: network.vpc,
        Port: CLIENT_PORT,
        Protocol: "TCP",
        TargetType: addresses === undefined ? "instance" : "ip",
        ...(addresses && { Targets: addresses.map(({ address }) => ({ Id: address, Port: CLIENT_PORT })) }),
        HealthCheckProtocol: "TCP",
        HealthCheckIntervalSeconds: 10,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 2,
        // Bootstrap connections last for one request.
        TargetGroupAttributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "10" }],
      },
    },
    BootstrapListener: {
      Type: "AWS::ElasticLoadBalancingV2::Listener",
      Properties: {
        LoadBalancerArn: ref(LOAD_BALANCER),
        Port: CLIENT_PORT,
        Protocol: "TCP",
        DefaultActions: [{ Type: "forward", TargetGroupArn: ref(TARGET_GROUP) }],
      },
    },
  };
}
