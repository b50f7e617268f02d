/** Plays one history to its end: trouble first, then calm, in which everything has to come right. */
import type { VirtualClock } from "../clock.ts";
import type { CloudEvent } from "../cloud/events/event.ts";
import type { Call, Outcome } from "../cloud/service.ts";
import type { Blow, BlowKind } from "./blows.ts";
import type { Containers } from "./containers.ts";
import { contentOf } from "./content.ts";
import { Crash } from "./crash.ts";
import { seededDice } from "./dice.ts";
import { endState } from "./end-state.ts";
import { type Fault, Faults } from "./faults.ts";
import { excuse, unsettled } from "./judge.ts";
import { isIntent, Operator, type Wish } from "./operator.ts";
import type { Scenario, Window } from "./scenario.ts";
import { ATTENDED, type Stage, type StageFaults, setStage } from "./stage.ts";
import { strike } from "./strike.ts";
import { announce } from "./tidings.ts";
import { endRetained, makeTopic, replay, restore } from "./users.ts";
import { type Breach, type Harm, Watch, type WholeSweep } from "./watch.ts";

export interface Play {
  /** Through the SDK's clients and the in-process door. */
  readonly sdk?: boolean;
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
  /** Whether the crash point was reached. */
  readonly crashed: boolean;
  /** What the cluster is in the end, where events were told. */
  readonly end?: readonly string[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How long everything may take to come right once nothing goes wrong any more. */
const PATIENCE = 45 * MINUTE;
/** Between two looks at whether it has, ms. */
const EACH = 5 * SECOND;
/** What has kept it from that for so long, and cannot end by itself, is not waited for any longer, ms. */
const HOPELESS = 60 * SECOND;
/** How long a replay and all that comes of it may take. */
const REPLAY = 3 * MINUTE;
/** How often it is waited for that nothing changes any more. */
const ROUNDS = 3;
/** Calls that no history needs. */
const MOST_CALLS = 60_000;
/** Actions that change nothing but how long a lifecycle action is kept open. */
const HARMLESS = /^(Describe|Get|List|Invoke|read|RecordLifecycleActionHeartbeat)/;

export function play(scenario: Scenario, options: Play = {}): Promise<History> {
  return new Player(scenario, options).play();
}

class Player {
  readonly #scenario: Scenario;
  readonly #options: Play;
  readonly #rows: Record<string, number> = {};
  readonly #struck: Partial<Record<BlowKind, number>> = {};
  readonly #faults: Fault[] = [];
  readonly #harms: Harm[] = [];
  readonly #sweeps: WholeSweep[] = [];
  readonly #wishes: Wish[] = [];
  /** Zones that EC2 cannot start an instance in, and until when, ms since the epoch. */
  readonly #outages = new Map<string, number>();
  /** What functions have logged since everything was at rest: in which order, is chance. */
  #logged: string[] = [];
  #dice: Faults | undefined;
  #crash: Crash | undefined;
  #watch: Watch | undefined;
  #operator: Operator | undefined;
  #breach: Breach | undefined;
  #steps = 0;
  #actions = 0;
  #begun = 0;
  #revision = 0;
  /** From when on nothing that went wrong before can make a call fail, ms since the epoch. */
  #calmed = Number.POSITIVE_INFINITY;

  constructor(scenario: Scenario, options: Play) {
    this.#scenario = scenario;
    this.#options = options;
  }

  async play(): Promise<History> {
    const { seed, shape, blows, span, pace, together = false, tidings } = this.#scenario;
    const stage: Stage = await setStage({
      seed,
      shape,
      pace,
      together,
      sdk: this.#options.sdk ?? false,
      faults: (context) => this.#hurt(context),
      heard: {
        log: { info: (m, d) => this.#hear(stage, m, d, ""), warn: (m, d) => this.#hear(stage, m, d, "* ") },
        tableChanged: (write) => this.#watch?.wrote(write),
        destroyed: (instance) => this.#watch?.destroyed(instance),
        say: (line) => this.#log(stage, `  # ${line}`),
        leftToAnother: () => this.#came(ATTENDED),
        rested: () => this.#rested(),
      },
      swept: (sweep) => {
        this.#sweeps.push(sweep);
        if (sweep.began < this.#calmed || sweep.failed.size === 0) return;
        const detail = `the pass of ${[...sweep.failed].join(", ")} fails, though nothing goes wrong any more`;
        this.#breach ??= { invariant: 0, detail, at: stage.clock.now() };
      },
    });
    const { cloud } = stage;
    this.#begun = stage.clock.now();
    this.#watch = new Watch(stage, this.#harms, this.#sweeps, this.#wishes);
    this.#operator = new Operator(stage, {
      asked: (wish) => {
        this.#wishes.push(wish);
        this.#struck[wish.wish] = (this.#struck[wish.wish] ?? 0) + 1;
        this.#log(stage, `= an operator asks ${wish.wish} of ${wish.instance}`);
        return () => {
          this.#wishes.splice(this.#wishes.indexOf(wish), 1);
          this.#struck[wish.wish] = (this.#struck[wish.wish] ?? 0) - 1;
        };
      },
      harmed: (instance) => this.#harms.push({ at: stage.clock.now(), instance }),
    });
    cloud.bus.subscribe((event) => this.#noticed(stage, event));

    await stage.deployment.launch();
    makeTopic(stage, shape, () => {
      this.#tell(stage, "= the topic is made");
      this.#harms.push({ at: stage.clock.now() });
    });
    if (tidings) stage.clock.after(tidings.at, () => announce(stage, tidings, this.#hurtSoFar()));
    for (const blow of blows) {
      if (await this.#until(stage, this.#begun + blow.at)) break;
      await this.#strike(stage, blow);
    }
    if (!this.#breach) await this.#until(stage, this.#begun + span);
    const reason = this.#breach ? undefined : await this.#calm(stage);
    if (reason === undefined) for (const window of this.#scenario.replays ?? []) await this.#replay(stage, window);
    const breach = this.#breach;
    if (breach) this.#tell(stage, `X ${breach.invariant}: ${breach.detail}`);
    const history: History = {
      scenario: this.#scenario,
      ...(breach && { breach }),
      ...(reason !== undefined && { excuse: reason }),
      faults: this.#faults,
      blows: this.#struck,
      rows: this.#rows,
      steps: this.#steps,
      calls: cloud.calls.all().length,
      kills: stage.containers.kills,
      actions: this.#actions,
      crashed: this.#crash?.reached ?? false,
      ...(tidings && { end: endState(stage, await stage.table.readAll()) }),
    };
    await cloud.close();
    return history;
  }

  async #strike(stage: Stage, blow: Blow): Promise<void> {
    if (blow.kind === "redefine") this.#revision += 1;
    if (blow === this.#scenario.blows.at(-1)) this.#crash?.arm();
    if (isIntent(blow)) {
      this.#tell(stage, `= ${contentOf(blow)}`);
      this.#operator?.intend(blow);
      return;
    }
    const hit = await strike(stage, blow, this.#revision);
    this.#tell(stage, `= ${contentOf(blow)}: ${hit === undefined ? "nothing to strike" : hit.instances.join(" ")}`);
    if (hit === undefined) return;
    this.#struck[blow.kind] = (this.#struck[blow.kind] ?? 0) + 1;
    for (const instance of hit.instances) this.#harms.push({ at: stage.clock.now(), instance });
    if (hit.lag !== undefined) this.#dice?.lag(hit.lag);
    if (hit.outage) this.#outages.set(hit.outage.zone, hit.outage.until);
  }

  /** Only the sweep comes as ever. */
  #silent(event: CloudEvent, clock: VirtualClock): boolean {
    const { tidings } = this.#scenario;
    return (
      tidings !== undefined &&
      clock.now() - this.#begun >= tidings.silence &&
      event["detail-type"] !== "Scheduled Event"
    );
  }

  #hurtSoFar(): string[] {
    return this.#harms.flatMap(({ instance }) => instance ?? []);
  }

  /** Nothing goes wrong any more: until all is well, or why it cannot be. */
  async #calm(stage: Stage): Promise<string | undefined> {
    this.#dice?.cease();
    this.#outages.clear();
    this.#tell(stage, "= calm");
    this.#calmed = stage.clock.now() + MINUTE;
    await restore(stage);
    let left: readonly string[] = [];
    let reason: string | undefined;
    let held = 0;
    for (let waited = 0; waited < PATIENCE && held < HOPELESS; waited += EACH) {
      if (await this.#until(stage, stage.clock.now() + EACH)) return undefined;
      await endRetained(stage);
      const contents = await stage.table.readAll();
      this.#operator?.tidyUp(contents);
      left = unsettled(stage, contents);
      if (left.length === 0) return undefined;
      reason = excuse(stage, contents, this.#watch?.lostQuorum() ?? false);
      held = reason === undefined ? 0 : held + EACH;
    }
    if (reason === undefined) this.#breach = { invariant: 6, detail: left.join("; "), at: stage.clock.now() };
    return reason;
  }

  /** Invariant 7. */
  async #replay(stage: Stage, window: Window): Promise<void> {
    const { clock } = stage;
    if (this.#breach || (window.rested && !(await this.#isAtRest(stage)))) return;
    const [from, to] = [this.#begun + window.from, Math.min(this.#begun + window.to, clock.now())];
    if (from >= to) return;
    this.#tell(stage, `= replayed: ${stamp(from - this.#begun)} to ${stamp(to - this.#begun)}`);
    await replay(stage, from, to);
    const made = await this.#changed(stage, REPLAY);
    if (!made) return;
    const detail = `after a replay ${made.caller.role} calls ${made.service}:${made.action} ${about(made.input)}`;
    this.#breach = { invariant: 7, detail, at: made.at };
  }

  /** Whether all is well and nothing is changed for as long as a replay may take; waited for a few times. */
  async #isAtRest(stage: Stage): Promise<boolean> {
    for (let round = 0; round < ROUNDS && !this.#breach; round++) {
      if (await this.#changed(stage, REPLAY)) continue;
      // Functions that are out change nothing either.
      if (unsettled(stage, await stage.table.readAll()).length === 0) return !this.#breach;
    }
    return false;
  }

  /** The first change that a function makes within that time, ms; which passes either way, unless something is broken. */
  async #changed(stage: Stage, within: number): Promise<Call | undefined> {
    const { cloud, clock, containers } = stage;
    const mark = cloud.calls.all().length;
    if (await this.#until(stage, clock.now() + within)) return undefined;
    return cloud.calls
      .all()
      .slice(mark)
      .find((call) => containers.of(call.caller) && !HARMLESS.test(call.action));
  }

  /** Lets that time come, and answers whether something is broken by then. */
  async #until(stage: Stage, time: number): Promise<boolean> {
    const { clock, cloud } = stage;
    const watchful = (): boolean => {
      this.#steps += 1;
      this.#breach ??= this.#watch?.look();
      if (cloud.calls.all().length > MOST_CALLS)
        this.#breach ??= { invariant: 0, detail: `more than ${MOST_CALLS} calls`, at: clock.now() };
      return this.#breach !== undefined;
    };
    if (await clock.runUntilTrue(watchful, time - clock.now())) return true;
    // Nothing is left to happen before then.
    await clock.runUntil(time);
    return false;
  }

  #hurt({ clock, containers }: { readonly clock: VirtualClock; readonly containers: Containers }): StageFaults {
    const { seed, rates, only, crash } = this.#scenario;
    const dice = new Faults({
      clock,
      containers,
      dice: seededDice(seed),
      rates,
      ...(only && { only: new Set(only) }),
      told: (fault) => {
        this.#faults.push(fault);
        this.#options.trace?.(`${stamp(clock.now() - this.#begun)} ! ${fault.name}`);
      },
    });
    this.#dice = dice;
    if (crash) this.#crash = new Crash(crash, containers, this.#scenario.blows.length === 0);
    return {
      before: (call) => {
        // Whoever goes round without end at one moment would keep the clock from ever moving on.
        if (call.number > MOST_CALLS && containers.of(call.caller)) return new Promise(() => {});
        if (this.#options.trace && containers.of(call.caller)) {
          const what = `${call.caller.role} ${call.service}:${call.action} ${about(call.input)}`;
          this.#options.trace(`${stamp(clock.now() - this.#begun)}   . ${what}`);
        }
        return this.#crash?.before(call) ?? dice.before(call);
      },
      after: (call, outcome) => this.#after(call, outcome, dice),
      deliveries: (event, target) => (this.#silent(event, clock) ? [] : dice.deliveries(event, target)),
      agent: (instance) => dice.agent(instance),
      command: (command) => dice.command(command),
      run: (action) => dice.run(action),
      revived: () => dice.revived(),
      recovery: (role) => dice.recovery(role),
      launch: (zone) =>
        (this.#outages.get(zone) ?? 0) > clock.now() ? "InsufficientInstanceCapacity" : dice.launch(zone),
    };
  }

  #after(call: Call, outcome: Outcome, dice: Faults): Promise<void> | void {
    this.#watch?.heard({ ...call, ended: "error" in outcome ? { error: outcome.error } : "answered" });
    return this.#crash?.after(call) ?? dice.after(call);
  }

  #noticed(stage: Stage, event: CloudEvent): void {
    if (event["detail-type"].endsWith("Lifecycle Action") && event["replay-name"] === undefined) this.#actions += 1;
    if (this.#options.trace) this.#tell(stage, `  > ${event["detail-type"]} ${about(event.detail)}`);
  }

  #hear(stage: Stage, message: string, detail: Readonly<Record<string, unknown>>, mark: string): void {
    const row = typeof detail.row === "string" ? detail.row : "none";
    this.#came(row);
    if (this.#options.trace) this.#log(stage, `  ${mark}${row} ${String(detail.instance ?? "")} ${message}`);
  }

  #came(row: string): void {
    this.#rows[row] = (this.#rows[row] ?? 0) + 1;
  }

  #log({ clock }: Stage, line: string): void {
    if (this.#options.trace) this.#logged.push(`${stamp(clock.now() - this.#begun)} ${line}`);
  }

  #rested(): void {
    if (this.#logged.length === 0) return;
    for (const line of this.#logged.sort()) this.#options.trace?.(line);
    this.#logged = [];
  }

  #tell({ clock }: Stage, line: string): void {
    this.#options.trace?.(`${stamp(clock.now() - this.#begun)} ${line}`);
  }
}

/** What a call or an event is about, for the trace. */
function about(input: unknown): string {
  const text = contentOf(input);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** `03:07.250` */
function stamp(ms: number): string {
  const minutes = String(Math.floor(ms / MINUTE)).padStart(2, "0");
  return `${minutes}:${((ms % MINUTE) / SECOND).toFixed(3).padStart(6, "0")}`;
}
