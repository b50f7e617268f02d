/** Events about one instance, handed to the lifecycle function in an order of one's choosing. */

import { stackNames } from "../../resources/names.ts";
import { hookName } from "../../shared/aws/names.ts";
import { documentOf } from "../../shared/lifecycle/events/command-invocation.ts";
import { eventTime } from "../cloud/events/event.ts";
import type { Stage } from "./stage.ts";

/** One of each sort of event that Rollcall's rules let through. */
export type Tiding = "launch" | "terminate" | "launch failed" | "ended" | "terminated" | "command";

export const TIDINGS: readonly Tiding[] = ["launch", "terminate", "launch failed", "ended", "terminated", "command"];

/** The one instance that they are about: the first one in that state at that time. */
export type About = "launching" | "in service" | "terminating" | "gone";

export interface Tidings {
  /** ms after the launch of the groups. */
  readonly at: number;
  readonly about: About;
  readonly events: readonly Tiding[];
  /** ms between two of them. */
  readonly gap: number;
  /** From then on the history's own events do not come, so that these are all that is heard; ms after the launch of the groups. */
  readonly silence: number;
}

/** @param gone instances that have been struck, the last one last */
export function announce(stage: Stage, { about, events, gap }: Tidings, gone: readonly string[]): void {
  const { clock, cloud } = stage;
  const subject = subjectOf(stage, about, gone);
  const lifecycle = cloud.functions.get(stackNames(stage.definition()).lifecycleFunction);
  for (const [n, kind] of events.entries()) {
    clock.after(n * gap, () => cloud.functions.invokeLater(lifecycle, eventOf(stage, kind, subject)));
  }
}

interface Subject {
  readonly instance: string;
  readonly group: string;
}

function subjectOf({ cloud }: Stage, about: About, gone: readonly string[]): Subject {
  const last = gone.at(-1);
  const group = cloud.groups.all().find(({ name }) => name.includes("broker"));
  if (about === "gone" && last !== undefined && group) return { instance: last, group: group.name };
  const state = { launching: "Pending:Wait", "in service": "InService", terminating: "Terminating:Wait", gone: "" }[
    about
  ];
  const member = cloud.groups.everyMember().find((m) => m.state === state && m.group.includes("broker"));
  if (!member) throw new Error(`no instance is ${about} then`);
  return member;
}

function eventOf(stage: Stage, kind: Tiding, { instance, group }: Subject): object {
  const { cloud, clock } = stage;
  const envelope = (source: string, type: string, detail: object): object => ({
    version: "0",
    id: "00000000-0000-4000-8000-000000000000",
    "detail-type": type,
    source,
    account: cloud.account,
    time: eventTime(clock.now()),
    region: cloud.region,
    resources: [],
    detail,
  });
  const action = (kind: "launch" | "terminate", transition: string): object =>
    envelope("aws.autoscaling", `EC2 Instance-${kind} Lifecycle Action`, {
      LifecycleActionToken: "00000000-0000-4000-8000-000000000000",
      AutoScalingGroupName: group,
      LifecycleHookName: hookName(kind),
      EC2InstanceId: instance,
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
    });
  const outcome = (type: string): object =>
    envelope("aws.autoscaling", type, { AutoScalingGroupName: group, EC2InstanceId: instance, StatusCode: "Failed" });
  switch (kind) {
    case "launch":
      return action("launch", "LAUNCHING");
    case "terminate":
      return action("terminate", "TERMINATING");
    case "launch failed":
      return outcome("EC2 Instance Launch Unsuccessful");
    case "ended":
      return outcome("EC2 Instance Terminate Successful");
    case "terminated":
      return envelope("aws.ec2", "EC2 Instance State-change Notification", { "instance-id": instance, state: kind });
    case "command":
      return envelope("aws.ssm", "EC2 Command Invocation Status-change Notification", {
        "command-id": "00000000-0000-4000-8000-000000000000",
        "document-name": documentOf(stage.definition().cluster),
        "instance-id": instance,
        status: "Success",
      });
  }
}
