/**
 * The in-service table: is a member that its group counts in still well in Kafka's eyes, and configured as it should
 * be now? Rows as in docs/architecture.md.
 */
import { isQuorum, kindOf } from "../../cluster/role-kinds.ts";
import type { RosterMember } from "../sights.ts";
import type { RecordPatch, Step } from "../steps.ts";
import { accessUnready, keepAccess, tellOfUsers } from "./access.ts";
import { MOST_ATTEMPTS, type Progress, progress, send } from "./command.ts";
import { isCaughtUp, isServingVoter } from "./quorum.ts";
import { isTurnOf, peersInService, safeToStop, takeFreeTurn, takeTurn, turnIsFree, unsafe, viewOf } from "./safety.ts";
import {
  change,
  configuredFor,
  counter,
  credentialOf,
  hold,
  look,
  nodeName,
  presenceFact,
  type Scene,
  settled,
  type View,
  wait,
} from "./scene.ts";
import { wished } from "./wish.ts";

/** How one member looks from outside. */
type Presence = "in" | "out" | "unknown";

/** How long after a question that brought no answer it is put again, ms. */
const AGAIN = 15_000;
/** States of a unit that runs nothing and will not by itself; so the node script tells a confirmed stop as well. */
const DEAD: ReadonlySet<string | undefined> = new Set(["inactive", "failed", "masked", "absent"]);

/** The next step for an instance that its group counts as in service; see the table *in-service* in docs/architecture.md. */
export function decideInService(scene: Scene): Step {
  const { facts, role, group, mine, record } = scene;
  // Never replaced by itself: it may be a broker of an adopted group that Rollcall knows nothing about.
  if (!mine)
    return hold(
      "in-service/0",
      `in service in ${group.name} without an id: terminate it, so that its replacement launches through the hook`,
      "fleet",
      "table",
    );

  // Before anything else is asked of the node: its answer to a configuration would be lost with the command's place.
  const wanted = wantedConfiguration(scene, mine);
  if (wanted?.sent.at === "underway") return wanted.sent.step;
  if (wanted?.sent.at === "succeeded") return configuredAnew(scene, wanted.digest);

  const sightFact = presenceFact(role);
  // What was seen of it before it was configured, and so started again, says nothing of it now.
  const since = record?.configured?.at ?? 0;
  if ((facts[sightFact]?.at ?? -1) < since || !facts[sightFact])
    return look("in-service/1", `does ${counter(role)} count it in`, sightFact);
  const own = presence(scene, mine);
  if (own === "unknown") {
    const reason = `${unseen(scene, sightFact)}; changes nothing`;
    return suspect(scene, reason, sightFact) ?? keepAccess(scene, mine) ?? hold("in-service/1", reason, sightFact);
  }
  if (own === "out") {
    const dead = peersInService(scene).filter((peer) => presence(scene, peer) !== "in");
    if (dead.length === 0) return missing(scene, mine, sightFact);
    if (record?.unregistered === undefined) return absent(scene, mine, { unregistered: facts.now }, sightFact);
    const names = [mine, ...dead].map((m) => m.id).join(", ");
    const reason = `${role.name}s ${names} look dead at once: the observer is the suspect; changes nothing`;
    return suspect(scene, reason, sightFact) ?? hold("in-service/1", reason, sightFact);
  }
  if (record?.unregistered !== undefined) {
    return change(
      "in-service/4",
      `${counter(role)} counts it in again`,
      { kind: "note", patch: { unregistered: undefined, alone: undefined } },
      sightFact,
      "table",
    );
  }
  const access = keepAccess(scene, mine, (peer) => presence(scene, peer) === "out");
  if (access) {
    // Nobody shall wait for its turn meanwhile: an agent that is away may be away for long.
    const back = access.do === "hold" || access.do === "wait" ? giveTurnBack(scene, mine, sightFact) : undefined;
    return back?.do === "change" ? back : access;
  }
  return wanted ? configuration(scene, mine, wanted, sightFact) : well(scene, mine, sightFact);
}

function presence({ facts, role }: Scene, member: RosterMember): Presence {
  const is = (counted: boolean | undefined): Presence => (counted === undefined ? "unknown" : counted ? "in" : "out");
  switch (kindOf(role).asked) {
    case "tool": {
      const heard = facts.listeners?.value.get(member.id);
      return is(heard && heard === "listening");
    }
    case "words": {
      const quorum = facts.quorum?.value;
      const voter = quorum?.seen ? quorum.voters.find(({ id }) => id === member.id) : undefined;
      return is(voter && isCaughtUp(voter));
    }
    case "protocol": {
      const kafka = facts.kafka?.value;
      const sight = kafka?.seen ? kafka.brokers.get(member.id) : undefined;
      return is(sight && sight.registered !== undefined);
    }
  }
}

/** Why it is not known whether it is there. */
function unseen({ facts, role }: Scene, sightFact: View): string {
  const view = sightFact === "listeners" ? undefined : facts[sightFact]?.value;
  return view?.seen === false ? `${counter(role)} cannot be seen: ${view.reason}` : "it cannot be seen";
}

/** Row 1: while the observer is the suspect, nobody's grace runs. Undefined: so it says already. */
function suspect({ record }: Scene, reason: string, sightFact: View): Step | undefined {
  if (record?.alone === undefined) return undefined;
  return change("in-service/1", reason, { kind: "note", patch: { alone: undefined } }, sightFact, "table");
}

/** Since when it is out has its alarm, and since when it alone is, its grace. */
function absent({ role }: Scene, mine: RosterMember, since: RecordPatch, sightFact: View): Step {
  const reason = `${counter(role)} does not count ${nodeName(role, mine.id)} in`;
  return change("in-service/2", reason, { kind: "note", patch: { ...since, hold: undefined } }, sightFact, "table");
}

/** Row 2: neither Kafka nor its quorum counts it in. */
function missing(scene: Scene, mine: RosterMember, sightFact: View): Step {
  const { facts, role, record, plan } = scene;
  const { grace, silentGrace } = plan.definition.periods;
  const name = nodeName(role, mine.id);
  const uncounted = `${counter(role)} does not count ${name} in`;
  if (record?.unregistered === undefined || record.alone === undefined) {
    const since = { unregistered: record?.unregistered ?? facts.now, alone: facts.now };
    return absent(scene, mine, since, sightFact);
  }
  const since = record.alone;
  const gone = facts.now - since;
  if (gone < grace) return wait("in-service/2", `${uncounted}; its grace lasts on`, sightFact);

  if (!facts.agent) return look("in-service/2", "does its node answer", "agent");
  if (facts.agent.value.state !== "online") {
    if (gone < silentGrace) return wait("in-service/2", `${uncounted}, and its node is silent`, sightFact, "agent");
    return replace(scene, mine, `${name} is not counted in and its node is silent`);
  }
  const asked = progress(scene, "in-service/2", "status", "", since + grace);
  if (asked.at === "underway") return asked.step;
  const attempt = (record.command?.action === "status" ? record.command.attempt : 0) + 1;
  const ask = (why: string): Step =>
    send("in-service/2", why, { action: "status", digest: "", payload: "", attempt }, "agent");
  if (asked.at === "unsent") return ask(`asks the node whether ${name} lives`);
  const age = facts.now - (record.command?.sent ?? 0);
  const unit = asked.at === "succeeded" ? asked.answer.unit : undefined;
  // A broker that recovers its log is alive and not registered; killing it would only start the recovery anew.
  if (unit === "active" || unit === "activating") {
    return age > grace
      ? ask(`${name} was alive when last asked; asks again`)
      : wait("in-service/2", `${name} is alive (${unit}), but ${uncounted}`, sightFact);
  }
  if (asked.at === "failed" || !DEAD.has(unit)) {
    const why = asked.at === "failed" ? asked.reason : `its unit is ${unit ?? "unknown"}`;
    if (gone >= silentGrace)
      return replace(scene, mine, `${name} is not counted in and its node does not tell whether it lives: ${why}`);
    return age > AGAIN
      ? ask(`${why}; asks again`)
      : wait("in-service/2", `${uncounted}, and its node does not tell whether it lives: ${why}`, sightFact);
  }
  const word = asked.answer.supervisor;
  const how = word === undefined ? unit : `${unit}; its supervisor says: ${word}`;
  return replace(scene, mine, `the process of ${name} is dead (${how})`);
}

/** Marks it unhealthy, once nothing speaks against losing its node. */
function replace(scene: Scene, mine: RosterMember, reason: string): Step {
  const gate = gates(scene, mine, "in-service/2", reason);
  if (gate) return gate;
  return change(
    "in-service/2",
    `${reason}: its instance is unhealthy`,
    { kind: "mark-unhealthy" },
    "fleet",
    "table",
    viewOf(scene),
  );
}

/** Safe, and the turn taken; or forced. */
function gates(scene: Scene, mine: RosterMember, row: string, reason: string): Step | undefined {
  if (wished(scene, "force")) return takeFreeTurn(scene, row, mine, reason);
  const turn = turnIsFree(scene, mine);
  if (!turn.safe) return hold(row, `${reason}, but ${turn.reason}`, "table");
  const safe = safeToStop(scene, row, mine);
  if ("do" in safe) return safe;
  if (!safe.safe) return unsafe(scene, row, mine, `${reason}, but stopping it is not safe: ${safe.reason}`);
  return takeTurn(scene, row, mine, reason);
}

interface Wanted {
  readonly digest: string;
  readonly payload: string;
  readonly address: string;
  /** How far it has been brought to the node. */
  readonly sent: Progress;
}

/** The configuration that its node should have now, where that is another than it has. */
function wantedConfiguration(scene: Scene, mine: RosterMember): Wanted | undefined {
  const rendered = renderedNow(scene, mine);
  if (!rendered || rendered.digest === scene.record?.configured?.digest) return undefined;
  return { ...rendered, sent: progress(scene, "in-service/3", "configure", rendered.digest) };
}

function renderedNow(scene: Scene, mine: RosterMember): Omit<Wanted, "sent"> | undefined {
  const { role, zone, plan, record, table } = scene;
  const { address } = mine;
  if (address === undefined || !table.quorum?.formed || !record?.configured) return undefined;
  // Seen before it was noted as in service: the roster has the address of its former incarnation still.
  if (record.address !== undefined && record.address !== address) return undefined;
  return { ...plan.render({ role, id: mine.id, zone, address }, table.quorum), address };
}

/** Only its configuration tells which credential it logs in with; others may be waiting for it to be the next one. */
function comesAfter(scene: Scene, mine: RosterMember): Step | undefined {
  const { role, record } = scene;
  const generation = credentialOf(scene);
  if (generation === undefined || generation === mine.generation) return undefined;
  const rendered = renderedNow(scene, mine);
  if (!rendered || rendered.digest !== record?.configured?.digest) return undefined;
  return change(
    "in-service/4",
    `logs in with generation ${generation} of the credential`,
    { kind: "note-generation", role: role.name, id: mine.id, generation },
    "table",
  );
}

/** It has all that it may have by now, and yet not what is declared. */
function waitsForOthers(scene: Scene): Step | undefined {
  const { behind } = scene;
  const generation = credentialOf(scene);
  if (!behind || generation === undefined) return undefined;
  const who = `${nodeName({ name: behind.role }, behind.id)}, which may still have ${behind.generation}`;
  return wait("in-service/3", `has generation ${generation} of the credential; the next one waits for ${who}`, "table");
}

function configuredAnew({ facts, record }: Scene, digest: string): Step {
  const patch = {
    configured: { digest, at: facts.now, times: 1 },
    // A force is for one configuration, not for the next one that is deployed.
    ...(record?.operator?.wish === "force" && { operator: undefined }),
  };
  return change("in-service/3", "configured anew", { kind: "note", patch }, "table");
}

/** Row 3. */
function configuration(scene: Scene, mine: RosterMember, wanted: Wanted, sightFact: View): Step {
  const { facts, plan, record } = scene;
  const { digest, payload, address, sent } = wanted;
  // Tried often enough for now: until it is tried once more, others may have the turn.
  const rests = facts.now - (record?.command?.sent ?? 0) <= plan.definition.periods.stop;
  if (sent.at === "failed" && sent.attempt >= MOST_ATTEMPTS && rests) {
    const reason = `its new configuration cannot be brought to it: ${sent.reason}`;
    return giveTurnBack(scene, mine, sightFact) ?? hold("in-service/3", reason, "table", sightFact);
  }
  const unready = wished(scene, "force") ? undefined : accessUnready(scene);
  if (unready)
    return (
      giveTurnBack(scene, mine, sightFact) ??
      wait("in-service/3", `its configuration has changed, but ${unready}`, "table")
    );
  // Before it has the turn: an agent may be away for long, and nobody shall wait for that.
  if (!facts.agent) return look("in-service/3", "is its agent online", "agent");
  if (facts.agent.value.state !== "online") {
    const reason = "its configuration has changed, but its agent is not online";
    return giveTurnBack(scene, mine, sightFact) ?? hold("in-service/3", reason, "agent");
  }
  const gate = gates(scene, mine, "in-service/3", "its configuration has changed");
  if (gate) return gate;
  const attempt = sent.at === "failed" ? sent.attempt + 1 : 1;
  return send(
    "in-service/3",
    "configures it anew",
    { action: "configure", digest, payload, attempt, address },
    "agent",
    viewOf(scene),
  );
}

/** Row 4. */
function well(scene: Scene, mine: RosterMember, sightFact: View): Step {
  return (
    comesAfter(scene, mine) ??
    giveTurnBack(scene, mine, sightFact) ??
    catchingUp(scene, mine, sightFact) ??
    waitsForOthers(scene) ??
    tellOfUsers(scene, mine, (peer) => presence(scene, peer) === "out") ??
    settled("in-service/4", "well")
  );
}

/** A broker that some partition still lacks in its ISR. */
function catchingUp({ facts, role }: Scene, mine: RosterMember, sightFact: View): Step | undefined {
  const kafka = facts.kafka?.value;
  const sight = !isQuorum(role) && kafka?.seen ? kafka.brokers.get(mine.id) : undefined;
  if (!sight || sight.missing === 0) return undefined;
  return wait(
    "in-service/4",
    `not in the ISR of ${sight.missing} of its ${sight.replicas} partitions (${sight.example})`,
    sightFact,
  );
}

/** Where it has the turn: gives it back once the member is whole again, so that the next one finds full ISRs and voters. */
function giveTurnBack(scene: Scene, mine: RosterMember, sightFact: View): Step | undefined {
  const { facts, role, record } = scene;
  const { turn } = scene.table;
  if (!turn || !isTurnOf(scene, mine)) return undefined;
  const behind = catchingUp(scene, mine, sightFact);
  if (behind) return behind;
  if (isQuorum(role)) {
    if (!facts.quorum || facts.quorum.at < (record?.configured?.at ?? 0)) {
      const reason = "does the quorum count it in again";
      return { do: "look", row: "in-service/4", reason, facts: ["quorum"], via: facts.instance };
    }
    const quorum = facts.quorum.value;
    const serving = quorum.seen
      ? isServingVoter(quorum, mine.id, configuredFor(scene))
      : { safe: false, reason: quorum.reason };
    if (!serving.safe) return wait("in-service/4", serving.reason, "quorum");
  }
  return change(
    "in-service/4",
    `${nodeName(role, mine.id)} is back: gives the turn back`,
    { kind: "give-turn", turn },
    viewOf(scene),
    "table",
  );
}
