/** Replays everything the archive kept, and counts what that changed. */
import type { CloudEvent } from "../cloud/events/event.ts";
import type { Lab } from "../lab.ts";
import type { Observer } from "./observe.ts";
import { isOwnChange, nameOfCall } from "./own-calls.ts";
import { atRest } from "./rest.ts";
import { until } from "./until.ts";

export interface ReplayFindings {
  /** Events delivered again, over all replays. */
  readonly events: number;
  /** Changes made by Rollcall meanwhile, and differences between the cluster before and after. */
  readonly changes: number;
  /** Each of them, in words. */
  readonly differences: readonly string[];
}

const LIMIT = 60_000;
const MINUTE = 60_000;
/** What the replays take, as a rule, ms. */
const ROOM = 15_000;
/** How often they are tried where a look at users and ACLs comes between them all the same. */
const TRIES = 3;
/** Replays that run at the same time; EventBridge allows ten. */
const AT_ONCE = 10;

/**
 * Twice: once the whole window in one replay, whose events come unordered within each minute; then every minute as a
 * replay of its own, the last one first and up to ten at once, so that the order is nothing like the original.
 */
export async function replayAll(lab: Lab, observer: Observer, since: number): Promise<ReplayFindings> {
  let delivered = 0;
  lab.cloud.bus.subscribe((event: CloudEvent): void => {
    if (event["replay-name"] !== undefined) delivered += 1;
  });
  for (let attempt = 1; ; attempt += 1) {
    await betweenChecks(lab);
    const [checked, before] = [await lastCheck(lab), delivered];
    const differences = await replayOnce(lab, observer, { since, name: `tour-${attempt}`, delivered: () => delivered });
    const findings = { events: delivered - before, changes: differences.length, differences };
    // What Rollcall does by itself meanwhile is no change of a replay's.
    if (differences.length === 0 || attempt === TRIES || (await lastCheck(lab)) === checked) return findings;
  }
}

interface Attempt {
  readonly since: number;
  /** What its replays are called first. */
  readonly name: string;
  /** Events that replays have delivered so far. */
  readonly delivered: () => number;
}

/** Every change, in words. */
async function replayOnce(lab: Lab, observer: Observer, { since, name, delivered }: Attempt): Promise<string[]> {
  const { cloud, clock, journal } = lab;
  const before = await fingerprint(lab, observer);
  const mark = cloud.calls.all().length;

  const end = clock.now();
  await replay(lab, `${name}-whole`, since, end);
  const windows: [number, number][] = [];
  for (let from = Math.floor(since / MINUTE) * MINUTE; from < end; from += MINUTE) windows.push([from, from + MINUTE]);
  windows.reverse();
  while (windows.length > 0) {
    await Promise.all(windows.splice(0, AT_ONCE).map(([from, to]) => replay(lab, `${name}-minute-${from}`, from, to)));
  }
  await until(
    clock,
    "the replayed events to be handled",
    LIMIT,
    () => (journal.replayed === delivered() ? true : undefined),
    () => `${journal.replayed} of ${delivered()} were`,
  );

  const made = cloud.calls
    .all()
    .slice(mark)
    .filter(isOwnChange)
    .map((call) => `${call.caller.role} called ${nameOfCall(call)}`);
  return [...made, ...differencesOf(before, await fingerprint(lab, observer))];
}

/** When users and ACLs were last compared, ms since the epoch. */
async function lastCheck({ table }: Lab): Promise<number | undefined> {
  return (await table.readAll()).access?.at;
}

/** Rollcall at rest, and long enough before it looks at users and ACLs again by itself, which is no change of a replay's. */
async function betweenChecks(lab: Lab): Promise<void> {
  const { security, periods } = lab.definition;
  const room = Math.min(ROOM, (periods.access * 3) / 4);
  for (;;) {
    await atRest(lab);
    if (!security) return;
    const { access } = await lab.table.readAll();
    if (access && access.at + periods.access - lab.clock.now() >= room) return;
    const checked = async (): Promise<true | undefined> =>
      (await lab.table.readAll()).access?.at === access?.at ? undefined : true;
    await until(lab.clock, "users and ACLs to be looked at", periods.access + LIMIT, checked, () => "they were not");
  }
}

async function replay(lab: Lab, ReplayName: string, since: number, until_: number): Promise<void> {
  await lab.operate("events", "StartReplay", {
    ReplayName,
    EventSourceArn: lab.cloud.archives.archive(lab.stack.archive)?.arn,
    EventStartTime: new Date(since),
    EventEndTime: new Date(until_),
    Destination: { Arn: lab.cloud.bus.arn, FilterArns: [...lab.stack.rules] },
  });
  const state = () => lab.cloud.archives.replay(ReplayName)?.state ?? "unknown";
  await until(lab.clock, `replay ${ReplayName}`, LIMIT, () => (state() === "COMPLETED" ? true : undefined), state);
}

/** Everything a replay could change, a line each. */
async function fingerprint(lab: Lab, observer: Observer): Promise<Map<string, string>> {
  const { groups, interfaces, commands, actions } = lab.cloud.snapshot();
  const contents = await lab.table.readAll();
  const kafka = await observer.freshKafka(contents);
  const lines = new Map<string, string>();
  const put = (name: string, value: unknown): unknown => lines.set(name, JSON.stringify(value));
  for (const { name, desired, members } of groups) {
    put(`group ${name}`, [desired, ...members.map((m) => [m.instance, m.state, m.healthy])]);
  }
  for (const { id, attachment } of interfaces) put(`interface ${id}`, [attachment?.instance, attachment?.status]);
  for (const { command, instance } of commands) put(`command ${command.id} on ${instance}`, command.comment);
  put("lifecycle actions", actions.length);
  for (const [role, roster] of contents.rosters) put(`roster ${role}`, [...roster.members]);
  for (const [instance, record] of contents.records) put(`record ${instance}`, record);
  put("turn", contents.turn);
  put("quorum", contents.quorum);
  put("Kafka", kafka.seen ? [...kafka.brokers].map(([id, b]) => [id, b.registered, b.replicas, b.missing]) : kafka);
  return lines;
}

function differencesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name} was ${before.get(name) ?? "not there"}, is ${after.get(name) ?? "not there"}`);
}
