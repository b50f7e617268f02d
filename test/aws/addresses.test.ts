import { expect, test } from "vitest";
import { awsAddresses } from "../../shared/aws/addresses.ts";
import { roleOf } from "../../shared/cluster/definition.ts";
import type { Addresses } from "../../shared/lifecycle/ports.ts";
import { definition } from "../definition.ts";
import { type Exchange, ec2Answer, ec2Error, type WireAnswer, wiredClients } from "./wire.ts";

const controller = roleOf(definition, "controller");

function addressesThat(answer: (exchange: Exchange) => WireAnswer): { addresses: Addresses; asked: Exchange[] } {
  const { clients, asked } = wiredClients(answer);
  return { addresses: awsAddresses({ ec2: () => clients.ec2(), cluster: "lab" }), asked };
}

const refusing = (code: string, message = "") => addressesThat(() => ec2Error(code, message)).addresses;

const eni = (id: string, attachment = "") =>
  `<item><networkInterfaceId>${id}</networkInterfaceId><privateIpAddress>10.0.1.10</privateIpAddress><availabilityZone>eu-central-1a</availabilityZone><status>in-use</status>${attachment}</item>`;

const interfaces = (items: string) =>
  ec2Answer("DescribeNetworkInterfaces", `<networkInterfaceSet>${items}</networkInterfaceSet>`);

test("finds an address by the cluster's and the role's tags", async () => {
  const { addresses, asked } = addressesThat(() => interfaces(eni("eni-1")));

  expect(await addresses.look(controller, "10.0.1.10")).toEqual({
    address: "10.0.1.10",
    eni: "eni-1",
    zone: "eu-central-1a",
  });
  expect(asked[0]?.input).toMatchObject({
    "Filter.1.Name": "tag:rollcall:cluster",
    "Filter.1.Value.1": "lab",
    "Filter.2.Name": "tag:rollcall:role",
    "Filter.2.Value.1": "controller",
    "Filter.3.Name": "private-ip-address",
    "Filter.3.Value.1": "10.0.1.10",
  });
});

test("sees what an interface is attached to, and how", async () => {
  const attachment =
    "<attachment><attachmentId>eni-attach-1</attachmentId><instanceId>i-1</instanceId><deviceIndex>1</deviceIndex><status>detaching</status><deleteOnTermination>true</deleteOnTermination></attachment>";
  const { addresses } = addressesThat(() => interfaces(eni("eni-1", attachment)));

  expect((await addresses.look(controller, "10.0.1.10"))?.attachment).toEqual({
    id: "eni-attach-1",
    instance: "i-1",
    status: "detaching",
    deleteOnTermination: true,
  });
});

test("no interface is an answer; two are an error that names them", async () => {
  expect(await addressesThat(() => interfaces("")).addresses.look(controller, "10.0.1.10")).toBeUndefined();

  const { addresses } = addressesThat(() => interfaces(eni("eni-1") + eni("eni-2")));
  await expect(addresses.look(controller, "10.0.1.10")).rejects.toThrow("eni-1 and eni-2 both have 10.0.1.10");
});

test("attaches as the second interface, and never detaches by force", async () => {
  const { addresses, asked } = addressesThat(({ action }) =>
    ec2Answer(
      action,
      action === "AttachNetworkInterface" ? "<attachmentId>eni-attach-1</attachmentId>" : "<return>true</return>",
    ),
  );

  expect(await addresses.attach("eni-1", "i-1")).toBe("attached");
  expect(await addresses.detach("eni-attach-1")).toBe("detaching");
  await addresses.keepOnTermination("eni-1", "eni-attach-1");
  expect(asked).toMatchObject([
    { action: "AttachNetworkInterface", input: { NetworkInterfaceId: "eni-1", InstanceId: "i-1", DeviceIndex: "1" } },
    { action: "DetachNetworkInterface", input: { AttachmentId: "eni-attach-1" } },
    {
      action: "ModifyNetworkInterfaceAttribute",
      input: { "Attachment.AttachmentId": "eni-attach-1", "Attachment.DeleteOnTermination": "false" },
    },
  ]);
  expect(asked[1]?.input).not.toHaveProperty("Force");
});

test.each([
  ["InvalidNetworkInterface.InUse", "Interface: [eni-1] in use.", "busy"],
  ["InvalidParameterValue", "Interface: [eni-1] in use.", "busy"],
  ["IncorrectState", "Instance 'i-1' is not 'running' or 'stopped'.", "not-ready"],
  ["IncorrectInstanceState", "", "not-ready"],
  ["InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist", "not-ready"],
])("attach answered %s (%s) is %s", async (code, message, outcome) => {
  expect(await refusing(code, message).attach("eni-1", "i-1")).toBe(outcome);
});

test.each([
  ["InvalidParameterValue", "Instance 'i-1' already has an interface attached at device index '1'."],
  ["InvalidParameterCombination", "You may not attach a network interface to an instance in another zone"],
  ["AttachmentLimitExceeded", "Interface count 4 exceeds the limit for m7g.large"],
  ["InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-1' does not exist"],
  ["RequestLimitExceeded", "Request limit exceeded."],
])("attach answered %s is an error that says what was being done", async (code, message) => {
  await expect(refusing(code, message).attach("eni-1", "i-1")).rejects.toMatchObject({
    message: expect.stringContaining(`could not attach eni-1 to i-1: ${code}: ${message}`),
    cause: { name: code },
  });
});

test("an attachment that is no more is gone", async () => {
  expect(await refusing("InvalidAttachmentID.NotFound", "no such attachment").detach("eni-attach-1")).toBe("gone");
  await expect(refusing("OperationNotPermitted", "device index 0").detach("eni-attach-1")).rejects.toThrow(
    "could not detach eni-attach-1: OperationNotPermitted",
  );
});
