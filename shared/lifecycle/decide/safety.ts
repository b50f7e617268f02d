/** May this member be taken down on purpose now? The gates of the terminate and in-service tables. */
import { isQuorum } from "../../cluster/role-kinds.ts";
import type { FactName } from "../facts.ts";
import type { RosterMember, Verdict } from "../sights.ts";
import type { Step } from "../steps.ts";
import { safeToStopVoter } from "./quorum.ts";
import { change, hold, look, nodeName, type Scene } from "./scene.ts";

/** The other members of the role that their groups count in service, lowest id first. */
export function peersInService({ fleet, roster, mine }: Scene): RosterMember[] {
  const members = fleet.groups.flatMap((g) => g.members);
  const serving = new Set(members.filter((m) => m.state === "InService").map((m) => m.instance));
  return [...roster.members.values()]
    .filter((m) => m.id !== mine?.id && m.owner !== undefined && serving.has(m.owner))
    .sort((a, b) => a.id - b.id);
}

/**
 * Whether nobody answers, though it was asked, and no broker of the cluster was ever in service: then there is nothing yet that
 * could be lost with one of them.
 */
export function isFirstStart({ facts, roster }: Scene): boolean {
  const kafka = facts.kafka?.value;
  return kafka?.seen === false && !kafka.unasked && ![...roster.members.values()].some(({ served }) => served);
}

/** How long, while held, one member is asked before the next, ms; a number that divides no usual period between sweeps. */
const ASKED = 7_000;

/**
 * Whose Kafka tools to ask about the quorum, where a tool tells of it. Those in service come first, but one that cannot answer
 * (its agent is dead, its machine gone) must not stand in the way for ever: so they take turns, with those that leave, which
 * serve on, and itself.
 */
function witness(scene: Scene): string {
  const { facts, fleet, roster, record } = scene;
  const leaving = new Set(
    fleet.groups.flatMap((g) => g.members.filter((m) => m.state === "Terminating:Wait").map((m) => m.instance)),
  );
  const serving = peersInService(scene).flatMap((m) => m.owner ?? []);
  const others = [...roster.members.values()].flatMap((m) => (m.owner && leaving.has(m.owner) ? [m.owner] : []));
  const candidates = [...serving, ...others.filter((instance) => instance !== facts.instance).sort(), facts.instance];
  const held = facts.now - (record?.hold?.since ?? facts.now);
  return candidates[Math.floor(held / ASKED) % candidates.length] ?? facts.instance;
}

/** The verdict, or the look it needs first. */
export function safeToStop(scene: Scene, row: string, mine: RosterMember): Verdict | Step {
  const { facts, role } = scene;
  if (isQuorum(role)) {
    if (!facts.quorum) {
      return { do: "look", row, reason: "does the quorum stand without it", facts: ["quorum"], via: witness(scene) };
    }
    const quorum = facts.quorum.value;
    return quorum.seen
      ? safeToStopVoter(quorum, mine.id)
      : { safe: false, reason: `the quorum cannot be seen: ${quorum.reason}` };
  }
  if (!facts.kafka) return look(row, "do its partitions stand without it", "kafka");
  const kafka = facts.kafka.value;
  if (!kafka.seen) return { safe: false, reason: `Kafka cannot be seen: ${kafka.reason}` };
  return (
    kafka.brokers.get(mine.id)?.stop ?? {
      safe: false,
      reason: `Kafka's view says nothing of ${nodeName(role, mine.id)}`,
    }
  );
}

/** Who has the turn, if it is not this member's: as a verdict. */
export function turnIsFree(scene: Scene, mine: RosterMember): Verdict {
  const { turn } = scene.table;
  if (!turn || isTurnOf(scene, mine)) return { safe: true, reason: "the turn is free" };
  return { safe: false, reason: `the turn is ${turn.role} ${turn.id}'s (${turn.instance}: ${turn.reason})` };
}

/** Whether the turn is that member's, whichever of its instances took it. */
export function isTurnOf(scene: Scene, mine: RosterMember): boolean {
  const { turn } = scene.table;
  return turn !== undefined && turn.role === scene.role.name && turn.id === mine.id;
}

/** Which fact a verdict of that role rests on. */
export const viewOf = (scene: Scene): "kafka" | "quorum" => (isQuorum(scene.role) ? "quorum" : "kafka");

/**
 * Takes the turn for that purpose; undefined where this instance has it for just that. A turn that the member has for another
 * purpose is taken anew, since whoever sees the end of that may be about to give it back.
 */
export function takeTurn(scene: Scene, row: string, mine: RosterMember, reason: string): Step | undefined {
  const { role, facts, table } = scene;
  const view = viewOf(scene);
  if (isTurnOf(scene, mine) && table.turn?.instance === facts.instance && table.turn.reason === reason)
    return undefined;
  return change(
    row,
    `takes the turn for ${nodeName(role, mine.id)}: ${reason}`,
    { kind: "take-turn", turn: { role: role.name, id: mine.id, instance: facts.instance, reason } },
    ...(facts[view] ? [view] : []),
    "table",
  );
}

/** Who is forced waits for nobody, but others shall wait for him: undefined where he has the turn, or another does. */
export function takeFreeTurn(scene: Scene, row: string, mine: RosterMember, reason: string): Step | undefined {
  return turnIsFree(scene, mine).safe ? takeTurn(scene, row, mine, reason) : undefined;
}

/**
 * Not safe: held, but without the turn. Whoever kept it would keep the others from what could make it safe again, such as the
 * replacement of one that died meanwhile.
 */
export function unsafe(
  scene: Scene,
  row: string,
  mine: RosterMember,
  reason: string,
  ...on: readonly FactName[]
): Step {
  const { turn } = scene.table;
  if (!turn || !isTurnOf(scene, mine)) return hold(row, reason, viewOf(scene), ...on);
  return change(row, `gives the turn back: ${reason}`, { kind: "give-turn", turn }, viewOf(scene), "table");
}
