/**
 * The terminate table: what a `Terminating:Wait` instance needs before its group may end it. Rows as in
 * docs/architecture.md.
 */
import { isQuorum, kindOf, type RoleKind } from "../../cluster/role-kinds.ts";
import { willBeReplaced } from "../../members/lineup.ts";
import type { FactName } from "../facts.ts";
import type { RosterMember, Verdict } from "../sights.ts";
import type { Step } from "../steps.ts";
import { reopenDoor } from "./access.ts";
import { progress, send } from "./command.ts";
import { freeing } from "./gone.ts";
import { begin, elapsed, keepOpen } from "./heartbeat.ts";
import { isServingVoter } from "./quorum.ts";
import { isFirstStart, isTurnOf, safeToStop, takeFreeTurn, takeTurn, turnIsFree, unsafe, viewOf } from "./safety.ts";
import { change, hold, look, nodeName, type Scene, wait } from "./scene.ts";
import { wished } from "./wish.ts";

/** How far behind EC2's listing of network interfaces is believed to be at most, ms: it is eventually consistent. */
const LAG = 15_000;

/** The next step for an instance that its group ends; see the table *terminate* in docs/architecture.md. */
export function decideTerminate(scene: Scene): Step {
  const { mine, record } = scene;
  if (!mine) return complete("terminate/1", "it holds no id");
  // Before anything is freed, even where there is no record yet: whoever was about to configure it finds the record changed.
  if (record?.action?.kind !== "terminate") return begin(scene, "terminate");
  return keepOpen(scene, "terminate", terminate(scene, mine));
}

function terminate(scene: Scene, mine: RosterMember): Step {
  const { facts, record, plan } = scene;
  if (!record?.command && !record?.configured) return letGo(scene, mine, "terminate/1", "it was never configured");
  if (record.stopped !== undefined) return letGo(scene, mine, "terminate/4", "its stop is confirmed");

  const stopping = progress(scene, "terminate/4", "stop", "");
  if (stopping.at === "succeeded" && stopping.answer.stopped) {
    return change(
      "terminate/4",
      "the node confirms that nothing of it runs",
      { kind: "note", patch: { stopped: facts.now } },
      "table",
    );
  }
  const { periods } = plan.definition;
  // Once the stop is on its way there is nothing left to weigh: it cannot be called back. One that the node never had is another
  // matter: much may have changed since it was decided.
  const untold = stopping.at === "unsent" || (stopping.at === "failed" && stopping.undelivered);
  if (!untold) {
    if (stopping.at === "underway" && facts.now - (record.command?.sent ?? 0) <= periods.stop) return stopping.step;
    if (stopping.at === "failed" && stoppable(scene, mine) <= periods.stop)
      return stop(scene, mine, stopping.attempt + 1, `${stopping.reason}; tries again`);
    const why = stopping.at === "failed" ? stopping.reason : "the node did not confirm its stop in time";
    return servesStill(scene, mine, why) ?? unreachable(why);
  }
  const weighed = leaveFounding(scene) ?? weigh(scene, mine);
  if ("do" in weighed) return weighed;
  if (stopping.at === "unsent") return stop(scene, mine, 1, weighed.reason, ...weighed.restsOn);
  if (stoppable(scene, mine) > periods.stop) return unreachable(stopping.reason);
  return stop(scene, mine, stopping.attempt + 1, `${stopping.reason}; tries again`, ...weighed.restsOn);
}

/**
 * Row 2 once more: a stop that is not known to have come may not have. Where it is seen to serve on, and others rest on it by now, it is
 * not given to EC2 either. Undefined: so it is not seen.
 */
function servesStill(scene: Scene, mine: RosterMember, why: string): Step | undefined {
  const { facts, role, group } = scene;
  if (group.deleting || group.desired === 0 || wished(scene, "force")) return undefined;
  const safe = safeToStop(scene, "terminate/2", mine);
  if ("do" in safe) return safe;
  const kafka = facts.kafka?.value;
  const quorum = facts.quorum?.value;
  const serves = isQuorum(role)
    ? quorum?.seen && isServingVoter(quorum, mine.id, Number.POSITIVE_INFINITY).safe
    : // Who denies the observer is a broker that runs, and it may be this one.
      kafka && (kafka.seen ? kafka.brokers.get(mine.id)?.registered !== undefined : kafka.denied);
  if (!serves || safe.safe) return undefined;
  const door = reopenDoor(scene);
  if (door) return door;
  const reason = `${why}, and ${nodeName(role, mine.id)} serves on, but stopping it is not safe: ${safe.reason}`;
  // Nobody waits with the turn: what was sent so long ago does not come any more.
  return unsafe(scene, "terminate/2", mine, reason, "command");
}

/** How long it might have been stopped by now, ms: who was held until just now has not been tried yet. */
function stoppable(scene: Scene, mine: RosterMember): number {
  const { turn } = scene.table;
  return Math.min(elapsed(scene, "terminate"), scene.facts.now - (turn && isTurnOf(scene, mine) ? turn.since : 0));
}

/**
 * Whether it may be stopped, and on what that rests; or what has to come first. A stop cannot be called back, so neither the size of its
 * group nor a view that has changed since must be its reason.
 */
function weigh(
  scene: Scene,
  mine: RosterMember,
): Step | { readonly reason: string; readonly restsOn: readonly FactName[] } {
  const { facts, group } = scene;
  if (group.deleting || group.desired === 0) return { reason: "the group is being emptied", restsOn: ["fleet"] };
  const forced = wished(scene, "force");
  if (forced) {
    const reason = `an operator forces its stop: ${forced.reason}`;
    return takeFreeTurn(scene, "terminate/2", mine, reason) ?? { reason, restsOn: [] };
  }
  const view = viewOf(scene);
  return mayStop(scene, mine) ?? { reason: "it is safe to stop", restsOn: ["fleet", ...(facts[view] ? [view] : [])] };
}

/**
 * While its quorum has not formed, a founder is stopped without a gate. Somebody with an older view may be about to mark the quorum
 * formed: one of the two is first, and the other learns of it.
 */
function leaveFounding({ facts, role, table }: Scene): Step | undefined {
  const mark = table.quorum;
  if (!isQuorum(role) || !mark || mark.formed || mark.left?.includes(facts.instance)) return undefined;
  return change("terminate/2", "is no founder of the quorum any more", { kind: "leave-founding" }, "fleet", "table");
}

/** Rows 2 and 3. In `Terminating:Wait` the node serves on, so holding costs nothing. */
function mayStop(scene: Scene, mine: RosterMember): Step | undefined {
  const { role, group, zone, roster } = scene;
  if (!mine.served && !isQuorum(role) && !scene.facts.kafka)
    return look("terminate/2", "does anything rest on it, which was never in service", "kafka");
  if (neverCounted(scene, mine)) return undefined;
  const turn = turnIsFree(scene, mine);
  if (!turn.safe) return reopenDoor(scene) ?? hold("terminate/2", turn.reason, "table");
  const safe = safeToStop(scene, "terminate/2", mine);
  if ("do" in safe) return safe;
  if (!safe.safe) {
    const reason = `stopping ${nodeName(role, mine.id)} is not safe: ${safe.reason}`;
    return reopenDoor(scene) ?? unsafe(scene, "terminate/2", mine, reason);
  }
  if (!willBeReplaced(group, zone, roster, mine.id)) {
    const carries = stillCarries(scene, mine);
    if (carries.safe === false)
      return unsafe(
        scene,
        "terminate/3",
        mine,
        `${nodeName(role, mine.id)} will not be replaced: ${carries.reason}`,
        "fleet",
      );
  }
  return takeTurn(scene, "terminate/2", mine, "its group ends its instance");
}

/**
 * Nothing rests on a node that was never in service before anything of the cluster was: a first start that fails must not hold
 * its own replacement, nor wait for a turn that is only given back once the cluster has come up. Later, one that was never in
 * service may have registered all the same, and have a replica: while Kafka cannot be seen, that is unknown. Where it is seen to
 * have none, it waits for no turn either: whoever has that may be waiting for a broker that can be seen.
 */
function neverCounted(scene: Scene, mine: RosterMember): boolean {
  const { facts, role, table } = scene;
  if (mine.served) return false;
  if (isQuorum(role)) return !table.quorum?.formed;
  const kafka = facts.kafka?.value;
  if (kafka?.seen) return kafka.brokers.get(mine.id)?.replicas === 0;
  return isFirstStart(scene);
}

/** How that is put right, by how the role is asked. */
const REMEDIES: Readonly<Record<RoleKind["asked"], string>> = {
  // As long as it runs it joins again by itself.
  tool: "raise the desired capacity again; or force its stop, then take it out with kafka-metadata-quorum remove-controller",
  words: "an ensemble on fixed addresses keeps its size: raise the desired capacity again",
  protocol: "move them with kafka-reassign-partitions, or raise the desired capacity again",
};

/** What a member that goes for good would leave without a replica, or the quorum without a voter. */
function stillCarries(scene: Scene, mine: RosterMember): Verdict {
  const { facts, role } = scene;
  const remedy = REMEDIES[kindOf(role).asked];
  if (isQuorum(role)) {
    const quorum = facts.quorum?.value;
    return quorum?.seen && !quorum.voters.some((v) => v.id === mine.id)
      ? { safe: true, reason: "it is not a voter" }
      : { safe: false, reason: `it is still a voter; ${remedy}` };
  }
  const kafka = facts.kafka?.value;
  const replicas = kafka?.seen ? kafka.brokers.get(mine.id)?.replicas : undefined;
  return replicas === 0
    ? { safe: true, reason: "it carries no replica" }
    : { safe: false, reason: `it carries ${replicas ?? "an unknown number of"} replicas; ${remedy}` };
}

/** Row 4's command, or row 5 where nobody is there to take it. */
function stop(
  scene: Scene,
  mine: RosterMember,
  attempt: number,
  reason: string,
  ...restsOn: readonly FactName[]
): Step {
  const { facts, plan } = scene;
  if (!facts.agent) return look("terminate/4", "is its agent online", "agent");
  if (facts.agent.value.state === "online") {
    return send("terminate/4", reason, { action: "stop", digest: "", payload: "", attempt }, "agent", ...restsOn);
  }
  if (!facts.ec2) return look("terminate/5", "its agent is not online: does it still run", "ec2");
  if (stoppable(scene, mine) > plan.definition.periods.stop) return unreachable("its agent is not online");
  return wait("terminate/5", `its agent is ${facts.agent.value.state}, EC2 says ${facts.ec2.value}`, "agent", "ec2");
}

/** Row 5: EC2 ends an instance only after its hook, and only then is it known to have stopped. The id stays held. */
function unreachable(why: string): Step {
  return complete("terminate/5", `${why}: EC2 must end it, and its id is freed after that`);
}

/**
 * Whether nobody shall take its id over, nor has to: it carries nothing. Its group may have been made smaller only after its stop was
 * decided; then its replicas wait for whoever gets the id next. What is not known counts as that.
 */
function isRetired(scene: Scene, mine: RosterMember, row: string): boolean | Step {
  const { facts, role, group, zone, roster } = scene;
  // An operator who takes an id away has not asked what it carries.
  if (wished(scene, "release") || group.deleting || group.desired === 0) return false;
  if (willBeReplaced(group, zone, roster, mine.id)) return false;
  // Of a quorum only others can tell by now; where none did, the id waits as well.
  if (!facts[viewOf(scene)] && !isQuorum(role)) return look(row, "does it carry anything", "kafka");
  return stillCarries(scene, mine).safe;
}

/** Frees what it holds, in order: the address first, since whoever takes the id over looks for it. */
export function letGo(scene: Scene, mine: RosterMember, row: string, reason: string): Step {
  const { role, record } = scene;
  const addressed = detached(scene, mine, row, reason);
  if (addressed) return addressed;
  const free = freeing(record, role.name, mine.id);
  const retired = isRetired(scene, mine, row);
  if (typeof retired === "object") return retired;
  return change(
    row,
    `${reason}: ${nodeName(role, mine.id)} is free`,
    { ...free, left: { ...free.left, ...(retired && { retired: true as const }) } },
    "table",
  );
}

/** What comes before an id with a fixed address is free; undefined: that is not attached to its instance any more. */
export function detached(
  { facts, role, record }: Pick<Scene, "facts" | "role" | "record">,
  mine: RosterMember,
  row: string,
  reason: string,
): Step | undefined {
  if (role.pool?.some((p) => p.id === mine.id)) {
    if (!facts.address) return look(row, "is its address still attached", "address");
    const attachment = facts.address.value?.attachment;
    if (
      attachment?.instance === facts.instance &&
      (attachment.status === "attached" || attachment.status === "attaching")
    ) {
      if (attachment.status === "attaching") return wait(row, "its address is still being attached", "address");
      return change(
        row,
        `${reason}: detaches its address`,
        { kind: "detach", attachment: attachment.id },
        "address",
        "table",
      );
    }
    // One that was attached a moment ago may not be seen to be so yet, and EC2 ends this instance only later.
    const last = record?.configured?.at ?? record?.action?.since ?? 0;
    if (!attachment && facts.now - last < LAG)
      return wait(row, "its address may have been attached to it just before", "address");
  }
  return undefined;
}

function complete(row: string, reason: string): Step {
  return change(row, reason, { kind: "complete", action: "terminate", result: "CONTINUE" }, "fleet", "table");
}
