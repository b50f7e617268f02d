/**
 * One cluster's partition of the DynamoDB table: strongly consistent reads, and changes of one item under a condition.
 * A condition that does not hold is an answer, `refused`; every other failure is an error that says what was being done.
 */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { calling, failed, isAnswered } from "../call.ts";
import type { Item } from "./items.ts";

export interface PartitionOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** The partition key of all that is this cluster's. */
  readonly cluster: string;
}

/** A condition on the item as it stands, with what stands for `#names` and `:values` in it. */
export interface Condition {
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Item>;
}

export interface Change extends Condition {
  readonly update: string;
}

/** Items by their sort key. */
export type Items = ReadonlyMap<string, Item>;

export interface Partition {
  get(sk: string): Promise<Item | undefined>;
  /** Those of the named items that exist, in one request. */
  pick(sks: readonly string[]): Promise<Items>;
  /** Every item, in one query; a page is 1 MB. */
  all(): Promise<Items>;
  /** The item after the change, made where it was missing. */
  change(sk: string, change: Change): Promise<Item | "refused">;
  put(sk: string, attributes: Readonly<Item>, condition: Condition): Promise<"done" | "refused">;
  remove(sk: string, condition?: Condition): Promise<"done" | "refused">;
}

/** How often items that DynamoDB left out of a batch are asked for again at once, before the caller is told to look again. */
const BATCH_ROUNDS = 4;

/** The partition of that cluster in that table. Its calls throw with the item, the cluster and the table named. */
export function partition({ client, tableName, cluster }: PartitionOptions): Partition {
  const where = `of cluster ${cluster} in table ${tableName}`;
  const keyOf = (sk: string) => ({ pk: { S: cluster }, sk: { S: sk } });
  const expression = ({ condition, names, values }: Condition) => ({
    ConditionExpression: condition,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });

  async function conditional<T>(undertaking: string, write: Promise<T>): Promise<T | "refused"> {
    try {
      return await write;
    } catch (error) {
      if (isAnswered(error, "ConditionalCheckFailedException")) return "refused";
      throw failed(`${undertaking} ${where}`, error);
    }
  }

  return {
    async get(sk) {
      const command = new GetItemCommand({ TableName: tableName, Key: keyOf(sk), ConsistentRead: true });
      const { Item } = await calling(`read ${sk} ${where}`, client.send(command));
      return Item;
    },

    async pick(sks) {
      const undertaking = `read ${sks.join(", ")} ${where}`;
      const items = new Map<string, Item>();
      let keys: Item[] = sks.map(keyOf);
      for (let round = 0; keys.length > 0; round += 1) {
        if (round === BATCH_ROUNDS) throw failed(undertaking, new Error(`DynamoDB leaves ${keys.length} items unread`));
        const command = new BatchGetItemCommand({
          RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true } },
        });
        const { Responses, UnprocessedKeys } = await calling(undertaking, client.send(command));
        for (const item of Responses?.[tableName] ?? []) items.set(sortKey(item), item);
        keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
      }
      return items;
    },

    async all() {
      const items = new Map<string, Item>();
      let from: Item | undefined;
      do {
        const command: QueryCommand = new QueryCommand({
          TableName: tableName,
          ConsistentRead: true,
          KeyConditionExpression: "pk = :cluster",
          ExpressionAttributeValues: { ":cluster": { S: cluster } },
          ExclusiveStartKey: from,
        });
        const page = await calling(`read all ${where}`, client.send(command));
        for (const item of page.Items ?? []) items.set(sortKey(item), item);
        from = page.LastEvaluatedKey;
      } while (from);
      return items;
    },

    async change(sk, change) {
      const command = new UpdateItemCommand({
        TableName: tableName,
        Key: keyOf(sk),
        UpdateExpression: change.update,
        ...expression(change),
        ReturnValues: "ALL_NEW",
      });
      const answer = await conditional(`change ${sk}`, client.send(command));
      if (answer === "refused") return answer;
      if (!answer.Attributes) throw failed(`read ${sk} ${where} after its change`, new Error("no attributes answered"));
      return answer.Attributes;
    },

    async put(sk, attributes, condition) {
      const item = { ...attributes, ...keyOf(sk) };
      const command = new PutItemCommand({ TableName: tableName, Item: item, ...expression(condition) });
      const answer = await conditional(`write ${sk}`, client.send(command));
      return answer === "refused" ? answer : "done";
    },

    async remove(sk, condition = {}) {
      const command = new DeleteItemCommand({ TableName: tableName, Key: keyOf(sk), ...expression(condition) });
      const answer = await conditional(`remove ${sk}`, client.send(command));
      return answer === "refused" ? answer : "done";
    },
  };
}

function sortKey(item: Item): string {
  return item.sk?.S ?? "";
}
