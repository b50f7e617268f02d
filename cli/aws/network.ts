/** Subnets, and the network interfaces in them. */
import {
  DescribeNetworkInterfacesCommand,
  type DescribeNetworkInterfacesCommandOutput,
  DescribeSubnetsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";
import type { InterfaceSight } from "../doctor/addresses.ts";
import type { SubnetSight } from "../doctor/subnets.ts";

/** By a filter, so that one that does not exist is missing and hides no other. */
export async function subnetsOf(client: EC2Client, ids: readonly string[]): Promise<SubnetSight[]> {
  const command = new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: [...ids] }] });
  const answer = await calling(`look at subnets ${ids.join(", ")}`, client.send(command));
  return answered(subnetsAnswer, "DescribeSubnets", answer).Subnets;
}

/** Every interface in those subnets that has one of the addresses, whoever it belongs to. */
export async function interfacesWith(
  client: EC2Client,
  subnets: readonly string[],
  addresses: readonly string[],
): Promise<InterfaceSight[]> {
  const found: InterfaceSight[] = [];
  // The most values a filter takes.
  for (let first = 0; first < addresses.length; first += 200) {
    const Filters = [
      { Name: "subnet-id", Values: [...subnets] },
      { Name: "addresses.private-ip-address", Values: addresses.slice(first, first + 200) },
    ];
    let from: string | undefined;
    do {
      const page: DescribeNetworkInterfacesCommandOutput = await calling(
        "look for the interfaces with the fixed addresses",
        client.send(new DescribeNetworkInterfacesCommand({ Filters, NextToken: from })),
      );
      found.push(...answered(interfacesAnswer, "DescribeNetworkInterfaces", page).NetworkInterfaces);
      from = page.NextToken;
    } while (from);
  }
  return found;
}

const subnetsAnswer = v.object({
  Subnets: listOf(
    v.pipe(
      v.object({
        SubnetId: v.string(),
        AvailabilityZone: v.string(),
        VpcId: v.string(),
        CidrBlock: v.string(),
        AvailableIpAddressCount: v.number(),
      }),
      v.transform(
        (subnet): SubnetSight => ({
          id: subnet.SubnetId,
          zone: subnet.AvailabilityZone,
          vpc: subnet.VpcId,
          cidr: subnet.CidrBlock,
          free: subnet.AvailableIpAddressCount,
        }),
      ),
    ),
  ),
});

const interfacesAnswer = v.object({
  NetworkInterfaces: listOf(
    v.pipe(
      v.object({
        NetworkInterfaceId: v.string(),
        AvailabilityZone: v.string(),
        Description: v.optional(v.string(), ""),
        PrivateIpAddresses: listOf(v.object({ PrivateIpAddress: v.string() })),
        TagSet: listOf(v.object({ Key: v.string(), Value: v.string() })),
        Attachment: v.optional(
          v.object({
            AttachmentId: v.string(),
            InstanceId: v.optional(v.string()),
            Status: v.string(),
            DeleteOnTermination: v.optional(v.boolean(), false),
          }),
        ),
      }),
      v.transform(
        (found): InterfaceSight => ({
          id: found.NetworkInterfaceId,
          addresses: found.PrivateIpAddresses.map((one) => one.PrivateIpAddress),
          zone: found.AvailabilityZone,
          description: found.Description,
          tags: Object.fromEntries(found.TagSet.map(({ Key, Value }) => [Key, Value])),
          ...(found.Attachment && {
            attachment: {
              id: found.Attachment.AttachmentId,
              status: found.Attachment.Status,
              deleteOnTermination: found.Attachment.DeleteOnTermination,
              ...(found.Attachment.InstanceId !== undefined && { instance: found.Attachment.InstanceId }),
            },
          }),
        }),
      ),
    ),
  ),
});
