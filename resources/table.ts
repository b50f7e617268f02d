/** The table that holds rosters, turn, records and the quorum's mark. */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import type { Definition } from "../shared/cluster/definition.ts";
import { TABLE } from "./logical-ids.ts";
import { stackNames } from "./names.ts";
import type { Resources } from "./template.ts";

/** What makes a table one that Rollcall can use, as DynamoDB and CloudFormation both spell it. */
export const TABLE_SCHEMA: Pick<CreateTableCommandInput, "AttributeDefinitions" | "KeySchema" | "BillingMode"> = {
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  BillingMode: "PAY_PER_REQUEST",
};

/**
 * It outlives its stack: whoever deletes a stack by mistake must not lose which instance is who, and how the quorum was founded.
 * DynamoDB encrypts every table; with its own key there is no other permission to have.
 */
export function tableResources(definition: Definition): Resources {
  return {
    [TABLE]: {
      Type: "AWS::DynamoDB::Table",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        TableName: stackNames(definition).table,
        ...TABLE_SCHEMA,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    },
  };
}
