/**
 * Finds by itself what no event told: whatever waits, looks wrong or was missed. It looks at everything once, with one
 * call each, and then lets the same decision as ever take each instance one pass further.
 */
import { groupOf } from "../cluster/definition.ts";
import { willBeReplaced } from "../members/lineup.ts";
import { holding } from "./decide/index.ts";
import type { Facts, Plan, Seen } from "./facts.ts";
import { type Gauges, gaugesOf } from "./gauges.ts";
import { lookAtListeners, questionFor, quorumAsked, quorumMembers } from "./look.ts";
import type { Ports, TableContents } from "./ports.ts";
import { type Budget, type Outcome, reconcile } from "./reconcile.ts";
import type { FleetSight, TableSight } from "./sights.ts";

/** How many instances are taken further at the same time. */
const AT_ONCE = 8;

export interface SweepReport {
  readonly outcomes: readonly Outcome[];
  /** Instances whose pass failed: the others were not kept waiting for them. */
  readonly failures: readonly { readonly instance: string; readonly error: unknown }[];
  /** Instances the deadline left for the next sweep. */
  readonly left: readonly string[];
  /** Of the whole cluster, before anything was changed. */
  readonly gauges: Gauges;
}

/** @throws when the first looks at the whole cluster fail: then nothing can be said about any instance */
export async function sweep(plan: Plan, ports: Ports, budget: Budget): Promise<SweepReport> {
  const { clock } = ports;
  const [fleet, contents] = await Promise.all([ports.fleet.look(), ports.table.readAll()]);
  const at = clock.now();
  const listed = membersOf(plan, fleet);
  const instances = [...new Set([...listed.keys(), ...owners(contents), ...contents.records.keys()])].sort();
  const gauges = gaugesOf(plan.definition, fleet, contents, at);
  if (instances.length === 0) return { outcomes: [], failures: [], left: [], gauges };

  const table = sightOf(contents);
  const counted = [...listed.values()].some((state) => state !== "Pending" && state !== "Pending:Wait");
  const words = quorumAsked(plan.definition) === "words";
  const [states, kafka, listeners, quorum] = await Promise.all([
    ports.instances.look(instances),
    counted ? ports.kafka.brokers(questionFor(plan.definition, table.rosters, undefined, contents.records)) : undefined,
    counted && !words ? lookAtListeners(plan, ports, table) : undefined,
    counted && words ? ports.kafka.ensemble(quorumMembers(plan.definition)) : undefined,
  ]);
  const seenAt = clock.now();
  const stamp = <T>(value: T, when: number): Seen<T> => ({ at: when, value });

  const outcomes: Outcome[] = [];
  const failures: { instance: string; error: unknown }[] = [];
  const left: string[] = [];
  const queue = inOrder(instances, listed);
  const work = async (): Promise<void> => {
    for (let instance = queue.shift(); instance !== undefined; instance = queue.shift()) {
      if (clock.now() >= budget.deadline) {
        left.push(instance);
        continue;
      }
      const record = contents.records.get(instance);
      const state = states.get(instance);
      // A broker that launches, or ends before it was ever in service, may be the only one that can answer about itself. Where the
      // others did not, it asks on its own; where they did, that may be more than it can: it does not know where those are that
      // were configured lately.
      const alone = listed.get(instance)?.startsWith("Pending") || !holding(table, instance)?.served;
      const seen: Partial<Facts> = {
        fleet: stamp(fleet, at),
        table: stamp({ ...table, ...(record && { record }) }, at),
        ...(state && { ec2: stamp(state, seenAt) }),
        ...(kafka && (kafka.seen || !alone) && { kafka: stamp(kafka, seenAt) }),
        ...(listeners && { listeners: stamp(listeners, seenAt) }),
        ...(quorum && { quorum: { ...stamp(quorum, seenAt), from: at } }),
      };
      try {
        const outcome = await reconcile(plan, ports, { instance, echo: true, seen }, { ...budget, once: true });
        // Whoever stays with it holds it: that is so now, and not only once nobody stays any more.
        const held = outcome.row === "state/attended" ? record?.hold : undefined;
        outcomes.push(held ? { ...outcome, outcome: "held", reason: held.reason } : outcome);
      } catch (error) {
        failures.push({ instance, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await returnIdleTurn(plan, ports, fleet, contents);
  return { outcomes, failures, left, gauges };
}

function membersOf(plan: Plan, fleet: FleetSight): Map<string, string> {
  const listed = new Map<string, string>();
  for (const group of fleet.groups) {
    if (groupOf(plan.definition, group.name)) for (const m of group.members) listed.set(m.instance, m.state);
  }
  return listed;
}

function owners(contents: TableContents): string[] {
  return [...contents.rosters.values()].flatMap((roster) =>
    [...roster.members.values()].flatMap((m) => (m.owner === undefined ? [] : [m.owner])),
  );
}

function sightOf(contents: TableContents): TableSight {
  const { rosters, turn, quorum, access } = contents;
  return { rosters, ...(turn && { turn }), ...(quorum && { quorum }), ...(access && { access }) };
}

/** Who leaves or is gone comes first, since others wait for what it holds; who is in service comes last. */
function inOrder(instances: readonly string[], listed: ReadonlyMap<string, string>): string[] {
  const urgency = (instance: string): number => {
    const state = listed.get(instance);
    if (state === undefined || state.startsWith("Terminat")) return 0;
    return state === "InService" ? 2 : 1;
  };
  return [...instances].sort((a, b) => urgency(a) - urgency(b));
}

/** A member that went for good cannot give its turn back itself. */
async function returnIdleTurn(plan: Plan, ports: Ports, fleet: FleetSight, contents: TableContents): Promise<void> {
  const turn = contents.turn;
  if (!turn) return;
  const roster = contents.rosters.get(turn.role);
  const member = roster?.members.get(turn.id);
  if (roster && member) {
    if (member.owner !== undefined) return;
    const group = fleet.groups.find((g) => {
      const place = groupOf(plan.definition, g.name);
      return place?.role.name === turn.role && place.zone === member.zone;
    });
    if (group && willBeReplaced(group, member.zone, roster, turn.id)) return;
  }
  ports.log.info("gives back the turn of a member that went for good", {
    role: turn.role,
    id: turn.id,
    row: "sweep/turn",
  });
  await ports.table.giveTurn(turn);
}
