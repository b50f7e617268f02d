/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html */
import { type Demands, demand, tagKeys, text, unbound } from "./demand.ts";

/** The action on the queue that the input names. */
const onQueue =
  (action: string): Demands[string] =>
  (input, at) => {
    const name = text(input, "QueueName") || (text(input, "QueueUrl").split("/").at(-1) ?? "");
    const arn = at.arn("sqs", name);
    return [demand(`sqs:${action}`, arn, ...tagKeys(at.tagsOf(arn), "aws:ResourceTag"))];
  };

export const sqsDemands: Demands = {
  ListQueues: () => unbound("sqs:ListQueues"),
  GetQueueUrl: onQueue("GetQueueUrl"),
  GetQueueAttributes: onQueue("GetQueueAttributes"),
  ReceiveMessage: onQueue("ReceiveMessage"),
  DeleteMessage: onQueue("DeleteMessage"),
  ChangeMessageVisibility: onQueue("ChangeMessageVisibility"),
  PurgeQueue: onQueue("PurgeQueue"),
};
