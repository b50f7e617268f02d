/** Errors of the services and of the doors themselves, as SDK clients and bare HTTP callers meet them. */
import { ResourceContentionFault, ScalingActivityInProgressFault } from "@aws-sdk/client-auto-scaling";
import { ResourceNotFoundException as NoSuchRule } from "@aws-sdk/client-eventbridge";
import { ResourceNotFoundException as NoSuchFunction } from "@aws-sdk/client-lambda";
import { InvalidInstanceId, InvocationDoesNotExist, ListCommandsCommand } from "@aws-sdk/client-ssm";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { AwsError, type Gateway } from "../../../lab/cloud/service.ts";
import { startHttpDoor } from "../../../lab/doors/http.ts";
import { DOOR_KINDS, type DoorKind, open } from "./doors.ts";
import { fakeCloud, refusing } from "./fake-cloud.ts";
import { sampleOf } from "./samples.ts";

const log: string[] = [];
afterEach(() => {
  log.length = 0;
});

async function clientsAt(kind: DoorKind, cloud: Gateway) {
  const door = await open(kind, { cloud, log: (line) => log.push(line) });
  onTestFinished(() => door.close());
  return door.clients;
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

const ERRORS = [
  {
    call: "autoscaling:CompleteLifecycleAction",
    error: new AwsError("ValidationError", "No active Lifecycle Action found with instance ID i-0123456789abcdef0"),
  },
  {
    call: "autoscaling:SetInstanceHealth",
    error: new AwsError("ScalingActivityInProgress", "Activity is in progress."),
    name: "ScalingActivityInProgressFault",
    type: ScalingActivityInProgressFault,
    members: { Type: "Sender" },
  },
  {
    call: "autoscaling:SetDesiredCapacity",
    error: new AwsError("ResourceContention", "Try again.", 500),
    name: "ResourceContentionFault",
    type: ResourceContentionFault,
    members: { Type: "Receiver" },
  },
  { call: "autoscaling:DescribeAutoScalingGroups", error: new AwsError("Throttling", "Rate exceeded") },
  {
    call: "ec2:AttachNetworkInterface",
    error: new AwsError("InvalidNetworkInterface.InUse", "Interface: [eni-1] in use."),
  },
  {
    call: "ec2:DescribeInstances",
    error: new AwsError("InvalidInstanceID.NotFound", "The instance ID 'i-<1> & co' does not exist"),
  },
  {
    call: "ssm:SendCommand",
    error: new AwsError("InvalidInstanceId", "Instances not in a valid state for account"),
    type: InvalidInstanceId,
  },
  { call: "ssm:GetCommandInvocation", error: new AwsError("InvocationDoesNotExist", ""), type: InvocationDoesNotExist },
  { call: "ssm:ListCommands", error: new AwsError("ThrottlingException", "Rate exceeded") },
  {
    call: "events:DescribeReplay",
    error: new AwsError("ResourceNotFoundException", "Replay again does not exist."),
    type: NoSuchRule,
  },
  {
    call: "lambda:Invoke",
    error: new AwsError("ResourceNotFoundException", "Function not found: kafka", 404),
    type: NoSuchFunction,
  },
  {
    call: "lambda:Invoke",
    error: new AwsError("TooManyRequestsException", "Rate Exceeded.", 429, { Reason: "CallerRateLimitExceeded" }),
  },
];

describe.each(DOOR_KINDS)("the %s door", (kind) => {
  it.each(ERRORS)("gives $error.code of $call as the SDK names it", async ({ call, error, name, type, members }) => {
    const clients = await clientsAt(kind, refusing(error));
    const met = await errorOf(sampleOf(call).send(clients));
    expect(met).toMatchObject({
      name: name ?? error.code,
      $metadata: { httpStatusCode: error.status, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ...error.members,
      ...members,
    });
    // For an empty message the SDK says "UnknownError" or the like.
    if (error.message !== "") expect(met).toHaveProperty("message", error.message);
    if (type) expect(met).toBeInstanceOf(type);
  });

  it("answers with its own failure, and says so in the log, where the cloud's answer does not fit the API", async () => {
    const clients = await clientsAt(
      kind,
      fakeCloud(() => ({ AutoScalingGroups: [{ Nonsense: 1 }] })),
    );
    const met = await errorOf(sampleOf("autoscaling:DescribeAutoScalingGroups").send(clients));
    expect(met).toMatchObject({ name: "InternalFailure", $metadata: { httpStatusCode: 500 } });
    expect(log.join("\n")).toContain("AutoScalingGroups[0].Nonsense");
  });

  it("answers with its own failure where the cloud breaks", async () => {
    const cloud = fakeCloud(() => {
      throw new TypeError("undefined is not a machine");
    });
    const met = await errorOf(sampleOf("ec2:TerminateInstances").send(await clientsAt(kind, cloud)));
    expect(met).toMatchObject({ name: "InternalError", $metadata: { httpStatusCode: 500 } });
    expect(log.join("\n")).toContain("undefined is not a machine");
  });
});

const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=me/20261122/eu-central-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

describe("a request by hand", () => {
  async function post(headers: Record<string, string>, body: string, path = "/") {
    const cloud = fakeCloud(({ service, action }) => {
      throw new AwsError("InvalidAction", `${service} has no ${action}`);
    });
    const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0, log: (line) => log.push(line) });
    onTestFinished(() => door.close());
    const response = await fetch(door.endpoint + path, { method: "POST", headers, body });
    return { status: response.status, headers: response.headers, text: await response.text(), seen: cloud.seen };
  }
  const target = (name: string) => ({ "x-amz-target": name, "content-type": "application/x-amz-json-1.1" });

  it.each([
    ["Auto Scaling", {}, "Action=DescribeAutoScalingGroups&Version=2011-01-01", "/", 403, "MissingAuthenticationToken"],
    ["EC2", {}, "Action=DescribeInstances&Version=2016-11-15", "/", 403, "MissingAuthenticationToken"],
    ["SSM", target("AmazonSSM.ListCommands"), "{}", "/", 400, "MissingAuthenticationTokenException"],
    ["EventBridge", target("AWSEvents.ListRules"), "{}", "/", 400, "MissingAuthenticationTokenException"],
    ["DynamoDB", target("DynamoDB_20120810.Scan"), "{}", "/", 400, "MissingAuthenticationTokenException"],
  ])("without a signature gets %s's own error", async (_, headers, body, path, status, code) => {
    const met = await post(headers, body, path);
    expect(met.status).toBe(status);
    expect(met.text).toContain(code);
    expect(met.seen).toEqual([]);
  });

  it("without a signature gets Lambda's own error", async () => {
    const met = await post({}, "{}", "/2015-03-31/functions/kafka/invocations");
    expect(met.status).toBe(403);
    expect(met.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
  });

  it.each([
    [
      "autoscaling",
      {},
      "Action=DescribeAutoScalingGroups&Version=2011-01-01&Nonsense=1",
      "ValidationError",
      "Nonsense",
    ],
    ["autoscaling", {}, "Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=many", "ValidationError", "many"],
    ["autoscaling", {}, "Action=CompleteLifecycleAction&Version=2011-01-01", "ValidationError", "LifecycleHookName"],
    [
      "ec2",
      {},
      "Action=DescribeInstances&Version=2016-11-15&Filter.1.Nonsense=1",
      "UnknownParameter",
      "Filter.1.Nonsense",
    ],
    ["ec2", {}, "Action=TerminateInstances&Version=2016-11-15", "MissingParameter", "InstanceIds"],
    [
      "ec2",
      {},
      "Action=TerminateInstances&Version=2016-11-15&InstanceId.1.x=i-1",
      "InvalidParameterValue|UnknownParameter",
      "x",
    ],
    ["ssm", target("AmazonSSM.ListCommands"), '{"Nonsense":1}', "ValidationException", "Nonsense"],
    ["ssm", target("AmazonSSM.ListCommands"), '{"MaxResults":"1"}', "SerializationException", "MaxResults"],
    ["ssm", target("AmazonSSM.ListCommands"), "{", "SerializationException", "JSON"],
    ["events", target("AWSEvents.PutRule"), "{}", "ValidationException", "Name"],
  ])(
    "that does not fit is refused by %s before the cloud sees it (%s %s)",
    async (service, headers, body, code, word) => {
      const met = await post({ ...signed(service), ...headers }, body);
      expect(met.status).toBe(400);
      expect(met.text).toMatch(new RegExp(code));
      expect(met.text).toContain(word);
      expect(met.seen).toEqual([]);
      expect(log.join("\n")).toContain(word);
    },
  );

  it("for an action that no API has gets the error that the cloud gives", async () => {
    const met = await post(signed("autoscaling"), "Action=Dance&Version=2011-01-01");
    expect(met).toMatchObject({
      status: 400,
      seen: [{ service: "autoscaling", action: "Dance", input: {}, caller: { role: "me" } }],
    });
    expect(met.text).toContain("<Code>InvalidAction</Code><Message>autoscaling has no Dance</Message>");
  });

  it.each([
    ["kinesis", target("Kinesis_20131202.ListStreams"), "{}", '"__type":"UnknownOperationException"'],
    ["sns", {}, "Action=ListTopics&Version=2010-03-31", "<Code>InvalidAction</Code>"],
  ])("for %s, a service that is not here, is told so", async (service, headers, body, words) => {
    const met = await post({ ...signed(service), ...headers }, body);
    expect(met.status).toBe(400);
    expect(met.text).toContain(words);
    expect(log.join("\n")).toContain(`no service "${service}"`);
  });
});

describe("a call that never answers", () => {
  const silent = () => fakeCloud(() => new Promise(() => {}));

  it("is cut off when the HTTP door closes", async () => {
    const cloud = silent();
    const door = await startHttpDoor({ cloud, host: "127.0.0.1", port: 0 });
    const body = "Action=DescribeInstances&Version=2016-11-15";
    const met = errorOf(fetch(door.endpoint, { method: "POST", headers: signed("ec2"), body }));
    await vi.waitFor(() => expect(cloud.seen).toHaveLength(1));
    await door.close();
    expect(await met).toBeInstanceOf(Error);
  });

  it("can be aborted at the in-process door", async () => {
    const cloud = silent();
    const { clients } = await open("in-process", { cloud });
    const abort = new AbortController();
    const met = errorOf(clients.ssm.send(new ListCommandsCommand({}), { abortSignal: abort.signal }));
    await vi.waitFor(() => expect(cloud.seen).toHaveLength(1));
    abort.abort();
    expect(await met).toHaveProperty("name", "AbortError");
  });
});
