/** The load balancer for bootstrap. */
import * as v from "valibot";
import { kind, type Made, type Site } from "../kind.ts";
import { boolean, number, tags, text, texts } from "../scalars.ts";

const attributes = v.optional(v.array(v.strictObject({ Key: text, Value: text })), []);
const PREFIX = "AWS::ElasticLoadBalancingV2";

const balancerProperties = v.strictObject({
  Name: v.optional(text),
  Type: v.literal("network"),
  Scheme: v.optional(v.picklist(["internal", "internet-facing"]), "internet-facing"),
  IpAddressType: v.optional(text),
  Subnets: v.optional(texts),
  SecurityGroups: v.optional(texts),
  LoadBalancerAttributes: attributes,
  Tags: tags,
});

function putBalancer(site: Site, given: v.InferOutput<typeof balancerProperties>): Made {
  const { Name: name = site.generatedName, Scheme: scheme, LoadBalancerAttributes } = given;
  const arn = site.arn("elasticloadbalancing", `loadbalancer/net/${name}/0123456789abcdef`);
  const dnsName = `${name}-0123456789abcdef.elb.${site.region}.amazonaws.com`;
  const crossZone = LoadBalancerAttributes.some(
    ({ Key, Value }) => Key === "load_balancing.cross_zone.enabled" && Value === "true",
  );
  site.cloud.balancers.putBalancer({ arn, name, dnsName, scheme, crossZone });
  return {
    ref: arn,
    attributes: {
      LoadBalancerArn: arn,
      LoadBalancerName: name,
      LoadBalancerFullName: arn.split("loadbalancer/").at(-1) ?? "",
      DNSName: dnsName,
    },
  };
}

export const loadBalancer = kind({
  type: `${PREFIX}::LoadBalancer`,
  properties: balancerProperties,
  createOnly: ["Name", "Type", "Scheme"],
  create: putBalancer,
  update: (site, _made, given) => putBalancer(site, given),
  remove: (site, { ref }) => site.cloud.balancers.remove(ref),
});

const targetGroupProperties = v.strictObject({
  Name: v.optional(text),
  Protocol: v.literal("TCP"),
  Port: number,
  VpcId: text,
  TargetType: v.optional(v.picklist(["instance", "ip"]), "instance"),
  IpAddressType: v.optional(text),
  HealthCheckEnabled: v.optional(boolean),
  HealthCheckProtocol: v.optional(v.literal("TCP")),
  HealthCheckPort: v.optional(v.union([text, v.number()])),
  HealthCheckIntervalSeconds: v.optional(number, 30),
  HealthCheckTimeoutSeconds: v.optional(number),
  HealthyThresholdCount: v.optional(number, 5),
  UnhealthyThresholdCount: v.optional(number, 2),
  /** A target that leaves is cut off at once here. */
  TargetGroupAttributes: attributes,
  Targets: v.optional(
    v.array(v.strictObject({ Id: text, Port: v.optional(number), AvailabilityZone: v.optional(text) })),
    [],
  ),
  Tags: tags,
});

function putTargetGroup(site: Site, given: v.InferOutput<typeof targetGroupProperties>): Made {
  const { Name: name = site.generatedName, Port: port, TargetType: type, Targets } = given;
  const full = `targetgroup/${name}/0123456789abcdef`;
  const arn = site.arn("elasticloadbalancing", full);
  site.cloud.balancers.putTargetGroup({
    arn,
    name,
    port,
    type,
    registered: Targets.map(({ Id, Port = port }) => ({ address: Id, port: Port })),
    healthCheck: {
      interval: given.HealthCheckIntervalSeconds * 1000,
      healthyAfter: given.HealthyThresholdCount,
      unhealthyAfter: given.UnhealthyThresholdCount,
    },
  });
  return { ref: arn, attributes: { TargetGroupArn: arn, TargetGroupName: name, TargetGroupFullName: full } };
}

export const targetGroup = kind({
  type: `${PREFIX}::TargetGroup`,
  properties: targetGroupProperties,
  createOnly: ["Name", "Protocol", "Port", "VpcId", "TargetType", "IpAddressType"],
  create: putTargetGroup,
  update: (site, _made, given) => putTargetGroup(site, given),
  remove: (site, { ref }) => site.cloud.balancers.remove(ref),
});

const listenerProperties = v.strictObject({
  LoadBalancerArn: text,
  Protocol: v.literal("TCP"),
  Port: number,
  DefaultActions: v.pipe(
    v.array(v.strictObject({ Type: v.literal("forward"), TargetGroupArn: text })),
    v.length(1, "a TCP listener has one action"),
  ),
});

function putListener(site: Site, given: v.InferOutput<typeof listenerProperties>): Made {
  const { LoadBalancerArn, Protocol: protocol, Port: port, DefaultActions } = given;
  const arn = `${LoadBalancerArn.replace(":loadbalancer/", ":listener/")}/${site.id("l").slice(2)}`;
  const forwardsTo = DefaultActions[0]?.TargetGroupArn ?? "";
  site.cloud.balancers.putListener({ arn, loadBalancer: LoadBalancerArn, protocol, port, forwardsTo });
  return { ref: arn, attributes: { ListenerArn: arn } };
}

export const listener = kind({
  type: `${PREFIX}::Listener`,
  properties: listenerProperties,
  createOnly: ["LoadBalancerArn"],
  create: putListener,
  update: (site, _made, given) => putListener(site, given),
  remove: (site, { ref }) => site.cloud.balancers.remove(ref),
});
