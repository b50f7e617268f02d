import * as v from "valibot";
import { kept } from "../kind.ts";
import { number, tags, text } from "../scalars.ts";

/** What functions log stays in the lab's journal: kept. */
export const logGroup = kept({
  type: "AWS::Logs::LogGroup",
  properties: v.strictObject({
    LogGroupName: v.optional(text),
    RetentionInDays: v.optional(number),
    LogGroupClass: v.optional(text),
    KmsKeyId: v.optional(text),
    Tags: tags,
  }),
  createOnly: ["LogGroupName"],
  made(site, { LogGroupName = site.generatedName }) {
    return { ref: LogGroupName, attributes: { Arn: site.arn("logs", `log-group:${LogGroupName}:*`) } };
  },
});
