/**
 * Two of three members of a ZooKeeper ensemble go down, and just then groups end a broker's instance and the third member's: what
 * runs has to run on until there is a majority again, and only then may what was held go on.
 */
import { type RoleName, roleOf } from "../../shared/cluster/definition.ts";
import { kindOf, quorumRole } from "../../shared/cluster/role-kinds.ts";
import { programOf } from "../../shared/config/program.ts";
import { hasMajority } from "../../shared/lifecycle/decide/quorum.ts";
import type { QuorumSight } from "../../shared/lifecycle/sights.ts";
import type { Truth } from "../invariants/truth.ts";
import type { Lab } from "../lab.ts";
import { type Seat, seatOf, successorOf, waits } from "./hurt.ts";
import type { Observer } from "./observe.ts";
import { until } from "./until.ts";

export interface OutageFindings {
  /** Ids of the members that went down. */
  readonly down: readonly number[];
  /** Whose end was held meanwhile, and why. */
  readonly held: readonly { readonly role: RoleName; readonly id: number; readonly reason: string }[];
  /** What was done to a node all the same, or to the third member before two others served; nothing may be. */
  readonly worsened: readonly string[];
  /** From the first that went down until the cluster was whole again, s. */
  readonly seconds: number;
}

/** Ms. */
const LIMIT = 90_000;
const COMMAND = 30_000;
/** Sweeps that have to come and go without changing anything. */
const SWEEPS = 3;

/** @throws {Overdue} naming what every node was waiting for */
export async function loseMajority(lab: Lab, observer: Observer, truth: Truth): Promise<OutageFindings> {
  const { clock, definition } = lab;
  const quorum = quorumRole(definition);
  const seats = await Promise.all(quorum.ids.map((id) => seatOf(observer, quorum.name, id)));
  const third = seats.pop();
  const broker = await seatOf(observer, "broker", roleOf(definition, "broker").ids[1] ?? -1);
  const [first, ...others] = seats;
  if (!first || !third) throw new Error(`an ensemble of ${quorum.ids.length} cannot lose two and keep one`);
  const unit = programOf(quorum).unit;
  const order = ({ instance }: Seat, verb: "start" | "stop"): Promise<unknown> =>
    lab.machine(instance).run(`systemctl ${verb} ${unit}`, {}, COMMAND);

  const began = clock.now();
  await Promise.all(seats.map((seat) => order(seat, "stop")));
  await until(clock, "the ensemble to have no majority", LIMIT, ...majority(lab, false));

  const doomed = [third, broker];
  const since = clock.now();
  for (const { instance } of doomed) {
    await lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: false,
    });
  }
  const held = await until(
    clock,
    "both terminations to be held",
    LIMIT,
    async () => {
      const { records } = await lab.table.readAll();
      const holds = doomed.flatMap(({ role, id, instance }) => {
        const hold = records.get(instance)?.hold;
        return hold ? [{ role, id, reason: hold.reason }] : [];
      });
      return holds.length === doomed.length ? holds : undefined;
    },
    () => waits(lab),
  );
  const { ended } = lab.journal.sweeps;
  const swept = (): true | undefined => (lab.journal.sweeps.ended >= ended + SWEEPS ? true : undefined);
  await until(clock, `${SWEEPS} sweeps`, LIMIT, swept, () => `${lab.journal.sweeps.ended - ended} have ended`);
  const worsened = [...commandsSince(lab, since), ...missing(truth, doomed)];

  await order(first, "start");
  await until(clock, "the ensemble to serve again", LIMIT, ...majority(lab, true));
  // Whoever else is down by then is replaced as dead; the third member has to wait for that, too.
  const replaced = Promise.all([broker, ...others].map((seat) => successorOf(lab, observer, seat)));
  const last = await successorOf(lab, observer, third);
  await replaced;
  if (last.address !== third.address) worsened.push(`${third.role} ${third.id} is back at ${last.address}`);
  return {
    down: seats.map(({ id }) => id),
    held,
    worsened,
    seconds: (clock.now() - began) / 1000,
  };
}

/** A probe for whether a majority of the ensemble serves, and the words for where it stands instead. */
function majority({ kafka, definition }: Lab, wanted: boolean): [() => Promise<true | undefined>, () => string] {
  const role = quorumRole(definition);
  const members = (role.pool ?? []).map(({ id, address }) => ({ id, server: `${address}:${kindOf(role).port}` }));
  let sight: QuorumSight = { seen: false, reason: "not looked at yet" };
  return [
    async () => {
      sight = await kafka.ensemble(members);
      return (sight.seen && hasMajority(sight, members.length)) === wanted ? true : undefined;
    },
    () => (sight.seen ? `led by ${sight.leader}` : sight.reason),
  ];
}

/** Whatever would change a node. */
function commandsSince({ cloud }: Lab, since: number): string[] {
  return cloud.commands
    .everything()
    .filter(({ command }) => command.requested >= since)
    .map(({ command, instance }) => ({ action: command.parameters.action?.[0] ?? "", instance }))
    .filter(({ action }) => action === "stop" || action === "configure")
    .map(({ action, instance }) => `${instance} was sent the command ${action}`);
}

function missing(truth: Truth, seats: readonly Seat[]): string[] {
  const running = new Set(truth.processes().map(({ instance }) => instance));
  return seats.filter(({ instance }) => !running.has(instance)).map(({ role, id }) => `${role} ${id} does not run`);
}
