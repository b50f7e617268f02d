import { expect, test } from "vitest";
import { awsFleet } from "../../shared/aws/fleet.ts";
import type { Fleet, LifecycleAction } from "../../shared/lifecycle/ports.ts";
import { definition } from "../definition.ts";
import { type Exchange, scalingAnswer, scalingError, type WireAnswer, wiredClients } from "./wire.ts";

const launch: LifecycleAction = { group: "lab-broker-eu-central-1a", instance: "i-1", kind: "launch" };

function fleetThat(answer: (exchange: Exchange) => WireAnswer): { fleet: Fleet; asked: Exchange[] } {
  const { clients, asked } = wiredClients(answer);
  return { fleet: awsFleet({ client: clients.autoScaling, definition }), asked };
}

const instance = (id: string, state: string, health = "Healthy") =>
  `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState><HealthStatus>${health}</HealthStatus><AvailabilityZone>eu-central-1a</AvailabilityZone></member>`;

const group = (name: string, members: string, more = "") =>
  `<member><AutoScalingGroupName>${name}</AutoScalingGroupName><DesiredCapacity>1</DesiredCapacity>${more}<Instances>${members}</Instances></member>`;

const groups = (members: string, next = "") =>
  scalingAnswer("DescribeAutoScalingGroups", `<AutoScalingGroups>${members}</AutoScalingGroups>${next}`);

test("asks for all groups of the definition by name, and for more than the fifty that AWS answers by itself", async () => {
  const { fleet, asked } = fleetThat(() => groups(""));

  expect(await fleet.look()).toEqual({ groups: [] });
  expect(asked).toMatchObject([
    {
      action: "DescribeAutoScalingGroups",
      input: {
        "AutoScalingGroupNames.member.1": "lab-controller-eu-central-1a",
        "AutoScalingGroupNames.member.2": "lab-controller-eu-central-1b",
        "AutoScalingGroupNames.member.3": "lab-controller-eu-central-1c",
        "AutoScalingGroupNames.member.4": "lab-broker-eu-central-1a",
        "AutoScalingGroupNames.member.5": "lab-broker-eu-central-1b",
        "AutoScalingGroupNames.member.6": "lab-broker-eu-central-1c",
        MaxRecords: "100",
      },
    },
  ]);
});

test("sees every page, each state, and what state is new", async () => {
  const { fleet } = fleetThat(({ input }) =>
    input.NextToken === "more"
      ? groups(group("lab-broker-eu-central-1a", instance("i-4", "Warmed:Stopped") + instance("i-5", "Hibernating")))
      : groups(
          group(
            "lab-controller-eu-central-1a",
            instance("i-1", "Pending:Wait") + instance("i-2", "InService", "Unhealthy"),
          ) + group("lab-controller-eu-central-1b", "", "<Status>Delete in progress</Status>"),
          "<NextToken>more</NextToken>",
        ),
  );
  const zone = "eu-central-1a";

  expect(await fleet.look()).toEqual({
    groups: [
      {
        name: "lab-controller-eu-central-1a",
        desired: 1,
        deleting: false,
        members: [
          { instance: "i-1", state: "Pending:Wait", zone, healthy: true },
          { instance: "i-2", state: "InService", zone, healthy: false },
        ],
      },
      { name: "lab-controller-eu-central-1b", desired: 1, deleting: true, members: [] },
      {
        name: "lab-broker-eu-central-1a",
        desired: 1,
        deleting: false,
        members: [
          { instance: "i-4", state: "Warmed:Stopped", zone, healthy: true },
          { instance: "i-5", state: "Unknown:Hibernating", zone, healthy: true },
        ],
      },
    ],
  });
});

test("an answer without what it must have is a clear error", async () => {
  const { fleet } = fleetThat(() =>
    groups("<member><AutoScalingGroupName>lab-broker-eu-central-1a</AutoScalingGroupName></member>"),
  );

  await expect(fleet.look()).rejects.toThrow(
    /answer of DescribeAutoScalingGroups is not understood: AutoScalingGroups\.0\.DesiredCapacity/,
  );
});

test("completes by instance and hook, without a token", async () => {
  const { fleet, asked } = fleetThat(({ action }) => scalingAnswer(action, ""));

  expect(await fleet.complete(launch, "CONTINUE")).toBe("done");
  expect(await fleet.heartbeat({ ...launch, kind: "terminate" })).toBe("done");
  expect(asked).toMatchObject([
    {
      action: "CompleteLifecycleAction",
      input: {
        AutoScalingGroupName: "lab-broker-eu-central-1a",
        LifecycleHookName: "rollcall-launch",
        InstanceId: "i-1",
        LifecycleActionResult: "CONTINUE",
      },
    },
    { action: "RecordLifecycleActionHeartbeat", input: { LifecycleHookName: "rollcall-terminate", InstanceId: "i-1" } },
  ]);
});

test("an action that is no longer active is gone; every other ValidationError is an error", async () => {
  const gone = fleetThat(() =>
    scalingError("ValidationError", "No active Lifecycle Action found with instance ID i-1"),
  ).fleet;
  expect(await gone.complete(launch, "ABANDON")).toBe("gone");
  expect(await gone.heartbeat(launch)).toBe("gone");

  const misnamed = fleetThat(() => scalingError("ValidationError", "AutoScalingGroup name not found")).fleet;
  await expect(misnamed.complete(launch, "ABANDON")).rejects.toThrow(
    "could not answer ABANDON to the launch of i-1 in lab-broker-eu-central-1a: ValidationError: AutoScalingGroup name not found",
  );
});

test("throttling is an error with its cause", async () => {
  const { fleet } = fleetThat(() => scalingError("Throttling", "Rate exceeded"));

  await expect(fleet.heartbeat(launch)).rejects.toMatchObject({ cause: { name: "Throttling" } });
});

test("marks unhealthy without respect for a grace period, in which the call would have no effect", async () => {
  const { fleet, asked } = fleetThat(({ action }) => scalingAnswer(action, ""));

  expect(await fleet.markUnhealthy("i-1")).toBe("done");
  expect(asked[0]?.input).toMatchObject({ HealthStatus: "Unhealthy", ShouldRespectGracePeriod: "false" });
});

test("an instance that is being taken down cannot be marked, and that is an answer", async () => {
  const { fleet } = fleetThat(() => scalingError("ScalingActivityInProgress", "Activity 8b1a is in progress"));

  expect(await fleet.markUnhealthy("i-1")).toBe("terminating");
});
