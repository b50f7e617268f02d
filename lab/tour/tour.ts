/** The tour: a whole cluster comes up at once, four things happen to it, and nothing is lost. */
import { type Definition, type RoleName, roleOf } from "../../shared/cluster/definition.ts";
import type { Lab } from "../lab.ts";
import type { Truth } from "../nodes.ts";
import { type Expected, type Findings, isOk, type Replacement, type Summary } from "../summary.ts";
import type { View } from "../view.ts";
import { keepGuard } from "./guard.ts";
import { type Blow, strike, waits } from "./hurt.ts";
import { Observer } from "./observe.ts";
import { isOwn, nameOfCall } from "./own-calls.ts";
import { replayAll } from "./replay.ts";
import { until } from "./until.ts";

/** Messages that flow all the time, and the proof of what became of them. */
export interface Traffic {
  /** So far. */
  readonly acknowledged: number;
  /** Stops sending, waits for the cluster to be whole, reads everything back and compares. */
  finish(): Promise<Findings["messages"]>;
  /** Stops at once, without a word. */
  abort(): Promise<void>;
}

export interface TourOptions {
  readonly lab: Lab;
  readonly view: View;
  readonly kafka: Findings["kafka"];
  readonly truth: Truth;
  /** Makes the topic and begins to send to it; `bootstrap` answers which brokers there are now, as `host:port`. */
  readonly startTraffic: (bootstrap: () => string[]) => Promise<Traffic>;
  /** Fewest acknowledged messages for the tour to prove anything. */
  readonly atLeast: number;
}

export interface TourEnd {
  readonly summary: Summary;
  readonly problems: readonly string[];
}

const LAUNCH_LIMIT = 180_000;
const REFRESH = 300;

export async function giveTour(options: TourOptions): Promise<TourEnd> {
  const { lab, view, kafka } = options;
  const observer = new Observer(lab);
  const blows = blowsFor(lab.definition);
  const started = lab.clock.now();
  const replacements: Replacement[] = [];
  let launch: Findings["launch"] = { seconds: Number.NaN };
  let messages: Findings["messages"] = { acknowledged: 0, read: 0, lost: 0, duplicated: 0 };
  let replay: Findings["replay"] = { events: 0, changes: 0 };
  const problems: string[] = [];
  let traffic: Traffic | undefined;
  const screen = keepShowing(lab, view, observer, () => traffic);
  const guard = keepGuard(lab, options.truth);
  try {
    view.step(`Six instances launch at once`.replace("Six", numeral(sizeOf(lab.definition))));
    await lab.launch();
    await until(
      lab.clock,
      "every node in service",
      LAUNCH_LIMIT,
      () => allInService(observer, lab.definition),
      () => waits(lab),
    );
    launch = { seconds: (lab.clock.now() - started) / 1000, own: ownShare(lab) };

    view.step("Messages begin to flow, acknowledged by at least two of three replicas");
    traffic = await options.startTraffic(() => bootstrapOf(screen.latest()));
    for (const blow of blows) {
      view.step(titleOf(blow));
      const replacement = await strike(lab, observer, blow);
      replacements.push(replacement);
      view.note(
        `${blow.role} ${blow.id} is back after ${replacement.seconds.toFixed(1)} s: ${replacement.old} → ${replacement.new}`,
      );
    }

    view.step("Everything acknowledged is read back and compared");
    messages = await traffic.finish();
    traffic = undefined;

    view.step("Every event of the tour is replayed, twice and in another order");
    const replayed = await replayAll(lab, observer, started);
    replay = { events: replayed.events, changes: replayed.changes };
    for (const difference of replayed.differences) view.warn(difference);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await traffic?.abort();
    await screen.stop();
    problems.push(...(await guard.stop()));
    problems.push(...new Set(lab.cloud.iam.denials.map(({ message }) => `not allowed: ${message}`)));
  }

  const { nodes } = await observer.observe();
  const findings: Findings = {
    kafka,
    nodes: nodes.map(({ role, id, zone, address, instance, scaling }) => ({
      role,
      id: id ?? -1,
      zone,
      address: address ?? "",
      instance,
      state: scaling,
    })),
    launch,
    replacements,
    messages,
    replay,
    apiCalls: callsOf(lab),
  };
  problems.push(...isOk(findings, expectedOf(lab.definition, blows, options.atLeast)).problems);
  return { summary: { ok: problems.length === 0, ...findings }, problems };
}

/** Three brokers, each in its own way, then a controller; fewer brokers are struck again. */
function blowsFor(definition: Definition): Blow[] {
  const brokers = roleOf(definition, "broker");
  const count = brokers.perZone * brokers.groups.length;
  const id = (n: number): number => brokers.ids[n % count] ?? 0;
  const controller = roleOf(definition, "controller").ids[0] ?? 0;
  return [
    { role: "broker", id: id(0), kind: "died" },
    { role: "broker", id: id(1), kind: "terminated" },
    { role: "broker", id: id(2), kind: "unhealthy" },
    { role: "controller", id: controller, kind: "terminated" },
  ];
}

function titleOf({ role, id, kind }: Blow): string {
  switch (kind) {
    case "died":
      return `The instance of ${role} ${id} dies without warning, and its disk with it`;
    case "terminated":
      return `The instance of ${role} ${id} is terminated by its group, in order`;
    case "unhealthy":
      return `The process of ${role} ${id} dies and will not start again`;
  }
}

function expectedOf(definition: Definition, blows: readonly Blow[], acknowledged: number): Expected {
  const count = (name: RoleName): number => {
    const role = roleOf(definition, name);
    return role.perZone * role.groups.length;
  };
  return {
    nodes: { broker: count("broker"), controller: count("controller") },
    replacements: blows.map(({ role, kind }) => ({ role, kind })),
    acknowledged,
    fixedAddress: definition.roles.filter((r) => r.pool).map((r) => r.name),
  };
}

const sizeOf = (definition: Definition): number =>
  definition.roles.reduce((sum, r) => sum + r.perZone * r.groups.length, 0);

function numeral(count: number): string {
  return ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"][count] ?? String(count);
}

async function allInService(observer: Observer, definition: Definition): Promise<true | undefined> {
  const { nodes } = await observer.observe();
  return nodes.length === sizeOf(definition) && nodes.every((n) => n.scaling === "InService") ? true : undefined;
}

/** The longest that Rollcall's own calls and decisions took of one node's launch, s. */
function ownShare(lab: Lab): number {
  const members = lab.cloud.snapshot().groups.flatMap((g) => g.members);
  return Math.max(0, ...members.map((m) => lab.journal.share(m.instance).own)) / 1000;
}

/** Calls that Rollcall's functions made, by `service:Action`. */
function callsOf(lab: Lab): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of lab.cloud.calls.all()) {
    if (!isOwn(call)) continue;
    const name = nameOfCall(call);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Screen {
  latest(): readonly { role: RoleName; address?: string; scaling: string }[];
  stop(): Promise<void>;
}

/** Keeps the view up to date until it is stopped. */
function keepShowing(lab: Lab, view: View, observer: Observer, traffic: () => Traffic | undefined): Screen {
  let latest: Awaited<ReturnType<Observer["observe"]>>["nodes"] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      try {
        const { nodes, contents } = await observer.observe();
        latest = nodes;
        const flowing = traffic();
        const { turn } = contents;
        view.show({
          at: lab.clock.now(),
          cluster: lab.definition.cluster,
          nodes,
          notes: [
            ...(flowing ? [`${flowing.acknowledged.toLocaleString("en-US")} messages acknowledged`] : []),
            ...(turn ? [`the turn is ${turn.role} ${turn.id}'s: ${turn.reason}`] : []),
          ],
        });
      } catch (error) {
        view.warn(`the view is behind: ${error instanceof Error ? error.message : String(error)}`);
      }
      await lab.clock.wait(REFRESH);
    }
  })();
  return {
    latest: () => latest,
    stop: () => {
      stopped = true;
      return loop;
    },
  };
}

function bootstrapOf(nodes: ReturnType<Screen["latest"]>): string[] {
  return nodes.flatMap((n) =>
    n.role === "broker" && n.scaling === "InService" && n.address ? [`${n.address}:9092`] : [],
  );
}
