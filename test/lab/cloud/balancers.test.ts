import { describe, expect, test } from "vitest";
import { type Ground, ground, inService } from "./ground.ts";

const ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/brokers/0123456789abcdef";

function withTargetGroup(on: Ground, type: "instance" | "ip"): void {
  on.cloud.balancers.putTargetGroup({
    arn: ARN,
    name: "brokers",
    port: 9092,
    type,
    registered: type === "ip" ? [{ address: "10.0.1.20", port: 9092 }] : [],
    healthCheck: { interval: 10_000, healthyAfter: 2, unhealthyAfter: 2 },
  });
}

const attach = (on: Ground, TargetGroupARNs: readonly string[]) =>
  on.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: "brokers-a", TargetGroupARNs });

describe("a target group of instances", () => {
  test("has those in service of the groups that name it, at their own addresses", async () => {
    const on = ground();
    withTargetGroup(on, "instance");
    const instances = await inService(on, 2);
    expect(on.cloud.balancers.targets(ARN)).toEqual([]);
    await attach(on, [ARN]);
    expect(on.cloud.balancers.targets(ARN)).toEqual(
      instances.map((instance) => ({
        instance,
        address: on.cloud.ec2.instances.get(instance).address,
        port: 9092,
      })),
    );
    await attach(on, []);
    expect(on.cloud.balancers.targets(ARN)).toEqual([]);
  });

  test("loses one as soon as its termination begins", async () => {
    const on = ground();
    withTargetGroup(on, "instance");
    const instances = await inService(on, 2);
    await attach(on, [ARN]);
    await on.call("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instances[0],
      ShouldDecrementDesiredCapacity: true,
    });
    await on.clock.runFor(1);
    expect(on.cloud.balancers.targets(ARN).map(({ instance }) => instance)).not.toContain(instances[0]);
  });
});

test("a target group of addresses has those it is given", () => {
  const on = ground();
  withTargetGroup(on, "ip");
  expect(on.cloud.balancers.targets(ARN)).toEqual([{ address: "10.0.1.20", port: 9092 }]);
  expect(() => on.cloud.balancers.targets("arn:none")).toThrow("target groups not found");
});
