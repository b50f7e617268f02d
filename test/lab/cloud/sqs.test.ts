import { describe, expect, it } from "vitest";
import { ground } from "./ground.ts";

const ACCOUNT = "123456789012";
const url = `https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/letters`;

interface Received {
  readonly Messages?: readonly {
    readonly MessageId: string;
    readonly ReceiptHandle: string;
    readonly Body: string;
    readonly Attributes: Readonly<Record<string, string>>;
    readonly MessageAttributes: Readonly<Record<string, { readonly StringValue: string }>>;
  }[];
}

function letters(...bodies: readonly unknown[]) {
  const on = ground();
  const queue = on.cloud.queues.create("letters");
  for (const body of bodies) queue.send(body, { ERROR_CODE: "NO_PERMISSIONS" });
  const receive = async (more: object = {}) =>
    (await on.call<Received>("sqs", "ReceiveMessage", { QueueUrl: url, MaxNumberOfMessages: 10, ...more })).Messages ??
    [];
  return { ...on, queue, receive };
}

describe("a queue", () => {
  it("is found by its name, and counts what is in it", async () => {
    const on = letters({ n: 1 }, { n: 2 });
    expect(await on.call("sqs", "GetQueueUrl", { QueueName: "letters" })).toEqual({ QueueUrl: url });
    await on.receive({ MaxNumberOfMessages: 1 });
    const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    expect(await on.call("sqs", "GetQueueAttributes", { QueueUrl: url, AttributeNames })).toEqual({
      Attributes: { ApproximateNumberOfMessages: "1", ApproximateNumberOfMessagesNotVisible: "1" },
    });
    expect(await on.call("sqs", "ListQueues", { QueueNamePrefix: "let" })).toEqual({ QueueUrls: [url] });
    expect(await on.refused("sqs", "GetQueueUrl", { QueueName: "none" })).toMatchObject({ code: "QueueDoesNotExist" });
  });

  it("hands each message out once, until its time is over", async () => {
    const on = letters({ n: 1 });
    const [first] = await on.receive({ VisibilityTimeout: 60 });
    expect(first?.Body).toBe('{"n":1}');
    expect(await on.receive()).toEqual([]);
    await on.clock.runFor(60_000);
    const [again] = await on.receive({ MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
    expect(again).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: "2" } });
    expect(again?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  });

  it("is purged of everything, also of what is handed out", async () => {
    const on = letters({ n: 1 }, { n: 2 });
    await on.receive({ MaxNumberOfMessages: 1 });
    await on.call("sqs", "PurgeQueue", { QueueUrl: url });
    expect(on.queue.messages).toEqual([]);
  });

  it("deletes by the receipt of the last time it handed the message out, and by no older one", async () => {
    const on = letters({ n: 1 });
    const [first] = await on.receive({ VisibilityTimeout: 1 });
    await on.clock.runFor(1_000);
    const [again] = await on.receive();
    await on.call("sqs", "DeleteMessage", { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle });
    expect(on.queue.messages).toHaveLength(1);
    await on.call("sqs", "DeleteMessage", { QueueUrl: url, ReceiptHandle: again?.ReceiptHandle });
    expect(on.queue.messages).toEqual([]);
    const bogus = { QueueUrl: url, ReceiptHandle: "bogus" };
    expect(await on.refused("sqs", "DeleteMessage", bogus)).toMatchObject({ code: "ReceiptHandleIsInvalid" });
  });

  it("gives a message back at once where it is told to", async () => {
    const on = letters({ n: 1 });
    const [taken] = await on.receive({ VisibilityTimeout: 600 });
    const back = { QueueUrl: url, ReceiptHandle: taken?.ReceiptHandle, VisibilityTimeout: 0 };
    await on.call("sqs", "ChangeMessageVisibility", back);
    expect(await on.receive()).toHaveLength(1);
  });

  it("tells attributes only to who asks for them", async () => {
    const on = letters({ n: 1 });
    const [bare] = await on.receive({ VisibilityTimeout: 0 });
    expect(bare).toMatchObject({ Attributes: {}, MessageAttributes: {} });
    const [whole] = await on.receive({
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["SentTimestamp"],
    });
    expect(whole).toMatchObject({
      Attributes: { SentTimestamp: String(on.clock.now()) },
      MessageAttributes: { ERROR_CODE: { DataType: "String", StringValue: "NO_PERMISSIONS" } },
    });
  });

  it("lets a receiver wait for what comes", async () => {
    const on = letters();
    const waiting = on.receive({ WaitTimeSeconds: 5 });
    on.clock.after(2_000, () => on.queue.send({ n: 1 }));
    expect(await on.clock.settle(waiting, 10_000)).toHaveLength(1);
  });
});

describe("a function that is switched off", () => {
  const FunctionName = "worker";
  async function off() {
    const on = letters();
    let runs = 0;
    on.cloud.functions.register({
      name: FunctionName,
      handler: async () => {
        runs += 1;
      },
      timeout: 1_000,
      onFailure: on.queue.arn,
    });
    await on.call("lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: 0 });
    return { ...on, runs: () => runs };
  }

  it("refuses who waits for its answer", async () => {
    const on = await off();
    expect(await on.refused("lambda", "Invoke", { FunctionName })).toMatchObject({
      code: "TooManyRequestsException",
      status: 429,
    });
  });

  it("leaves what is handed to it in its failure queue, at once and without a try", async () => {
    const on = await off();
    await on.call("lambda", "Invoke", { FunctionName, InvocationType: "Event", Payload: '{"n":1}' });
    const [message] = on.queue.messages;
    expect(JSON.parse(message?.body ?? "")).toMatchObject({
      requestContext: { condition: "ZeroReservedConcurrency", approximateInvokeCount: 0 },
      requestPayload: { n: 1 },
    });
    expect(on.runs()).toBe(0);
    await on.call("lambda", "DeleteFunctionConcurrency", { FunctionName });
    await on.call("lambda", "Invoke", { FunctionName });
    expect(on.runs()).toBe(1);
  });
});
