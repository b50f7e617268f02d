/**
 * Users and ACLs are kept as declared by Kafka's own tools on a broker. Any broker will do, so one of them does it: of those in
 * service one after the other has the watch, and while none is, the launching ones in order. Doing it twice does no harm.
 */
import { isQuorum } from "../../cluster/role-kinds.ts";
import type { AccessAnswer, AccessMark, RosterMember } from "../sights.ts";
import type { Step } from "../steps.ts";
import { MOST_ATTEMPTS, type Progress, progress, send } from "./command.ts";
import { elapsed } from "./heartbeat.ts";
import { peersInService } from "./safety.ts";
import { change, hold, look, type Scene, wait } from "./scene.ts";

/** How long a broker in service has the watch, ms: one that cannot do it must not stand in the way for ever. */
const WATCH = 120_000;
/** How long after users and ACLs were put right every broker should know of them, ms. */
const SPREAD = 60_000;
/** How much longer each launching broker waits than the one before it, and any between two tries, ms. */
const STAGGER = 15_000;

interface Due {
  readonly digest: string;
  readonly payload: string;
  readonly reason: string;
}

/** Row 5 of a broker in service; undefined: there is nothing to do, or not for this one. `isOut`: of a peer, known to be. */
export function keepAccess(
  scene: Scene,
  mine: RosterMember,
  isOut: (peer: RosterMember) => boolean = () => false,
): Step | undefined {
  const due = isQuorum(scene.role) ? undefined : dueAccess(scene);
  if (!due) return undefined;
  const kafka = scene.facts.kafka?.value;
  // Out of sight for another reason: whoever applies them may be cut off from the rest.
  if (kafka?.seen === false && !kafka.denied) return undefined;
  const underway = fate(scene, "in-service/5", due);
  if (underway) return underway;
  return hasWatch(scene, mine, isOut) ? apply(scene, "in-service/5", due) : undefined;
}

/**
 * Row 10 of a launching broker: where Kafka answers but does not let its observer see, or users and ACLs were never applied, the
 * brokers of a new cluster have to open the door themselves. Those in service come first.
 */
export function openDoor(scene: Scene, mine: RosterMember): Step | undefined {
  const { facts, record, table, roster, fleet } = scene;
  const due = dueAccess(scene);
  if (!due || (table.access && !isDenied(scene))) return undefined;
  const underway = fate(scene, "launch/10", due);
  if (underway) return underway;
  const states = new Map(
    fleet.groups.flatMap(({ members }) => members.map(({ instance, state }) => [instance, state])),
  );
  const before = [...roster.members.values()].filter(({ id, owner }) => {
    const state = owner && states.get(owner);
    return state === "InService" || (state === "Pending:Wait" && id < mine.id);
  });
  if (facts.now - (record?.configured?.at ?? facts.now) < before.length * STAGGER)
    return wait(
      "launch/10",
      `${due.reason}; brokers that come first: ${before.map(({ id }) => id).join(", ")}`,
      "table",
      "kafka",
    );
  return apply(scene, "launch/10", due);
}

/**
 * Row 2 of a leaving broker, which serves on: where Kafka does not let its observer see, nothing can be said to be safe. Those in
 * service come first, but there may be none, or none that can do it.
 */
export function reopenDoor(scene: Scene): Step | undefined {
  const { plan, facts, role } = scene;
  if (!plan.access() || isQuorum(role)) return undefined;
  if (peersInService(scene).length > 0 && elapsed(scene, "terminate") <= WATCH) return undefined;
  if (!facts.kafka) return look("terminate/2", "does Kafka let its observer see", "kafka");
  const due = isDenied(scene) ? dueAccess(scene) : undefined;
  return due && (fate(scene, "terminate/2", due) ?? apply(scene, "terminate/2", due));
}

/**
 * Row 5 of a broker that is well otherwise: users who cannot be kept as declared hold nobody up but themselves, and the one that
 * has the watch says so.
 */
export function tellOfUsers(
  scene: Scene,
  mine: RosterMember,
  isOut: (peer: RosterMember) => boolean,
): Step | undefined {
  const troubles = Object.entries(scene.table.access?.troubles ?? {});
  if (isQuorum(scene.role) || troubles.length === 0 || !hasWatch(scene, mine, isOut)) return undefined;
  const remedy = "give each a secret that brokers can read, or leave it out; all others are as declared";
  return hold("in-service/5", `cannot be kept as declared: ${usersIn(troubles)}: ${remedy}`, "table", "kafka");
}

const usersIn = (troubles: readonly (readonly [string, string])[]): string =>
  troubles.map(([user, why]) => `user ${user} (${why})`).join(", ");

/** Why a configuration has to wait; undefined: the users that it logs in as are there. */
export function accessUnready({ plan, table }: Scene): string | undefined {
  const wanted = plan.access(table.access);
  if (!wanted || table.access?.digest === wanted.digest) return undefined;
  return "the users and ACLs that are declared now have not been applied";
}

function dueAccess({ plan, facts, table }: Scene): Due | undefined {
  const mark = table.access;
  const wanted = plan.access(mark);
  if (!wanted) return undefined;
  if (!mark) return { ...wanted, reason: "users and ACLs were never applied" };
  if (mark.digest !== wanted.digest) return { ...wanted, reason: "users and ACLs are declared anew" };
  const age = facts.now - mark.at;
  if (age > SPREAD && isDenied({ facts })) return { ...wanted, reason: "Kafka does not let its observer see" };
  if (age > WATCH && mark.troubles) return { ...wanted, reason: "tries again to keep all users as declared" };
  if (age > nextCheck(mark, plan.definition.periods.access))
    return { ...wanted, reason: "compares users and ACLs with what is declared" };
  return undefined;
}

/**
 * How long after a check the next one is due, ms. A declaration is compared again after as long as it has stood: a command of an
 * older one that comes late, by whatever broker, is undone within as long as it was late.
 */
function nextCheck({ at, since = 0 }: AccessMark, access: number): number {
  return Math.min(access, Math.max(at - since, SPREAD));
}

function isDenied({ facts }: Pick<Scene, "facts">): boolean {
  const kafka = facts.kafka?.value;
  return kafka?.seen === false && kafka.denied === true;
}

function hasWatch(scene: Scene, mine: RosterMember, isOut: (peer: RosterMember) => boolean): boolean {
  const able = [mine, ...peersInService(scene).filter((peer) => !isOut(peer))].sort((a, b) => a.id - b.id);
  return able[Math.floor(scene.facts.now / WATCH) % able.length]?.id === mine.id;
}

/** What has become of the command this one sent; undefined: none is on its way, and one may be sent. */
function fate(scene: Scene, row: string, due: Due): Step | undefined {
  const { table, facts } = scene;
  const sent = sentAccess(scene, row, due);
  if (sent.at === "underway") return sent.step;
  if (sent.at !== "succeeded" || !sent.answer.access) return undefined;
  const { versions, troubles = {} } = sent.answer.access;
  const since = table.access?.digest === due.digest ? table.access.since : facts.now;
  const mark: AccessMark = {
    digest: due.digest,
    at: facts.now,
    ...(since !== undefined && { since }),
    versions,
    ...(Object.keys(troubles).length > 0 && { troubles }),
    drift: driftOf(sent.answer.access, table.access, due.digest),
  };
  const note = change(row, applied(sent.answer.access), { kind: "note-access", mark }, "table");
  return mark.drift.length > 0 ? { ...note, alarm: true } : note;
}

/** How far the command is that was sent since users and ACLs were last applied. */
const sentAccess = (scene: Scene, row: string, { digest }: Due): Progress =>
  progress(scene, row, "access", digest, scene.table.access?.at);

function apply(scene: Scene, row: string, due: Due): Step {
  const { facts, record } = scene;
  const sent = sentAccess(scene, row, due);
  const tried = sent.at === "unsent" ? 0 : (record?.command?.attempt ?? 0);
  const why = sent.at === "failed" ? sent.reason : "its node did not tell what it did";
  const since = facts.now - (record?.command?.sent ?? 0);
  if (tried >= MOST_ATTEMPTS && since <= WATCH)
    return hold(row, `users and ACLs cannot be applied: ${why}`, "table", "kafka");
  if (tried > 0 && since <= STAGGER) return wait(row, `${why}; tries again`, "table", "kafka");
  if (!facts.agent) return look(row, "is its agent online", "agent");
  if (facts.agent.value.state !== "online") return wait(row, `${due.reason}, but its agent is not online`, "agent");
  return send(
    row,
    tried > 0 ? `${why}; tries again` : due.reason,
    { action: "access", digest: due.digest, payload: due.payload, attempt: tried + 1 },
    "agent",
  );
}

function applied({ created, changed, removed, troubles = {} }: AccessAnswer): string {
  const done = [
    ...created.map((what) => `created ${what}`),
    ...changed.map((what) => `changed ${what}`),
    ...removed.map((what) => `removed ${what}`),
  ];
  const what = done.length === 0 ? "users and ACLs are as declared" : `users and ACLs put right: ${done.join("; ")}`;
  const rest = Object.entries(troubles);
  return rest.length === 0 ? what : `${what}; but for ${usersIn(rest)}`;
}

/**
 * What had to be put right though this very declaration stood: not a password whose secret has another version now, nor a user
 * whose secret could not be read before.
 */
function driftOf(answer: AccessAnswer, before: AccessMark | undefined, digest: string): string[] {
  if (before?.digest !== digest) return [];
  const renewed = (what: string): boolean => {
    const user = /^user (\S+)$/.exec(what)?.[1];
    return user !== undefined && answer.versions[user] !== before.versions[user];
  };
  const awaited = (what: string): boolean => Object.keys(before.troubles ?? {}).some((user) => what === `user ${user}`);
  return [
    ...answer.created.filter((what) => !awaited(what)).map((what) => `created ${what}`),
    ...answer.changed.filter((what) => !renewed(what)).map((what) => `changed ${what}`),
    ...answer.removed.map((what) => `removed ${what}`),
  ];
}
