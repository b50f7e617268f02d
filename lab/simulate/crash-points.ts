/**
 * Crash points, exhaustively: for each of these scenarios one function is killed before its first call, after it, before its
 * second, and so on, until there is no such call any more. Whatever was begun then has to come right by itself.
 */
import { type Blow, NO_RATES } from "./blows.ts";
import type { CrashPoint } from "./crash.ts";
import type { Scenario } from "./scenario.ts";
import { LONE, type Shape } from "./shape.ts";
import { count, emptyTally, type Tally } from "./tally.ts";
import { judge } from "./verdict.ts";

const SECOND = 1_000;

const PAIR: Shape = { ...LONE, brokers: 2, replication: 2 };
const TRIO: Shape = { ...LONE, brokers: 3, replication: 3, minIsr: 2 };
const QUORUM: Shape = { ...LONE, controllers: 3, brokers: 0, replication: 0 };
const ENSEMBLE: Shape = { ...LONE, mode: "zookeeper", controllers: 3, elr: false };
/** When everything is in service for sure, ms after the launch of the groups. */
const SETTLED = 30 * SECOND;

const broker = { role: "broker", nth: 0 } as const;
const controller = { role: "controller", nth: 0 } as const;
const zookeeper = { role: "zookeeper", nth: 0 } as const;

/** Calls count from the last blow on; where there is none, from the beginning. */
export const CRASH_SCENARIOS: Readonly<Record<string, Pick<Scenario, "shape" | "blows" | "span">>> = {
  /** Every controller and every broker launches, and the quorum is founded. */
  founding: at(QUORUM),
  "founding in three zones": at({ ...LONE, zones: 3, replication: 3, minIsr: 2 }),
  "founder dies": at(QUORUM, { at: 6 * SECOND, kind: "kill", ...controller }),
  "broker launches": at(LONE, { at: SETTLED, kind: "scale", role: "broker", zone: 0, by: 1 }),
  "broker terminates": at(PAIR, { at: SETTLED, kind: "terminate", ...broker }),
  "broker dies": at(PAIR, { at: SETTLED, kind: "kill", ...broker }),
  "broker's Kafka dies": at(TRIO, { at: SETTLED, kind: "crash", ...broker }),
  "broker reboots": at(PAIR, { at: SETTLED, kind: "reboot", ...broker }),
  "broker flaps": at(PAIR, { at: SETTLED, kind: "unhealthy", again: 5 * SECOND, ...broker }),
  "brokers are replaced": at(PAIR, { at: SETTLED, kind: "refresh", role: "broker" }),
  "controller terminates": at(QUORUM, { at: SETTLED, kind: "terminate", ...controller }),
  "controller dies": at(QUORUM, { at: SETTLED, kind: "kill", ...controller }),
  /** In two groups at once; a third one would only do the same once more. */
  "two controllers are replaced": at(
    { ...QUORUM, zones: 3, controllers: 1 },
    { at: SETTLED, kind: "terminate", ...controller },
    { at: SETTLED, kind: "terminate", ...controller },
  ),
  "ensemble is founded": at(ENSEMBLE),
  "ensemble member terminates": at(ENSEMBLE, { at: SETTLED, kind: "terminate", ...zookeeper }),
  "ensemble member dies": at(ENSEMBLE, { at: SETTLED, kind: "kill", ...zookeeper }),
  "secure cluster is founded": at({ ...LONE, secure: true }),
  "scale-in": at(
    { ...PAIR, partitions: 0 },
    { at: SETTLED, kind: "scale", role: "broker", zone: 0, by: 1 },
    { at: 2 * SETTLED, kind: "scale", role: "broker", zone: 0, by: 0 },
  ),
  "new configuration": at({ ...PAIR, controllers: 3 }, { at: SETTLED, kind: "redefine", rotate: false }),
  "zone goes out": at(
    { ...TRIO, zones: 3, controllers: 1, brokers: 1 },
    { at: SETTLED, kind: "zone-outage", zone: 0, for: 20 * SECOND },
  ),
  "replacement is launched first": at(
    PAIR,
    { at: SETTLED, kind: "launch-first", on: true },
    { at: SETTLED + SECOND, kind: "unhealthy", ...broker },
  ),
};

export type CrashScenario = keyof typeof CRASH_SCENARIOS;

/** Some of a scenario's points: every `step`-th call from `first` on. */
export interface CrashPoints {
  readonly scenario: string;
  readonly when: CrashPoint["when"];
  readonly first: number;
  readonly step: number;
}

export function crashScenario(name: string, crash: CrashPoint): Scenario {
  const scenario = CRASH_SCENARIOS[name];
  if (!scenario) throw new RangeError(`no crash scenario is called ${name}`);
  return { seed: 1, rates: NO_RATES, pace: 8, ...scenario, crash };
}

export async function playCrashPoints({ scenario, when, first, step }: CrashPoints): Promise<Tally> {
  const tally = emptyTally();
  for (let call = first; ; call += step) {
    const name = `${scenario}, killed ${when} call ${call}`;
    const verdict = await judge(crashScenario(scenario, { call, when }), name, false);
    // Without that call it is no point any more; one where the simulation itself fails would have no end.
    if (verdict.history && !verdict.history.crashed && !verdict.failure) return tally;
    count(tally, excused(verdict, name));
    if (!verdict.history) return tally;
  }
}

/** In these scenarios nothing excuses what does not come right. */
function excused(verdict: Awaited<ReturnType<typeof judge>>, name: string): typeof verdict {
  const { history, failure } = verdict;
  if (failure || history?.excuse === undefined) return verdict;
  return { ...verdict, failure: { name, scenario: history.scenario, invariant: 6, detail: history.excuse } };
}

function at(shape: Shape, ...blows: readonly Blow[]): Pick<Scenario, "shape" | "blows" | "span"> {
  return { shape, blows, span: (blows.at(-1)?.at ?? 0) + 5 * SECOND };
}
