/** EventBridge's API, as far as it is modelled: the default bus only. */
import type {
  CreateArchiveCommandOutput,
  DescribeArchiveCommandOutput,
  DescribeReplayCommandOutput,
  DescribeRuleCommandOutput,
  ListReplaysCommandOutput,
  ListRulesCommandOutput,
  ListTargetsByRuleCommandOutput,
  PutEventsCommandOutput,
  PutEventsResultEntry,
  PutRuleCommandOutput,
  PutTargetsCommandOutput,
  RemoveTargetsCommandOutput,
  StartReplayCommandOutput,
  TestEventPatternCommandOutput,
  UpdateArchiveCommandOutput,
} from "@aws-sdk/client-eventbridge";
import * as v from "valibot";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { World } from "../world.ts";
import type { Archive, Archives, Replay } from "./archive.ts";
import type { Bus } from "./bus.ts";
import { compilePattern } from "./pattern.ts";
import type { Rule, Target } from "./rules.ts";

const MAX_REPLAYS = 10;

const refuse = (reason: string) => new AwsError("ValidationException", reason);
const missing = (what: string) => new AwsError("ResourceNotFoundException", `${what} does not exist.`);

const name = v.pipe(v.string(), v.regex(/^[.\-_A-Za-z0-9]{1,64}$/));
const bus = { EventBusName: v.optional(v.string()) };
const onRule = v.strictObject({ Name: name, ...bus });

const target = v.strictObject({
  Id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  Arn: v.string(),
  Input: v.optional(v.string()),
  DeadLetterConfig: v.optional(v.strictObject({ Arn: v.string() })),
  /** Ranges are checked; Lambda takes every event at once, so that nothing is ever retried on the way to it. */
  RetryPolicy: v.optional(
    v.strictObject({
      MaximumRetryAttempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(185))),
      MaximumEventAgeInSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(86_400))),
    }),
  ),
});

const entry = v.strictObject({
  Source: v.optional(v.string(), ""),
  DetailType: v.optional(v.string(), ""),
  Detail: v.optional(v.string(), ""),
  Resources: v.optional(v.array(v.string()), []),
  ...bus,
});

export function eventsApi(world: World, defaultBus: Bus, archives: Archives): Service {
  function mustBeDefault(asked: string | undefined): void {
    if (asked !== undefined && asked !== "default" && asked !== defaultBus.arn) throw missing(`Event bus ${asked}`);
  }

  function ruleOf(input: { readonly Name: string; readonly EventBusName?: string | undefined }): Rule {
    mustBeDefault(input.EventBusName);
    const rule = defaultBus.rule(input.Name);
    if (!rule) throw missing(`Rule ${input.Name}`);
    return rule;
  }

  function archiveOf(archiveName: string): Archive {
    const archive = archives.archive(archiveName);
    if (!archive) throw missing(`Archive ${archiveName}`);
    return archive;
  }

  function replayOf(replayName: string): Replay {
    const replay = archives.replay(replayName);
    if (!replay) throw missing(`Replay ${replayName}`);
    return replay;
  }

  return {
    name: "events",
    actions: {
      PutRule: action(
        v.strictObject({
          Name: name,
          ...bus,
          Description: v.optional(v.string()),
          EventPattern: v.optional(v.string()),
          ScheduleExpression: v.optional(v.string()),
          State: v.optional(v.picklist(["ENABLED", "DISABLED"]), "ENABLED"),
        }),
        refuse,
        (input): Answer<PutRuleCommandOutput> => {
          mustBeDefault(input.EventBusName);
          if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
            throw refuse("Parameter(s) EventPattern or ScheduleExpression must be specified.");
          }
          const rule = orInvalidPattern(() =>
            defaultBus.putRule({
              name: input.Name,
              enabled: input.State === "ENABLED",
              ...(input.Description !== undefined && { description: input.Description }),
              ...(input.EventPattern !== undefined && { pattern: input.EventPattern }),
              ...(input.ScheduleExpression !== undefined && { schedule: input.ScheduleExpression }),
            }),
          );
          return { RuleArn: rule.arn };
        },
      ),

      DescribeRule: action(onRule, refuse, (input): Answer<DescribeRuleCommandOutput> => describeRule(ruleOf(input))),

      ListRules: action(
        v.strictObject({ ...bus, NamePrefix: v.optional(v.string(), "") }),
        refuse,
        (input): Answer<ListRulesCommandOutput> => {
          mustBeDefault(input.EventBusName);
          return {
            Rules: defaultBus
              .rules()
              .filter((r) => r.name.startsWith(input.NamePrefix))
              .map(describeRule),
          };
        },
      ),

      EnableRule: action(onRule, refuse, (input) => {
        defaultBus.putRule({ ...ruleOf(input), enabled: true });
        return {};
      }),

      DisableRule: action(onRule, refuse, (input) => {
        defaultBus.putRule({ ...ruleOf(input), enabled: false });
        return {};
      }),

      DeleteRule: action(onRule, refuse, (input) => {
        if (ruleOf(input).targets.size > 0) throw refuse("Rule can't be deleted since it has targets.");
        defaultBus.deleteRule(input.Name);
        return {};
      }),

      PutTargets: action(
        v.strictObject({ Rule: name, ...bus, Targets: v.array(target) }),
        refuse,
        (input): Answer<PutTargetsCommandOutput> => {
          const rule = ruleOf({ Name: input.Rule, EventBusName: input.EventBusName });
          defaultBus.setTargets(rule, new Map([...rule.targets, ...input.Targets.map(targetOf)]));
          return { FailedEntryCount: 0, FailedEntries: [] };
        },
      ),

      RemoveTargets: action(
        v.strictObject({ Rule: name, ...bus, Ids: v.array(v.string()) }),
        refuse,
        (input): Answer<RemoveTargetsCommandOutput> => {
          const rule = ruleOf({ Name: input.Rule, EventBusName: input.EventBusName });
          defaultBus.setTargets(rule, new Map([...rule.targets].filter(([id]) => !input.Ids.includes(id))));
          return { FailedEntryCount: 0, FailedEntries: [] };
        },
      ),

      ListTargetsByRule: action(
        v.strictObject({ Rule: name, ...bus }),
        refuse,
        (input): Answer<ListTargetsByRuleCommandOutput> => ({
          Targets: [...ruleOf({ Name: input.Rule, EventBusName: input.EventBusName }).targets.values()].map((t) => ({
            Id: t.id,
            Arn: t.arn,
            ...(t.input !== undefined && { Input: t.input }),
            ...(t.deadLetters !== undefined && { DeadLetterConfig: { Arn: t.deadLetters } }),
          })),
        }),
      ),

      TestEventPattern: action(
        v.strictObject({ EventPattern: v.string(), Event: v.string() }),
        refuse,
        (input): Answer<TestEventPatternCommandOutput> => {
          const matches = orInvalidPattern(() => compilePattern(input.EventPattern));
          return { Result: matches(jsonObject(input.Event) ?? {}) };
        },
      ),

      PutEvents: action(
        v.strictObject({ Entries: v.pipe(v.array(entry), v.minLength(1), v.maxLength(10)) }),
        refuse,
        (input): Answer<PutEventsCommandOutput> => {
          const Entries = input.Entries.map((one) => {
            mustBeDefault(one.EventBusName);
            return putEvent(defaultBus, one);
          });
          return { Entries, FailedEntryCount: Entries.filter((e) => e.ErrorCode !== undefined).length };
        },
      ),

      CreateArchive: action(
        v.strictObject({
          ArchiveName: v.pipe(v.string(), v.regex(/^[.\-_A-Za-z0-9]{1,48}$/)),
          EventSourceArn: v.string(),
          Description: v.optional(v.string()),
          EventPattern: v.optional(v.string()),
          RetentionDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
        }),
        refuse,
        (input): Answer<CreateArchiveCommandOutput> => {
          mustBeDefault(input.EventSourceArn);
          if (archives.archive(input.ArchiveName)) {
            throw new AwsError("ResourceAlreadyExistsException", `Archive ${input.ArchiveName} already exists.`);
          }
          const archive = orInvalidPattern(() =>
            archives.create({
              name: input.ArchiveName,
              retentionDays: input.RetentionDays,
              ...(input.Description !== undefined && { description: input.Description }),
              ...(input.EventPattern !== undefined && { pattern: input.EventPattern }),
            }),
          );
          return { ArchiveArn: archive.arn, State: "ENABLED", CreationTime: new Date(archive.created) };
        },
      ),

      UpdateArchive: action(
        v.strictObject({
          ArchiveName: v.string(),
          Description: v.optional(v.string()),
          EventPattern: v.optional(v.string()),
          RetentionDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
        }),
        refuse,
        (input): Answer<UpdateArchiveCommandOutput> => {
          const archive = archiveOf(input.ArchiveName);
          const changed = orInvalidPattern(() =>
            archives.change(archive, {
              ...(input.RetentionDays !== undefined && { retentionDays: input.RetentionDays }),
              ...(input.Description !== undefined && { description: input.Description }),
              ...(input.EventPattern !== undefined && { pattern: input.EventPattern }),
            }),
          );
          return { ArchiveArn: changed.arn, State: "ENABLED", CreationTime: new Date(changed.created) };
        },
      ),

      DeleteArchive: action(v.strictObject({ ArchiveName: v.string() }), refuse, (input) => {
        archives.delete(archiveOf(input.ArchiveName).name);
        return {};
      }),

      DescribeArchive: action(
        v.strictObject({ ArchiveName: v.string() }),
        refuse,
        (input): Answer<DescribeArchiveCommandOutput> => {
          const archive = archiveOf(input.ArchiveName);
          return {
            ArchiveArn: archive.arn,
            ArchiveName: archive.name,
            EventSourceArn: defaultBus.arn,
            State: "ENABLED",
            RetentionDays: archive.retentionDays,
            EventCount: archive.events.length,
            CreationTime: new Date(archive.created),
            ...(archive.pattern !== undefined && { EventPattern: archive.pattern }),
          };
        },
      ),

      StartReplay: action(
        v.strictObject({
          ReplayName: name,
          Description: v.optional(v.string()),
          EventSourceArn: v.string(),
          EventStartTime: v.date(),
          EventEndTime: v.date(),
          Destination: v.strictObject({ Arn: v.string(), FilterArns: v.optional(v.array(v.string()), []) }),
        }),
        refuse,
        (input): Answer<StartReplayCommandOutput> => {
          const archive = archives.archives().find((a) => a.arn === input.EventSourceArn);
          if (!archive) throw missing(`Archive ${input.EventSourceArn}`);
          if (input.Destination.Arn !== defaultBus.arn) {
            throw refuse("Parameter Destination.Arn is not valid. Reason: Must be the event bus of the archive.");
          }
          if (input.EventEndTime <= input.EventStartTime) {
            throw refuse("Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.");
          }
          if (archives.replay(input.ReplayName)) {
            throw new AwsError("ResourceAlreadyExistsException", `Replay ${input.ReplayName} already exists.`);
          }
          if (archives.replays().filter((r) => r.ended === undefined).length >= MAX_REPLAYS) {
            throw new AwsError("LimitExceededException", `Only ${MAX_REPLAYS} replays may run at once.`);
          }
          const replay = archives.start({
            name: input.ReplayName,
            archive,
            start: input.EventStartTime.getTime(),
            end: input.EventEndTime.getTime(),
            only: input.Destination.FilterArns,
            ...(input.Description !== undefined && { description: input.Description }),
          });
          return { ReplayArn: replay.arn, State: replay.state, ReplayStartTime: new Date(replay.started) };
        },
      ),

      DescribeReplay: action(
        v.strictObject({ ReplayName: name }),
        refuse,
        (input): Answer<DescribeReplayCommandOutput> => {
          const replay = replayOf(input.ReplayName);
          return {
            ...describeReplay(replay),
            ReplayArn: replay.arn,
            Destination: { Arn: defaultBus.arn, FilterArns: [...replay.only] },
            ...(replay.description !== undefined && { Description: replay.description }),
          };
        },
      ),

      ListReplays: action(
        v.strictObject({ NamePrefix: v.optional(v.string(), "") }),
        refuse,
        (input): Answer<ListReplaysCommandOutput> => ({
          Replays: archives
            .replays()
            .filter((r) => r.name.startsWith(input.NamePrefix))
            .map(describeReplay),
        }),
      ),

      CancelReplay: action(v.strictObject({ ReplayName: name }), refuse, (input) => {
        const { arn, ended } = replayOf(input.ReplayName);
        if (ended !== undefined) {
          throw new AwsError("IllegalStatusException", `Replay ${input.ReplayName} is not in a valid state.`);
        }
        archives.cancel(input.ReplayName);
        return { ReplayArn: arn, State: "CANCELLING" };
      }),
    },
    unknownAction: (unknown) =>
      new AwsError("UnknownOperationException", `The EventBridge of ${world.region} does not model ${unknown}.`),
  };
}

function orInvalidPattern<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes("ScheduleExpression")) throw refuse(message);
    throw new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${message}`);
  }
}

function targetOf(input: v.InferOutput<typeof target>): [string, Target] {
  const made: Target = {
    id: input.Id,
    arn: input.Arn,
    ...(input.Input !== undefined && { input: input.Input }),
    ...(input.DeadLetterConfig && { deadLetters: input.DeadLetterConfig.Arn }),
  };
  return [made.id, made];
}

function describeRule(rule: Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventBusName: "default",
    State: rule.enabled ? ("ENABLED" as const) : ("DISABLED" as const),
    ...(rule.description !== undefined && { Description: rule.description }),
    ...(rule.pattern !== undefined && { EventPattern: rule.pattern }),
    ...(rule.schedule !== undefined && { ScheduleExpression: rule.schedule }),
  };
}

function describeReplay(replay: Replay) {
  return {
    ReplayName: replay.name,
    State: replay.state,
    EventSourceArn: replay.archive.arn,
    EventStartTime: new Date(replay.start),
    EventEndTime: new Date(replay.end),
    ReplayStartTime: new Date(replay.started),
    ...(replay.last !== undefined && { EventLastReplayedTime: new Date(replay.last) }),
    ...(replay.ended !== undefined && { ReplayEndTime: new Date(replay.ended) }),
  };
}

function putEvent(defaultBus: Bus, one: v.InferOutput<typeof entry>): PutEventsResultEntry {
  const refused = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  for (const field of ["Source", "DetailType", "Detail"] as const) {
    if (one[field] === "")
      return refused("InvalidArgument", `Parameter ${field} is not valid. Reason: ${field} is a required argument.`);
  }
  if (one.Source.startsWith("aws.")) {
    return refused("NotAuthorizedForSourceException", `Not authorized for the source ${one.Source}.`);
  }
  const detail = jsonObject(one.Detail);
  if (!detail) return refused("MalformedDetail", "Detail is malformed.");
  const event = defaultBus.emit({
    source: one.Source,
    "detail-type": one.DetailType,
    resources: one.Resources,
    detail,
  });
  return { EventId: event.id };
}

function jsonObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
