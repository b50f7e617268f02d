import * as v from "valibot";
import { kind, type Made, type Site } from "../kind.ts";
import { boolean, tags, text, texts } from "../scalars.ts";

const properties = v.strictObject({
  SubnetId: text,
  PrivateIpAddress: v.optional(text),
  Description: v.optional(text),
  GroupSet: v.optional(texts),
  /** Packets are addressed to Kafka itself here; whether others are let through changes nothing. */
  SourceDestCheck: v.optional(boolean),
  Tags: tags,
});

interface Created {
  readonly NetworkInterface: { readonly NetworkInterfaceId: string; readonly PrivateIpAddress: string };
}

async function create(site: Site, given: v.InferOutput<typeof properties>): Promise<Made> {
  const answer = await site.call("ec2", "CreateNetworkInterface", {
    SubnetId: given.SubnetId,
    PrivateIpAddress: given.PrivateIpAddress,
    Description: given.Description,
    Groups: given.GroupSet,
    TagSpecifications: [{ ResourceType: "network-interface", Tags: given.Tags }],
  });
  const { NetworkInterfaceId, PrivateIpAddress } = (answer as Created).NetworkInterface;
  return { ref: NetworkInterfaceId, attributes: { Id: NetworkInterfaceId, PrimaryPrivateIpAddress: PrivateIpAddress } };
}

export const networkInterface = kind({
  type: "AWS::EC2::NetworkInterface",
  properties,
  createOnly: ["SubnetId", "PrivateIpAddress"],
  create,
  update(site, made, { Tags }) {
    site.cloud.ec2.interfaces.tag(made.ref, Tags);
    return made;
  },
  async remove(site, { ref }) {
    await site.call("ec2", "DeleteNetworkInterface", { NetworkInterfaceId: ref });
  },
});
