import { expect, test } from "vitest";
import type { CloudFaults } from "../../../lab/cloud/faults.ts";
import type { ScriptResult } from "../../../lab/machines/machine.ts";
import { createGroup, type Ground, ground, inService, members } from "./ground.ts";

const CONTENT = {
  schemaVersion: "2.2",
  parameters: {
    action: { type: "String", allowedPattern: "^(configure|stop)$", interpolationType: "ENV_VAR" },
    payload: { type: "String", default: "", allowedPattern: "^[A-Za-z0-9+/=]*$", interpolationType: "ENV_VAR" },
    executionTimeout: { type: "String", default: "600", allowedPattern: "^[0-9]+$" },
  },
  mainSteps: [
    {
      action: "aws:runShellScript",
      name: "run",
      inputs: {
        timeoutSeconds: "{{ executionTimeout }}",
        runCommand: ["#!/bin/bash", 'echo "{{ action }}" "$SSM_payload"'],
      },
    },
  ],
};

interface Result {
  readonly Status: string;
  readonly StatusDetails: string;
  readonly ResponseCode: number;
  readonly StandardOutputContent: string;
  readonly StandardErrorContent: string;
}

function order(instance: string, more: object = {}) {
  return {
    DocumentName: "node",
    InstanceIds: [instance],
    Parameters: { action: ["configure"] },
    Comment: "digest 1",
    ...more,
  };
}

async function send(on: Ground, instance: string, more: object = {}): Promise<string> {
  const { Command } = await on.call<{ Command: { CommandId: string } }>("ssm", "SendCommand", order(instance, more));
  return Command.CommandId;
}

function result(on: Ground, CommandId: string, InstanceId: string): Promise<Result> {
  return on.call<Result>("ssm", "GetCommandInvocation", { CommandId, InstanceId });
}

async function createDocument(on: Ground, content: object = CONTENT): Promise<void> {
  const input = { Name: "node", DocumentType: "Command", DocumentFormat: "JSON", Content: JSON.stringify(content) };
  await on.call("ssm", "CreateDocument", input);
}

async function setting(faults: CloudFaults = {}) {
  const on = ground({ faults });
  await createDocument(on);
  const [instance = ""] = await inService(on, 1);
  return { on, instance };
}

async function agents(on: Ground): Promise<object[]> {
  const input = { Filters: [{ Key: "InstanceIds", Values: (await members(on)).map((m) => m.InstanceId) }] };
  const answer = await on.call<{ InstanceInformationList: object[] }>("ssm", "DescribeInstanceInformation", input);
  return answer.InstanceInformationList;
}

test("the agent registers after the hook event: until then a command finds no such instance", async () => {
  const on = ground();
  await createDocument(on);
  await createGroup(on, 1);
  await on.clock.runFor(31_000);
  const instance = on.cloud.ec2.instances.all()[0]?.id ?? "";
  expect(on.eventsOf("EC2 Instance-launch Lifecycle Action")).toHaveLength(1);
  expect(await agents(on)).toEqual([]);
  expect(await on.refused("ssm", "SendCommand", order(instance))).toMatchObject({
    code: "InvalidInstanceId",
    status: 400,
  });
  await on.clock.runFor(1_100);
  expect(await agents(on)).toMatchObject([{ InstanceId: instance, PingStatus: "Online", IPAddress: "10.0.1.4" }]);
  await send(on, instance);
});

test("an agent may come late, or never", async () => {
  const on = ground({ faults: { agent: () => 100_000 } });
  await createGroup(on, 1);
  await on.clock.runFor(100_000);
  expect(await agents(on)).toEqual([]);
  await on.clock.runFor(13_000);
  expect(await agents(on)).toHaveLength(1);
  const never = ground({ faults: { agent: () => "never" } });
  await createGroup(never, 1);
  await never.clock.runFor(500_000);
  expect(await agents(never)).toEqual([]);
});

test("a dead instance is Online for a while, its command is taken and times out; then it is unknown", async () => {
  const { on, instance } = await setting();
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  await on.clock.runFor(5_000);
  expect(await agents(on)).toMatchObject([{ PingStatus: "Online" }]);
  const id = await send(on, instance, { TimeoutSeconds: 30 });
  await on.clock.runFor(29_000);
  expect(await result(on, id, instance)).toMatchObject({ Status: "Pending", ResponseCode: -1 });
  await on.clock.runFor(1_000);
  expect(await result(on, id, instance)).toMatchObject({ Status: "TimedOut", StatusDetails: "DeliveryTimedOut" });
  expect(await on.refused("ssm", "SendCommand", order(instance))).toMatchObject({ code: "InvalidInstanceId" });
  await on.clock.runFor(60_000);
  expect(await agents(on)).not.toContainEqual(expect.objectContaining({ InstanceId: instance }));
});

test("the script runs with its parameters as environment variables, never as its text", async () => {
  const { on, instance } = await setting();
  const id = await send(on, instance, {
    Parameters: { action: ["stop"], payload: ["QQ=="], executionTimeout: ["90"] },
  });
  await on.clock.runFor(500);
  expect(on.machines.runs).toEqual([
    {
      instance,
      script: '#!/bin/bash\necho "${SSM_action}" "$SSM_payload"',
      environment: { SSM_action: "stop", SSM_payload: "QQ==" },
      timeout: 90_000,
    },
  ]);
  await on.clock.runFor(200);
  expect(await result(on, id, instance)).toMatchObject({
    Status: "Success",
    StatusDetails: "Success",
    ResponseCode: 0,
    StandardOutputContent: "{}\n",
    Comment: "digest 1",
    PluginName: "run",
  });
});

test("right after SendCommand the invocation does not exist yet, nor is it listed", async () => {
  const { on, instance } = await setting();
  const id = await send(on, instance);
  const wanted = { CommandId: id, InstanceId: instance };
  expect(await on.refused("ssm", "GetCommandInvocation", wanted)).toMatchObject({
    code: "InvocationDoesNotExist",
    status: 400,
  });
  expect(await on.call("ssm", "ListCommands")).toMatchObject({ Commands: [] });
  await on.clock.runFor(300);
  expect(await result(on, id, instance)).toMatchObject({ Status: "Pending" });
});

test("a script that fails says so, with its exit status", async () => {
  const { on, instance } = await setting();
  on.machines.answer = async () => ({ code: 3, stdout: "out", stderr: "no such disk\n" });
  const id = await send(on, instance);
  await on.clock.runFor(1_000);
  expect(await result(on, id, instance)).toMatchObject({
    Status: "Failed",
    StatusDetails: "Failed",
    ResponseCode: 3,
    StandardErrorContent: "no such disk\nfailed to run commands: exit status 3",
  });
});

test("an execution that outlives its limit ends ExecutionTimedOut, rc 137", async () => {
  const { on, instance } = await setting();
  on.machines.answer = async ({ timeout }) => {
    await on.clock.wait(timeout);
    return { code: 137, stdout: "", stderr: "" };
  };
  const id = await send(on, instance);
  await on.clock.runFor(599_000);
  expect(await result(on, id, instance)).toMatchObject({ Status: "InProgress" });
  await on.clock.runFor(2_000);
  expect(await result(on, id, instance)).toMatchObject({
    Status: "TimedOut",
    StatusDetails: "ExecutionTimedOut",
    ResponseCode: 137,
  });
});

test("a node that dies under a command never tells; the command times out in the end", async () => {
  const { on, instance } = await setting();
  let end: (result: ScriptResult) => void = () => {};
  on.machines.answer = () =>
    new Promise((resolve) => {
      end = resolve;
    });
  const id = await send(on, instance, { TimeoutSeconds: 60 });
  await on.clock.runFor(1_000);
  await on.call("ec2", "TerminateInstances", { InstanceIds: [instance] });
  end({ code: 0, stdout: "", stderr: "" });
  await on.clock.runFor(658_000);
  expect(await result(on, id, instance)).toMatchObject({ Status: "InProgress" });
  await on.clock.runFor(2_000);
  expect(await result(on, id, instance)).toMatchObject({ Status: "TimedOut", ResponseCode: -1 });
});

test("of the output, 24,000 and 8,000 characters are kept, and the end is lost", async () => {
  const { on, instance } = await setting();
  on.machines.answer = async () => ({ code: 0, stdout: `${"x".repeat(24_000)}last`, stderr: "y".repeat(9_000) });
  const id = await send(on, instance);
  await on.clock.runFor(1_000);
  const { StandardOutputContent, StandardErrorContent } = await result(on, id, instance);
  expect(StandardOutputContent).toHaveLength(24_000);
  expect(StandardOutputContent).toMatch(/x--output truncated--$/);
  expect(StandardErrorContent).toHaveLength(8_000);
});

test("both kinds of status events come, and parameters show in one of them", async () => {
  const { on, instance } = await setting();
  const id = await send(on, instance);
  await on.clock.runFor(1_000);
  const invocation = on.eventsOf("EC2 Command Invocation Status-change Notification");
  expect(invocation.map((e) => e.detail)).toMatchObject([{ status: "InProgress" }, { status: "Success" }]);
  expect(invocation[1]).toMatchObject({
    source: "aws.ssm",
    resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`],
    detail: {
      "command-id": id,
      "document-name": "node",
      "instance-id": instance,
      "requested-date-time": expect.stringMatching(/^2026-09-01T12:\d\d:\d\d\.\d{3}Z$/),
      status: "Success",
    },
  });
  expect(on.eventsOf("EC2 Command Status-change Notification")[1]?.detail).toEqual({
    "command-id": id,
    "document-name": "node",
    "expire-after": expect.any(String),
    parameters: { action: ["configure"] },
    "requested-date-time": expect.any(String),
    status: "Success",
  });
});

test("commands are listed newest first, by instance, with the comment they are found again by", async () => {
  const { on, instance } = await setting();
  await send(on, instance, { Comment: "first" });
  await on.clock.runFor(1_000);
  const second = await send(on, instance, { Comment: "second" });
  await on.clock.runFor(1_000);
  type Listed = { Commands: { Comment: string; Status: string; Parameters: object }[]; NextToken?: string };
  const all = await on.call<Listed>("ssm", "ListCommands", { InstanceId: instance });
  expect(all.Commands.map((c) => [c.Comment, c.Status])).toEqual([
    ["second", "Success"],
    ["first", "Success"],
  ]);
  expect(all.Commands[0]?.Parameters).toEqual({ action: ["configure"] });
  expect((await on.call<Listed>("ssm", "ListCommands", { InstanceId: "i-0123456789abcdef0" })).Commands).toEqual([]);
  expect(await on.call("ssm", "ListCommandInvocations", { CommandId: second, Details: true })).toMatchObject({
    CommandInvocations: [
      { InstanceId: instance, Comment: "second", CommandPlugins: [{ ResponseCode: 0, Output: "{}\n" }] },
    ],
  });
  const first = await on.call<Listed>("ssm", "ListCommands", { MaxResults: 1 });
  const rest = await on.call<Listed>("ssm", "ListCommands", { MaxResults: 1, NextToken: first.NextToken });
  expect(rest.Commands.map((c) => c.Comment)).toEqual(["first"]);
});

test("a command may be lost on its way, or run twice: its invocation tells of the first run only", async () => {
  const { on, instance } = await setting({ command: ({ comment }) => (comment === "lost" ? [] : [0, 5_000]) });
  const lost = await send(on, instance, { Comment: "lost", TimeoutSeconds: 30 });
  await on.clock.runFor(31_000);
  expect(await result(on, lost, instance)).toMatchObject({ Status: "TimedOut", StatusDetails: "DeliveryTimedOut" });
  expect(on.machines.runs).toHaveLength(0);
  const twice = await send(on, instance);
  await on.clock.runFor(1_000);
  on.machines.answer = async () => ({ code: 1, stdout: "", stderr: "again" });
  await on.clock.runFor(10_000);
  expect(on.machines.runs).toHaveLength(2);
  expect(await result(on, twice, instance)).toMatchObject({ Status: "Success" });
});

test("a tag target that matches nothing ends Success", async () => {
  const { on, instance } = await setting();
  const input = { ...order(instance), InstanceIds: undefined };
  const nothing = [{ Key: "tag:role", Values: ["broker"] }];
  expect(await on.call("ssm", "SendCommand", { ...input, Targets: nothing })).toMatchObject({
    Command: { Status: "Success", StatusDetails: "NoInstancesInTag", TargetCount: 0 },
  });
  const group = [{ Key: "tag:aws:autoscaling:groupName", Values: ["brokers-a"] }];
  expect(await on.call("ssm", "SendCommand", { ...input, Targets: group })).toMatchObject({
    Command: { InstanceIds: [instance] },
  });
});

test("what does not fit is refused before anything runs", async () => {
  const { on, instance } = await setting();
  const refused = async (more: object) => (await on.refused("ssm", "SendCommand", order(instance, more))).code;
  expect(await refused({ Parameters: { action: ["reboot; rm -rf /"] } })).toBe("InvalidParameters");
  expect(await refused({ Parameters: {} })).toBe("InvalidParameters");
  expect(await refused({ Parameters: { action: ["stop"], other: ["x"] } })).toBe("InvalidParameters");
  expect(await refused({ DocumentName: "other" })).toBe("InvalidDocument");
  expect(await refused({ DocumentVersion: "7" })).toBe("InvalidDocumentVersion");
  expect(await refused({ Comment: "x".repeat(101) })).toBe("ValidationException");
  expect(await refused({ TimeoutSeconds: 29 })).toBe("ValidationException");
  expect(await refused({ InstanceIds: Array.from({ length: 51 }, () => instance) })).toBe("ValidationException");
  const payload = "A".repeat(100_000);
  expect(
    await on.refused("ssm", "SendCommand", order(instance, { Parameters: { action: ["stop"], payload: [payload] } })),
  ).toMatchObject({
    code: "ValidationException",
    message: expect.stringContaining("97KB"),
  });
  await on.clock.runFor(5_000);
  expect(on.machines.runs).toEqual([]);
});

test("documents have versions; commands run the default one", async () => {
  const { on, instance } = await setting();
  const changed = { ...CONTENT, mainSteps: [{ ...CONTENT.mainSteps[0], inputs: { runCommand: ["echo two"] } }] };
  const update = { Name: "node", Content: JSON.stringify(changed), DocumentVersion: "$LATEST" };
  expect(await on.call("ssm", "UpdateDocument", update)).toMatchObject({
    DocumentDescription: { DocumentVersion: "2", DefaultVersion: "1", LatestVersion: "2" },
  });
  expect(await on.refused("ssm", "UpdateDocument", update)).toMatchObject({ code: "DuplicateDocumentContent" });
  await send(on, instance);
  await on.call("ssm", "UpdateDocumentDefaultVersion", { Name: "node", DocumentVersion: "2" });
  await send(on, instance);
  await on.clock.runFor(1_000);
  expect(on.machines.runs.map((r) => r.script.split("\n").at(-1))).toEqual([
    'echo "${SSM_action}" "$SSM_payload"',
    "echo two",
  ]);
  expect(await on.call("ssm", "GetDocument", { Name: "node", DocumentVersion: "1" })).toMatchObject({
    Content: JSON.stringify(CONTENT),
  });
});

test("a document that is too large, wrong or there already is refused", async () => {
  const on = ground();
  await createDocument(on);
  const create = async (Name: string, content: unknown) =>
    (await on.refused("ssm", "CreateDocument", { Name, DocumentType: "Command", Content: JSON.stringify(content) }))
      .code;
  expect(await create("node", CONTENT)).toBe("DocumentAlreadyExists");
  expect(await create("large", { ...CONTENT, description: "x".repeat(65_536) })).toBe("MaxDocumentSizeExceeded");
  expect(await create("wrong", { ...CONTENT, schemaVersion: "1.2" })).toBe("InvalidDocumentContent");
  expect(await create("wrong", { ...CONTENT, steps: [] })).toBe("InvalidDocumentContent");
});
