/** The cluster's archive, replayed to the cluster's own rules and to nobody else's. */
import {
  CancelReplayCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  type EventBridgeClient,
  ListRulesCommand,
  type ListRulesCommandOutput,
  StartReplayCommand,
} from "@aws-sdk/client-eventbridge";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";

export interface Archive {
  readonly arn: string;
  /** Of the bus that it keeps events of, and that a replay goes to. */
  readonly bus: string;
  readonly state: string;
  /** About how many it holds; EventBridge counts once a day. */
  readonly events: number;
}

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
}

export interface Window {
  /** ms since the epoch; the start is inside, the end is not. */
  readonly since: number;
  readonly until: number;
}

export interface Replay {
  readonly state: string;
  readonly reason?: string;
  /** Time of the event that was replayed last, ms since the epoch. */
  readonly last?: number;
}

/** States in which a replay goes on. */
const UNDERWAY: ReadonlySet<string> = new Set(["STARTING", "RUNNING", "CANCELLING"]);

export const isUnderway = ({ state }: Replay): boolean => UNDERWAY.has(state);

export async function archiveOf(client: EventBridgeClient, name: string): Promise<Archive> {
  const answer = await calling(
    `look at archive ${name}`,
    client.send(new DescribeArchiveCommand({ ArchiveName: name })),
  );
  const { ArchiveArn, EventSourceArn, State, EventCount } = answered(
    archiveAnswer,
    `DescribeArchive of ${name}`,
    answer,
  );
  return { arn: ArchiveArn, bus: EventSourceArn, state: State, events: EventCount };
}

/** Those of the default bus whose names begin so. */
export async function rulesOf(client: EventBridgeClient, prefix: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  let from: string | undefined;
  do {
    const page: ListRulesCommandOutput = await calling(
      `list the rules ${prefix}…`,
      client.send(new ListRulesCommand({ NamePrefix: prefix, NextToken: from })),
    );
    const { Rules } = answered(rulesAnswer, "ListRules", page);
    rules.push(...Rules.map(({ Name, Arn, State }) => ({ name: Name, arn: Arn, enabled: State !== "DISABLED" })));
    from = page.NextToken;
  } while (from);
  return rules;
}

/** @param rules at least one: without any, EventBridge would replay to every rule of the bus */
export async function startReplay(
  client: EventBridgeClient,
  name: string,
  archive: Archive,
  rules: readonly [Rule, ...Rule[]],
  { since, until }: Window,
): Promise<void> {
  const command = new StartReplayCommand({
    ReplayName: name,
    Description: "rollcall replay",
    EventSourceArn: archive.arn,
    EventStartTime: new Date(since),
    EventEndTime: new Date(until),
    Destination: { Arn: archive.bus, FilterArns: rules.map((rule) => rule.arn) },
  });
  await calling(`start replay ${name}`, client.send(command));
}

export async function replayOf(client: EventBridgeClient, name: string): Promise<Replay> {
  const answer = await calling(`look at replay ${name}`, client.send(new DescribeReplayCommand({ ReplayName: name })));
  const { State, StateReason, EventLastReplayedTime } = answered(replayAnswer, `DescribeReplay of ${name}`, answer);
  return {
    state: State,
    ...(StateReason !== undefined && { reason: StateReason }),
    ...(EventLastReplayedTime && { last: EventLastReplayedTime.getTime() }),
  };
}

export async function cancelReplay(client: EventBridgeClient, name: string): Promise<void> {
  await calling(`cancel replay ${name}`, client.send(new CancelReplayCommand({ ReplayName: name })));
}

const archiveAnswer = v.object({
  ArchiveArn: v.string(),
  EventSourceArn: v.string(),
  State: v.string(),
  EventCount: v.optional(v.number(), 0),
});

const rulesAnswer = v.object({
  Rules: listOf(v.object({ Name: v.string(), Arn: v.string(), State: v.optional(v.string()) })),
});

const replayAnswer = v.object({
  State: v.string(),
  StateReason: v.optional(v.string()),
  EventLastReplayedTime: v.optional(v.date()),
});
