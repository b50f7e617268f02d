/** SQS's API, as far as it is modelled: standard queues, taken from and counted. */
import { createHash } from "node:crypto";
import type {
  GetQueueAttributesCommandOutput,
  GetQueueUrlCommandOutput,
  ListQueuesCommandOutput,
  ReceiveMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import * as v from "valibot";
import type { Handed, Queue, Queues } from "../queue.ts";
import { type Answer, AwsError, action, type Service } from "../service.ts";
import type { World } from "../world.ts";

const refuse = (reason: string) => new AwsError("InvalidParameterValue", reason);

const seconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(43_200));
const ofQueue = { QueueUrl: v.string() };

export function sqsApi(world: World, queues: Queues): Service {
  const urlOf = (name: string): string => `https://sqs.${world.region}.amazonaws.com/${world.account}/${name}`;

  function named(name: string): Queue {
    const found = queues.get(world.arn("sqs", name));
    if (!found) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return found;
  }

  const queueOf = (input: { readonly QueueUrl: string }): Queue => named(input.QueueUrl.split("/").at(-1) ?? "");

  /** Long polling: a receiver that finds nothing waits for what comes. */
  async function receive(queue: Queue, most: number, hide: number | undefined, wait: number): Promise<Handed[]> {
    const take = () => queue.receive(most, hide === undefined ? undefined : hide * 1_000);
    const found = take();
    if (found.length > 0 || wait === 0) return found;
    await new Promise<void>((resolve) => world.after(wait * 1_000, resolve));
    return take();
  }

  return {
    name: "sqs",
    actions: {
      ListQueues: action(
        v.strictObject({ QueueNamePrefix: v.optional(v.string(), "") }),
        refuse,
        (input): Answer<ListQueuesCommandOutput> => {
          const names = queues.all().map((queue) => queue.name);
          return { QueueUrls: names.filter((name) => name.startsWith(input.QueueNamePrefix)).map(urlOf) };
        },
      ),

      GetQueueUrl: action(
        v.strictObject({ QueueName: v.string() }),
        refuse,
        (input): Answer<GetQueueUrlCommandOutput> => ({ QueueUrl: urlOf(named(input.QueueName).name) }),
      ),

      GetQueueAttributes: action(
        v.strictObject({ ...ofQueue, AttributeNames: v.optional(v.array(v.string()), []) }),
        refuse,
        (input): Answer<GetQueueAttributesCommandOutput> => {
          const queue = queueOf(input);
          const all: Record<string, string> = {
            QueueArn: queue.arn,
            ApproximateNumberOfMessages: String(queue.messages.length - queue.hidden),
            ApproximateNumberOfMessagesNotVisible: String(queue.hidden),
            ApproximateNumberOfMessagesDelayed: "0",
          };
          const wanted = (name: string): boolean =>
            input.AttributeNames.includes("All") || input.AttributeNames.includes(name);
          return { Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => wanted(name))) };
        },
      ),

      ReceiveMessage: action(
        v.strictObject({
          ...ofQueue,
          MaxNumberOfMessages: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 1),
          VisibilityTimeout: v.optional(seconds),
          WaitTimeSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)), 0),
          MessageSystemAttributeNames: v.optional(v.array(v.string()), []),
          AttributeNames: v.optional(v.array(v.string()), []),
          MessageAttributeNames: v.optional(v.array(v.string()), []),
        }),
        refuse,
        async (input): Promise<Answer<ReceiveMessageCommandOutput>> => {
          const { MaxNumberOfMessages: most, VisibilityTimeout: hide, WaitTimeSeconds: wait } = input;
          const handed = await receive(queueOf(input), most, hide, wait);
          const system = [...input.MessageSystemAttributeNames, ...input.AttributeNames];
          // As SQS does: no list where there is nothing.
          return handed.length === 0
            ? {}
            : { Messages: handed.map((one) => describe(one, system, input.MessageAttributeNames)) };
        },
      ),

      DeleteMessage: action(v.strictObject({ ...ofQueue, ReceiptHandle: v.string() }), refuse, (input) => {
        queueOf(input).delete(input.ReceiptHandle);
        return {};
      }),

      // SQS takes up to a minute for it.
      PurgeQueue: action(v.strictObject(ofQueue), refuse, (input) => {
        queueOf(input).purge();
        return {};
      }),

      ChangeMessageVisibility: action(
        v.strictObject({ ...ofQueue, ReceiptHandle: v.string(), VisibilityTimeout: seconds }),
        refuse,
        (input) => {
          queueOf(input).hide(input.ReceiptHandle, input.VisibilityTimeout * 1_000);
          return {};
        },
      ),
    },
    unknownAction: (name) => new AwsError("InvalidAction", `The lab's SQS does not model ${name}.`),
  };
}

function describe(
  { message, receipt, times }: Handed,
  system: readonly string[],
  names: readonly string[],
): NonNullable<ReceiveMessageCommandOutput["Messages"]>[number] {
  const wants = (list: readonly string[], name: string): boolean => list.includes("All") || list.includes(name);
  const kept: [string, string][] = [
    ["SentTimestamp", String(message.at)],
    ["ApproximateReceiveCount", String(times)],
  ];
  const own = Object.entries(message.attributes).filter(([name]) => wants(names, name));
  return {
    MessageId: message.id,
    ReceiptHandle: receipt,
    Body: message.body,
    // The SDK refuses a message whose digest does not fit.
    MD5OfBody: createHash("md5").update(message.body).digest("hex"),
    Attributes: Object.fromEntries(kept.filter(([name]) => wants(system, name))),
    MessageAttributes: Object.fromEntries(
      own.map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    ),
  };
}
