/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
import type { Instance } from "../../ec2/instances.ts";
import type { NetworkInterface } from "../../ec2/interfaces.ts";
import type { Demand } from "../evaluate.ts";
import { type Demands, demand, type Surroundings, tagKeys, text, unbound } from "./demand.ts";

const TAGS = ["aws:ResourceTag", "ec2:ResourceTag"] as const;

function regional(at: Surroundings): [string, string] {
  return ["ec2:Region", at.region];
}

function onInstance(action: string, id: string, found: Instance | undefined, at: Surroundings): Demand {
  const arn = at.arn("ec2", `instance/${id}`);
  if (!found) return demand(action, arn, regional(at));
  return demand(
    action,
    arn,
    regional(at),
    ["ec2:InstanceID", id],
    ["ec2:InstanceType", found.type],
    ["ec2:AvailabilityZone", found.subnet.zone],
    ...tagKeys(found.tags, ...TAGS),
  );
}

function onInterface(action: string, id: string, found: NetworkInterface | undefined, at: Surroundings): Demand {
  const arn = at.arn("ec2", `network-interface/${id}`);
  if (!found) return demand(action, arn, regional(at));
  return demand(
    action,
    arn,
    regional(at),
    ["ec2:NetworkInterfaceID", id],
    ["ec2:AvailabilityZone", found.subnet.zone],
    ["ec2:Subnet", at.arn("ec2", `subnet/${found.subnet.id}`)],
    ["ec2:Vpc", at.arn("ec2", `vpc/${found.subnet.vpc}`)],
    ...tagKeys(found.tags, ...TAGS),
  );
}

const described =
  (action: string): Demands[string] =>
  (_input, at) =>
    unbound(`ec2:${action}`, regional(at));

export const ec2Demands: Demands = {
  DescribeInstances: described("DescribeInstances"),
  DescribeNetworkInterfaces: described("DescribeNetworkInterfaces"),
  DescribeRouteTables: described("DescribeRouteTables"),
  DescribeSubnets: described("DescribeSubnets"),
  DescribeVpcEndpoints: described("DescribeVpcEndpoints"),
  AttachNetworkInterface(input, at) {
    const [eni, instance] = [text(input, "NetworkInterfaceId"), text(input, "InstanceId")];
    return [
      onInstance("ec2:AttachNetworkInterface", instance, at.instance(instance), at),
      onInterface("ec2:AttachNetworkInterface", eni, at.networkInterface(eni), at),
    ];
  },
  DetachNetworkInterface(input, at) {
    const action = "ec2:DetachNetworkInterface";
    const attached = at.attached(text(input, "AttachmentId"));
    // An attachment that is gone has neither: EC2 then asks for the right as such, and says that there is none.
    if (!attached?.attachment) return unbound(action, regional(at));
    const { instance } = attached.attachment;
    return [onInstance(action, instance, at.instance(instance), at), onInterface(action, attached.id, attached, at)];
  },
  ModifyNetworkInterfaceAttribute(input, at) {
    const eni = text(input, "NetworkInterfaceId");
    const { context, ...rest } = onInterface("ec2:ModifyNetworkInterfaceAttribute", eni, at.networkInterface(eni), at);
    return [{ ...rest, context: new Map([...context, ["ec2:attribute", Object.keys(input).filter(isAttribute)]]) }];
  },
};

/** `ec2:Attribute` names what is modified. */
function isAttribute(field: string): boolean {
  return field !== "NetworkInterfaceId" && field !== "DryRun";
}
