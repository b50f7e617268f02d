import { expect, test } from "vitest";
import { awsCommands } from "../../shared/aws/commands.ts";
import { commandComment } from "../../shared/lifecycle/perform.ts";
import type { Commands } from "../../shared/lifecycle/ports.ts";
import type { SentCommand } from "../../shared/lifecycle/sights.ts";
import { type Exchange, ssmAnswer, ssmError, type WireAnswer, wiredClients } from "./wire.ts";

const sent: SentCommand = {
  action: "configure",
  digest: "ab".repeat(32),
  attempt: 2,
  sent: 1_790_000_000_500,
  id: "c-1",
};
const { id: _, ...nameless } = sent;

function commandsThat(answer: (exchange: Exchange) => WireAnswer): { commands: Commands; asked: Exchange[] } {
  const { clients, asked } = wiredClients(answer);
  return { commands: awsCommands({ ssm: () => clients.ssm(), cluster: "lab" }), asked };
}

const invoked = (invocation: object) => commandsThat(() => ssmAnswer(invocation)).commands.look("i-1", sent);

test.each([
  [
    { PingStatus: "Online", IPAddress: "10.0.1.77" },
    { state: "online", address: "10.0.1.77" },
  ],
  [
    { PingStatus: "ConnectionLost", IPAddress: "10.0.1.77" },
    { state: "lost", address: "10.0.1.77" },
  ],
  [{ PingStatus: "Inactive" }, { state: "lost" }],
])("an agent that SSM says is %o", async (said, sight) => {
  const { commands, asked } = commandsThat(() =>
    ssmAnswer({ InstanceInformationList: [{ InstanceId: "i-1", ...said }] }),
  );

  expect(await commands.agent("i-1")).toEqual(sight);
  expect(asked[0]?.input).toMatchObject({ Filters: [{ Key: "InstanceIds", Values: ["i-1"] }] });
});

test("an agent that SSM does not list, or calls invalid, is absent", async () => {
  const { commands } = commandsThat(() => ssmAnswer({ InstanceInformationList: [] }));
  expect(await commands.agent("i-1")).toEqual({ state: "absent" });

  const { commands: refused } = commandsThat(() => ssmError("InvalidInstanceId", ""));
  expect(await refused.agent("i-1")).toEqual({ state: "absent" });
});

test("sends to one instance, with its limits in seconds", async () => {
  const { commands, asked } = commandsThat(() => ssmAnswer({ Command: { CommandId: "c-1" } }));

  const answer = await commands.send({
    instance: "i-1",
    action: "configure",
    payload: "H4sI",
    issued: 1_800_000_000_000,
    comment: "rollcall configure",
    timeout: 90_500,
  });

  expect(answer).toEqual({ id: "c-1" });
  expect(asked).toEqual([
    {
      action: "SendCommand",
      input: {
        DocumentName: "rollcall-lab",
        InstanceIds: ["i-1"],
        Comment: "rollcall configure",
        TimeoutSeconds: 60,
        Parameters: { action: ["configure"], payload: ["H4sI"], issued: ["1800000000000"], executionTimeout: ["91"] },
      },
    },
  ]);
});

test("an instance that SSM does not take commands for is unreachable; another refusal is an error", async () => {
  const command = {
    instance: "i-1",
    action: "stop",
    payload: "",
    issued: 1_800_000_000_000,
    comment: "rollcall stop",
    timeout: 1000,
  } as const;
  const invalid = commandsThat(() =>
    ssmError("InvalidInstanceId", "Instances not in a valid state for account"),
  ).commands;
  expect(await invalid.send(command)).toBe("unreachable");

  const throttled = commandsThat(() => ssmError("ThrottlingException", "Rate exceeded")).commands;
  await expect(throttled.send(command)).rejects.toThrow('could not send "rollcall stop" to i-1: ThrottlingException');
});

test.each([
  ["Pending", "Pending", "pending"],
  ["Delayed", "Delayed", "pending"],
  ["InProgress", "InProgress", "running"],
  ["Cancelling", "Cancelling", "running"],
  ["TimedOut", "DeliveryTimedOut", "undelivered"],
  ["TimedOut", "Delivery Timed Out", "undelivered"],
  ["Failed", "Undeliverable", "undelivered"],
  ["Failed", "AccessDenied", "undelivered"],
  ["TimedOut", "ExecutionTimedOut", "failed"],
  ["Cancelled", "Cancelled", "failed"],
  ["Failed", "Failed", "failed"],
])("a command that is %s (%s) is %s", async (Status, StatusDetails, status) => {
  expect(await invoked({ Status, StatusDetails })).toMatchObject({ id: "c-1", status });
});

test("the answer is the last line that the node's script printed", async () => {
  const answer = { ok: true, action: "configure", digest: sent.digest, unit: "active" };
  const StandardOutputContent = `formatted the storage\n${JSON.stringify(answer)}\n`;

  expect(await invoked({ Status: "Success", StatusDetails: "Success", StandardOutputContent })).toEqual({
    id: "c-1",
    status: "success",
    answer,
    detail: "Success",
  });
});

test("a failure's detail holds what the node says, and the end of its standard error", async () => {
  const sight = await invoked({
    Status: "Failed",
    StatusDetails: "Failed",
    StandardOutputContent: '{"ok":false,"action":"configure","error":"no address 10.0.1.10"}',
    StandardErrorContent: `${"x".repeat(2000)} the end`,
  });

  expect(sight).toMatchObject({ status: "failed", answer: { ok: false, error: "no address 10.0.1.10" } });
  expect(sight.detail).toMatch(/^Failed: no address 10\.0\.1\.10: x+ the end$/);
  expect(sight.detail.length).toBeLessThan(600);
});

test.each([
  ["nothing", "", "printed no answer"],
  ["words", "done.", "is no answer: done."],
  ["another form", '{"ok":true}', "not understood: action"],
  ["a refusal", '{"ok":false,"action":"stop","error":"busy"}', "busy"],
])("exit status 0 with %s as its answer is no success", async (_what, StandardOutputContent, reason) => {
  const sight = await invoked({ Status: "Success", StatusDetails: "Success", StandardOutputContent });

  expect(sight.status).toBe("failed");
  expect(sight.detail).toContain(reason);
});

test("a command that SSM has only just taken is pending", async () => {
  const { commands } = commandsThat(() => ssmError("InvocationDoesNotExist", ""));

  expect(await commands.look("i-1", sent)).toMatchObject({ id: "c-1", status: "pending" });
});

test("a command without an id is found by its comment, on any page", async () => {
  const own = { CommandId: "c-9", DocumentName: "rollcall-lab", Comment: commandComment(nameless) };
  const { commands, asked } = commandsThat(({ action, input }) => {
    if (action === "GetCommandInvocation") return ssmAnswer({ Status: "InProgress", StatusDetails: "InProgress" });
    return input.NextToken === "more"
      ? ssmAnswer({ Commands: [own] })
      : ssmAnswer({
          Commands: [
            { ...own, CommandId: "c-7", DocumentName: "AWS-RunShellScript" },
            { ...own, CommandId: "c-8", Comment: commandComment({ ...nameless, attempt: 1 }) },
            { ...own, CommandId: "c-6", Comment: commandComment({ ...nameless, sent: nameless.sent - 1 }) },
          ],
          NextToken: "more",
        });
  });

  expect(await commands.look("i-1", nameless)).toMatchObject({ id: "c-9", status: "running" });
  expect(asked[0]).toMatchObject({
    action: "ListCommands",
    input: { InstanceId: "i-1", Filters: [{ key: "InvokedAfter", value: "2026-09-21T14:12:50Z" }] },
  });
  expect(asked.at(-1)?.input).toMatchObject({ CommandId: "c-9", InstanceId: "i-1" });
});

test("a command that SSM does not know was not sent", async () => {
  const { commands } = commandsThat(() => ssmAnswer({ Commands: [] }));

  expect(await commands.look("i-1", nameless)).toMatchObject({ status: "unsent" });
});
