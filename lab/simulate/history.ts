/** Plays one history to its end: trouble first, then calm, in which everything has to come right. */
import type { BlowKind } from "./blows.ts";
import { seededDice } from "./dice.ts";
import { type Fault, Faults } from "./faults.ts";
import { excuse, unsettled } from "./judge.ts";
import type { Scenario } from "./scenario.ts";
import { type Stage, setStage } from "./stage.ts";
import { strike } from "./strike.ts";
import { type Breach, type Harm, Watch, type WholeSweep } from "./watch.ts";

export interface Play {
  /** Only these faults, by name. */
  readonly only?: ReadonlySet<string>;
  /** Called with each line of what happens. */
  readonly trace?: (line: string) => void;
}

export interface History {
  readonly scenario: Scenario;
  readonly breach?: Breach;
  /** Why it was not all well in the end, and rightly so. */
  readonly excuse?: string;
  readonly faults: readonly Fault[];
  /** Blows that struck something, by kind. */
  readonly blows: Readonly<Partial<Record<BlowKind, number>>>;
  /** Log lines by row of the decision tables. */
  readonly rows: Readonly<Record<string, number>>;
  /** Events on the virtual clock. */
  readonly steps: number;
  readonly calls: number;
  readonly kills: number;
  /** Lifecycle actions that began. */
  readonly actions: number;
  /** ms of virtual time that the calm took. */
  readonly calm: number;
}

const MINUTE = 60_000;
/** How long everything may take to come right once nothing goes wrong any more. */
const PATIENCE = 45 * MINUTE;

/** Between two looks at whether it has, ms. */
const EACH = 5_000;
/** What has kept it from that for so long, and cannot end by itself, is not waited for any longer, ms. */
const HOPELESS = 1.5 * MINUTE;

/** Calls that no history needs. */
const MOST_CALLS = 60_000;

export async function play(scenario: Scenario, options: Play = {}): Promise<History> {
  const { trace } = options;
  const rows: Record<string, number> = {};
  const struck: Partial<Record<BlowKind, number>> = {};
  const faults: Fault[] = [];
  const harms: Harm[] = [];
  const sweeps: WholeSweep[] = [];
  const outages = new Map<string, number>();
  let steps = 0;
  let actions = 0;
  let begun = 0;
  const tell = trace && ((line: string) => trace(`${stamp(stage, begun)} ${line}`));
  const hear = (message: string, detail: Readonly<Record<string, unknown>>, mark: string): void => {
    const row = typeof detail.row === "string" ? detail.row : "none";
    rows[row] = (rows[row] ?? 0) + 1;
    tell?.(`  ${mark}${row} ${String(detail.instance ?? "")} ${message}`);
  };
  let faulty: Faults | undefined;
  let watch: Watch | undefined;
  const stage: Stage = await setStage({
    seed: scenario.seed,
    shape: scenario.shape,
    faults: ({ clock, containers }) => {
      const made = new Faults({
        clock,
        containers,
        dice: seededDice(scenario.seed),
        rates: scenario.rates,
        ...(options.only && { only: options.only }),
        told: (fault) => {
          faults.push(fault);
          tell?.(`! ${fault.name}`);
        },
      });
      faulty = made;
      return {
        before: (call) => {
          if (tell && made.counts(call))
            tell(`  . ${call.caller.role} ${call.service}:${call.action} ${about(call.input)}`);
          return made.before(call);
        },
        after: (call, outcome) => {
          watch?.heard({ ...call, ended: "error" in outcome ? { error: outcome.error } : "answered" });
          return made.after(call);
        },
        deliveries: (event, target) => made.deliveries(event, target),
        agent: (instance) => made.agent(instance),
        command: (command) => made.command(command),
        run: (action) => made.run(action),
        launch: (zone) => ((outages.get(zone) ?? 0) > clock.now() ? "InsufficientInstanceCapacity" : made.launch(zone)),
      };
    },
    heard: {
      log: { info: (m, d) => hear(m, d, ""), warn: (m, d) => hear(m, d, "* ") },
      tableChanged: (method) => {
        if (method !== "save") void stage.table.readAll().then((contents) => watch?.update(contents));
      },
      destroyed: (instance) => watch?.destroyed(instance),
      say: (line) => tell?.(`  # ${line}`),
    },
    swept: (sweep) => sweeps.push(sweep),
  });
  const { clock, cloud } = stage;
  begun = clock.now();
  watch = new Watch(stage, harms, sweeps);
  const watching = watch;
  cloud.bus.subscribe((event) => {
    if (event["detail-type"].endsWith("Lifecycle Action") && event["replay-name"] === undefined) actions += 1;
    tell?.(`  > ${event["detail-type"]} ${JSON.stringify(event.detail).slice(0, 160)}`);
  });
  let breach: Breach | undefined;
  const watchful = (): boolean => {
    steps += 1;
    breach ??= watching.look();
    if (cloud.calls.all().length > MOST_CALLS)
      breach ??= { invariant: 0, detail: `more than ${MOST_CALLS} calls`, at: clock.now() };
    return breach !== undefined;
  };
  const until = async (time: number): Promise<boolean> => {
    if (await clock.runUntilTrue(watchful, time - clock.now())) return true;
    // Nothing is left to happen before then.
    await clock.runUntil(time);
    return false;
  };

  await stage.deployment.launch();
  makeTopic(stage, scenario, () => {
    tell?.("= the topic is made");
    harms.push({ at: clock.now() });
  });
  let revision = 0;
  for (const blow of scenario.blows) {
    if (await until(begun + blow.at)) break;
    if (blow.kind === "redefine") revision += 1;
    const hit = await strike(stage, blow, revision);
    tell?.(`= ${JSON.stringify(blow)}: ${hit === undefined ? "nothing to strike" : hit.instances.join(" ")}`);
    if (hit === undefined) continue;
    struck[blow.kind] = (struck[blow.kind] ?? 0) + 1;
    for (const instance of hit.instances) harms.push({ at: clock.now(), instance });
    if (hit.outage) outages.set(hit.outage.zone, hit.outage.until);
  }
  if (!breach) await until(begun + scenario.span);

  faulty?.cease();
  outages.clear();
  tell?.("= calm");
  const calmBegan = clock.now();
  let reason: string | undefined;
  if (!breach) {
    await restore(stage);
    let left: readonly string[] = ["nobody looked"];
    let held = 0;
    for (let waited = 0; waited < PATIENCE && left.length > 0 && held < HOPELESS && !breach; waited += EACH) {
      await until(clock.now() + EACH);
      await endRetained(stage);
      const contents = await stage.table.readAll();
      left = unsettled(stage, contents);
      reason = left.length > 0 ? excuse(stage, contents, watching.lostQuorum()) : undefined;
      held = reason === undefined ? 0 : held + EACH;
    }
    if (!breach && left.length > 0 && reason === undefined) {
      breach = { invariant: 6, detail: left.join("; "), at: clock.now() };
    }
  }
  if (breach) tell?.(`X ${breach.invariant}: ${breach.detail}`);
  const history: History = {
    scenario,
    ...(breach && { breach }),
    ...(reason !== undefined && { excuse: reason }),
    faults,
    blows: struck,
    rows,
    steps,
    calls: cloud.calls.all().length,
    kills: stage.containers.kills,
    actions,
    calm: clock.now() - calmBegan,
  };
  await cloud.close();
  return history;
}

/** As soon as there are brokers enough. */
function makeTopic(stage: Stage, { shape }: Scenario, made: () => void): void {
  if (shape.brokers === 0) return;
  const { clock, kafka } = stage;
  const look = (): void => {
    if (kafka.registered().length >= shape.replication && kafka.quorum().leader !== -1) {
      const { partitions, replication, minIsr } = shape;
      kafka.createTopic("orders", { partitions, replication, minIsr });
      made();
    } else clock.after(1_000, look);
  };
  clock.after(1_000, look);
}

/**
 * What an operator does in the end: no group is left with fewer than the definition says, none launches first, and what was
 * retained after its termination had run out of time is terminated once more.
 */
async function restore(stage: Stage): Promise<void> {
  await endRetained(stage);
  await strike(stage, { at: 0, kind: "launch-first", on: false }, 0);
  for (const role of stage.definition().roles) {
    for (const { name } of role.groups) {
      const group = stage.cloud.groups.find(name);
      if (!group || group.desired >= role.perZone) continue;
      await stage.operate("autoscaling", "SetDesiredCapacity", {
        AutoScalingGroupName: name,
        DesiredCapacity: role.perZone,
      });
    }
  }
}

async function endRetained(stage: Stage): Promise<void> {
  for (const { instance, state } of stage.cloud.groups.everyMember()) {
    if (state !== "Terminating:Retained") continue;
    await stage.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: false,
    });
  }
}

/** What a call is about, for the trace. */
function about(input: unknown): string {
  const text = JSON.stringify(input, (_, value: unknown) => (value instanceof Uint8Array ? "…" : value)) ?? "";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function stamp(stage: Stage, begun: number): string {
  const ms = stage.clock.now() - begun;
  const minutes = String(Math.floor(ms / MINUTE)).padStart(2, "0");
  return `${minutes}:${((ms % MINUTE) / 1000).toFixed(3).padStart(6, "0")}`;
}
