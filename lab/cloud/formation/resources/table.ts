import * as v from "valibot";
import { kind } from "../kind.ts";
import { boolean, tags, text } from "../scalars.ts";

const keys = v.array(v.strictObject({ AttributeName: text, KeyType: text }));

export const table = kind({
  type: "AWS::DynamoDB::Table",
  properties: v.strictObject({
    TableName: v.optional(text),
    AttributeDefinitions: v.array(v.strictObject({ AttributeName: text, AttributeType: text })),
    KeySchema: keys,
    BillingMode: v.literal("PAY_PER_REQUEST"),
    /** The lab's DynamoDB loses everything at its end anyway. */
    PointInTimeRecoverySpecification: v.optional(
      v.strictObject({ PointInTimeRecoveryEnabled: boolean, RecoveryPeriodInDays: v.optional(v.number()) }),
    ),
    DeletionProtectionEnabled: v.optional(boolean),
    SSESpecification: v.optional(
      v.strictObject({ SSEEnabled: boolean, SSEType: v.optional(text), KMSMasterKeyId: v.optional(text) }),
    ),
    TableClass: v.optional(text),
    Tags: tags,
  }),
  createOnly: ["TableName", "KeySchema"],
  async create(site, { TableName = site.generatedName, AttributeDefinitions, KeySchema, BillingMode, Tags }) {
    await site.call("dynamodb", "CreateTable", { TableName, AttributeDefinitions, KeySchema, BillingMode });
    const Arn = site.arn("dynamodb", `table/${TableName}`);
    site.cloud.tags.set(Arn, Tags);
    return { ref: TableName, attributes: { Arn } };
  },
  update(site, made, { Tags }) {
    site.cloud.tags.set(made.attributes?.Arn ?? "", Tags);
    return made;
  },
  async remove(site, { ref }, { DeletionProtectionEnabled }) {
    if (DeletionProtectionEnabled) {
      throw new Error(`${ref} is protected from deletion: turn DeletionProtectionEnabled off, or keep the table`);
    }
    await site.call("dynamodb", "DeleteTable", { TableName: ref });
  },
});
