import type { Periods } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";

export type PeriodName = keyof Periods;

/**
 * Seconds, for a cluster on EC2.
 *
 * - `sweep`: the shortest rate of an EventBridge schedule.
 * - `heartbeat`: a third of it, after which the next one is due, is ten sweeps; and it makes the global limit of an action the
 *   longest there is, 48 h.
 * - `agent`: an agent updates itself at boot, and comes back after that.
 * - `identity`: a replacement waits until the one before it is stopped, or given up and ended by EC2, some minutes later.
 * - `command`: a stop is a command, and has to outlast KRaft's controlled shutdown of up to 300 s.
 * - `register`: the JVM's start and the first registration; 60 s of it may go to the former incarnation's session.
 * - `stop`: a command's time, and the agent's own before it begins and after it ends.
 * - `grace`: the unit starts a dead process again within seconds, a broker's session lasts 9 s; three sweeps see it dead.
 * - `silentGrace`: a node that says nothing may only be cut off from SSM, so it is given as long as a boot.
 * - `access`: looking at users and ACLs takes some JVMs on a node; whoever changes them past Rollcall is in no hurry.
 */
export const DEFAULT_PERIODS: Periods = {
  sweep: 60,
  heartbeat: 1800,
  agent: 900,
  identity: 1800,
  command: 600,
  register: 900,
  stop: 900,
  grace: 180,
  silentGrace: 900,
  access: 900,
};

const NAMES = Object.keys(DEFAULT_PERIODS) as readonly PeriodName[];

/** Seconds: those that Auto Scaling (HeartbeatTimeout) and Run Command (execution timeout) take as integers, with their limits. */
const WHOLE: Readonly<Partial<Record<PeriodName, { readonly from: number; readonly to: number }>>> = {
  heartbeat: { from: 30, to: 7200 },
  command: { from: 1, to: 172_800 },
};
/** Seconds, for the others; two days, as no action lasts longer. */
const LONGEST = 172_800;
const SHORTEST = 0.1;

/** An action ends at the latest after 100 heartbeat timeouts, or 48 h (Auto Scaling, PutLifecycleHook). */
function globalLimit(heartbeat: number): number {
  return Math.min(LONGEST, 100 * heartbeat);
}

/** Reads the periods, in seconds, fills in the defaults and answers milliseconds. */
export function readPeriods(reader: Reader, problems: Problems, path: Path, value: unknown): Periods | undefined {
  if (absent(value)) return inMilliseconds(DEFAULT_PERIODS);
  const mapping = reader.mapping(path, value, NAMES);
  if (mapping === undefined) return undefined;
  let sound = true;
  const periods: Record<PeriodName, number> = { ...DEFAULT_PERIODS };
  for (const name of NAMES) {
    if (absent(mapping[name])) continue;
    const whole = WHOLE[name];
    const at = [...path, name];
    const read = whole
      ? reader.whole(at, mapping[name], whole.from, whole.to, "seconds")
      : reader.number(at, mapping[name], SHORTEST, LONGEST, "seconds");
    if (read === undefined) sound = false;
    else periods[name] = read;
  }
  if (!sound) return undefined;
  checkTogether(problems, path, periods, (name) => !absent(mapping[name]));
  return inMilliseconds(periods);
}

/** The user's seconds; the inverse of what `readPeriods` makes of them. */
export function periodsInSeconds(periods: Periods): Record<PeriodName, number> {
  return scaled(periods, (milliseconds) => milliseconds / 1000);
}

function inMilliseconds(periods: Periods): Periods {
  return scaled(periods, (seconds) => Math.round(seconds * 1000));
}

function scaled(periods: Periods, by: (value: number) => number): Record<PeriodName, number> {
  const answer: Record<PeriodName, number> = { ...periods };
  for (const name of NAMES) answer[name] = by(periods[name]);
  return answer;
}

/** What must hold between periods; each rule blames a period that the user gave, where there is one. */
function checkTogether(problems: Problems, path: Path, periods: Periods, given: (name: PeriodName) => boolean): void {
  const blame = (names: readonly PeriodName[], problem: string, remedy: string): void => {
    const name = names.find(given) ?? names[0];
    if (name !== undefined) problems.add([...path, name], periods[name], problem, remedy);
  };
  const { sweep, heartbeat, agent, identity, command, register, stop, grace, silentGrace } = periods;

  // A heartbeat is due after a third and recorded by the sweep after that; the last third is for sweeps that fail.
  if (sweep > heartbeat / 3) {
    blame(
      ["sweep", "heartbeat"],
      `a sweep every ${sweep} s cannot keep alive actions that end ${heartbeat} s after their last heartbeat`,
      `Sweep at least three times per heartbeat: sweep at most ${heartbeat / 3}, or heartbeat at least ${3 * sweep}`,
    );
  }
  // What is only noticed by a sweep cannot be due earlier than the next one.
  const short = NAMES.filter((name) => name !== "sweep" && name !== "heartbeat" && periods[name] < sweep);
  for (const name of short.filter(given)) {
    problems.add(
      [...path, name],
      periods[name],
      `this is shorter than the time between two sweeps (${sweep} s) that watch it`,
      `Give at least ${sweep}, or sweep more often`,
    );
  }
  const left = short.filter((name) => !given(name));
  if (left.length > 0) {
    const defaults = left.map((name) => `${name} (${periods[name]} s)`).join(", ");
    problems.add(
      [...path, "sweep"],
      sweep,
      `two sweeps are further apart than what they watch: ${defaults}`,
      "Sweep more often, or give those longer periods",
    );
  }
  // A replacement waits for the id and address of the one that leaves, which may take all of `stop`.
  if (identity <= stop) {
    blame(
      ["identity", "stop"],
      `a replacement would be given up after ${identity} s, while the one it replaces may still be stopping (${stop} s)`,
      "Make identity longer than stop, by the minutes that EC2 takes to end an instance",
    );
  }
  // A stop is itself a command: while it runs, it must not be given up.
  if (command > stop) {
    blame(
      ["command", "stop"],
      `a stop command may run for ${command} s, but the stop is given up after ${stop} s`,
      "Make stop at least as long as command",
    );
  }
  // A dead process is known to be dead; a silent node may live, so it must not be the sooner one to be replaced.
  if (grace > silentGrace) {
    blame(
      ["grace", "silentGrace"],
      `a node known dead would be replaced later (${grace} s) than one that only does not answer (${silentGrace} s)`,
      "Make silentGrace at least as long as grace",
    );
  }
  // Rollcall has to decide before Auto Scaling does. A launch configures twice at most.
  const limit = globalLimit(heartbeat);
  const launch = Math.max(agent, identity) + 2 * (command + register);
  if (launch >= limit) {
    blame(
      ["heartbeat", "identity", "agent", "register", "command"],
      `a launch may take ${launch} s (identity or agent, then twice command and register), but Auto Scaling ends it after ${limit} s`,
      `Shorten those, or make heartbeat longer: the limit is 100 heartbeats, at most ${LONGEST} s`,
    );
  }
  if (stop >= limit) {
    blame(
      ["stop", "heartbeat"],
      `stopping may take ${stop} s, but Auto Scaling ends the termination after ${limit} s`,
      `Shorten stop, or make heartbeat longer: the limit is 100 heartbeats, at most ${LONGEST} s`,
    );
  }
}
