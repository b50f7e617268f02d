/** The load balancer for bootstrap: kept, as clients of the lab's cluster reach its brokers without one. */
import * as v from "valibot";
import { kept } from "../kind.ts";
import { boolean, number, tags, text, texts } from "../scalars.ts";

const attributes = v.optional(v.array(v.strictObject({ Key: text, Value: text })));
const PREFIX = "AWS::ElasticLoadBalancingV2";

export const loadBalancer = kept({
  type: `${PREFIX}::LoadBalancer`,
  properties: v.strictObject({
    Name: v.optional(text),
    Type: v.literal("network"),
    Scheme: v.optional(text),
    IpAddressType: v.optional(text),
    Subnets: v.optional(texts),
    SecurityGroups: v.optional(texts),
    LoadBalancerAttributes: attributes,
    Tags: tags,
  }),
  createOnly: ["Name", "Type", "Scheme"],
  made(site, { Name = site.generatedName }) {
    const arn = site.arn("elasticloadbalancing", `loadbalancer/net/${Name}/0123456789abcdef`);
    return {
      ref: arn,
      attributes: {
        LoadBalancerArn: arn,
        LoadBalancerName: Name,
        LoadBalancerFullName: arn.split("loadbalancer/").at(-1) ?? "",
        DNSName: `${Name}-0123456789abcdef.elb.${site.region}.amazonaws.com`,
      },
    };
  },
});

export const targetGroup = kept({
  type: `${PREFIX}::TargetGroup`,
  properties: v.strictObject({
    Name: v.optional(text),
    Protocol: text,
    Port: number,
    VpcId: text,
    TargetType: v.optional(text),
    IpAddressType: v.optional(text),
    HealthCheckEnabled: v.optional(boolean),
    HealthCheckProtocol: v.optional(text),
    HealthCheckPort: v.optional(v.union([text, v.number()])),
    HealthCheckIntervalSeconds: v.optional(number),
    HealthCheckTimeoutSeconds: v.optional(number),
    HealthyThresholdCount: v.optional(number),
    UnhealthyThresholdCount: v.optional(number),
    TargetGroupAttributes: attributes,
    Targets: v.optional(
      v.array(v.strictObject({ Id: text, Port: v.optional(number), AvailabilityZone: v.optional(text) })),
    ),
    Tags: tags,
  }),
  createOnly: ["Name", "Protocol", "Port", "VpcId", "TargetType", "IpAddressType"],
  made(site, { Name = site.generatedName }) {
    const arn = site.arn("elasticloadbalancing", `targetgroup/${Name}/0123456789abcdef`);
    const full = `targetgroup/${Name}/0123456789abcdef`;
    return { ref: arn, attributes: { TargetGroupArn: arn, TargetGroupName: Name, TargetGroupFullName: full } };
  },
});

export const listener = kept({
  type: `${PREFIX}::Listener`,
  properties: v.strictObject({
    LoadBalancerArn: text,
    Protocol: text,
    Port: number,
    DefaultActions: v.array(v.strictObject({ Type: v.literal("forward"), TargetGroupArn: text })),
  }),
  createOnly: ["LoadBalancerArn"],
  made(site, { LoadBalancerArn }) {
    const arn = `${LoadBalancerArn.replace(":loadbalancer/", ":listener/")}/${site.id("l").slice(2)}`;
    return { ref: arn, attributes: { ListenerArn: arn } };
  },
});
