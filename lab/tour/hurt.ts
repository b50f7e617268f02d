/** The four things that happen to the cluster, and the wait until each is made good. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Lab } from "../lab.ts";
import type { Replacement, ReplacementKind } from "../summary.ts";
import type { NodeSnapshot } from "../view/snapshot.ts";
import type { Observer } from "./observe.ts";
import { until } from "./until.ts";

export interface Blow {
  readonly role: RoleName;
  readonly id: number;
  readonly kind: ReplacementKind;
}

/** How long one replacement may take, ms. */
const LIMIT = 120_000;

const STRIKES: Readonly<Record<ReplacementKind, (lab: Lab, instance: string) => Promise<unknown>>> = {
  /** The machine is gone at once; EC2 finds out, then its group. */
  died: async (lab, instance) => {
    await lab.machine(instance).destroy();
    await lab.operate("ec2", "TerminateInstances", { InstanceIds: [instance] });
  },
  terminated: (lab, instance) =>
    lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: false,
    }),
  unhealthy: (lab, instance) => lab.machine(instance).breakKafka(),
};

/**
 * Strikes one member and waits until the cluster is whole again: its replacement in service, the turn given back.
 *
 * @throws {Overdue} naming what every node was waiting for
 */
export async function strike(lab: Lab, observer: Observer, { role, id, kind }: Blow): Promise<Replacement> {
  const before = await seatOf(observer, role, id);
  const started = lab.clock.now();
  await STRIKES[kind](lab, before.instance);
  const replacement = await successorOf(lab, observer, before);
  const pooled = lab.definition.roles.find((r) => r.name === role)?.pool !== undefined;
  return {
    role,
    id,
    kind,
    old: before.instance,
    new: replacement.instance,
    sameId: replacement.id === id,
    sameAddress: pooled ? replacement.address === before.address : null,
    seconds: (lab.clock.now() - started) / 1000,
  };
}

/**
 * Who sits there instead, once it is in service and nobody has the turn.
 *
 * @throws {Overdue} naming what every node was waiting for
 */
export function successorOf(lab: Lab, observer: Observer, before: Seat): Promise<NodeSnapshot> {
  return until(
    lab.clock,
    `the replacement of ${before.role} ${before.id}`,
    LIMIT,
    async () => {
      const { nodes, contents } = await observer.observe();
      const zone = nodes.filter((n) => n.role === before.role && n.zone === before.zone);
      const fresh = zone.find((n) => n.instance !== before.instance && !before.neighbours.has(n.instance));
      const gone = !zone.some((n) => n.instance === before.instance);
      return gone && fresh?.scaling === "InService" && !contents.turn ? fresh : undefined;
    },
    () => waits(lab),
  );
}

/** A member as it was before something happened to it. */
export interface Seat {
  readonly role: RoleName;
  readonly id: number;
  readonly instance: string;
  readonly zone: string;
  readonly address: string | undefined;
  /** Other instances of its group. */
  readonly neighbours: ReadonlySet<string>;
}

/** @throws where there is no such member */
export async function seatOf(observer: Observer, role: RoleName, id: number): Promise<Seat> {
  const { nodes } = await observer.observe();
  const node = nodes.find((n) => n.role === role && n.id === id);
  if (!node) throw new Error(`there is no ${role} ${id} to strike`);
  const neighbours = nodes.filter((n) => n.role === role && n.zone === node.zone && n !== node);
  return {
    role,
    id,
    instance: node.instance,
    zone: node.zone,
    address: node.address,
    neighbours: new Set(neighbours.map((n) => n.instance)),
  };
}

/** What each node of the lab was last said to do. */
export function waits(lab: Lab): string {
  const members = lab.cloud.snapshot().groups.flatMap((g) => g.members);
  if (members.length === 0) return "there are no instances";
  return members
    .map(
      (m) =>
        `${m.group} ${m.instance} is ${m.state} (${lab.journal.latest(m.instance)?.message ?? "nothing said of it"})`,
    )
    .join("; ");
}
