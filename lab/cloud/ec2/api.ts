/** EC2's API, as far as it is modelled. */
import type {
  AttachNetworkInterfaceCommandOutput,
  CreateLaunchTemplateCommandOutput,
  CreateLaunchTemplateVersionCommandOutput,
  CreateNetworkInterfaceCommandOutput,
  DescribeInstancesCommandOutput,
  DescribeInstanceTypesCommandOutput,
  DescribeLaunchTemplatesCommandOutput,
  DescribeNetworkInterfacesCommandOutput,
  DescribeRouteTablesCommandOutput,
  DescribeSubnetsCommandOutput,
  DescribeVpcEndpointsCommandOutput,
  Instance as InstanceOutput,
  InstanceStateName,
  NetworkInterface as InterfaceOutput,
  LaunchTemplate as LaunchTemplateOutput,
  StopInstancesCommandOutput,
  TerminateInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import * as v from "valibot";
import { page } from "../pages.ts";
import { type Action, type Answer, AwsError, action, type Service } from "../service.ts";
import type { World } from "../world.ts";
import { withClientToken } from "./client-tokens.ts";
import type { Ec2 } from "./ec2.ts";
import { filters, passes } from "./filters.ts";
import type { Instance, InstanceState } from "./instances.ts";
import { type NetworkInterface, statusOf } from "./interfaces.ts";
import type { RouteTable } from "./routing.ts";
import { tagSpecifications, tagsFor } from "./tags.ts";
import { contentOf, templateContent } from "./template-content.ts";
import type { LaunchTemplate } from "./templates.ts";

const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const refuse = (reason: string) => new AwsError("InvalidParameterValue", reason);

/** `DryRun=true` would need a model of its own; false is what leaving it out means. */
const common = { DryRun: v.optional(v.literal(false)) };

const instanceIds = v.strictObject({ ...common, InstanceIds: v.array(v.string()) });

export function ec2Api(world: World, ec2: Ec2): Service {
  const { instances, interfaces, subnets, templates, routing } = ec2;
  const actions: Record<string, Action> = {
    DescribeInstances: action(
      v.strictObject({
        ...common,
        InstanceIds: v.optional(v.array(v.string())),
        Filters: filters,
        MaxResults: v.optional(v.pipe(v.number(), v.minValue(5), v.maxValue(1000))),
        NextToken: v.optional(v.string()),
      }),
      refuse,
      (input, _caller, view): Answer<DescribeInstancesCommandOutput> => {
        const asked = input.InstanceIds?.map((id) => instances.get(id, view.asOf)) ?? instances.all(view.asOf);
        const found = asked.filter((i) => passes(input.Filters, filterable(i)));
        const { items, next } = page(found, input.MaxResults ?? 1000, input.NextToken);
        return {
          Reservations: items.map((instance) => ({
            ReservationId: instance.id.replace("i-", "r-"),
            OwnerId: world.account,
            Groups: [],
            Instances: [describeInstance(instance, interfaces.of(instance.id, view.asOf))],
          })),
          NextToken: next,
        };
      },
    ),

    TerminateInstances: action(instanceIds, refuse, (input): Answer<TerminateInstancesCommandOutput> => {
      const before = input.InstanceIds.map((id) => instances.get(id));
      for (const { id } of before) {
        instances.terminate(id, {
          code: "Client.UserInitiatedShutdown",
          message: "Client.UserInitiatedShutdown: User initiated shutdown",
        });
      }
      return { TerminatingInstances: before.map((was) => change(was, instances.get(was.id))) };
    }),

    StopInstances: action(instanceIds, refuse, (input): Answer<StopInstancesCommandOutput> => {
      const before = input.InstanceIds.map((id) => instances.get(id));
      for (const { id } of before) instances.stop(id);
      return { StoppingInstances: before.map((was) => change(was, instances.get(was.id))) };
    }),

    RebootInstances: action(instanceIds, refuse, (input) => {
      for (const id of input.InstanceIds) instances.reboot(id);
      return {};
    }),

    CreateNetworkInterface: withClientToken(
      action(
        v.strictObject({
          ...common,
          SubnetId: v.string(),
          PrivateIpAddress: v.optional(v.string()),
          Description: v.optional(v.string(), ""),
          TagSpecifications: tagSpecifications,
          /** Security groups are not modelled; which ones an interface has changes nothing here. */
          Groups: v.optional(v.array(v.string())),
        }),
        refuse,
        (input): Answer<CreateNetworkInterfaceCommandOutput> => {
          const tags = tagsFor(input.TagSpecifications, "network-interface");
          const subnet = subnets.get(input.SubnetId);
          const created = interfaces.create(subnet, input.PrivateIpAddress, input.Description, tags);
          return { NetworkInterface: describeInterface(world, created) };
        },
      ),
    ),

    DeleteNetworkInterface: action(v.strictObject({ ...common, NetworkInterfaceId: v.string() }), refuse, (input) => {
      interfaces.remove(input.NetworkInterfaceId);
      return {};
    }),

    DescribeNetworkInterfaces: action(
      v.strictObject({
        ...common,
        NetworkInterfaceIds: v.optional(v.array(v.string())),
        Filters: filters,
        MaxResults: v.optional(v.pipe(v.number(), v.minValue(5), v.maxValue(1000))),
        NextToken: v.optional(v.string()),
      }),
      refuse,
      (input, _caller, view): Answer<DescribeNetworkInterfacesCommandOutput> => {
        const asked =
          input.NetworkInterfaceIds?.map((id) => interfaces.get(id, view.asOf)) ?? interfaces.all(view.asOf);
        const found = asked.filter((i) => passes(input.Filters, filterableInterface(i)));
        const { items, next } = page(found, input.MaxResults ?? 1000, input.NextToken);
        return { NetworkInterfaces: items.map((i) => describeInterface(world, i)), NextToken: next };
      },
    ),

    AttachNetworkInterface: action(
      v.strictObject({
        ...common,
        NetworkInterfaceId: v.string(),
        InstanceId: v.string(),
        DeviceIndex: v.pipe(v.number(), v.integer(), v.minValue(1)),
      }),
      refuse,
      (input): Answer<AttachNetworkInterfaceCommandOutput> => ({
        AttachmentId: interfaces.attach(input.NetworkInterfaceId, input.InstanceId, input.DeviceIndex),
        NetworkCardIndex: 0,
      }),
    ),

    DetachNetworkInterface: action(v.strictObject({ ...common, AttachmentId: v.string() }), refuse, (input) => {
      interfaces.detach(input.AttachmentId);
      return {};
    }),

    ModifyNetworkInterfaceAttribute: action(
      v.strictObject({
        ...common,
        NetworkInterfaceId: v.string(),
        Attachment: v.strictObject({ AttachmentId: v.string(), DeleteOnTermination: v.boolean() }),
      }),
      refuse,
      (input) => {
        const { AttachmentId, DeleteOnTermination } = input.Attachment;
        interfaces.keep(input.NetworkInterfaceId, AttachmentId, DeleteOnTermination);
        return {};
      },
    ),

    DescribeRouteTables: action(
      v.strictObject({ ...common, Filters: filters }),
      refuse,
      (input): Answer<DescribeRouteTablesCommandOutput> => ({
        RouteTables: routing
          .tables(new Set(subnets.all().map(({ vpc }) => vpc)))
          .filter(({ vpc }) => passes(input.Filters, { values: { "vpc-id": vpc }, tags: [] }))
          .map(describeRouteTable),
      }),
    ),

    DescribeVpcEndpoints: action(
      v.strictObject({ ...common, Filters: filters }),
      refuse,
      (input): Answer<DescribeVpcEndpointsCommandOutput> => ({
        VpcEndpoints: routing
          .endpoints()
          .filter(({ vpc, service }) =>
            passes(input.Filters, { values: { "vpc-id": vpc, "service-name": service }, tags: [] }),
          )
          .map(({ id, vpc, service, privateDns }) => ({
            VpcEndpointId: id,
            VpcId: vpc,
            ServiceName: service,
            VpcEndpointType: "Interface",
            State: "Available",
            PrivateDnsEnabled: privateDns,
          })),
      }),
    ),

    DescribeSubnets: action(
      v.strictObject({ ...common, SubnetIds: v.optional(v.array(v.string())), Filters: filters }),
      refuse,
      (input): Answer<DescribeSubnetsCommandOutput> => {
        const asked = input.SubnetIds?.map((id) => subnets.get(id)) ?? subnets.all();
        const found = asked.filter(({ id, zone, vpc }) =>
          passes(input.Filters, { values: { "subnet-id": id, "availability-zone": zone, "vpc-id": vpc }, tags: [] }),
        );
        return {
          Subnets: found.map((subnet) => {
            const { id, zone, vpc, cidr } = subnet;
            const free = subnets.size(subnet) - interfaces.all().filter((i) => i.subnet.id === id).length;
            return {
              SubnetId: id,
              VpcId: vpc,
              AvailabilityZone: zone,
              CidrBlock: cidr,
              AvailableIpAddressCount: free,
              State: "available",
              OwnerId: world.account,
            };
          }),
        };
      },
    ),

    DescribeInstanceTypes: action(
      v.strictObject({ ...common, InstanceTypes: v.array(v.string()) }),
      refuse,
      (input): Answer<DescribeInstanceTypesCommandOutput> => ({
        InstanceTypes: input.InstanceTypes.map((type) => ({
          InstanceType: v.parse(instanceType, type),
          VCpuInfo: { DefaultVCpus: coresOf(type) },
        })),
      }),
    ),

    CreateLaunchTemplate: withClientToken(
      action(
        v.strictObject({ ...common, LaunchTemplateName: v.string(), LaunchTemplateData: templateContent }),
        refuse,
        (input): Answer<CreateLaunchTemplateCommandOutput> => {
          const created = templates.create(input.LaunchTemplateName, contentOf(input.LaunchTemplateData));
          return { LaunchTemplate: describeTemplate(created) };
        },
      ),
    ),

    CreateLaunchTemplateVersion: withClientToken(
      action(
        v.strictObject({
          ...common,
          LaunchTemplateId: v.optional(v.string()),
          LaunchTemplateName: v.optional(v.string()),
          LaunchTemplateData: templateContent,
        }),
        refuse,
        (input): Answer<CreateLaunchTemplateVersionCommandOutput> => {
          const template = templates.addVersion(input, contentOf(input.LaunchTemplateData));
          return {
            LaunchTemplateVersion: {
              LaunchTemplateId: template.id,
              LaunchTemplateName: template.name,
              VersionNumber: template.versions.length,
            },
          };
        },
      ),
    ),

    DeleteLaunchTemplate: action(v.strictObject({ ...common, LaunchTemplateId: v.string() }), refuse, (input) => {
      templates.delete(input.LaunchTemplateId);
      return {};
    }),

    DescribeLaunchTemplates: action(
      v.strictObject({
        ...common,
        LaunchTemplateIds: v.optional(v.array(v.string())),
        LaunchTemplateNames: v.optional(v.array(v.string())),
      }),
      refuse,
      (input): Answer<DescribeLaunchTemplatesCommandOutput> => {
        const { LaunchTemplateIds: ids, LaunchTemplateNames: names } = input;
        const wanted = (t: LaunchTemplate) => (!ids && !names) || ids?.includes(t.id) || names?.includes(t.name);
        return { LaunchTemplates: templates.all().filter(wanted).map(describeTemplate) };
      },
    ),
  };
  return {
    name: "ec2",
    actions,
    unknownAction: (name) => new AwsError("InvalidAction", `The action ${name} is not valid for this web service.`),
  };
}

/** By its size, as most families have it: two up to `large`, then twice as many with each step. */
function coresOf(type: string): number {
  const [, times] = /\.(\d*)xlarge$/.exec(type) ?? [];
  return times === undefined ? 2 : 4 * Number(times || 1);
}

function describeTemplate(template: LaunchTemplate): LaunchTemplateOutput {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.created),
    DefaultVersionNumber: 1,
    LatestVersionNumber: template.versions.length,
  };
}

function stateOf(instance: Instance): { Code: number; Name: InstanceStateName } {
  return { Code: STATE_CODES[instance.state], Name: instance.state };
}

function change(was: Instance, is: Instance) {
  return { InstanceId: is.id, PreviousState: stateOf(was), CurrentState: stateOf(is) };
}

function describeInstance(instance: Instance, attached: readonly NetworkInterface[]): InstanceOutput {
  const { id, type, subnet, address, state, launched, tags, reason } = instance;
  const gone = state === "terminated";
  return {
    InstanceId: id,
    InstanceType: v.parse(instanceType, type),
    State: stateOf(instance),
    LaunchTime: new Date(launched),
    Placement: { AvailabilityZone: subnet.zone },
    Tags: tags.map((t) => ({ ...t })),
    NetworkInterfaces: attached.map(describeAttached),
    ...(!gone && { PrivateIpAddress: address, SubnetId: subnet.id, VpcId: subnet.vpc }),
    ...(reason && { StateReason: { Code: reason.code, Message: reason.message } }),
  };
}

/** The SDK lists the types it knows; the model takes any. */
const instanceType = v.custom<NonNullable<InstanceOutput["InstanceType"]>>((value) => typeof value === "string");

function describeAttached({ id, subnet, address, attachment, ...rest }: NetworkInterface) {
  return {
    NetworkInterfaceId: id,
    SubnetId: subnet.id,
    VpcId: subnet.vpc,
    PrivateIpAddress: address,
    Description: rest.description,
    ...(attachment && {
      Status: attachment.status === "attached" ? ("in-use" as const) : attachment.status,
      Attachment: {
        AttachmentId: attachment.id,
        AttachTime: new Date(attachment.since),
        DeleteOnTermination: attachment.deleteOnTermination,
        DeviceIndex: attachment.deviceIndex,
        Status: attachment.status,
      },
    }),
  };
}

function describeInterface(world: World, found: NetworkInterface): InterfaceOutput {
  const { id, subnet, address, description, tags, attachment } = found;
  return {
    NetworkInterfaceId: id,
    SubnetId: subnet.id,
    VpcId: subnet.vpc,
    AvailabilityZone: subnet.zone,
    PrivateIpAddress: address,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: address }],
    Description: description,
    InterfaceType: "interface",
    OwnerId: world.account,
    Status: statusOf(found),
    TagSet: tags.map((t) => ({ ...t })),
    ...(attachment && {
      Attachment: {
        AttachmentId: attachment.id,
        AttachTime: new Date(attachment.since),
        DeleteOnTermination: attachment.deleteOnTermination,
        DeviceIndex: attachment.deviceIndex,
        InstanceId: attachment.instance,
        InstanceOwnerId: world.account,
        Status: attachment.status,
      },
    }),
  };
}

function filterable({ id, state, type, subnet, address, tags }: Instance) {
  return {
    values: {
      "instance-id": id,
      "instance-state-name": state,
      "instance-type": type,
      "availability-zone": subnet.zone,
      "subnet-id": subnet.id,
      "vpc-id": subnet.vpc,
      "private-ip-address": state === "terminated" ? undefined : address,
    },
    tags,
  };
}

function filterableInterface(found: NetworkInterface) {
  const { id, subnet, address, description, tags, attachment } = found;
  return {
    values: {
      "network-interface-id": id,
      status: statusOf(found),
      "availability-zone": subnet.zone,
      "subnet-id": subnet.id,
      "vpc-id": subnet.vpc,
      "private-ip-address": address,
      "addresses.private-ip-address": address,
      description,
      "attachment.attachment-id": attachment?.id,
      "attachment.instance-id": attachment?.instance,
      "attachment.status": attachment?.status,
      "attachment.device-index": attachment && String(attachment.deviceIndex),
    },
    tags,
  };
}

function describeRouteTable({ id, vpc, subnets, way }: RouteTable) {
  const target = way?.startsWith("nat-") ? { NatGatewayId: way } : { GatewayId: way };
  return {
    RouteTableId: id,
    VpcId: vpc,
    Associations:
      subnets.length === 0
        ? [{ Main: true, RouteTableId: id }]
        : subnets.map((SubnetId) => ({ Main: false, RouteTableId: id, SubnetId })),
    Routes: way === undefined ? [] : [{ DestinationCidrBlock: "0.0.0.0/0", State: "active" as const, ...target }],
  };
}
