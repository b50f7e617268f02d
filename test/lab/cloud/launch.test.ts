import { expect, test } from "vitest";
import { complete, createGroup, ground, HOOKS, inService, LAUNCH, members, stateOf, TERMINATE } from "./ground.ts";

async function waiting(input: object = {}) {
  const on = ground();
  await createGroup(on, 1, input);
  await on.clock.runFor(6_100);
  const instance = (await members(on))[0]?.InstanceId ?? "";
  return { on, instance };
}

test("a launch waits at its hook some seconds after it began, while EC2 still boots the instance", async () => {
  const { on, instance } = await waiting();
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("pending");
});

test("the hook's event has its real shape, and comes when the instance waits", async () => {
  const { on, instance } = await waiting({
    LifecycleHookSpecificationList: [{ ...HOOKS[0], NotificationMetadata: '{"role":"broker"}' }, HOOKS[1]],
  });
  const [event] = on.eventsOf("EC2 Instance-launch Lifecycle Action");
  expect(event).toEqual({
    version: "0",
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    "detail-type": "EC2 Instance-launch Lifecycle Action",
    source: "aws.autoscaling",
    account: "123456789012",
    time: "2026-09-01T12:00:06Z",
    region: "eu-central-1",
    resources: [
      expect.stringMatching(
        /^arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:.*:autoScalingGroupName\/brokers-a$/,
      ),
    ],
    detail: {
      LifecycleActionToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
      AutoScalingGroupName: "brokers-a",
      LifecycleHookName: "launch",
      EC2InstanceId: instance,
      LifecycleTransition: LAUNCH,
      NotificationMetadata: '{"role":"broker"}',
      Origin: "EC2",
      Destination: "AutoScalingGroup",
      Action: "Launch",
    },
  });
});

test("CONTINUE puts it into service once EC2 says running, and tells so with StatusCode InProgress", async () => {
  const { on, instance } = await waiting();
  await complete(on, instance, "launch", "CONTINUE");
  expect(await stateOf(on, instance)).toBe("Pending:Proceed");
  await on.clock.runFor(2_000);
  expect(await stateOf(on, instance)).toBe("Pending:Proceed");
  await on.clock.runFor(5_000);
  expect(await stateOf(on, instance)).toBe("InService");
  const [event] = on.eventsOf("EC2 Instance Launch Successful");
  expect(event?.resources[1]).toBe(`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`);
  expect(event?.detail).toMatchObject({
    Origin: "EC2",
    Destination: "AutoScalingGroup",
    EC2InstanceId: instance,
    StatusCode: "InProgress",
    Description: `Launching a new EC2 instance: ${instance}`,
    Details: { "Availability Zone": "eu-central-1a", "Availability Zone ID": "euc1-az1", "Subnet ID": "subnet-a" },
    Cause: expect.stringContaining("increasing the capacity from 0 to 1"),
  });
});

test("a token completes the action as well as the instance does, and a second completion is refused", async () => {
  const { on, instance } = await waiting();
  const by = { AutoScalingGroupName: "brokers-a", LifecycleHookName: "launch", LifecycleActionResult: "CONTINUE" };
  const token = on.cloud.groups.actions.all()[0]?.token;
  await on.call("autoscaling", "CompleteLifecycleAction", { ...by, LifecycleActionToken: token });
  expect(await on.refused("autoscaling", "CompleteLifecycleAction", { ...by, LifecycleActionToken: token })).toEqual({
    code: "ValidationError",
    status: 400,
    message: `No active Lifecycle Action found with token ${token}`,
  });
  expect(await on.refused("autoscaling", "CompleteLifecycleAction", { ...by, InstanceId: instance })).toEqual({
    code: "ValidationError",
    status: 400,
    message: `No active Lifecycle Action found with instance ID ${instance}`,
  });
});

test("ABANDON terminates it, fires its terminate hook a second later, and a replacement comes", async () => {
  const { on, instance } = await waiting();
  const token = on.cloud.groups.actions.all()[0]?.token;
  const abandoned = on.elapsed();
  await complete(on, instance, "launch", "ABANDON");
  expect(await stateOf(on, instance)).toBe("Terminating");
  await on.clock.runFor(1_100);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
  const fired = on.events.find((e) => e.event["detail-type"] === "EC2 Instance-terminate Lifecycle Action");
  expect((fired?.at ?? 0) - abandoned).toBe(1_000);
  expect(on.eventsOf("EC2 Instance Launch Unsuccessful")[0]?.detail).toMatchObject({
    StatusCode: "Cancelled",
    StatusMessage: `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was abandoned: Lifecycle Action Completed with ABANDON Result`,
  });
  await on.clock.runFor(10_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Terminating:Wait", "Pending:Wait"]);
  const cause = on.cloud.groups.activities.list().find((a) => a.kind === "Terminate")?.cause;
  expect(cause).toMatch(/an instance was taken out of service in response to a launch failure\.$/);
});

test("without an answer the heartbeat timeout applies the default result", async () => {
  const { on, instance } = await waiting();
  await on.clock.runFor(599_000);
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  await on.clock.runFor(1_000);
  expect(await stateOf(on, instance)).toBe("Terminating");
  expect(on.eventsOf("EC2 Instance Launch Unsuccessful")[0]?.detail).toMatchObject({ StatusCode: "Cancelled" });
});

test("a default result of CONTINUE lets an unanswered launch into service", async () => {
  const { on, instance } = await waiting({
    LifecycleHookSpecificationList: [{ ...HOOKS[0], DefaultResult: "CONTINUE" }],
  });
  await on.clock.runFor(602_000);
  expect(await stateOf(on, instance)).toBe("InService");
});

test("a heartbeat restarts the whole period", async () => {
  const { on, instance } = await waiting();
  const beat = { AutoScalingGroupName: "brokers-a", LifecycleHookName: "launch", InstanceId: instance };
  await on.clock.runFor(500_000);
  await on.call("autoscaling", "RecordLifecycleActionHeartbeat", beat);
  await on.clock.runFor(599_000);
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  await on.clock.runFor(1_000);
  expect(await stateOf(on, instance)).toBe("Terminating");
  expect(await on.refused("autoscaling", "RecordLifecycleActionHeartbeat", beat)).toMatchObject({
    code: "ValidationError",
    message: `No active Lifecycle Action found with instance ID ${instance}`,
  });
});

test("no number of heartbeats outlives the global limit of 100 periods", async () => {
  const { on, instance } = await waiting({
    LifecycleHookSpecificationList: [{ ...HOOKS[0], HeartbeatTimeout: 30 }, HOOKS[1]],
  });
  const beat = { AutoScalingGroupName: "brokers-a", LifecycleHookName: "launch", InstanceId: instance };
  for (let beats = 0; beats < 149; beats++) {
    await on.clock.runFor(20_000);
    await on.call("autoscaling", "RecordLifecycleActionHeartbeat", beat);
  }
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  await on.clock.runFor(20_000);
  expect(await stateOf(on, instance)).toBe("Terminating");
});

test("the global limit is never more than 48 hours", async () => {
  const { on } = await waiting({ LifecycleHookSpecificationList: [{ ...HOOKS[0], HeartbeatTimeout: 7200 }] });
  const { LifecycleHooks } = await on.call<{ LifecycleHooks: object[] }>("autoscaling", "DescribeLifecycleHooks", {
    AutoScalingGroupName: "brokers-a",
  });
  expect(LifecycleHooks[0]).toMatchObject({ GlobalTimeout: 172_800, HeartbeatTimeout: 7200, DefaultResult: "ABANDON" });
  const [action] = on.cloud.groups.actions.all();
  expect((action?.globalDeadline ?? 0) - (action?.opened ?? 0)).toBe(48 * 3_600_000);
});

test("several hooks: a token and an event each, together, and the launch goes on when all got CONTINUE", async () => {
  const { on, instance } = await waiting({
    LifecycleHookSpecificationList: [HOOKS[0], { ...HOOKS[0], LifecycleHookName: "second" }],
  });
  const details = on.eventsOf("EC2 Instance-launch Lifecycle Action").map((e) => e.detail);
  expect(details).toMatchObject([{ LifecycleHookName: "launch" }, { LifecycleHookName: "second" }]);
  expect(new Set(on.cloud.groups.actions.all().map((a) => a.token)).size).toBe(2);
  await complete(on, instance, "second", "CONTINUE");
  await on.clock.runFor(20_000);
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  await complete(on, instance, "launch", "CONTINUE");
  await on.clock.runFor(1_100);
  expect(await stateOf(on, instance)).toBe("InService");
});

test("one ABANDON of several hooks ends the launch, and the other actions with it", async () => {
  const { on, instance } = await waiting({
    LifecycleHookSpecificationList: [HOOKS[0], { ...HOOKS[0], LifecycleHookName: "second" }, HOOKS[1]],
  });
  await complete(on, instance, "second", "ABANDON");
  expect(await stateOf(on, instance)).toBe("Terminating");
  expect(on.cloud.groups.actions.all()).toEqual([]);
});

test("a hook that is put on a group later misses the instances launched before", async () => {
  const on = ground();
  await createGroup(on, 1, { LifecycleHookSpecificationList: [] });
  await on.clock.runFor(6_100);
  await on.call("autoscaling", "PutLifecycleHook", { AutoScalingGroupName: "brokers-a", ...HOOKS[0] });
  await on.clock.runFor(10_000);
  expect((await members(on))[0]?.LifecycleState).toBe("InService");
  expect(on.eventsOf("EC2 Instance-launch Lifecycle Action")).toEqual([]);
});

test("deleting a hook abandons its launch actions and lets its terminate actions go on", async () => {
  const { on, instance } = await waiting();
  const hook = (LifecycleHookName: string) => ({ AutoScalingGroupName: "brokers-a", LifecycleHookName });
  await on.call("autoscaling", "DeleteLifecycleHook", hook("launch"));
  await on.clock.runFor(1_100);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
  await on.call("autoscaling", "DeleteLifecycleHook", hook("terminate"));
  expect(await stateOf(on, instance)).toBe("Terminating:Proceed");
});

test("launches that keep failing at their hook come slower and slower", async () => {
  const on = ground();
  await createGroup(on, 1);
  const launches: number[] = [];
  for (let failed = 0; failed < 6; failed++) {
    const isWaiting = () => on.cloud.groups.members("brokers-a").some((m) => m.state === "Pending:Wait");
    expect(await on.clock.runUntilTrue(isWaiting, 3_600_000)).toBe(true);
    const next = (await members(on)).find((m) => m.LifecycleState === "Pending:Wait")?.InstanceId ?? "";
    launches.push(on.cloud.ec2.instances.find(next)?.launched ?? 0);
    await complete(on, next, "launch", "ABANDON");
  }
  const between = launches.slice(1).map((at, i) => at - (launches[i] ?? 0));
  expect(between).toEqual([6_000, 6_000, 34_000, 64_000, 124_000]);
});

test("an instance that dies before it is in service fails its launch, and its terminate hook runs all the same", async () => {
  const { on, instance } = await waiting();
  await on.clock.runFor(10_000);
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(19_000);
  expect(await stateOf(on, instance)).toBe("Pending:Wait");
  await on.clock.runFor(2_500);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
  expect(on.eventsOf("EC2 Instance Launch Unsuccessful")[0]?.detail).toMatchObject({
    StatusMessage: expect.stringContaining("Termination Reason: Client.UserInitiatedShutdown"),
  });
});

test("where EC2 has no capacity the activity fails and the group tries again", async () => {
  let full = true;
  const on = ground({ faults: { launch: () => (full ? "InsufficientInstanceCapacity" : undefined) } });
  await createGroup(on, 1);
  await on.clock.runFor(2_100);
  expect(on.cloud.groups.activities.list()[0]).toMatchObject({ status: "Failed" });
  expect(on.eventsOf("EC2 Instance Launch Unsuccessful")).toHaveLength(1);
  full = false;
  await on.clock.runFor(10_000);
  expect((await members(on))[0]?.LifecycleState).toBe("Pending:Wait");
});

test("a group spreads its instances over its zones", async () => {
  const on = ground();
  await createGroup(on, 3, { VPCZoneIdentifier: "subnet-a,subnet-b,subnet-c" });
  await on.clock.runFor(6_100);
  const zones = (await members(on)).map((m) => m.AvailabilityZone).sort();
  expect(zones).toEqual(["eu-central-1a", "eu-central-1b", "eu-central-1c"]);
});

test("a group may be wrong in many ways, and says which", async () => {
  const on = ground();
  await inService(on, 1);
  const create = (input: object) => on.refused("autoscaling", "CreateAutoScalingGroup", input);
  const good = {
    AutoScalingGroupName: "g",
    MinSize: 0,
    MaxSize: 1,
    VPCZoneIdentifier: "subnet-a",
    LaunchTemplate: { LaunchTemplateName: "node" },
  };
  expect(await create({ ...good, AutoScalingGroupName: "brokers-a" })).toMatchObject({ code: "AlreadyExists" });
  expect(await create({ ...good, VPCZoneIdentifier: "subnet-x" })).toMatchObject({
    message: expect.stringContaining("subnet-x"),
  });
  expect(await create({ ...good, LaunchTemplate: { LaunchTemplateName: "x" } })).toMatchObject({
    code: "ValidationError",
  });
  expect(await create({ ...good, DesiredCapacity: 2 })).toMatchObject({
    message: expect.stringContaining("above max value 1"),
  });
  expect(await create({ ...good, CapacityRebalance: true })).toMatchObject({
    message: expect.stringContaining("CapacityRebalance: this field is not modelled"),
  });
  const hook = { LifecycleHookName: "h", LifecycleTransition: TERMINATE, HeartbeatTimeout: 20 };
  expect(await create({ ...good, LifecycleHookSpecificationList: [hook] })).toMatchObject({
    message: expect.stringContaining("HeartbeatTimeout"),
  });
  const policy = { MinHealthyPercentage: 90, MaxHealthyPercentage: 200 };
  expect(await create({ ...good, InstanceMaintenancePolicy: policy })).toMatchObject({ code: "ValidationError" });
});
