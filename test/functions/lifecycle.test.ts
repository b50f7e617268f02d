import { expect, test } from "vitest";
import { lifecycleHandler } from "../../functions/lifecycle.ts";
import { EventError } from "../../shared/lifecycle/events/error.ts";
import { sample } from "../events/samples.ts";
import { contextWith } from "./context.ts";
import { recorded } from "./telemetry.ts";
import { group, plan, world, zone } from "./world.ts";

const LAUNCH = "EC2 Instance-launch Lifecycle Action";
const STATE = "EC2 Instance State-change Notification";
const INVOCATION = "EC2 Command Invocation Status-change Notification";
const instance = "i-0123456789abcdef0";
const minute = contextWith(60_000);

test("an event's instance is looked at, and where it stands is the answer", async () => {
  const { ports } = world({ [instance]: "Terminating:Proceed" });
  const answer = await lifecycleHandler({ plan, ports })(sample(LAUNCH), minute);
  expect(answer).toMatchObject({ instance, outcome: "settled", row: "state/leave-alone" });
});

test("a foreign event touches nothing, and is answered with the reason", async () => {
  const { ports, calls } = world({ [instance]: "InService" });
  const telemetry = recorded();
  const handler = lifecycleHandler({ plan, ports, telemetry });
  const answer = await handler(sample(LAUNCH, { AutoScalingGroupName: "web" }), minute);
  expect(answer).toEqual({ outcome: "left-alone", reason: "group web is not one of cluster lab" });
  expect(calls).toEqual([]);
  expect(telemetry.counts).toEqual(new Map([["LeftAlone", 1]]));
});

test("throws the clear error on a malformed event, touches nothing, and lets log and metrics out", async () => {
  const { ports, calls } = world({});
  const telemetry = recorded();
  const handler = lifecycleHandler({ plan, ports, telemetry });
  const failed = await handler(sample(LAUNCH, { EC2InstanceId: "web-1" }), minute).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(EventError);
  expect(failed).toMatchObject({ name: "EventError", message: expect.stringContaining('EC2InstanceId is "web-1"') });
  expect(calls).toEqual([]);
  expect(telemetry.ends).toEqual(["error"]);
});

test("throws what a look keeps failing with, so that Lambda tries again", async () => {
  const broken = world({}).ports;
  const fleet = { ...broken.fleet, look: () => Promise.reject(new Error("Rate exceeded")) };
  const { ports } = world({}, { fleet });
  await expect(lifecycleHandler({ plan, ports })(sample(LAUNCH), minute)).rejects.toThrow("Rate exceeded");
});

test("a wait ends with five seconds of the invocation's time left", async () => {
  const { ports, elapsed } = world({ [instance]: "Pending" });
  const telemetry = recorded();
  const handler = lifecycleHandler({ plan, ports, telemetry });
  const answer = await handler(sample(LAUNCH), contextWith(60_000, elapsed));
  expect(answer).toMatchObject({ outcome: "waiting", row: "state/pending" });
  expect(elapsed()).toBeGreaterThan(45_000);
  expect(elapsed()).toBeLessThanOrEqual(55_000);
  expect(telemetry.counts.get("Waiting")).toBe(1);
});

test("an invocation whose time is up before it begins still says where the instance stands", async () => {
  const { ports, elapsed } = world({ [instance]: "Pending" });
  const answer = await lifecycleHandler({ plan, ports })(sample(LAUNCH), contextWith(1_000));
  expect(answer).toMatchObject({ outcome: "waiting" });
  expect(elapsed()).toBe(0);
});

test("EC2's word on an instance is checked with EC2 first", async () => {
  const { ports, calls } = world({ [instance]: "Standby" });
  await lifecycleHandler({ plan, ports })(sample(STATE, { state: "stopping" }), minute);
  expect(calls).toContain("instances.look");
});

test("a hook's event asks EC2 nothing where the group says enough", async () => {
  const { ports, calls } = world({ [instance]: "Standby" });
  await lifecycleHandler({ plan, ports })(sample(LAUNCH), minute);
  expect(calls).not.toContain("instances.look");
});

test("a command's end is left to the invocation that attends to its instance", async () => {
  const { ports } = world({ [instance]: "Pending:Wait" });
  const attended = ports.clock.now() + 10_000;
  await ports.table.save({ instance, role: "broker", group, zone, attended, version: 0 });
  const answer = await lifecycleHandler({ plan, ports })(sample(INVOCATION), minute);
  expect(answer).toMatchObject({ outcome: "settled", row: "state/attended" });
});

test("what happened is logged with its instance", async () => {
  const { ports } = world({ [instance]: "Terminating:Proceed" });
  const telemetry = recorded();
  await lifecycleHandler({ plan, ports, telemetry })(sample(LAUNCH), minute);
  expect(telemetry.lines[0]).toEqual({
    level: "info",
    message: `launching in ${group}`,
    detail: { row: "event/look", instance },
  });
  expect(telemetry.ends).toEqual(["after"]);
});
