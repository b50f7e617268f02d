/** EventBridge: rules with their targets, and the archive. */
import * as v from "valibot";
import { kind, type Made, type Site } from "../kind.ts";
import { document, number, text } from "../scalars.ts";

const target = v.strictObject({
  Id: text,
  Arn: text,
  Input: v.optional(text),
  DeadLetterConfig: v.optional(v.strictObject({ Arn: text })),
  RetryPolicy: v.optional(
    v.strictObject({ MaximumRetryAttempts: v.optional(number), MaximumEventAgeInSeconds: v.optional(number) }),
  ),
});

const ruleProperties = v.strictObject({
  Name: v.optional(text),
  Description: v.optional(text),
  EventPattern: v.optional(document),
  ScheduleExpression: v.optional(text),
  State: v.optional(text),
  Targets: v.optional(v.array(target), []),
});

type RuleProperties = v.InferOutput<typeof ruleProperties>;

async function putRule(site: Site, Name: string, given: RuleProperties): Promise<Made> {
  const { Description, EventPattern, ScheduleExpression, State, Targets } = given;
  const answer = await site.call("events", "PutRule", {
    Name,
    Description,
    ScheduleExpression,
    State,
    EventPattern: EventPattern && JSON.stringify(EventPattern),
  });
  await site.call("events", "PutTargets", { Rule: Name, Targets });
  return { ref: Name, attributes: { Arn: (answer as { RuleArn: string }).RuleArn } };
}

async function removeTargets(site: Site, Rule: string, Ids: readonly string[]): Promise<void> {
  if (Ids.length > 0) await site.call("events", "RemoveTargets", { Rule, Ids });
}

export const rule = kind({
  type: "AWS::Events::Rule",
  properties: ruleProperties,
  createOnly: ["Name"],
  create: (site, given) => putRule(site, given.Name ?? site.generatedName, given),
  async update(site, { ref }, given, before) {
    const kept = new Set(given.Targets.map((t) => t.Id));
    const gone = before.Targets.map((t) => t.Id).filter((id) => !kept.has(id));
    await removeTargets(site, ref, gone);
    return putRule(site, ref, given);
  },
  async remove(site, { ref }, { Targets }) {
    await removeTargets(
      site,
      ref,
      Targets.map((t) => t.Id),
    );
    await site.call("events", "DeleteRule", { Name: ref });
  },
});

const archiveProperties = v.strictObject({
  ArchiveName: v.optional(text),
  Description: v.optional(text),
  SourceArn: text,
  EventPattern: v.optional(document),
  RetentionDays: v.optional(number),
  KmsKeyIdentifier: v.optional(text),
});

function archiveSettings({ Description, EventPattern, RetentionDays }: v.InferOutput<typeof archiveProperties>) {
  return { Description, RetentionDays, EventPattern: EventPattern && JSON.stringify(EventPattern) };
}

export const archive = kind({
  type: "AWS::Events::Archive",
  properties: archiveProperties,
  createOnly: ["ArchiveName", "SourceArn"],
  async create(site, given) {
    const ArchiveName = given.ArchiveName ?? site.generatedName;
    const input = { ArchiveName, EventSourceArn: given.SourceArn, ...archiveSettings(given) };
    const answer = await site.call("events", "CreateArchive", input);
    return { ref: ArchiveName, attributes: { Arn: (answer as { ArchiveArn: string }).ArchiveArn } };
  },
  async update(site, made, given) {
    await site.call("events", "UpdateArchive", { ArchiveName: made.ref, ...archiveSettings(given) });
    return made;
  },
  async remove(site, { ref }) {
    await site.call("events", "DeleteArchive", { ArchiveName: ref });
  },
});
