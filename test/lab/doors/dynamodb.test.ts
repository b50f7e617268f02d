/** DynamoDB behind both doors: dynalite, as one more service of the cloud. */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dynamodbService } from "../../../lab/doors/dynamodb.ts";
import { TABLE_SCHEMA } from "../../../resources/table.ts";
import { DOOR_KINDS, type OpenDoor, open } from "./doors.ts";
import { fakeCloud } from "./fake-cloud.ts";

const TableName = "rollcall-lab";
const key = (sort: string) => ({ pk: { S: "lab" }, sk: { S: sort } });

describe.each(DOOR_KINDS)("DynamoDB at the %s door", (kind) => {
  const cloud = fakeCloud();
  cloud.register(dynamodbService());
  let door: OpenDoor;
  beforeAll(async () => {
    door = await open(kind, { cloud }, "lifecycle");
    await door.clients.dynamodb.send(new CreateTableCommand({ TableName, ...TABLE_SCHEMA }));
    await vi.waitFor(async () => {
      const { Table } = await door.clients.dynamodb.send(new DescribeTableCommand({ TableName }));
      expect(Table).toMatchObject({ TableStatus: "ACTIVE", CreationDateTime: expect.any(Date) });
    });
  });
  afterAll(() => door.close());

  it("puts, gets, queries, batch-gets and deletes items of every type", async () => {
    const { dynamodb } = door.clients;
    const item = {
      ...key("roster#broker"),
      owners: { SS: ["i-1", "i-2"] },
      members: { M: { "1": { M: { owner: { S: "i-1" }, since: { N: "1.5" }, served: { BOOL: true } } } } },
      bytes: { B: new Uint8Array([0, 255, 1]) },
      nothing: { NULL: true as const },
      list: { L: [{ S: "ü" }, { N: "2" }] },
    };
    await dynamodb.send(new PutItemCommand({ TableName, Item: item }));
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName, Key: key("roster#broker"), ConsistentRead: true }),
    );
    expect(Item).toEqual(item);
    const { Items } = await dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues: { ":pk": { S: "lab" }, ":sk": { S: "roster#" } },
      }),
    );
    expect(Items).toEqual([item]);
    const { Responses } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key("roster#broker"), key("turn")] } } }),
    );
    expect(Responses).toEqual({ [TableName]: [item] });
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: key("roster#broker") }));
    const gone = await dynamodb.send(new GetItemCommand({ TableName, Key: key("roster#broker") }));
    expect(gone.Item).toBeUndefined();
  });

  it("updates on a condition, and names the exception where it does not hold", async () => {
    const claim = (owner: string) =>
      door.clients.dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: key("turn"),
          UpdateExpression: "SET #owner = :owner",
          ConditionExpression: "attribute_not_exists(#owner)",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":owner": { S: owner } },
          ReturnValues: "ALL_NEW",
        }),
      );
    expect((await claim("i-1")).Attributes).toEqual({ ...key("turn"), owner: { S: "i-1" } });
    await expect(claim("i-2")).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    expect(cloud.seen.at(-1)).toMatchObject({
      service: "dynamodb",
      action: "UpdateItem",
      input: { Key: key("turn") },
      caller: { role: "lifecycle" },
    });
  });

  it("says that it has no transactions", async () => {
    const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: key("x") } }] });
    await expect(door.clients.dynamodb.send(transaction)).rejects.toMatchObject({
      name: "UnknownOperationException",
      message: expect.stringContaining("TransactWriteItems"),
    });
  });
});

it("names dynalite's errors as the cloud names others, without their namespace", async () => {
  const describeTable = dynamodbService().actions.DescribeTable;
  const answer = async () => describeTable?.({ TableName: "nobody" }, { role: "any" }, { asOf: 0 });
  await expect(answer()).rejects.toMatchObject({ code: "ResourceNotFoundException", status: 400 });
});
