/** Queues for what failed for good: none of it is lost, and each message raises an alarm. */
import type { Definition } from "../shared/cluster/definition.ts";
import { FAILURES, UNDELIVERED } from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import { getAtt, type Resources, ref } from "./template.ts";

/** The longest that SQS keeps a message, seconds. */
const RETENTION = 1_209_600;

/** @param rules logical ids of the rules that may send to the queue of undelivered events */
export function queueResources(definition: Definition, rules: readonly string[]): Resources {
  const { failures, undelivered } = stackNames(definition);
  const queue = (QueueName: string) => ({
    Type: "AWS::SQS::Queue",
    Properties: { QueueName, MessageRetentionPeriod: RETENTION, SqsManagedSseEnabled: true },
  });
  return {
    [FAILURES]: queue(failures),
    [UNDELIVERED]: queue(undelivered),
    // Lambda writes to its queue with the function's role, EventBridge to its own by the queue's policy.
    UndeliveredQueuePolicy: {
      Type: "AWS::SQS::QueuePolicy",
      Properties: {
        Queues: [ref(UNDELIVERED)],
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "UndeliveredEvents",
              Effect: "Allow",
              Principal: { Service: "events.amazonaws.com" },
              Action: "sqs:SendMessage",
              Resource: getAtt(UNDELIVERED, "Arn"),
              Condition: { ArnEquals: { "aws:SourceArn": rules.map((rule) => getAtt(rule, "Arn")) } },
            },
          ],
        },
      },
    },
  };
}
