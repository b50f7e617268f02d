import { eventRules } from "../../resources/rules.ts";
import {
  type Archive,
  archiveOf,
  cancelReplay,
  isUnderway,
  type Replay,
  type Rule,
  replayOf,
  rulesOf,
  startReplay,
  type Window,
} from "../aws/replays.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, Interrupted, Refusal, UsageError, wasAnswered } from "../exit.ts";
import { unlessInterrupted } from "../interruption.ts";
import { type Difference, differenceLine, differencesOf, type Moment, momentOf } from "../look/moment.ts";
import { counted, span, timeOf } from "../show/words.ts";
import { timeAt } from "../time.ts";

const options = {
  since: {
    type: "string",
    value: "TIME",
    help: "replay events from then on: 2026-11-22T14:00:00Z, or 90m, 2h, 3d ago",
  },
  until: { type: "string", value: "TIME", help: "and before then (default: now)" },
  yes: { type: "boolean", help: "do not ask whether to go on" },
  "dry-run": { type: "boolean", help: "only show what would be replayed, and to which rules" },
} as const;

type Call = Invocation<typeof options>;

/** An event may take so long to get into the archive, ms (EventBridge user guide). */
const ARCHIVING = 10 * 60_000;
/** Between two looks at the replay, and at what it changes, ms. */
const POLL = 2_000;
/** After the last event was replayed: for so long nothing changes where the functions are through, ms. */
const QUIET = 10_000;
/** Where they are not, for so long they are watched, ms. */
const SETTLING = 60_000;

export const replayCommand = command({
  name: "replay",
  summary: "replay archived events to Rollcall's own rules, and tell what that changes",
  parameters: [],
  options,
  help: [
    "Every event means only \"look at this instance\", so that a replay changes nothing in a healthy cluster, and catches up on whatever was missed in another. The archive keeps Rollcall's events alone, and they go to the cluster's own rules, never to the whole bus.",
    "It follows the replay to its end, and tells how rosters, records and groups differ from before. Others are at work meanwhile: a difference need not come from the replay. Ctrl-C cancels it. EventBridge keeps an event up to ten minutes before it is in the archive, and replays it minute by minute, in no order within each: nothing rests on one.",
    "Exit status 1: the replay failed or was cancelled, or it is refused.",
  ],
  async run(call) {
    const { cluster, terminal, clock, options: given, interrupted } = call;
    const window = windowOf(call, clock.now());
    const client = await cluster.clients.events();
    const archive = await archiveOf(client, cluster.names.archive).catch((error: unknown) => {
      if (!wasAnswered(error, "ResourceNotFoundException")) throw error;
      throw new Refusal(
        `there is no archive ${cluster.names.archive}: the stack of ${cluster.definition.cluster} is not deployed`,
      );
    });
    const rules = await ownRules(call);
    const now = clock.now();
    const plan = {
      archive: archive.arn,
      since: iso(window.since),
      until: iso(window.until),
      rules: rules.map((r) => r.name),
    };
    if (!terminal.json) terminal.say(...planLines(archive, rules, window, now));
    if (given["dry-run"]) {
      terminal.tell({ ...plan, done: false }, ["nothing is done (--dry-run)"]);
      return EXIT.fine;
    }
    await terminal.confirm("Replay them?");
    const before = await unlessInterrupted(momentOf(cluster), interrupted);
    const name = `rollcall-${cluster.definition.cluster}-${iso(now).replace(/[^0-9]/g, "")}`;
    await startReplay(client, name, archive, rules, window).catch((error: unknown) => {
      if (!wasAnswered(error, "LimitExceededException")) throw error;
      throw new Refusal("as many replays run already as EventBridge allows: wait for one to end");
    });
    const replay = await follow(call, name);
    const differences =
      replay.state === "COMPLETED"
        ? differencesOf(before, await unlessInterrupted(settled(call, before), interrupted))
        : [];
    terminal.tell({ ...plan, done: replay.state === "COMPLETED", name, ...replay, differences }, [
      ...endLines(name, replay),
      ...(replay.state === "COMPLETED" ? differenceLines(differences) : []),
    ]);
    return replay.state === "COMPLETED" ? EXIT.fine : EXIT.wrong;
  },
});

function windowOf({ options: given }: Call, now: number): Window {
  if (given.since === undefined) throw new UsageError("since when? Give --since TIME, such as --since 2h");
  const since = timeAt("since", given.since, now);
  const until = given.until === undefined ? now : timeAt("until", given.until, now);
  if (until > now)
    throw new UsageError(`--until ${iso(until)} is in the future: leave it out, or give a time that has been`);
  if (since >= until) throw new UsageError(`--since ${iso(since)} is not before --until ${iso(until)}`);
  return { since, until };
}

/** All that the stack has; a replay to only some of them would pass for a whole one. */
async function ownRules({ cluster }: Call): Promise<[Rule, ...Rule[]]> {
  const wanted = eventRules(cluster.definition).map((rule) => rule.name);
  const there = await rulesOf(await cluster.clients.events(), `${cluster.names.stack}-`);
  const found = there.filter((rule) => wanted.includes(rule.name));
  const missing = wanted.filter((name) => !found.some((rule) => rule.name === name));
  const disabled = found.filter((rule) => !rule.enabled).map((rule) => rule.name);
  if (missing.length > 0) throw new Refusal(`rules ${missing.join(", ")} do not exist: deploy the stack again`);
  if (disabled.length > 0)
    throw new Refusal(`rules ${disabled.join(", ")} are disabled: enable them, or nothing hears the replay`);
  const [first, ...rest] = found;
  if (!first) throw new Refusal("the cluster has no rules");
  return [first, ...rest];
}

function planLines(archive: Archive, rules: readonly Rule[], { since, until }: Window, now: number): string[] {
  return [
    `events from ${timeOf(since, now)} (${span(now - since)} ago) until ${timeOf(until, now)}, ${span(until - since)} long`,
    `of ${archive.arn}, which keeps about ${counted(archive.events, "event")}`,
    `to ${rules.map((rule) => rule.name).join(", ")}`,
    ...(until > now - ARCHIVING ? ["what came in the last ten minutes may not be in the archive yet"] : []),
  ];
}

/** @throws {Interrupted} after it has cancelled the replay */
async function follow({ cluster, terminal, clock, interrupted }: Call, name: string): Promise<Replay> {
  const client = await cluster.clients.events();
  let said = "";
  for (;;) {
    const replay = await replayOf(client, name);
    const news = `${replay.state}${replay.last === undefined ? "" : `, events up to ${timeOf(replay.last, clock.now())}`}`;
    if (news !== said && !terminal.json) terminal.say(`${name}: ${news}`);
    said = news;
    if (!isUnderway(replay)) return replay;
    if (interrupted.aborted) {
      await cancelReplay(client, name);
      throw new Interrupted(`replay ${name} is cancelled; what was replayed already is being handled`);
    }
    await clock.wait(POLL);
  }
}

/** The moment after which nothing changes for a while. */
async function settled({ cluster, clock }: Call, before: Moment): Promise<Moment> {
  const end = clock.now() + SETTLING;
  let last = before;
  let changed = clock.now();
  for (;;) {
    await clock.wait(POLL);
    const now = await momentOf(cluster);
    if (differencesOf(last, now).length > 0) changed = clock.now();
    last = now;
    if (clock.now() - changed >= QUIET || clock.now() >= end) return now;
  }
}

function endLines(name: string, { state, reason }: Replay): string[] {
  return state === "COMPLETED" ? [] : [`${name} ended ${state}${reason === undefined ? "" : `: ${reason}`}`];
}

function differenceLines(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return ["it changed nothing"];
  return ["changed meanwhile:", ...differences.map((one) => `  ${differenceLine(one)}`)];
}

const iso = (at: number): string => new Date(at).toISOString();
