import { expect, test } from "vitest";
import { createGroup, DELAYS, type Ground, ground, inService } from "./ground.ts";

interface Interface {
  readonly NetworkInterfaceId: string;
  readonly Status: string;
  readonly PrivateIpAddress: string;
  readonly Attachment?: { readonly AttachmentId: string; readonly Status: string; readonly InstanceId: string };
}

async function createInterface(on: Ground, address: string, subnet = "subnet-a"): Promise<string> {
  const { NetworkInterface } = await on.call<{ NetworkInterface: Interface }>("ec2", "CreateNetworkInterface", {
    SubnetId: subnet,
    PrivateIpAddress: address,
    TagSpecifications: [{ ResourceType: "network-interface", Tags: [{ Key: "rollcall:cluster", Value: "lab" }] }],
  });
  return NetworkInterface.NetworkInterfaceId;
}

async function described(on: Ground, id: string): Promise<Interface> {
  const input = { NetworkInterfaceIds: [id] };
  const { NetworkInterfaces } = await on.call<{ NetworkInterfaces: Interface[] }>(
    "ec2",
    "DescribeNetworkInterfaces",
    input,
  );
  const [found] = NetworkInterfaces;
  if (!found) throw new Error(`no ${id}`);
  return found;
}

async function filtered(on: Ground, Name: string, ...Values: string[]): Promise<string[]> {
  const input = { Filters: [{ Name, Values }] };
  const { NetworkInterfaces } = await on.call<{ NetworkInterfaces: Interface[] }>(
    "ec2",
    "DescribeNetworkInterfaces",
    input,
  );
  return NetworkInterfaces.map((i) => i.PrivateIpAddress);
}

/** An instance in service in zone a, and a free interface with the fixed address 10.0.1.50. */
async function setting() {
  const on = ground();
  const eni = await createInterface(on, "10.0.1.50");
  const [instance = ""] = await inService(on, 1);
  const attach = (InstanceId = instance, DeviceIndex = 1, NetworkInterfaceId = eni) => ({
    NetworkInterfaceId,
    InstanceId,
    DeviceIndex,
  });
  return { on, eni, instance, attach };
}

test("instances get addresses of their subnet that nobody has, never the five that AWS keeps", async () => {
  const on = ground();
  await createInterface(on, "10.0.1.4");
  await createInterface(on, "10.0.1.6");
  await inService(on, 3);
  expect(on.cloud.ec2.instances.all().map((i) => i.address)).toEqual(["10.0.1.5", "10.0.1.7", "10.0.1.8"]);
  for (const reserved of ["10.0.1.3", "10.0.1.255", "10.0.2.9"]) {
    const input = { SubnetId: "subnet-a", PrivateIpAddress: reserved };
    expect(await on.refused("ec2", "CreateNetworkInterface", input)).toMatchObject({ code: "InvalidParameterValue" });
  }
});

test("a subnet that is used up refuses", async () => {
  const on = ground();
  on.cloud.ec2.subnets.add({ id: "subnet-s", vpc: "vpc-1", zone: "eu-central-1a", cidr: "10.0.9.0/28" });
  for (let i = 0; i < 11; i++) await on.call("ec2", "CreateNetworkInterface", { SubnetId: "subnet-s" });
  expect(await on.refused("ec2", "CreateNetworkInterface", { SubnetId: "subnet-s" })).toMatchObject({
    code: "InsufficientFreeAddressesInSubnet",
  });
});

test("an address has one interface", async () => {
  const on = ground();
  await createInterface(on, "10.0.1.50");
  const input = { SubnetId: "subnet-a", PrivateIpAddress: "10.0.1.50" };
  expect(await on.refused("ec2", "CreateNetworkInterface", input)).toMatchObject({ code: "InvalidIPAddress.InUse" });
});

test("attaching takes a while; then the address is plugged into the machine", async () => {
  const { on, eni, instance, attach } = await setting();
  expect((await described(on, eni)).Status).toBe("available");
  await on.call("ec2", "AttachNetworkInterface", attach());
  expect(await described(on, eni)).toMatchObject({ Status: "attaching", Attachment: { Status: "attaching" } });
  expect(on.machines.plugged.get(instance)?.size).toBe(0);
  await on.clock.runFor(1_000);
  expect(await described(on, eni)).toMatchObject({
    Status: "in-use",
    Attachment: { Status: "attached", InstanceId: instance, DeviceIndex: 1, DeleteOnTermination: false },
  });
  expect([...(on.machines.plugged.get(instance) ?? [])]).toEqual(["10.0.1.50"]);
});

test("the errors of attaching are EC2's own", async () => {
  const { on, eni, instance, attach } = await setting();
  const refused = (input: object) => on.refused("ec2", "AttachNetworkInterface", input);
  expect(await refused(attach("i-0123456789abcdef0"))).toEqual({
    code: "InvalidInstanceID.NotFound",
    status: 400,
    message: "The instance ID 'i-0123456789abcdef0' does not exist",
  });
  expect(await refused(attach("broker-1"))).toMatchObject({ code: "InvalidInstanceID.Malformed" });
  expect(await refused(attach(instance, 1, "eni-0"))).toMatchObject({ code: "InvalidNetworkInterfaceID.NotFound" });
  const elsewhere = await createInterface(on, "10.0.2.50", "subnet-b");
  expect(await refused(attach(instance, 1, elsewhere))).toMatchObject({ code: "InvalidParameterCombination" });
  await on.call("ec2", "AttachNetworkInterface", attach());
  expect(await refused(attach())).toEqual({
    code: "InvalidNetworkInterface.InUse",
    status: 400,
    message: `Interface: [${eni}] in use.`,
  });
  const second = await createInterface(on, "10.0.1.51");
  expect(await refused(attach(instance, 1, second))).toMatchObject({ code: "InvalidParameterValue" });
  await on.call("ec2", "AttachNetworkInterface", attach(instance, 2, second));
  const third = await createInterface(on, "10.0.1.52");
  expect(await refused(attach(instance, 3, third))).toMatchObject({ code: "AttachmentLimitExceeded" });
});

test("an instance that does not run yet takes no interface", async () => {
  const on = ground();
  const eni = await createInterface(on, "10.0.1.50");
  await createGroup(on, 1);
  await on.clock.runFor(2_100);
  const InstanceId = on.cloud.ec2.instances.all()[0]?.id ?? "";
  const input = { NetworkInterfaceId: eni, InstanceId, DeviceIndex: 1 };
  expect(await on.refused("ec2", "AttachNetworkInterface", input)).toMatchObject({ code: "IncorrectState" });
});

test("detaching takes a while, and a detached interface can be attached again", async () => {
  const { on, eni, instance, attach } = await setting();
  const { AttachmentId } = await on.call<{ AttachmentId: string }>("ec2", "AttachNetworkInterface", attach());
  await on.clock.runFor(1_000);
  await on.call("ec2", "DetachNetworkInterface", { AttachmentId });
  expect(await described(on, eni)).toMatchObject({ Status: "detaching", Attachment: { Status: "detaching" } });
  expect(on.machines.plugged.get(instance)?.size).toBe(0);
  expect(await on.refused("ec2", "AttachNetworkInterface", attach())).toMatchObject({
    code: "InvalidNetworkInterface.InUse",
  });
  await on.clock.runFor(2_000);
  expect((await described(on, eni)).Status).toBe("available");
  expect(await on.refused("ec2", "DetachNetworkInterface", { AttachmentId })).toEqual({
    code: "InvalidAttachmentID.NotFound",
    status: 400,
    message: `The attachment '${AttachmentId}' does not exist.`,
  });
  await on.call("ec2", "AttachNetworkInterface", attach());
});

test("an attachment that was given up does not end the next one's waiting", async () => {
  const on = ground({ delays: { ...DELAYS, ec2: { ...DELAYS.ec2, attach: 5_000, detach: 1_000 } } });
  const eni = await createInterface(on, "10.0.1.50");
  const [first = "", second = ""] = await inService(on, 2);
  const attach = (InstanceId: string) =>
    on.call<{ AttachmentId: string }>("ec2", "AttachNetworkInterface", {
      NetworkInterfaceId: eni,
      InstanceId,
      DeviceIndex: 1,
    });
  await on.call("ec2", "DetachNetworkInterface", { AttachmentId: (await attach(first)).AttachmentId });
  await on.clock.runFor(1_000);
  await attach(second);
  await on.clock.runFor(4_500);
  expect(await described(on, eni)).toMatchObject({ Status: "attaching", Attachment: { InstanceId: second } });
  await on.clock.runFor(500);
  expect(await described(on, eni)).toMatchObject({ Status: "in-use" });
});

test("a primary interface cannot be detached", async () => {
  const { on, instance } = await setting();
  const AttachmentId = on.cloud.ec2.interfaces.of(instance)[0]?.attachment?.id;
  expect(await on.refused("ec2", "DetachNetworkInterface", { AttachmentId })).toMatchObject({
    code: "OperationNotPermitted",
  });
});

test("an interface is free only when its instance is really gone", async () => {
  const { on, eni, instance, attach } = await setting();
  await on.call("ec2", "AttachNetworkInterface", attach());
  await on.clock.runFor(1_000);
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(14_000);
  expect((await described(on, eni)).Status).toBe("in-use");
  await on.clock.runFor(1_000);
  expect((await described(on, eni)).Status).toBe("available");
});

test("DeleteOnTermination takes the interface with its instance", async () => {
  const { on, eni, instance, attach } = await setting();
  const { AttachmentId } = await on.call<{ AttachmentId: string }>("ec2", "AttachNetworkInterface", attach());
  const keep = (DeleteOnTermination: boolean) => ({
    NetworkInterfaceId: eni,
    Attachment: { AttachmentId, DeleteOnTermination },
  });
  await on.call("ec2", "ModifyNetworkInterfaceAttribute", keep(true));
  expect(await described(on, eni)).toMatchObject({ Attachment: { DeleteOnTermination: true } });
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(16_000);
  expect(await on.refused("ec2", "DescribeNetworkInterfaces", { NetworkInterfaceIds: [eni] })).toMatchObject({
    code: "InvalidNetworkInterfaceID.NotFound",
  });
});

test("interfaces are found by every filter, and an unknown one is an error", async () => {
  const { on, instance, attach } = await setting();
  await createInterface(on, "10.0.2.50", "subnet-b");
  await on.call("ec2", "AttachNetworkInterface", attach());
  expect(await filtered(on, "tag:rollcall:cluster", "lab")).toEqual(["10.0.1.50", "10.0.2.50"]);
  expect(await filtered(on, "tag:rollcall:cluster", "l?b", "x")).toHaveLength(2);
  expect(await filtered(on, "tag:rollcall:cluster", "other")).toEqual([]);
  expect(await filtered(on, "status", "available")).toEqual(["10.0.2.50"]);
  expect(await filtered(on, "availability-zone", "eu-central-1b")).toEqual(["10.0.2.50"]);
  expect(await filtered(on, "subnet-id", "subnet-b")).toEqual(["10.0.2.50"]);
  expect(await filtered(on, "private-ip-address", "10.0.1.50")).toEqual(["10.0.1.50"]);
  expect(await filtered(on, "attachment.instance-id", instance)).toEqual(["10.0.1.50", "10.0.1.4"]);
  expect(await filtered(on, "attachment.status", "attaching")).toEqual(["10.0.1.50"]);
  const input = { Filters: [{ Name: "colour", Values: ["red"] }] };
  expect(await on.refused("ec2", "DescribeNetworkInterfaces", input)).toEqual({
    code: "InvalidParameterValue",
    status: 400,
    message: "The filter 'colour' is invalid",
  });
});

test("every change of an instance's state is an event of EC2's shape", async () => {
  const { on, instance } = await setting();
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(16_000);
  const told = on.eventsOf("EC2 Instance State-change Notification");
  expect(told.map((e) => e.detail)).toEqual(
    ["pending", "running", "shutting-down", "terminated"].map((state) => ({ "instance-id": instance, state })),
  );
  expect(told[0]).toMatchObject({
    source: "aws.ec2",
    resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`],
  });
});

test("a terminated instance is described for an hour, then it is not found", async () => {
  const { on, instance } = await setting();
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(3_500_000);
  const found = await on.call<{ Reservations: { Instances: object[] }[] }>("ec2", "DescribeInstances", {
    InstanceIds: [instance],
  });
  expect(found.Reservations[0]?.Instances[0]).toMatchObject({
    State: { Code: 48, Name: "terminated" },
    StateReason: { Code: "Client.UserInitiatedShutdown" },
    NetworkInterfaces: [],
  });
  expect(found.Reservations[0]?.Instances[0]).not.toHaveProperty("PrivateIpAddress");
  await on.clock.runFor(200_000);
  expect(await on.refused("ec2", "DescribeInstances", { InstanceIds: [instance] })).toMatchObject({
    code: "InvalidInstanceID.NotFound",
  });
});

test("a machine that will not end keeps its instance shutting down", async () => {
  const { on, instance } = await setting();
  const machine = on.cloud.ec2.instances.machine(instance);
  if (!machine) throw new Error("no machine");
  let end = () => {};
  machine.destroy = () =>
    new Promise((resolve) => {
      end = resolve;
    });
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(60_000);
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("shutting-down");
  end();
  await on.clock.runFor(0);
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("terminated");
});

test("launch templates have versions, and a group's $Latest means the last one", async () => {
  const on = ground();
  await inService(on, 1);
  const input = { LaunchTemplateName: "node", LaunchTemplateData: { InstanceType: "m8g.large" } };
  await on.call("ec2", "CreateLaunchTemplateVersion", input);
  await on.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 2 });
  await on.clock.runFor(5_000);
  expect(on.cloud.ec2.instances.all().map((i) => i.type)).toEqual(["m7g.large", "m8g.large"]);
});
