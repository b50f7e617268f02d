/** The cluster's dead-letter queues. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { answered, listOf } from "../../shared/aws/answer.ts";
import { calling } from "../../shared/aws/call.ts";

/** A message as it was taken from its queue. */
export interface Message {
  readonly id: string;
  /** By which it is deleted or put back. */
  readonly receipt: string;
  readonly body: string;
  /** What EventBridge says of an event that it could not deliver. */
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly sent: number;
}

export interface DeadLetters {
  /** About how many there are, those included that somebody is just looking at. */
  count(): Promise<number>;
  /** All that can be had now, at most that many; nobody else is given them for so long, seconds. */
  take(most: number, seconds: number): Promise<Message[]>;
  remove(message: Message): Promise<void>;
  /** To be had again at once. */
  putBack(message: Message): Promise<void>;
}

/** The most that one ReceiveMessage brings. */
const AT_ONCE = 10;

/** @param name the queue's; every call throws where there is none */
export function deadLetters(client: SQSClient, name: string): DeadLetters {
  let url: Promise<string> | undefined;
  const urlOf = (): Promise<string> => {
    url ??= calling(`find queue ${name}`, client.send(new GetQueueUrlCommand({ QueueName: name }))).then(
      (answer) => answered(urlAnswer, `GetQueueUrl of ${name}`, answer).QueueUrl,
    );
    return url;
  };
  return {
    async count() {
      const command = new GetQueueAttributesCommand({
        QueueUrl: await urlOf(),
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      });
      const { Attributes } = await calling(`count the messages of ${name}`, client.send(command));
      return Object.values(Attributes ?? {}).reduce((sum, value) => sum + Number(value), 0);
    },

    async take(most, seconds) {
      const taken = new Map<string, Message>();
      while (taken.size < most) {
        const command = new ReceiveMessageCommand({
          QueueUrl: await urlOf(),
          MaxNumberOfMessages: Math.min(AT_ONCE, most - taken.size),
          VisibilityTimeout: seconds,
          // Asked with a wait, every server of the queue answers; without, only some.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ["SentTimestamp"],
          MessageAttributeNames: ["All"],
        });
        const answer = await calling(`take messages from ${name}`, client.send(command));
        const { Messages } = answered(messagesAnswer, `ReceiveMessage of ${name}`, answer);
        if (Messages.length === 0) break;
        for (const message of Messages) taken.set(message.id, message);
      }
      return [...taken.values()];
    },

    async remove({ receipt, id }) {
      const command = new DeleteMessageCommand({ QueueUrl: await urlOf(), ReceiptHandle: receipt });
      await calling(`delete message ${id} of ${name}`, client.send(command));
    },

    async putBack({ receipt, id }) {
      const command = new ChangeMessageVisibilityCommand({
        QueueUrl: await urlOf(),
        ReceiptHandle: receipt,
        VisibilityTimeout: 0,
      });
      await calling(`put message ${id} back into ${name}`, client.send(command));
    },
  };
}

const urlAnswer = v.object({ QueueUrl: v.string() });

const messagesAnswer = v.object({
  Messages: listOf(
    v.pipe(
      v.object({
        MessageId: v.string(),
        ReceiptHandle: v.string(),
        Body: v.string(),
        Attributes: v.optional(v.record(v.string(), v.string()), {}),
        MessageAttributes: v.optional(v.record(v.string(), v.object({ StringValue: v.optional(v.string(), "") })), {}),
      }),
      v.transform(
        ({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes }): Message => ({
          id: MessageId,
          receipt: ReceiptHandle,
          body: Body,
          attributes: Object.fromEntries(
            Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
          ),
          sent: Number(Attributes.SentTimestamp ?? Number.NaN),
        }),
      ),
    ),
  ),
});
