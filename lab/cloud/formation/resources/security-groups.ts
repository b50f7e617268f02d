/** Security groups and their rules: kept, as the lab's network lets everything through. */
import * as v from "valibot";
import { kept } from "../kind.ts";
import { number, tags, text } from "../scalars.ts";

const rule = {
  IpProtocol: text,
  FromPort: v.optional(number),
  ToPort: v.optional(number),
  Description: v.optional(text),
  CidrIp: v.optional(text),
  CidrIpv6: v.optional(text),
};

const ingress = { ...rule, SourceSecurityGroupId: v.optional(text) };
const egress = { ...rule, DestinationSecurityGroupId: v.optional(text) };

/** All but the description. */
const fixed = ["GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6"] as const;

export const securityGroup = kept({
  type: "AWS::EC2::SecurityGroup",
  properties: v.strictObject({
    GroupName: v.optional(text),
    GroupDescription: text,
    VpcId: text,
    SecurityGroupIngress: v.optional(v.array(v.strictObject(ingress))),
    SecurityGroupEgress: v.optional(v.array(v.strictObject(egress))),
    Tags: tags,
  }),
  createOnly: ["GroupName", "GroupDescription", "VpcId"],
  made(site, { VpcId }) {
    const id = site.id("sg");
    return { ref: id, attributes: { GroupId: id, VpcId } };
  },
});

export const securityGroupIngress = kept({
  type: "AWS::EC2::SecurityGroupIngress",
  properties: v.strictObject({ ...ingress, GroupId: text }),
  createOnly: [...fixed, "SourceSecurityGroupId"],
  made: (site) => ({ ref: site.id("sgr") }),
});

export const securityGroupEgress = kept({
  type: "AWS::EC2::SecurityGroupEgress",
  properties: v.strictObject({ ...egress, GroupId: text }),
  createOnly: [...fixed, "DestinationSecurityGroupId"],
  made: (site) => ({ ref: site.id("sgr") }),
});
