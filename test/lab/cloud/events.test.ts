import { expect, test } from "vitest";
import type { CloudFaults } from "../../../lab/cloud/faults.ts";
import { type Ground, ground, inService, START } from "./ground.ts";

interface Seen {
  readonly at: number;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A function `watch` and a rule that sends it every event of source `test`. */
async function setting(faults: CloudFaults = {}, outcome: () => Promise<unknown> = async () => "done") {
  const on = ground({ faults });
  const seen: Seen[] = [];
  const failed = on.cloud.queues.create("failed");
  const arn = on.cloud.functions.register({
    name: "watch",
    timeout: 10_000,
    onFailure: failed.arn,
    handler: (event) => {
      seen.push({ at: on.elapsed(), event: event as Seen["event"] });
      return outcome();
    },
  });
  const RuleArn = await rule(on, "watch", { source: ["test"] }, arn);
  return { on, seen, failed, arn, RuleArn };
}

async function rule(on: Ground, Name: string, pattern: object, Arn: string, target: object = {}): Promise<string> {
  const input = { Name, EventPattern: JSON.stringify(pattern) };
  const { RuleArn } = await on.call<{ RuleArn: string }>("events", "PutRule", input);
  await on.call("events", "PutTargets", { Rule: Name, Targets: [{ Id: "1", Arn, ...target }] });
  return RuleArn;
}

async function put(on: Ground, number: number, Source = "test"): Promise<string> {
  const Entries = [{ Source, DetailType: "Test", Detail: JSON.stringify({ number }), Resources: ["arn:x"] }];
  const answer = await on.call<{ Entries: { EventId?: string; ErrorCode?: string }[] }>("events", "PutEvents", {
    Entries,
  });
  return answer.Entries[0]?.EventId ?? answer.Entries[0]?.ErrorCode ?? "";
}

const numbers = (seen: readonly Seen[]) => seen.map((s) => (s.event.detail as { number: number }).number);

test("an event reaches the targets of the rules it matches, and only those", async () => {
  const { on, seen } = await setting();
  const id = await put(on, 1);
  await put(on, 2, "other");
  await on.clock.runFor(400);
  expect(seen).toEqual([
    {
      at: 400,
      event: {
        version: "0",
        id,
        "detail-type": "Test",
        source: "test",
        account: "123456789012",
        time: "2026-09-01T12:00:00Z",
        region: "eu-central-1",
        resources: ["arn:x"],
        detail: { number: 1 },
      },
    },
  ]);
});

test("Auto Scaling, EC2 and SSM events arrive on the default bus", async () => {
  const { on, seen, arn } = await setting();
  await rule(on, "cloud", { source: [{ prefix: "aws." }] }, arn);
  await inService(on, 1);
  const kinds = new Set(seen.map((s) => s.event["detail-type"]));
  expect(kinds).toContain("EC2 Instance-launch Lifecycle Action");
  expect(kinds).toContain("EC2 Instance State-change Notification");
  expect(kinds).toContain("EC2 Instance Launch Successful");
});

test("deliveries may be lost, doubled, late and out of order", async () => {
  const { on, seen } = await setting({
    deliveries: ({ detail }) => {
      const { number } = detail as { number: number };
      return number === 1 ? [] : number === 2 ? [5_000] : [0, 1_000];
    },
  });
  for (const number of [1, 2, 3]) await put(on, number);
  await on.clock.runFor(10_000);
  expect(numbers(seen)).toEqual([3, 3, 2]);
  expect(seen[0]?.event.id).toBe(seen[1]?.event.id);
});

test("a disabled rule delivers nothing, a target's constant input replaces the event", async () => {
  const { on, seen, arn } = await setting();
  await rule(on, "constant", { source: ["other"] }, arn, { Input: '{"look":"now"}' });
  await on.call("events", "DisableRule", { Name: "watch" });
  await put(on, 1);
  await put(on, 2, "other");
  await on.clock.runFor(1_000);
  expect(seen.map((s) => s.event)).toEqual([{ look: "now" }]);
});

test("what has no target goes to the rule's dead letters at once, with its attributes", async () => {
  const { on } = await setting();
  const letters = on.cloud.queues.create("letters");
  const Arn = on.cloud.functions.arn("missing");
  const RuleArn = await rule(on, "lost", { source: ["other"] }, Arn, { DeadLetterConfig: { Arn: letters.arn } });
  await put(on, 7, "other");
  await on.clock.runFor(400);
  expect(letters.messages).toHaveLength(1);
  expect(JSON.parse(letters.messages[0]?.body ?? "")).toMatchObject({ detail: { number: 7 } });
  expect(letters.messages[0]?.attributes).toMatchObject({
    RULE_ARN: RuleArn,
    TARGET_ARN: Arn,
    ERROR_CODE: "RESOURCE_NOT_FOUND",
    RETRY_ATTEMPTS: "0",
  });
});

test("a function that fails is tried twice more, after one and two minutes; then its own queue gets the event", async () => {
  const { on, seen, failed } = await setting({}, async () => {
    throw new TypeError("no such thing");
  });
  await put(on, 1);
  await on.clock.runFor(179_000);
  expect(failed.messages).toEqual([]);
  await on.clock.runFor(2_000);
  expect(seen.map((s) => s.at)).toEqual([400, 60_400, 180_400]);
  expect(failed.messages).toHaveLength(1);
  expect(JSON.parse(failed.messages[0]?.body ?? "")).toMatchObject({
    requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 3 },
    requestPayload: { detail: { number: 1 } },
    responsePayload: { errorType: "TypeError", errorMessage: "no such thing" },
  });
  expect(on.log).toContain("function watch: TypeError: no such thing");
});

test("a function that never ends is cut off at its limit and tried again", async () => {
  const { on, seen } = await setting({}, () => new Promise(() => {}));
  await put(on, 1);
  await on.clock.runFor(71_000);
  expect(seen.map((s) => s.at)).toEqual([400, 70_400]);
  expect(on.log[0]).toMatch(/Sandbox\.Timedout: RequestId: \S+ Error: Task timed out after 10\.00 seconds$/);
});

test("a schedule calls its targets again and again, until it is disabled", async () => {
  const { on, seen, arn } = await setting();
  await on.call("events", "PutRule", { Name: "sweep", ScheduleExpression: "rate(1 minute)" });
  await on.call("events", "PutTargets", { Rule: "sweep", Targets: [{ Id: "1", Arn: arn }] });
  await on.clock.runFor(181_000);
  expect(seen.map((s) => s.at)).toEqual([60_400, 120_400, 180_400]);
  expect(seen[0]?.event).toMatchObject({
    source: "aws.events",
    "detail-type": "Scheduled Event",
    resources: ["arn:aws:events:eu-central-1:123456789012:rule/sweep"],
  });
  await on.call("events", "DisableRule", { Name: "sweep" });
  await on.clock.runFor(600_000);
  expect(seen).toHaveLength(3);
});

test("a rule keeps its targets when it is put again, and is deleted only without them", async () => {
  const { on, seen } = await setting();
  await on.call("events", "PutRule", { Name: "watch", EventPattern: '{"source":["other"]}' });
  await put(on, 1);
  await put(on, 2, "other");
  await on.clock.runFor(1_000);
  expect(numbers(seen)).toEqual([2]);
  expect(await on.refused("events", "DeleteRule", { Name: "watch" })).toMatchObject({ code: "ValidationException" });
  await on.call("events", "RemoveTargets", { Rule: "watch", Ids: ["1"] });
  await on.call("events", "DeleteRule", { Name: "watch" });
  expect(await on.call("events", "ListRules")).toEqual({ Rules: [] });
});

test("entries of AWS's own sources, and malformed ones, are refused one by one", async () => {
  const { on } = await setting();
  expect(await put(on, 1, "aws.ec2")).toBe("NotAuthorizedForSourceException");
  const Entries = [{ Source: "test", DetailType: "Test", Detail: "{" }];
  expect(await on.call("events", "PutEvents", { Entries })).toMatchObject({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode: "MalformedDetail" }],
  });
});

test("a pattern that is wrong, and a schedule that is wrong, are refused", async () => {
  const { on } = await setting();
  const refused = async (input: object) => (await on.refused("events", "PutRule", { Name: "x", ...input })).code;
  expect(await refused({ EventPattern: '{"source": "test"}' })).toBe("InvalidEventPatternException");
  expect(await refused({ ScheduleExpression: "every minute" })).toBe("ValidationException");
  expect(await refused({})).toBe("ValidationException");
});

interface Replayed {
  readonly State: string;
}

async function archived(Pattern: object = { source: ["test"] }) {
  const all = await setting();
  const { on } = all;
  const { ArchiveArn } = await on.call<{ ArchiveArn: string }>("events", "CreateArchive", {
    ArchiveName: "all",
    EventSourceArn: on.cloud.bus.arn,
    EventPattern: JSON.stringify(Pattern),
  });
  const replay = (ReplayName: string, from: number, to: number, FilterArns: string[] = []) =>
    on.call<Replayed>("events", "StartReplay", {
      ReplayName,
      EventSourceArn: ArchiveArn,
      EventStartTime: new Date(START + from),
      EventEndTime: new Date(START + to),
      Destination: { Arn: on.cloud.bus.arn, FilterArns },
    });
  const state = async (ReplayName: string) =>
    (await on.call<Replayed>("events", "DescribeReplay", { ReplayName })).State;
  return { ...all, ArchiveArn, replay, state };
}

test("a replay gives the same events new ids, with their time and detail, and says so", async () => {
  const { on, seen, replay, state } = await archived();
  await put(on, 1);
  await on.clock.runFor(100_000);
  expect((await replay("again", 0, 60_000)).State).toBe("STARTING");
  await on.clock.runFor(5_000);
  expect(await state("again")).toBe("RUNNING");
  await on.clock.runFor(10_000);
  expect(await state("again")).toBe("COMPLETED");
  const [first, second] = seen.map((s) => s.event);
  expect(second).toEqual({ ...first, id: expect.any(String), "replay-name": "again" });
  expect(second?.id).not.toBe(first?.id);
});

test("the window includes its start and not its end; minutes come in order, unordered inside", async () => {
  const { on, seen, replay } = await archived();
  for (let number = 0; number < 40; number++) {
    await put(on, number);
    await on.clock.runFor(3_000);
  }
  await on.clock.runFor(300_000);
  const before = seen.length;
  await replay("window", 3_000, 117_000);
  await on.clock.runFor(60_000);
  const replayed = numbers(seen.slice(before));
  expect([...replayed].sort((a, b) => a - b)).toEqual(Array.from({ length: 38 }, (_, i) => i + 1));
  expect(Math.max(...replayed.slice(0, 19))).toBe(19);
  expect(replayed.slice(0, 19)).not.toEqual([...replayed.slice(0, 19)].sort((a, b) => a - b));
});

test("replayed events reach the rules named only, or every rule, and are not archived again", async () => {
  const { on, seen, RuleArn, arn, replay } = await archived();
  await rule(on, "bystander", { source: ["test"] }, arn, { Input: '{"detail":{"number":-1}}' });
  await put(on, 1);
  await on.clock.runFor(100_000);
  await replay("some", 0, 100_000, [RuleArn]);
  await on.clock.runFor(60_000);
  expect(numbers(seen).sort()).toEqual([-1, 1, 1]);
  await replay("every", 0, 100_000);
  await on.clock.runFor(60_000);
  expect(numbers(seen).sort()).toEqual([-1, -1, 1, 1, 1]);
  expect(await on.call("events", "DescribeArchive", { ArchiveName: "all" })).toMatchObject({ EventCount: 1 });
});

test("an event that came a moment ago is not in the archive yet", async () => {
  const { on, seen, replay } = await archived();
  await put(on, 1);
  await replay("soon", 0, 60_000);
  await on.clock.runFor(50_000);
  expect(numbers(seen)).toEqual([1]);
});

test("the archive keeps what its pattern matches", async () => {
  const { on } = await archived({ source: ["aws.ec2"] });
  await put(on, 1);
  await inService(on, 1);
  expect(await on.call("events", "DescribeArchive", { ArchiveName: "all" })).toMatchObject({ EventCount: 2 });
});

test("replays have names of their own, a window, ten at once, and can be cancelled", async () => {
  const { on, ArchiveArn, replay, state } = await archived();
  await replay("one", 0, 1_000);
  const refused = (ReplayName: string, to: number, EventSourceArn = ArchiveArn) =>
    on.refused("events", "StartReplay", {
      ReplayName,
      EventSourceArn,
      EventStartTime: new Date(START),
      EventEndTime: new Date(START + to),
      Destination: { Arn: on.cloud.bus.arn },
    });
  expect((await refused("one", 1_000)).code).toBe("ResourceAlreadyExistsException");
  expect((await refused("two", 0)).code).toBe("ValidationException");
  expect((await refused("two", 1, on.cloud.bus.arn)).code).toBe("ResourceNotFoundException");
  for (let more = 0; more < 9; more++) await replay(`more-${more}`, 0, 1_000);
  expect((await refused("eleventh", 1_000)).code).toBe("LimitExceededException");
  await on.call("events", "CancelReplay", { ReplayName: "one" });
  expect(await state("one")).toBe("CANCELLING");
  await on.clock.runFor(20_000);
  expect(await state("one")).toBe("CANCELLED");
});
