/**
 * The launch table: what a `Pending:Wait` instance needs next on its way into service. Rows as in docs/architecture.md.
 */
import { isQuorum, quorumRole } from "../../cluster/role-kinds.ts";
import { lineUp } from "../../members/lineup.ts";
import type { FactName } from "../facts.ts";
import type { QuorumMark, RosterMember } from "../sights.ts";
import type { Step } from "../steps.ts";
import { openDoor } from "./access.ts";
import { MOST_ATTEMPTS, progress, send } from "./command.ts";
import { elapsed, keepOpen, nearLimit } from "./heartbeat.ts";
import { hasMajority, isServingVoter } from "./quorum.ts";
import { isFirstStart, viewOf } from "./safety.ts";
import {
  type Act,
  change,
  configuredFor,
  counter,
  credentialOf,
  hold,
  look,
  nodeName,
  type Scene,
  type View,
  wait,
} from "./scene.ts";
import { wished } from "./wish.ts";

/** How often a configured node that never registers is configured again before it is abandoned. */
const MOST_CONFIGURATIONS = 2;

/** The next step for an instance that launches; see the table *launch* in docs/architecture.md. */
export function decideLaunch(scene: Scene): Step {
  return keepOpen(scene, "launch", ending(scene) ?? launch(scene));
}

/** Row 0: EC2's word, where somebody has asked: what it takes down is brought no further. */
function ending(scene: Scene): Step | undefined {
  const state = scene.facts.ec2?.value;
  if (state !== "shutting-down" && state !== "stopping" && state !== "stopped") return undefined;
  const reason = `EC2 says ${state}`;
  // It may be started again; its group finds out by itself only about one that is in service.
  return elapsed(scene, "launch") > scene.plan.definition.periods.identity
    ? abandon("launch/0", reason, "ec2")
    : wait("launch/0", reason, "ec2", "fleet");
}

function launch(scene: Scene): Step {
  const { mine } = scene;
  if (!mine) return identity(scene);
  const addressing = address(scene, mine);
  if (addressing) return addressing;
  return node(scene, mine);
}

/** Rows 1 and 2. */
function identity(scene: Scene): Step {
  const { facts, role, group, fleet, roster, zone, plan } = scene;
  const picked = lineUp(role, group.name, fleet, roster, facts.instance, facts.attempt);
  const late = elapsed(scene, "launch") > plan.definition.periods.identity;
  const generation = credentialOf(scene);
  switch (picked.pick) {
    case "claim": {
      const pooled = role.pool?.find((p) => p.id === picked.id);
      return change(
        "launch/1",
        `claims ${picked.kind} id ${picked.id}`,
        {
          kind: "claim",
          role: role.name,
          id: picked.id,
          zone,
          ...(pooled && { address: pooled.address }),
          ...(generation !== undefined && { generation }),
        },
        "fleet",
        "table",
      );
    }
    case "wait":
      if (late) return abandon("launch/1", `id ${picked.id} was not freed by ${picked.holder} in time`);
      return wait(
        "launch/1",
        `id ${picked.id} is still held by ${picked.holder}, ${stateOf(scene, picked.holder)}`,
        "fleet",
        "table",
      );
    case "over": {
      if (late) return abandon("launch/2", `no id came free: ${group.name} desires ${group.desired}`);
      const holders = picked.holders.map((h) => `${h.id} (${h.owner}, ${stateOf(scene, h.owner ?? "")})`).join(", ");
      return wait(
        "launch/2",
        `${group.name} desires ${group.desired} and its ids are held: ${holders || "by nearer waiters"}`,
        "fleet",
        "table",
      );
    }
    case "exhausted":
      return abandon(
        "launch/2",
        role.pool ? `every fixed address of ${zone} is taken` : `every id of role ${role.name} is taken`,
      );
  }
}

/** Row 3: the fixed address, where its role has one. Undefined: nothing more to do here. */
function address(scene: Scene, mine: RosterMember): Step | undefined {
  const { facts, role, plan } = scene;
  const pooled = role.pool?.find((p) => p.id === mine.id);
  if (!pooled) return undefined;
  if (!facts.address) return look("launch/3", `who has ${pooled.address}`, "address");
  const seen = facts.address.value;
  if (!seen) {
    return hold(
      "launch/3",
      `no network interface of this cluster has ${pooled.address}: it was deleted, or its tags were taken off`,
      "address",
    );
  }
  const attachment = seen.attachment;
  if (!attachment || attachment.status === "detached") {
    return change(
      "launch/3",
      `attaches ${seen.eni} (${seen.address})`,
      { kind: "attach", eni: seen.eni },
      "address",
      "table",
    );
  }
  if (attachment.instance === facts.instance) {
    if (attachment.status === "detaching")
      return wait("launch/3", `${seen.address} is being detached from it`, "address");
    if (attachment.deleteOnTermination) {
      return change(
        "launch/3",
        `keeps ${seen.eni} when the instance ends`,
        { kind: "keep-on-termination", eni: seen.eni, attachment: attachment.id },
        "address",
      );
    }
    return attachment.status === "attached"
      ? undefined
      : wait("launch/3", `${seen.address} is being attached`, "address");
  }
  const holder = scene.fleet.groups.flatMap((g) => g.members).find((m) => m.instance === attachment.instance);
  if (holder && !holder.state.startsWith("Terminat")) {
    return hold(
      "launch/3",
      `${seen.address} is attached to ${holder.instance}, ${holder.state}, which does not hold ${nodeName(role, mine.id)}`,
      "address",
      "fleet",
    );
  }
  if (seated(scene, mine) > plan.definition.periods.identity) {
    return abandon("launch/3", `${seen.address} was not freed by ${attachment.instance} in time`);
  }
  // Never force-detach: it can leave the device index of the old instance unusable, and a process still on the address.
  return wait("launch/3", `${seen.address} is still attached to ${attachment.instance}`, "address");
}

/** Rows 4 to 11: the node itself. */
function node(scene: Scene, mine: RosterMember): Step {
  const { facts, role, zone, plan, record } = scene;
  const { periods } = plan.definition;

  const fixed = role.pool?.find((p) => p.id === mine.id)?.address;
  let own = fixed ?? record?.address;
  if (!record?.command || own === undefined) {
    if (!facts.agent) return look("launch/4", "is its agent online", "agent");
    const { state, address } = facts.agent.value;
    own ??= address;
    if (state !== "online" || own === undefined) {
      const late = seated(scene, mine) > periods.agent;
      if (state !== "online")
        return late
          ? abandon("launch/4", "its SSM agent did not come online in time")
          : wait("launch/4", "its SSM agent is not online yet", "agent");
      return late
        ? abandon("launch/4", "its agent is online, but did not report its address in time")
        : wait("launch/4", "its agent has not reported its address yet", "agent");
    }
  }

  const quorum = founding(scene, mine);
  if ("do" in quorum) return quorum;

  const rendered = plan.render({ role, id: mine.id, zone, address: own }, quorum);
  // A launch goes on with what it was first configured with. A definition deployed meanwhile reaches it once it is in service,
  // where the gates are: a quorum or a partition may count on it already, and a restart would take that down.
  const digest = record?.command?.action === "configure" ? record.command.digest : rendered.digest;
  const configured = record?.configured;
  const configuring = progress(scene, "launch/8", "configure", digest, configured ? configured.at + 1 : 0);
  const configure = (attempt: number, reason: string, ...restsOn: readonly FactName[]): Step =>
    send(
      "launch/7",
      reason,
      { action: "configure", ...rendered, attempt, address: own },
      "agent",
      ...(hasFormer(scene, mine) ? (["kafka"] as const) : []),
      ...restsOn,
    );

  switch (configuring.at) {
    case "underway":
      return configuring.step;
    case "failed": {
      const late = cameLate(scene, mine, quorum, own, configuring.reason);
      if ("do" in late) return late;
      if (configuring.attempt >= MOST_ATTEMPTS) return abandon("launch/8", configuring.reason, ...late);
      // Where no try has reached it, its disk is as empty as it was, but much may have changed since that was safe.
      const unsafe = configuring.undelivered && configuring.attempt === 1 ? former(scene, mine) : undefined;
      if (unsafe) return unsafe;
      return (
        agentFirst(scene, ...late) ?? configure(configuring.attempt + 1, `${configuring.reason}; tries again`, ...late)
      );
    }
    case "succeeded":
      return change(
        "launch/8",
        `configured: unit ${configuring.answer.unit ?? "?"}`,
        {
          kind: "note",
          patch: { configured: { digest, at: facts.now, times: (configured?.times ?? 0) + 1 } },
        },
        "table",
      );
    case "unsent": {
      if (configured)
        // It starts the node again: by then another may have let it into service, or Kafka have counted it in.
        return counted(scene, mine, quorum, own, (attempt, view) =>
          configure(attempt, "never registered; configures once more", "fleet", view),
        );
      const unsafe = former(scene, mine);
      if (unsafe) return unsafe;
      return agentFirst(scene) ?? configure(1, `configures ${nodeName(role, mine.id)} at ${own}`);
    }
  }
}

/**
 * Row 8: a configuration that is said to have failed may have started the node all the same, or come after its time. Where it is seen
 * to be counted in, others may rest on it by now: one more would start it anew past every gate. So it goes into service with
 * what it has, and what it should have is brought to it there. Otherwise on what it rests that it is not.
 */
function cameLate(
  scene: Scene,
  mine: RosterMember,
  mark: QuorumMark,
  own: string,
  failure: string,
): Step | readonly FactName[] {
  const { facts, role, record } = scene;
  // Nothing rests on a founder before.
  if (!mark.formed) return [];
  const isNew = (seen: { readonly at: number } | undefined): boolean =>
    seen !== undefined && seen.at >= (record?.command?.sent ?? 0);
  // Ports first: Kafka's tool costs a JVM on the node.
  if (isQuorum(role)) {
    if (!isNew(facts.listeners)) return look("launch/8", "does it listen all the same", "listeners");
    if (facts.listeners?.value.get(mine.id) !== "listening") return ["listeners"];
  }
  const view = viewOf(scene);
  if (!isNew(facts[view])) return look("launch/8", `does ${counter(role)} count it in all the same`, view);
  const quorum = facts.quorum?.value;
  const kafka = facts.kafka?.value;
  const isIn = isQuorum(role)
    ? quorum?.seen && isServingVoter(quorum, mine.id, Number.POSITIVE_INFINITY).safe
    : kafka?.seen && kafka.brokers.get(mine.id)?.registered?.host === own;
  if (!isIn) return [view];
  const times = (record?.configured?.times ?? 0) + 1;
  return change(
    "launch/8",
    `${failure}, and yet ${counter(role)} counts it in`,
    // What it has is not known.
    { kind: "note", patch: { configured: { digest: "", at: facts.now, times } } },
    view,
    "table",
  );
}

/** Row 4 once more, before anything is sent again. */
function agentFirst({ facts, plan, record }: Scene, ...restsOn: readonly FactName[]): Step | undefined {
  if (!facts.agent) return look("launch/4", "is its agent online", "agent");
  if (facts.agent.value.state === "online") return undefined;
  return facts.now - (record?.command?.sent ?? facts.now) > plan.definition.periods.agent
    ? abandon("launch/4", "its SSM agent did not come back in time", ...restsOn)
    : wait("launch/4", "its SSM agent is not online", "agent");
}

/** How long it has had its id within this launch, ms: what comes after the id has its own time. */
function seated(scene: Scene, mine: RosterMember): number {
  return Math.min(elapsed(scene, "launch"), scene.facts.now - mine.since);
}

/** Row 5: the quorum mark this node is configured from, or the step that comes before there is one. */
function founding(scene: Scene, mine: RosterMember): QuorumMark | Step {
  const { role, plan, table } = scene;
  const founding = quorumRole(plan.definition);
  const mark = table.quorum;
  if (!isQuorum(role)) {
    if (mark?.formed) return mark;
    const members = (founding.pool ?? []).map((p) => p.id).join(", ");
    return wait("launch/5", `the quorum of ${founding.name}s ${members} has not formed yet`, "table");
  }
  if (!mark) {
    const voters = foundersOf(
      plan.definition.zones.map((z) => z.name),
      founding,
    );
    return change(
      "launch/5",
      `founds the quorum of ${founding.name}s ${voters.join(", ")}`,
      { kind: "found", voters },
      "table",
    );
  }
  if (!mark.formed && !mark.voters.some((v) => v.id === mine.id)) {
    return wait("launch/5", `the quorum is being founded without ${mine.id}: it joins once that has formed`, "table");
  }
  return mark;
}

/** The first voters: in each zone the lowest ids of the pool, as many as its group desires. */
export function foundersOf(
  zones: readonly string[],
  role: { pool?: readonly { id: number; zone: string }[]; perZone: number },
): number[] {
  return zones
    .flatMap((zone) =>
      (role.pool ?? [])
        .filter((p) => p.zone === zone)
        .map((p) => p.id)
        .sort((a, b) => a - b)
        .slice(0, role.perZone),
    )
    .sort((a, b) => a - b);
}

/**
 * Row 6: may a node whose id another had before start on its empty disk? A broker that comes back empty as the
 * last in-sync replica makes every follower throw its messages away (KIP-966); a controller joins as an observer, and a
 * ZooKeeper member does not vote before it has synced (`zookeeper.db.autocreate=false`).
 */
function former(scene: Scene, mine: RosterMember): Step | undefined {
  const { facts, role, plan } = scene;
  if (!hasFormer(scene, mine)) return undefined;
  if (!facts.kafka) return look("launch/6", `what Kafka knows of the former ${nodeName(role, mine.id)}`, "kafka");
  const seen = facts.kafka.value;
  const forced = wished(scene, "force") !== undefined;
  if (!seen.seen) {
    if (forced || isFirstStart(scene)) return undefined;
    const reason = `Kafka cannot be seen, so whether ${nodeName(role, mine.id)} may come back empty is unknown: ${seen.reason}`;
    return elapsed(scene, "launch") > plan.definition.periods.grace
      ? hold("launch/6", reason, "kafka")
      : wait("launch/6", reason, "kafka");
  }
  const sight = seen.brokers.get(mine.id);
  if (sight?.registered) {
    return wait(
      "launch/6",
      `the former ${nodeName(role, mine.id)} is still registered at ${sight.registered.host}: its session has not ended`,
      "kafka",
    );
  }
  if (!sight?.startEmpty.safe && !forced)
    return hold(
      "launch/6",
      `an empty disk is not safe: ${sight?.startEmpty.reason ?? "nothing known of its partitions"}`,
      "kafka",
    );
  return undefined;
}

/**
 * Whether a broker of that id may have had data: from the moment that it is configured it can register and be given replicas, whether
 * anybody saw it in service or not. Whoever frees an id leaves the address of the node that ran.
 */
function hasFormer({ role }: Scene, mine: RosterMember): boolean {
  return !isQuorum(role) && (mine.served || mine.address !== undefined);
}

/** Configures for the nth time a node that was seen not to be counted in, which that view told. */
type Configure = (attempt: number, view: View) => Step;

/** Rows 9 to 11: does Kafka itself count it in? */
function counted(scene: Scene, mine: RosterMember, mark: QuorumMark, own: string, configure: Configure): Step {
  return isQuorum(scene.role) ? voter(scene, mine, mark, own, configure) : broker(scene, mine, own, configure);
}

function voter(scene: Scene, mine: RosterMember, mark: QuorumMark, own: string, configure: Configure): Step {
  const { facts, role } = scene;
  // Ports first: Kafka's tool costs a JVM on the node, and without a majority it only waits in vain.
  if (!facts.listeners) return look("launch/10", `do the ${role.name}s listen`, "listeners");
  const listening = (id: number): boolean => facts.listeners?.value.get(id) === "listening";
  const present = mark.voters.filter((v) => listening(v.id)).length;
  if (!facts.listeners.value.has(mine.id))
    return unregistered(scene, mine, `whether ${nodeName(role, mine.id)} listens cannot be seen`, "listeners");
  if (!listening(mine.id)) {
    return unregistered(scene, mine, `${nodeName(role, mine.id)} does not listen yet`, "listeners", configure);
  }
  if (present <= mark.voters.length / 2) {
    // Asked are those whose id somebody holds, and who holds one changes while the founders come.
    return wait("launch/10", `only ${present} of ${mark.voters.length} ${role.name}s listen yet`, "listeners", "table");
  }
  if (!facts.quorum)
    return {
      do: "look",
      row: "launch/10",
      reason: "does the quorum count it in",
      facts: ["quorum"],
      via: facts.instance,
    };
  const quorum = facts.quorum.value;
  if (!quorum.seen) return unregistered(scene, mine, `the quorum cannot be seen: ${quorum.reason}`, "quorum");
  if (!mark.formed && hasMajority(quorum, mark.voters.length)) {
    // From then on nobody founds it any more. A founder that ends before is stopped without a gate, and founds again.
    const staying = stayingFounders(scene, mark);
    if (!hasMajority({ ...quorum, voters: quorum.voters.filter(({ id }) => staying.has(id)) }, mark.voters.length))
      return wait(
        "launch/5",
        "the quorum stands, but not without founders that are ending",
        "fleet",
        "table",
        "quorum",
      );
    return change(
      "launch/5",
      `the quorum has formed, led by ${nodeName(role, quorum.leader)}`,
      { kind: "form" },
      "quorum",
      "table",
      "fleet",
    );
  }
  const serving = isServingVoter(quorum, mine.id, configuredFor(scene));
  if (!serving.safe) {
    const known = [...quorum.voters, ...quorum.observers].some((r) => r.id === mine.id);
    return known
      ? wait("launch/10", serving.reason, "quorum")
      : unregistered(scene, mine, serving.reason, "quorum", configure);
  }
  return enter(scene, mine, own, serving.reason, "quorum");
}

/** The first voters that somebody holds who is not on his way out. */
function stayingFounders({ fleet, roster }: Scene, mark: QuorumMark): ReadonlySet<number> {
  const members = fleet.groups.flatMap((g) => g.members);
  const staying = mark.voters.filter(({ id }) => {
    const owner = roster.members.get(id)?.owner;
    // The fleet's listing may be older than the table.
    if (owner === undefined || mark.left?.includes(owner)) return false;
    const holder = members.find(({ instance }) => instance === owner);
    return holder && !holder.state.startsWith("Terminat");
  });
  return new Set(staying.map(({ id }) => id));
}

function broker(scene: Scene, mine: RosterMember, own: string, configure: Configure): Step {
  const { facts, record } = scene;
  // What was seen before it was started says nothing of it.
  if (!facts.kafka || facts.kafka.at < (record?.configured?.at ?? 0))
    return look("launch/10", "does Kafka count it in", "kafka");
  const seen = facts.kafka.value;
  if (!seen.seen) {
    // It is there and asks who we are, so that its being out of sight is no fault of this node.
    if (seen.denied) return openDoor(scene, mine) ?? wait("launch/10", seen.reason, "kafka", "table");
    return unregistered(scene, mine, `Kafka cannot be seen: ${seen.reason}`, "kafka");
  }
  const sight = seen.brokers.get(mine.id);
  if (!sight?.registered)
    return unregistered(scene, mine, "not registered with Kafka, or still fenced", "kafka", configure);
  if (sight.registered.host !== own) {
    return wait(
      "launch/10",
      `Kafka has ${nodeName(scene.role, mine.id)} at ${sight.registered.host}, not at ${own}`,
      "kafka",
    );
  }
  if (sight.missing > 0) {
    const behind = `not yet in the ISR of ${sight.missing} of its ${sight.replicas} partitions (${sight.example})`;
    if (!nearLimit(scene, "launch")) return wait("launch/10", behind, "kafka");
    // Abandoning a broker that serves would cost more than letting it catch up in service.
    const reason = `the action's limit is near, and it is unfenced, though ${behind}`;
    return { ...enter(scene, mine, own, reason, "kafka"), alarm: true };
  }
  const door = openDoor(scene, mine);
  if (door) return door;
  return enter(
    scene,
    mine,
    own,
    sight.replicas ? `in the ISR of all its ${sight.replicas} partitions` : "registered and unfenced",
    "kafka",
  );
}

/**
 * Row 9.
 *
 * @param configure absent where it is not known whether it is counted in: it may be, and others rest on it, so that it must not be
 *   started again. Giving it up is another matter, since it goes through the gates of its termination.
 */
function unregistered(scene: Scene, mine: RosterMember, reason: string, on: View, configure?: Configure): Step {
  const { facts, record, plan } = scene;
  const configured = record?.configured;
  const { register } = plan.definition.periods;
  const age = facts.now - (configured?.at ?? facts.now);
  if (!configured || age <= register) return wait("launch/9", reason, on);
  if (configured.times < MOST_CONFIGURATIONS) {
    if (configure)
      return facts.agent
        ? configure((record.command?.attempt ?? 0) + 1, on)
        : look("launch/9", "is its agent online", "agent");
    if (age <= register * MOST_CONFIGURATIONS) return wait("launch/9", reason, on);
  }
  // Its being alone out of sight would be a reason to give it up; Kafka as a whole out of sight is not.
  if (mine.served && !configure) return hold("launch/9", reason, on);
  return abandon("launch/9", `configured ${times(configured.times)}, and still: ${reason}`);
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** Row 11: first the roster knows that its disk counts from now on, then the group may count it in. */
function enter(scene: Scene, mine: RosterMember, own: string, reason: string, rests: "kafka" | "quorum"): Act {
  const { role } = scene;
  if (!mine.served || mine.address !== own) {
    return change("launch/11", reason, { kind: "serve", role: role.name, id: mine.id, address: own }, rests, "table");
  }
  return change("launch/11", reason, { kind: "complete", action: "launch", result: "CONTINUE" }, rests);
}

function abandon(row: string, reason: string, ...restsOn: readonly FactName[]): Step {
  return change(row, reason, { kind: "complete", action: "launch", result: "ABANDON" }, "fleet", "table", ...restsOn);
}

function stateOf(scene: Scene, instance: string): string {
  const member = scene.fleet.groups.flatMap((g) => g.members).find((m) => m.instance === instance);
  return member?.state ?? "which no group lists";
}
