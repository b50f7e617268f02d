import * as v from "valibot";
import { readPolicy } from "../../iam/policy.ts";
import { kind, type Made, type Site } from "../kind.ts";
import { boolean, document, number, tags, text, texts } from "../scalars.ts";

const properties = v.strictObject({
  QueueName: v.optional(text),
  /** Nothing takes messages out of the lab's queues: how long and how they are kept is recorded. */
  MessageRetentionPeriod: v.optional(number),
  VisibilityTimeout: v.optional(number),
  SqsManagedSseEnabled: v.optional(boolean),
  KmsMasterKeyId: v.optional(text),
  Tags: tags,
});

export const queue = kind({
  type: "AWS::SQS::Queue",
  properties,
  createOnly: ["QueueName"],
  create(site, { QueueName = site.generatedName }) {
    const { arn } = site.cloud.queues.create(QueueName);
    const url = `https://sqs.${site.region}.amazonaws.com/${site.account}/${QueueName}`;
    return { ref: url, attributes: { Arn: arn, QueueName, QueueUrl: url } };
  },
  update: (_site, made) => made,
  remove: (site, { attributes }) => site.cloud.queues.delete(attributes?.Arn ?? ""),
});

const policyProperties = v.strictObject({ PolicyDocument: document, Queues: texts });

/** Queues are given by URL. */
function arnsOf(site: Site, { Queues }: v.InferOutput<typeof policyProperties>): string[] {
  return Queues.map((url) => site.arn("sqs", url.split("/").at(-1) ?? ""));
}

function put(site: Site, given: v.InferOutput<typeof policyProperties>): Made {
  const statements = readPolicy(`${site.logicalId}.PolicyDocument`, given.PolicyDocument);
  // A queue has one policy: another one for it takes its place.
  for (const arn of arnsOf(site, given)) site.cloud.iam.putResourcePolicy(arn, "policy", statements);
  return { ref: site.generatedName };
}

function drop(site: Site, given: v.InferOutput<typeof policyProperties>): void {
  for (const arn of arnsOf(site, given)) site.cloud.iam.deleteResourcePolicy(arn, "policy");
}

export const queuePolicy = kind({
  type: "AWS::SQS::QueuePolicy",
  properties: policyProperties,
  create: put,
  update(site, _made, given, before) {
    drop(site, before);
    return put(site, given);
  },
  remove: (site, _made, given) => drop(site, given),
});
