/** One history's plan, in plain values: what the cluster is, what happens to it when, and how often what goes wrong. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import { type Random, seededRandom } from "../random.ts";
import { type Blow, NO_RATES, type Rates } from "./blows.ts";
import type { CrashPoint } from "./crash.ts";
import { quorumOf, type Shape } from "./shape.ts";
import type { Tidings } from "./tidings.ts";

export interface Scenario {
  readonly seed: number;
  readonly shape: Shape;
  /** In order of time; `at` is ms after the launch of the groups. */
  readonly blows: readonly Blow[];
  readonly rates: Rates;
  /** How many times as long as they mean to functions wait between two looks. */
  readonly pace: number;
  /** Nothing takes longer than it has to: what begins at one moment comes at one moment, and functions run side by side. */
  readonly together?: true;
  /** How long trouble lasts, ms after the launch of the groups. */
  readonly span: number;
  /** Of the faults that the dice say, only these, by name. */
  readonly only?: readonly string[];
  /** One function is killed, there. */
  readonly crash?: CrashPoint;
  /** These events are told, whatever else is. */
  readonly tidings?: Tidings;
  /** In the end these windows of the archive are replayed, one after the other, and nothing may come of it. */
  readonly replays?: readonly Window[];
}

/** ms after the launch of the groups; the whole archive where it ends later than the history. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** Only once nothing has been changed for as long as a replay may take. */
  readonly rested?: true;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Longer than any history, ms. */
const EVER = 24 * 60 * MINUTE;

/** One seed in so many is played by both ways. */
const TWINNED = 50;

/** Straight, and through the SDK's clients and the in-process door. */
export function isTwinned(seed: number): boolean {
  return seed % TWINNED === 0;
}

/** The seed's history. */
export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed).fork("scenario");
  const drawn = drawShape(random.fork("shape"));
  // An SDK call costs as much as all else that a step does, many times over; what it may do otherwise can be seen in few members.
  const twinned = isTwinned(seed);
  const shape = twinned ? least(drawn) : drawn;
  const span = (twinned ? 15 + random.below(25) : 30 + random.below(80)) * SECOND;
  const plan: Scenario = {
    seed,
    shape,
    span,
    // Looking less often is another order of things, and costs less: but where it is looked often more can come in between.
    pace: !twinned && random.fork("pace").chance(0.05) ? 1 : 8,
    rates: drawRates(random.fork("rates")),
    blows: [
      ...drawBlows(random.fork("blows"), shape, span, twinned ? 1 : 2),
      ...(shape.secure ? drawTampering(random.fork("tampering"), span) : []),
      ...drawAsking(random.fork("asking"), shape, span),
      ...drawLag(random.fork("lag"), span),
    ].sort((a, b) => a.at - b.at),
    // Where users and ACLs are kept, they are compared again before long, and that is no effect of the replay.
    ...(!shape.secure && random.fork("replays").chance(0.05) && { replays: [{ from: 0, to: EVER, rested: true }] }),
  };
  return random.fork("together").chance(0.25) ? atOneMoment(plan) : plan;
}

/** Side by side functions are in each other's way only where they see different things, or do the same. */
function atOneMoment(plan: Scenario): Scenario {
  const { eventTwice, uneven } = plan.rates;
  const rates = { ...plan.rates, eventTwice: Math.max(eventTwice, 0.3), uneven: Math.max(uneven, 0.4) };
  return { ...plan, together: true, rates };
}

/** Mostly small: what can go wrong between two members can be seen in a few. */
function drawShape(random: Random): Shape {
  const mode = random.fork("mode").chance(0.3) ? "zookeeper" : "kraft";
  const secure = random.fork("secure").chance(0.3);
  const drawn = random.pick([1, 1, 1, 1, 1, 1, 2, 3]);
  // An ensemble has three members.
  const zones = mode === "zookeeper" && drawn === 2 ? 3 : drawn;
  const few = random.pick([1, 1, 3]);
  const controllers = zones > 1 ? 1 : mode === "zookeeper" ? 3 : few;
  // They take as long to play as three of the others.
  const large = random.fork("large").chance(0.04);
  const room = Math.floor((12 - zones * controllers) / zones);
  const brokers = Math.min(
    room,
    zones > 1
      ? random.pick([1, 1, 1, 1, 1, 1, 1, 1, 2, 3])
      : large
        ? 9
        : random.pick([0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3]),
  );
  const all = zones * brokers;
  const replication = Math.min(all, random.pick([2, 3, 3]));
  const spare = random.chance(0.2) ? 1 : 0;
  return {
    mode,
    // Users and ACLs are kept through brokers.
    secure: secure && brokers > 0,
    zones,
    controllers,
    brokers,
    spare: mode === "zookeeper" ? 0 : spare,
    partitions: 1 + random.below(6),
    replication,
    minIsr: Math.max(1, replication - 1),
    elr: random.chance(0.8),
  };
}

/** The same with no more members than it takes. */
function least(shape: Shape): Shape {
  const brokers = Math.min(shape.brokers, 1);
  const controllers = shape.mode === "zookeeper" ? 3 : 1;
  return { ...shape, zones: 1, controllers, brokers, replication: brokers, minIsr: 1 };
}

/** Some histories are calm but for one thing, some have a bit of everything. */
function drawRates(random: Random): Rates {
  const typical = {
    eventLost: 0.1,
    eventLate: 0.1,
    eventTwice: 0.1,
    throttled: 0.01,
    broken: 0.005,
    unanswered: 0.01,
    stale: 0.02,
    killed: 0.006,
    slow: 0.005,
    agentLate: 0.1,
    agentNever: 0.03,
    commandLost: 0.02,
    commandLate: 0.05,
    commandTwice: 0.05,
    commandStuck: 0.01,
    commandFailed: 0.03,
    noCapacity: 0.05,
    delayed: 0.1,
  } satisfies Partial<Rates>;
  const names = Object.keys(typical) as (keyof typeof typical)[];
  const rates: Record<keyof Rates, number> = { ...NO_RATES };
  const usual = random.pick([0.3, 0.6, 1]);
  for (const name of names) {
    if (!random.chance(usual)) continue;
    rates[name] = Math.min(1, typical[name] * random.pick([0.5, 1, 1, 2, 4]));
  }
  if (random.chance(0.05)) rates.eventLost = 1;
  // By dice of their own: what else goes wrong stays what it is.
  if (random.fork("uneven").chance(usual)) rates.uneven = random.fork("uneven").pick([0.1, 0.3, 0.6]);
  if (random.fork("commandRevived").chance(usual)) rates.commandRevived = 0.5;
  if (random.fork("recovery").chance(usual)) rates.recovery = random.fork("recovery").pick([0.1, 0.2, 0.4]);
  return rates;
}

/** @param most of them, but for what comes together with one */
function drawBlows(random: Random, shape: Shape, span: number, most: number): Blow[] {
  const count = 1 + random.below(most);
  const blows: Blow[] = [];
  for (let n = 0; n < count; n++) {
    const at = Math.floor(random.next() * span);
    blows.push(drawBlow(random, shape, at, span));
    // Trouble seldom comes alone.
    if (random.chance(0.3)) blows.push(drawBlow(random, shape, Math.min(span, at + random.below(20 * SECOND)), span));
  }
  if (shape.secure) blows.push(...drawRotations(random.fork("rotations"), blows, span));
  return blows.sort((a, b) => a.at - b.at);
}

/** Who rotates the nodes' credential may do so again before every node has it. */
function drawRotations(random: Random, blows: readonly Blow[], span: number): Blow[] {
  const first = blows.find((blow) => blow.kind === "redefine" && blow.rotate);
  if (!first || random.chance(0.3)) return [];
  return [{ ...first, at: Math.min(span, first.at + random.below(40 * SECOND)) }];
}

/** Somebody's hand in users and ACLs. */
function drawTampering(random: Random, span: number): Blow[] {
  return Array.from({ length: random.below(3) }, () => ({
    at: Math.floor(random.next() * span),
    kind: "tamper",
    with: random.pick(["acl", "user", "password", "observer"] as const),
  }));
}

/** In one history of four there is an operator who asks for something. */
function drawAsking(random: Random, shape: Shape, span: number): Blow[] {
  if (!random.chance(0.25)) return [];
  return Array.from({ length: 1 + random.below(2) }, (): Blow => {
    const at = Math.floor(random.next() * span);
    const role: RoleName = random.chance(0.6) ? "broker" : quorumOf(shape.mode);
    const aim = { at, role, nth: random.below(24) };
    const kind = random.pick(["hold", "hold", "abandon", "force", "release"] as const);
    return kind === "hold" ? { ...aim, kind, for: 5 * SECOND + random.below(2 * MINUTE) } : { ...aim, kind };
  });
}

/** No longer than any other read may lag behind. */
function drawLag(random: Random, span: number): Blow[] {
  if (!random.chance(0.1)) return [];
  return [{ at: Math.floor(random.next() * span), kind: "lag", for: 15 * SECOND }];
}

function drawBlow(random: Random, shape: Shape, at: number, span: number): Blow {
  const role: RoleName = random.chance(0.75) ? "broker" : quorumOf(shape.mode);
  const nth = random.below(24);
  const zone = random.below(shape.zones);
  const dice = random.below(100);
  if (dice < 18) return { at, kind: "terminate", role, nth };
  if (dice < 34) return { at, kind: "kill", role, nth };
  if (dice < 42) return { at, kind: "crash", role, nth };
  if (dice < 49) return { at, kind: "reboot", role, nth };
  if (dice < 52) return { at, kind: "stop", role, nth };
  if (dice < 60) {
    return { at, kind: "unhealthy", role, nth, ...(random.chance(0.5) && { again: 200 + random.below(8 * SECOND) }) };
  }
  if (dice < 68) return { at, kind: "scale", role: "broker", zone, by: random.pick([-1, -1, 0, 1]) };
  if (dice < 73) return { at, kind: "refresh", role };
  if (dice < 77) return { at, kind: "launch-first", on: random.chance(0.7) };
  if (dice < 80) return { at, kind: "zone-outage", zone, for: 20 * SECOND + random.below(3 * MINUTE) };
  if (dice < 89) return { at, kind: "function-outage", for: random.pick([20 * SECOND, 2 * MINUTE, 4 * MINUTE]) };
  if (dice < 94) return { at, kind: "redefine", rotate: random.chance(0.5) };
  return { at, kind: "replay", window: random.pick([MINUTE, 5 * MINUTE, span]) };
}
