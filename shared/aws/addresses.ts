/** Fixed addresses: the network interfaces of the cluster's pools. Error codes are those of EC2's API reference. */
import * as v from "valibot";
import type { Addresses } from "../lifecycle/ports.ts";
import type { AddressSight } from "../lifecycle/sights.ts";
import { answered, listOf } from "./answer.ts";
import { calling, failed, isAnswered } from "./call.ts";
import type { Ec2 } from "./clients.ts";
import { CLUSTER_TAG, ROLE_TAG } from "./names.ts";

/** The second interface; the first is the instance's own. */
const DEVICE = 1;

export interface AddressesOptions {
  /** Loads EC2's client at the first use. */
  readonly ec2: () => Promise<Ec2>;
  readonly cluster: string;
}

/** The port's real side. Its calls throw with what was being done, to which interface and instance, where EC2 refuses or answers oddly. */
export function awsAddresses({ ec2, cluster }: AddressesOptions): Addresses {
  return {
    async look(role, address) {
      const { client, api } = await ec2();
      const command = new api.DescribeNetworkInterfacesCommand({
        Filters: [
          { Name: `tag:${CLUSTER_TAG}`, Values: [cluster] },
          { Name: `tag:${ROLE_TAG}`, Values: [role.name] },
          { Name: "private-ip-address", Values: [address] },
        ],
      });
      const answer = await calling(`look at the interface with ${address}`, client.send(command));
      const { NetworkInterfaces: found } = answered(interfacesAnswer, "DescribeNetworkInterfaces", answer);
      if (found.length > 1) {
        const enis = found.map((sight) => sight.eni).join(" and ");
        throw new Error(`${enis} both have ${address} and the tags of ${cluster}'s ${role.name}s: untag all but one`);
      }
      return found[0];
    },

    async attach(eni, instance) {
      const { client, api } = await ec2();
      const command = new api.AttachNetworkInterfaceCommand({
        NetworkInterfaceId: eni,
        InstanceId: instance,
        DeviceIndex: DEVICE,
      });
      try {
        await client.send(command);
        return "attached";
      } catch (error) {
        if (isInUse(error)) return "busy";
        // NotFound: a newborn instance that this replica of EC2 has not heard of.
        if (isAnswered(error, "IncorrectState", "IncorrectInstanceState", "InvalidInstanceID.NotFound"))
          return "not-ready";
        throw failed(`attach ${eni} to ${instance}`, error);
      }
    },

    async detach(attachment) {
      const { client, api } = await ec2();
      try {
        await client.send(new api.DetachNetworkInterfaceCommand({ AttachmentId: attachment }));
        return "detaching";
      } catch (error) {
        if (isAnswered(error, "InvalidAttachmentID.NotFound")) return "gone";
        throw failed(`detach ${attachment}`, error);
      }
    },

    async keepOnTermination(eni, attachment) {
      const { client, api } = await ec2();
      const command = new api.ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: eni,
        Attachment: { AttachmentId: attachment, DeleteOnTermination: false },
      });
      await calling(`keep ${eni} when the instance of ${attachment} ends`, client.send(command));
    },
  };
}

/** EC2 has been seen to say it by either code; the second one's words tell it from its other meanings. */
function isInUse(error: unknown): boolean {
  if (isAnswered(error, "InvalidNetworkInterface.InUse")) return true;
  return isAnswered(error, "InvalidParameterValue") && /interface.*\bin use\b/i.test(error.message);
}

const interfaceAnswer = v.pipe(
  v.object({
    NetworkInterfaceId: v.string(),
    PrivateIpAddress: v.string(),
    AvailabilityZone: v.string(),
    Attachment: v.optional(
      v.object({
        AttachmentId: v.string(),
        InstanceId: v.string("an address pool's interface may only be attached to an instance"),
        Status: v.picklist(["attaching", "attached", "detaching", "detached"]),
        DeleteOnTermination: v.boolean(),
      }),
    ),
  }),
  v.transform(
    ({ NetworkInterfaceId, PrivateIpAddress, AvailabilityZone, Attachment }): AddressSight => ({
      address: PrivateIpAddress,
      eni: NetworkInterfaceId,
      zone: AvailabilityZone,
      ...(Attachment && {
        attachment: {
          id: Attachment.AttachmentId,
          instance: Attachment.InstanceId,
          status: Attachment.Status,
          deleteOnTermination: Attachment.DeleteOnTermination,
        },
      }),
    }),
  ),
);

const interfacesAnswer = v.object({ NetworkInterfaces: listOf(interfaceAnswer) });
