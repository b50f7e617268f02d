/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 *
 * `dynamodb:LeadingKeys` and `dynamodb:Attributes` are left out: a policy that goes by them allows nothing here.
 */
import { type Demands, demand, type Fields, tagKeys, text } from "./demand.ts";

const onTable =
  (action: string): Demands[string] =>
  (input, at) => {
    const index = text(input, "IndexName");
    const table = at.arn("dynamodb", `table/${text(input, "TableName")}`);
    const arn = index === "" ? table : `${table}/index/${index}`;
    const named = ["Select", "ReturnValues", "ReturnConsumedCapacity"].flatMap((key): [string, string][] =>
      typeof input[key] === "string" ? [[`dynamodb:${key}`, input[key]]] : [],
    );
    return [demand(`dynamodb:${action}`, arn, ...named, ...tagKeys(at.tagsOf(table), "aws:ResourceTag"))];
  };

/** One demand for each table that the request names. */
const onTables =
  (action: string): Demands[string] =>
  (input, at) =>
    Object.keys(Object(input.RequestItems) as Fields).flatMap((TableName) => onTable(action)({ TableName }, at));

export const dynamodbDemands: Demands = {
  GetItem: onTable("GetItem"),
  PutItem: onTable("PutItem"),
  UpdateItem: onTable("UpdateItem"),
  DeleteItem: onTable("DeleteItem"),
  Query: onTable("Query"),
  Scan: onTable("Scan"),
  DescribeTable: onTable("DescribeTable"),
  BatchGetItem: onTables("BatchGetItem"),
  BatchWriteItem: onTables("BatchWriteItem"),
};
