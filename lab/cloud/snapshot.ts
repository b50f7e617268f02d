/** The cloud's whole state in plain values: for tests, the live view and the summary. */
import type { Activity } from "./autoscaling/activities.ts";
import type { Group, Member } from "./autoscaling/group.ts";
import type { LifecycleAction } from "./autoscaling/lifecycle.ts";
import type { Instance } from "./ec2/instances.ts";
import type { NetworkInterface } from "./ec2/interfaces.ts";
import type { StackResource } from "./formation/stack.ts";
import type { Agent } from "./ssm/agents.ts";
import type { Invocation } from "./ssm/commands.ts";

export interface Snapshot {
  readonly groups: readonly (Group & { readonly members: readonly Member[] })[];
  readonly actions: readonly LifecycleAction[];
  /** Newest first. */
  readonly activities: readonly Activity[];
  readonly instances: readonly Instance[];
  readonly interfaces: readonly NetworkInterface[];
  readonly agents: readonly Agent[];
  readonly commands: readonly Invocation[];
  readonly queues: Readonly<Record<string, number>>;
  /** Everything that stacks are made of, modelled or only kept. */
  readonly resources: readonly (StackResource & { readonly stack: string })[];
}

interface Parts {
  readonly groups: {
    all(): readonly Group[];
    members(group: string): Member[];
    readonly actions: { all(): LifecycleAction[] };
    readonly activities: { list(): Activity[] };
  };
  readonly ec2: {
    readonly instances: { all(): Instance[] };
    readonly interfaces: { all(): readonly NetworkInterface[] };
  };
  readonly agents: { all(): Agent[] };
  readonly commands: { everything(): readonly Invocation[] };
  readonly queues: { all(): { readonly name: string; readonly messages: readonly unknown[] }[] };
  readonly stacks: ReadonlyMap<string, { readonly resources: readonly StackResource[] }>;
}

export function snapshotOf({ groups, ec2, agents, commands, queues, stacks }: Parts): Snapshot {
  return {
    groups: groups.all().map((group) => ({ ...group, members: groups.members(group.name) })),
    actions: groups.actions.all(),
    activities: groups.activities.list(),
    instances: ec2.instances.all(),
    interfaces: ec2.interfaces.all(),
    agents: agents.all(),
    commands: commands.everything(),
    queues: Object.fromEntries(queues.all().map((q) => [q.name, q.messages.length])),
    resources: [...stacks].flatMap(([stack, { resources }]) => resources.map((r) => ({ ...r, stack }))),
  };
}
