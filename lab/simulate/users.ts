/** What a cluster's users and operators do by themselves: topics at the beginning, tidying up at the end. */
import type { Shape } from "./shape.ts";
import type { Stage } from "./stage.ts";
import { membersOf, strike } from "./strike.ts";

/** As soon as brokers enough are in service. */
export function makeTopic(stage: Stage, shape: Shape, made: () => void): void {
  if (shape.brokers === 0) return;
  const { clock, kafka } = stage;
  const look = (): void => {
    const brokers = membersOf(stage, "broker").filter(({ state }) => state === "InService").length;
    const there = kafka.registered().length >= shape.replication && kafka.hasController;
    if (brokers >= shape.replication && there) {
      const { partitions, replication, minIsr } = shape;
      kafka.createTopic("orders", { partitions, replication, minIsr });
      made();
    } else clock.after(1_000, look);
  };
  clock.after(1_000, look);
}

/** No group is left with fewer instances than the definition says, and none launches before it terminates. */
export async function restore(stage: Stage): Promise<void> {
  await strike(stage, { at: 0, kind: "launch-first", on: false }, 0);
  for (const role of stage.definition().roles) {
    for (const { name } of role.groups) {
      const group = stage.cloud.groups.find(name);
      if (!group || group.desired >= role.perZone) continue;
      await stage.operate("autoscaling", "SetDesiredCapacity", {
        AutoScalingGroupName: name,
        DesiredCapacity: role.perZone,
      });
    }
  }
}

/** What was retained, since its termination had run out of time, is terminated once more. */
export async function endRetained(stage: Stage): Promise<void> {
  for (const { instance, state } of stage.cloud.groups.everyMember()) {
    if (state !== "Terminating:Retained") continue;
    await stage.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: false,
    });
  }
}

/** The archive's events of that time once more, to Rollcall's own rules; ms since the epoch. */
export function replay(stage: Stage, from: number, to: number): Promise<object> {
  const { cloud, deployment } = stage;
  return stage.operate("events", "StartReplay", {
    ReplayName: `again-${cloud.archives.replays().length}`,
    EventSourceArn: cloud.archives.archive(deployment.archive)?.arn,
    EventStartTime: new Date(from),
    EventEndTime: new Date(to),
    Destination: { Arn: cloud.bus.arn, FilterArns: [...deployment.rules] },
  });
}
