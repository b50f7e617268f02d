import { expect, test } from "vitest";
import { complete, type Ground, ground, HOOKS, inService, members, stateOf, TERMINATE } from "./ground.ts";

const activities = (on: Ground) => on.cloud.groups.activities.list();

function setHealth(on: Ground, InstanceId: string, more: object = {}) {
  return on.call("autoscaling", "SetInstanceHealth", { InstanceId, HealthStatus: "Unhealthy", ...more });
}

/** One instance in service, just found unhealthy; `began` is when its termination began. */
async function replacing(input: object = {}) {
  const on = ground();
  const [old = ""] = await inService(on, 1, input);
  await setHealth(on, old, { ShouldRespectGracePeriod: false });
  await on.clock.runFor(3_000);
  return { on, old, began: on.elapsed() };
}

test("the replacement launches 2 s after the termination began, while the old instance still waits at its hook", async () => {
  const { on, old, began } = await replacing();
  expect(await stateOf(on, old)).toBe("Terminating");
  await on.clock.runFor(6_100);
  const replacement = (await members(on)).find((m) => m.InstanceId !== old);
  expect(await stateOf(on, old)).toBe("Terminating:Wait");
  expect(replacement?.LifecycleState).toBe("Pending:Wait");
  const launched = on.cloud.ec2.instances.find(replacement?.InstanceId ?? "")?.launched ?? 0;
  expect(launched - Date.parse("2026-09-01T12:00:00Z") - began).toBe(2_000);
  const hook = on.events.findLast((e) => e.event["detail-type"] === "EC2 Instance-launch Lifecycle Action");
  expect((hook?.at ?? 0) - began).toBe(6_000);
  expect(activities(on).map((a) => a.cause)).toEqual([
    expect.stringMatching(/an instance was launched in response to an unhealthy instance needing to be replaced\.$/),
    expect.stringMatching(/an instance was taken out of service in response to a user health-check\.$/),
    expect.anything(),
  ]);
});

test("the terminate hook's event has its real shape", async () => {
  const { on, old } = await replacing();
  await on.clock.runFor(1_100);
  const [event] = on.eventsOf("EC2 Instance-terminate Lifecycle Action");
  expect(event?.source).toBe("aws.autoscaling");
  expect(event?.detail).toEqual({
    LifecycleActionToken: expect.any(String),
    AutoScalingGroupName: "brokers-a",
    LifecycleHookName: "terminate",
    EC2InstanceId: old,
    LifecycleTransition: TERMINATE,
    Origin: "AutoScalingGroup",
    Destination: "EC2",
    Action: "Terminate",
  });
});

test("EC2 ends the instance only after its terminate hook", async () => {
  const { on, old } = await replacing();
  await on.clock.runFor(500_000);
  expect(on.cloud.ec2.instances.find(old)?.state).toBe("running");
  await complete(on, old, "terminate", "CONTINUE");
  await on.clock.runFor(1_100);
  expect(on.cloud.ec2.instances.find(old)?.state).toBe("shutting-down");
  await on.clock.runFor(15_000);
  expect(on.cloud.ec2.instances.find(old)?.state).toBe("terminated");
  expect(await stateOf(on, old)).toBeUndefined();
  expect(on.eventsOf("EC2 Instance Terminate Successful")[0]?.detail).toMatchObject({
    Origin: "AutoScalingGroup",
    Destination: "EC2",
    EC2InstanceId: old,
    StatusCode: "MidTerminatingLifecycleAction",
  });
});

test("both results terminate, and ABANDON skips the remaining hooks", async () => {
  const second = { ...HOOKS[1], LifecycleHookName: "second" };
  const { on, old } = await replacing({ LifecycleHookSpecificationList: [HOOKS[1], second] });
  await on.clock.runFor(1_100);
  await complete(on, old, "terminate", "ABANDON");
  expect(await stateOf(on, old)).toBe("Terminating:Proceed");
  expect(
    await on.refused("autoscaling", "CompleteLifecycleAction", {
      AutoScalingGroupName: "brokers-a",
      LifecycleHookName: "second",
      InstanceId: old,
      LifecycleActionResult: "CONTINUE",
    }),
  ).toMatchObject({ code: "ValidationError" });
});

test("a maintenance policy of min 100 and max above it launches before it terminates", async () => {
  const { on, old } = await replacing({
    InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
  });
  expect(await stateOf(on, old)).toBe("InService");
  await on.clock.runFor(20_000);
  const [kept, replacement] = await members(on);
  expect([kept?.LifecycleState, replacement?.LifecycleState]).toEqual(["InService", "Pending:Wait"]);
  await complete(on, replacement?.InstanceId ?? "", "launch", "CONTINUE");
  await on.clock.runFor(10_000);
  expect(await stateOf(on, old)).toBe("Terminating:Wait");
  expect(await stateOf(on, replacement?.InstanceId ?? "")).toBe("InService");
  await on.clock.runFor(60_000);
  expect(await members(on)).toHaveLength(2);
});

test("in its grace period an instance is marked unhealthy only where that is not respected", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1, { HealthCheckGracePeriod: 3600 });
  await setHealth(on, instance);
  await on.clock.runFor(60_000);
  expect(await members(on)).toMatchObject([{ HealthStatus: "Healthy", LifecycleState: "InService" }]);
  await setHealth(on, instance, { ShouldRespectGracePeriod: false });
  expect(await members(on)).toMatchObject([{ HealthStatus: "Unhealthy" }]);
  await on.clock.runFor(4_100);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
});

test("after its grace period SetInstanceHealth works by itself", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1, { HealthCheckGracePeriod: 60 });
  await on.clock.runFor(60_000);
  await setHealth(on, instance);
  expect(await members(on)).toMatchObject([{ HealthStatus: "Unhealthy" }]);
});

test("scale-in protection does not block an unhealthy replacement, but blocks a scale-in", async () => {
  const on = ground();
  const [first = "", second = ""] = await inService(on, 2, { NewInstancesProtectedFromScaleIn: true });
  await on.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 1 });
  await on.clock.runFor(60_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["InService", "InService"]);
  await setHealth(on, first, { ShouldRespectGracePeriod: false });
  await on.clock.runFor(5_000);
  expect(await stateOf(on, first)).toBe("Terminating:Wait");
  expect(await stateOf(on, second)).toBe("InService");
});

test("one that is being terminated cannot be marked unhealthy", async () => {
  const { on, old } = await replacing();
  const input = { InstanceId: old, HealthStatus: "Unhealthy" };
  expect(await on.refused("autoscaling", "SetInstanceHealth", input)).toMatchObject({
    code: "ScalingActivityInProgress",
    status: 400,
  });
});

test("an instance killed from outside is noticed later, and its terminate hook runs on a dead instance", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  expect(on.machines.destroyed.has(instance)).toBe(true);
  await on.clock.runFor(19_000);
  expect(await stateOf(on, instance)).toBe("InService");
  await on.clock.runFor(5_100);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("terminated");
  expect(activities(on).find((a) => a.kind === "Terminate")?.cause).toContain("EC2 health check");
  await complete(on, instance, "terminate", "CONTINUE");
  await on.clock.runFor(2_000);
  expect(await stateOf(on, instance)).toBeUndefined();
});

test("a stopped instance is replaced too", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  await on.call("ec2", "StopInstances", { InstanceIds: [instance] });
  await on.clock.runFor(25_000);
  expect(await stateOf(on, instance)).toBe("Terminating:Wait");
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("stopped");
});

test("suspended processes do nothing until they are resumed", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  const some = { AutoScalingGroupName: "brokers-a", ScalingProcesses: ["HealthCheck", "Launch"] };
  await on.call("autoscaling", "SuspendProcesses", some);
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(60_000);
  expect(await stateOf(on, instance)).toBe("InService");
  await setHealth(on, instance);
  await on.clock.runFor(60_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Terminating:Wait"]);
  await on.call("autoscaling", "ResumeProcesses", { AutoScalingGroupName: "brokers-a" });
  await on.clock.runFor(3_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Terminating:Wait", "Pending"]);
});

test("a scale-in says so in its Cause, takes the fullest zone, and replaces nobody", async () => {
  const on = ground();
  await inService(on, 4, { VPCZoneIdentifier: "subnet-a,subnet-b,subnet-c" });
  await on.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity: 3 });
  await on.clock.runFor(60_000);
  const leaving = (await members(on)).filter((m) => m.LifecycleState === "Terminating:Wait");
  expect(leaving.map((m) => m.AvailabilityZone)).toEqual(["eu-central-1a"]);
  expect(await members(on)).toHaveLength(4);
  expect(activities(on)[0]?.cause).toMatch(
    /^At \S+Z a user request explicitly set group desired capacity changing the desired capacity from 4 to 3\. At \S+Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 4 to 3\. At \S+Z instance i-\w+ was selected for termination\.$/,
  );
});

test("the desired capacity stays between min and max", async () => {
  const on = ground();
  await inService(on, 1, { MinSize: 1, MaxSize: 2 });
  const set = (DesiredCapacity: number) =>
    on.refused("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName: "brokers-a", DesiredCapacity });
  expect((await set(3)).message).toBe("New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup.");
  expect((await set(0)).message).toBe("New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.");
});

test("TerminateInstanceInAutoScalingGroup replaces the instance, or shrinks the group", async () => {
  const on = ground();
  const [first = "", second = ""] = await inService(on, 2);
  const terminate = (InstanceId: string, ShouldDecrementDesiredCapacity: boolean) =>
    on.call<{ Activity: { Cause: string } }>("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId,
      ShouldDecrementDesiredCapacity,
    });
  expect((await terminate(first, true)).Activity.Cause).toMatch(
    /in response to a user request, shrinking the capacity from 2 to 1\.$/,
  );
  await on.clock.runFor(10_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Terminating:Wait", "InService"]);
  expect((await terminate(second, false)).Activity.Cause).toMatch(
    /taken out of service in response to a user request\.$/,
  );
  await on.clock.runFor(10_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual([
    "Terminating:Wait",
    "Terminating:Wait",
    "Pending:Wait",
  ]);
  const again = { InstanceId: second, ShouldDecrementDesiredCapacity: false };
  expect(await on.refused("autoscaling", "TerminateInstanceInAutoScalingGroup", again)).toMatchObject({
    code: "ScalingActivityInProgress",
  });
});

const RETAIN = { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" } } };

test("retention keeps an instance whose terminate hook was abandoned, and its replacement comes", async () => {
  const { on, old } = await replacing(RETAIN);
  await on.clock.runFor(7_000);
  await complete(on, old, "terminate", "ABANDON");
  await on.clock.runFor(600_000);
  expect(await stateOf(on, old)).toBe("Terminating:Retained");
  expect(on.cloud.ec2.instances.find(old)?.state).toBe("running");
});

test("terminating a retained instance opens a fresh hook with a new token", async () => {
  const { on, old } = await replacing(RETAIN);
  await on.clock.runFor(1_100);
  const token = on.cloud.groups.actions.all().find((a) => a.instance === old)?.token;
  await complete(on, old, "terminate", "ABANDON");
  await on.call("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: old,
    ShouldDecrementDesiredCapacity: false,
  });
  await on.clock.runFor(1_100);
  expect(await stateOf(on, old)).toBe("Terminating:Wait");
  const fresh = on.cloud.groups.actions.all().find((a) => a.instance === old)?.token;
  expect(fresh).not.toBe(token);
  await complete(on, old, "terminate", "CONTINUE");
  await on.clock.runFor(20_000);
  expect(await stateOf(on, old)).toBeUndefined();
});

test("retention takes a heartbeat timeout with default ABANDON, not one with default CONTINUE", async () => {
  const timedOut = async (DefaultResult: string) => {
    const { on, old } = await replacing({
      ...RETAIN,
      LifecycleHookSpecificationList: [{ ...HOOKS[1], DefaultResult, HeartbeatTimeout: 30 }],
    });
    await on.clock.runFor(32_000);
    return stateOf(on, old);
  };
  expect(await timedOut("ABANDON")).toBe("Terminating:Retained");
  expect(await timedOut("CONTINUE")).toBe("Terminating:Proceed");
});

test("retention takes a global timeout whatever the default result is", async () => {
  const { on, old } = await replacing({
    ...RETAIN,
    LifecycleHookSpecificationList: [{ ...HOOKS[1], DefaultResult: "CONTINUE", HeartbeatTimeout: 30 }],
  });
  const beat = { AutoScalingGroupName: "brokers-a", LifecycleHookName: "terminate", InstanceId: old };
  await on.clock.runFor(1_100);
  for (let beats = 0; beats < 149; beats++) {
    await on.clock.runFor(20_000);
    await on.call("autoscaling", "RecordLifecycleActionHeartbeat", beat);
  }
  await on.clock.runFor(21_000);
  expect(await stateOf(on, old)).toBe("Terminating:Retained");
});

test("retention needs a terminate hook", async () => {
  const on = ground();
  await inService(on, 1);
  expect(
    await on.refused("autoscaling", "CreateAutoScalingGroup", {
      AutoScalingGroupName: "other",
      MinSize: 0,
      MaxSize: 1,
      VPCZoneIdentifier: "subnet-a",
      LaunchTemplate: { LaunchTemplateName: "node" },
      ...RETAIN,
    }),
  ).toMatchObject({ code: "ValidationError", message: expect.stringContaining("termination lifecycle hook") });
});

test("a detached instance leaves the group and runs on; without a decrement it is replaced", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  const input = { AutoScalingGroupName: "brokers-a", InstanceIds: [instance], ShouldDecrementDesiredCapacity: false };
  await on.call("autoscaling", "DetachInstances", input);
  expect(await stateOf(on, instance)).toBe("Detaching");
  await on.clock.runFor(10_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Pending:Wait"]);
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("running");
  expect(on.eventsOf("EC2 Instance-terminate Lifecycle Action")).toEqual([]);
});

test("a detached instance is attached again through the launch hook, beside what is there", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  const some = { AutoScalingGroupName: "brokers-a", InstanceIds: [instance] };
  expect(await on.refused("autoscaling", "AttachInstances", some)).toMatchObject({ code: "ValidationError" });
  await on.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: "brokers-a", MinSize: 0 });
  await on.call("autoscaling", "DetachInstances", { ...some, ShouldDecrementDesiredCapacity: true });
  await on.clock.runFor(10_000);
  expect(await members(on)).toEqual([]);
  await on.call("autoscaling", "AttachInstances", some);
  expect(await stateOf(on, instance)).toBe("Pending");
  await on.clock.runFor(10_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Pending:Wait"]);
});

test("standby leaves the capacity, and comes back without a launch hook", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  const some = { AutoScalingGroupName: "brokers-a", InstanceIds: [instance] };
  await on.call("autoscaling", "EnterStandby", { ...some, ShouldDecrementDesiredCapacity: true });
  expect(await stateOf(on, instance)).toBe("EnteringStandby");
  await on.clock.runFor(60_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["Standby"]);
  await on.call("autoscaling", "ExitStandby", some);
  expect(await stateOf(on, instance)).toBe("Pending");
  await on.clock.runFor(60_000);
  expect((await members(on)).map((m) => m.LifecycleState)).toEqual(["InService"]);
  expect(on.eventsOf("EC2 Instance-launch Lifecycle Action")).toHaveLength(1);
});

test("a group with instances is deleted by force only, which leaves the hooks out and shows Status meanwhile", async () => {
  const on = ground();
  const [instance = ""] = await inService(on, 1);
  const some = { AutoScalingGroupName: "brokers-a" };
  expect(await on.refused("autoscaling", "DeleteAutoScalingGroup", some)).toMatchObject({ code: "ResourceInUse" });
  await on.call("autoscaling", "DeleteAutoScalingGroup", { ...some, ForceDelete: true });
  const described = await on.call<{ AutoScalingGroups: object[] }>("autoscaling", "DescribeAutoScalingGroups", {
    AutoScalingGroupNames: ["brokers-a"],
  });
  expect(described.AutoScalingGroups[0]).toMatchObject({ Status: "Delete in progress" });
  await on.clock.runFor(30_000);
  expect(on.cloud.ec2.instances.find(instance)?.state).toBe("terminated");
  expect(on.cloud.groups.find("brokers-a")).toBeUndefined();
  expect(on.eventsOf("EC2 Instance-terminate Lifecycle Action")).toEqual([]);
});

test("groups, instances and activities are described in pages", async () => {
  const on = ground();
  const ids = await inService(on, 3);
  type Described = { AutoScalingInstances: { InstanceId: string; HealthStatus: string }[]; NextToken?: string };
  const first = await on.call<Described>("autoscaling", "DescribeAutoScalingInstances", { MaxRecords: 2 });
  const { NextToken } = first;
  const rest = await on.call<Described>("autoscaling", "DescribeAutoScalingInstances", { MaxRecords: 2, NextToken });
  const all = [...first.AutoScalingInstances, ...rest.AutoScalingInstances];
  expect(all.map((i) => i.InstanceId)).toEqual(ids);
  expect(all[0]?.HealthStatus).toBe("HEALTHY");
  expect(rest.NextToken).toBeUndefined();
  type Listed = { Activities: { StatusCode: string; Description: string }[] };
  const { Activities } = await on.call<Listed>("autoscaling", "DescribeScalingActivities", {
    AutoScalingGroupName: "brokers-a",
    MaxRecords: 1,
  });
  expect(Activities).toMatchObject([
    { StatusCode: "Successful", Description: `Launching a new EC2 instance: ${ids[2]}` },
  ]);
});
