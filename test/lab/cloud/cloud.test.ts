import { expect, test } from "vitest";
import { AWS_DELAYS, type Delay, shortest } from "../../../lab/cloud/delays.ts";
import { broken, throttled } from "../../../lab/cloud/faults.ts";
import { AwsError } from "../../../lab/cloud/service.ts";
import { complete, createGroup, ground, inService, members } from "./ground.ts";

test("an unknown action is the service's own error and a line in the log", async () => {
  const on = ground();
  expect(await on.refused("autoscaling", "StartInstanceRefresh")).toMatchObject({ code: "InvalidAction", status: 400 });
  expect(await on.refused("ec2", "RunInstances")).toEqual({
    code: "InvalidAction",
    status: 400,
    message: "The action RunInstances is not valid for this web service.",
  });
  expect(on.log).toEqual([
    "autoscaling:StartInstanceRefresh is not modelled (called by test)",
    "ec2:RunInstances is not modelled (called by test)",
  ]);
});

test("a field the model does not know is an error, at any depth", async () => {
  const on = ground();
  expect((await on.refused("ec2", "DescribeInstances", { IncludeManagedResources: true })).message).toBe(
    "IncludeManagedResources: this field is not modelled by the lab's cloud",
  );
  const Filters = [{ Name: "status", Values: ["x"], Colour: "red" }];
  expect((await on.refused("ec2", "DescribeNetworkInterfaces", { Filters })).message).toContain("Filters.0.Colour");
  await on.call("ec2", "DescribeInstances", { NextToken: undefined, Unknown: undefined });
});

test("calls are counted and kept, with who called and how they ended", async () => {
  const on = ground();
  await on.call("ec2", "DescribeSubnets");
  await on.call("ec2", "DescribeSubnets");
  await on.refused("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "x", DesiredCapacity: 1 });
  expect(on.cloud.calls.counts()).toEqual({ "autoscaling:SetDesiredCapacity": 1, "ec2:DescribeSubnets": 2 });
  expect(on.cloud.calls.all()).toMatchObject([
    { number: 1, caller: { role: "test" }, ended: "answered" },
    { number: 2 },
    { number: 3, ended: { error: { code: "ValidationError" } } },
  ]);
});

test("services registered beside the model's are counted and hurt like them", async () => {
  const on = ground({
    faults: {
      before: (call) => {
        if (call.service === "dynamodb") throw new AwsError("ThrottlingException", "Rate exceeded", 400);
        return undefined;
      },
    },
  });
  on.cloud.register({
    name: "dynamodb",
    actions: { GetItem: () => ({ Item: {} }) },
    unknownAction: (action) => new AwsError("UnknownOperationException", action),
  });
  expect(await on.refused("dynamodb", "GetItem")).toMatchObject({ code: "ThrottlingException" });
  expect(on.cloud.calls.counts()).toEqual({ "dynamodb:GetItem": 1 });
});

test("a call refused before has no effect; one whose answer is lost has", async () => {
  let hurt: "before" | "after" | undefined;
  const on = ground({
    faults: {
      before: (call) => {
        if (hurt === "before" && call.action === "SetDesiredCapacity")
          throw new AwsError("Throttling", "Rate exceeded");
        return undefined;
      },
      after: (call) => {
        if (hurt === "after" && call.action === "SetDesiredCapacity") throw new Error("socket hang up");
      },
    },
  });
  await createGroup(on, 0);
  const set = () =>
    on.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 1 });
  hurt = "before";
  await expect(set()).rejects.toMatchObject({ code: "Throttling" });
  expect(on.cloud.groups.get("brokers-a").desired).toBe(0);
  hurt = "after";
  await expect(set()).rejects.toThrow("socket hang up");
  expect(on.cloud.groups.get("brokers-a").desired).toBe(1);
  expect(on.cloud.calls.all().at(-1)).toMatchObject({ ended: "answered" });
});

test("a caller killed at a call never hears of it", async () => {
  const on = ground({ faults: { after: () => new Promise(() => {}) } });
  let settled = false;
  void on.call("ec2", "DescribeSubnets").finally(() => {
    settled = true;
  });
  await on.clock.runFor(10_000);
  expect(settled).toBe(false);
});

test("a stale read sees the world as it was: newborns are not found, states are former ones", async () => {
  let staleBy = 0;
  const on = ground({ faults: { before: (call) => (call.action.startsWith("Describe") ? { staleBy } : undefined) } });
  await createGroup(on, 1);
  await on.clock.runFor(2_100);
  const InstanceId = on.cloud.ec2.instances.all()[0]?.id ?? "";
  staleBy = 1_000;
  expect(await on.refused("ec2", "DescribeInstances", { InstanceIds: [InstanceId] })).toMatchObject({
    code: "InvalidInstanceID.NotFound",
  });
  expect(await members(on)).toEqual([]);
  await on.clock.runFor(4_500);
  expect((await members(on))[0]?.LifecycleState).toBe("Pending");
  staleBy = 0;
  expect((await members(on))[0]?.LifecycleState).toBe("Pending:Wait");
});

test("an uneven read sees each instance as of a moment of its own", async () => {
  let late = "";
  const lag = (instance: string): number => (instance === late ? 2_000 : 0);
  const on = ground({ faults: { before: () => (late === "" ? undefined : { staleBy: 0, lag }) } });
  await createGroup(on, 2);
  await on.clock.runFor(2_100);
  const [one = "", other = ""] = on.cloud.ec2.instances.all().map(({ id }) => id);
  const listed = async () => (await members(on)).map(({ InstanceId }) => InstanceId);
  expect(await listed()).toEqual([one, other]);
  late = one;
  expect(await listed()).toEqual([other]);
  await on.clock.runFor(2_000);
  expect(await listed()).toEqual([one, other]);
});

test("delays can be as short as they may be", () => {
  const { autoscaling, ec2, ssm, events, lambda } = shortest(AWS_DELAYS);
  for (const delay of [autoscaling, ec2, ssm, events].flatMap((kind) => Object.values(kind))) {
    expect(delay).toBeTypeOf("number");
  }
  const least = (delay: Delay): number => (typeof delay === "number" ? delay : delay[0]);
  expect(autoscaling.launchHook).toBe(least(AWS_DELAYS.autoscaling.launchHook));
  expect(lambda).toEqual(AWS_DELAYS.lambda);
});

test("the snapshot shows groups, members, actions, instances, interfaces, agents and queues", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  on.cloud.queues.create("failed").send({});
  const snapshot = on.cloud.snapshot();
  expect(snapshot).toMatchObject({
    groups: [{ name: "brokers-a", desired: 1, members: [{ instance, state: "InService" }] }],
    actions: [],
    instances: [{ id: instance, state: "running" }],
    interfaces: [{ attachment: { instance, deviceIndex: 0 } }],
    agents: [{ instance, ping: "Online" }],
    queues: { failed: 1 },
  });
});

test("the same seed gives the same history, another seed another one", async () => {
  const history = async (seed: number) => {
    const on = ground({ seed, delays: AWS_DELAYS });
    await createGroup(on, 3, { VPCZoneIdentifier: "subnet-a,subnet-b,subnet-c" });
    await on.clock.runFor(20_000);
    const [first] = await members(on);
    await complete(on, first?.InstanceId ?? "", "launch", "ABANDON");
    await on.clock.runFor(120_000);
    return on.events;
  };
  const first = await history(7);
  expect(first.length).toBeGreaterThan(8);
  expect(await history(7)).toEqual(first);
  expect(await history(8)).not.toEqual(first);
});

test("each service says in its own words that it is called too often, or is broken", () => {
  expect(throttled("autoscaling")).toMatchObject({ code: "Throttling", message: "Rate exceeded", status: 400 });
  expect(throttled("ssm")).toMatchObject({ code: "ThrottlingException", status: 400 });
  expect(throttled("ec2")).toMatchObject({ code: "RequestLimitExceeded", status: 503 });
  expect(broken("autoscaling")).toMatchObject({ code: "ResourceContention", status: 500 });
});

test("after close nothing happens any more, whatever is still called", async () => {
  const on = ground();
  await createGroup(on, 3);
  await on.cloud.close();
  await on.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 4 });
  const before = on.events.length;
  await on.clock.runFor(3_600_000);
  expect(on.events).toHaveLength(before);
  expect(on.clock.pending).toBe(0);
});
