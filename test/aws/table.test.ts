/** What the property suite does not ask of DynamoDB's side: what it costs, what doubt ends in, what broken items do. */
import {
  type AttributeValue,
  PutItemCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-dynamodb";
import type { InitializeMiddleware } from "@smithy/types";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dynamoTable } from "../../shared/aws/table.ts";
import { type LocalDynamo, memorySide, startDynamo } from "../members/table-sides.ts";

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const broker = (id: number) => ({ id, zone: "a", since: 1 });

/** Requests that a piece of work sends, by action. */
async function requestsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = new Map(dynamo.requests);
  await work();
  const sent = [...dynamo.requests].map(([action, count]) => [action, count - (before.get(action) ?? 0)] as const);
  return Object.fromEntries(sent.filter(([, count]) => count > 0));
}

test("a claim is one request, and a read is one", async () => {
  const { table } = dynamo.side();
  await table.claim("broker", broker(1), "i-1");

  expect(await requestsOf(() => table.claim("broker", broker(2), "i-2"))).toEqual({ UpdateItem: 1 });
  expect(await requestsOf(() => table.read("i-2"))).toEqual({ BatchGetItem: 1 });
  expect(await requestsOf(() => table.readAll())).toEqual({ Query: 1 });
  expect(await requestsOf(() => table.release("broker", 2, "i-2", 2, {}))).toEqual({ UpdateItem: 1 });
});

test("only the first claim of a role creates its roster", async () => {
  const { table } = dynamo.side();

  expect(await requestsOf(() => table.claim("broker", broker(1), "i-1"))).toEqual({ UpdateItem: 3, GetItem: 1 });
});

test("a claim whose every answer is lost is seen as won", async () => {
  const side = dynamo.side();
  await side.table.claim("broker", broker(1), "i-1");
  side.loseCaller();

  const { won, roster } = await side.table.claim("broker", broker(2), "i-2");

  expect(won).toBe(true);
  expect(roster.members.get(2)?.owner).toBe("i-2");
});

test("of two access marks the later one stands, and of the same moment the last one written", async () => {
  for (const { table } of [dynamo.side(), memorySide()]) {
    const mark = (at: number, digest: string) => ({
      digest,
      at,
      since: 3,
      versions: { app: "v1" },
      troubles: { reader: "no such secret" },
      drift: ["removed user x"],
    });
    expect(await table.saveAccess(mark(5, "a"))).toEqual(mark(5, "a"));
    expect(await table.saveAccess(mark(5, "b"))).toEqual(mark(5, "b"));
    expect(await table.saveAccess(mark(4, "c"))).toEqual(mark(5, "b"));
    expect((await table.read("i-1")).access).toEqual(mark(5, "b"));
  }
});

test("a hundred who claim a hundred ids at once each win theirs", async () => {
  const { table } = dynamo.side();
  const crowd = Array.from({ length: 100 }, (_, n) => n + 1);

  const claims = await Promise.all(crowd.map((n) => table.claim("broker", broker(n), `i-${n}`)));

  expect(claims.every((claim) => claim.won)).toBe(true);
  expect((await table.readAll()).rosters.get("broker")?.members.size).toBe(100);
});

test("three and a half thousand members fit into the roster's one item", async () => {
  const ids = Array.from({ length: 3500 }, (_, n) => n + 1);
  const members = ids.map((id) => [
    String(id),
    { M: { owner: { S: owner(id) }, zone: { S: "eu-central-1a" }, since: { N: "1790000000123" } } },
  ]);
  await put("large", "roster#broker", {
    members: { M: Object.fromEntries(members) },
    addresses: { M: Object.fromEntries(ids.map((id) => [String(id), { S: "10.100.100.100" }])) },
    served: { NS: ids.map(String) },
    owners: { SS: ids.map(owner) },
  });

  const { won, roster } = await tableOf("large").claim("broker", broker(4000), owner(4000));

  expect(won).toBe(true);
  expect(roster.members.size).toBe(3501);
});

test("records that fill more than one page are all read", async () => {
  const table = tableOf("paged");
  const reason = "x".repeat(300_000);
  const instances = ["i-1", "i-2", "i-3", "i-4", "i-5"];
  for (const instance of instances) {
    await table.save({ instance, role: "broker", group: "g", zone: "a", hold: { reason, since: 1 }, version: 0 });
  }

  const pages = await requestsOf(async () => {
    expect([...(await table.readAll()).records.keys()]).toEqual(instances);
  });
  expect(pages.Query).toBeGreaterThan(1);
});

test("items that DynamoDB leaves out of a batch are asked for again", async () => {
  const { table } = dynamo.side();
  await table.claim("broker", broker(1), "i-1");
  await table.takeTurn({ role: "broker", id: 1, instance: "i-1", since: 1, reason: "test" });
  const whole = await table.read("i-1");
  const stop = leaveOut(1);

  const requests = await requestsOf(async () => expect(await table.read("i-1")).toEqual(whole)).finally(stop);

  expect(requests.BatchGetItem).toBe(2);
});

test("throws when DynamoDB goes on leaving items out", async () => {
  const { table } = dynamo.side();
  await table.claim("broker", broker(1), "i-1");
  const stop = leaveOut(Number.POSITIVE_INFINITY);

  await expect(table.read("i-1").finally(stop)).rejects.toThrow("leaves 1 items unread");
});

test.each<[sk: string, attributes: Record<string, AttributeValue>, attribute: string]>([
  ["roster#broker", { members: { M: { "3": { M: { zone: { S: "a" } } } } }, addresses: { M: {} } }, "members.3.since"],
  [
    "roster#broker",
    { members: { M: { three: { M: { zone: { S: "a" }, since: { N: "1" } } } } }, addresses: { M: {} } },
    "members.three",
  ],
  [
    "roster#broker",
    {
      members: { M: { "3": { M: { owner: { S: "i-3" }, zone: { S: "a" }, since: { N: "1" } } } } },
      addresses: { M: {} },
    },
    "owners",
  ],
  [
    "turn",
    { role: { S: "observer" }, id: { N: "1" }, instance: { S: "i" }, since: { N: "1" }, reason: { S: "r" } },
    "role",
  ],
  ["quorum", { clusterId: { S: "c" }, voters: { L: [] }, formed: { S: "yes" } }, "formed"],
  ["record#i-1", { instance: { S: "i-1" }, role: { S: "broker" }, group: { S: "g" }, zone: { S: "a" } }, "version"],
])("a broken item is named with its attribute: %s %o", async (sk, attributes, attribute) => {
  const cluster = `broken-${sk}-${attribute}`;
  await put(cluster, sk, attributes);
  const table = tableOf(cluster);

  const broken = `${cluster} / ${sk} is broken: ${attribute}`;
  await expect(table.read("i-1")).rejects.toThrow(broken);
  await expect(table.readAll()).rejects.toThrow(broken);
});

test("an error says what was being done, in which table, and keeps its cause", async () => {
  const table = dynamoTable({ client: dynamo.client, tableName: "no-such-table", cluster: "lab" });

  const error: unknown = await table.claim("broker", broker(1), "i-1").catch((e: unknown) => e);

  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^could not change roster#broker of cluster lab in table no-such-table: ResourceNotFound/,
    ),
    cause: { name: "ResourceNotFoundException" },
  });
});

function tableOf(cluster: string) {
  return dynamoTable({ client: dynamo.client, tableName: dynamo.tableName, cluster });
}

const owner = (id: number) => `i-${String(id).padStart(17, "0")}`;

async function put(cluster: string, sk: string, attributes: Record<string, AttributeValue>): Promise<void> {
  const Item = { ...attributes, pk: { S: cluster }, sk: { S: sk } };
  await dynamo.client.send(new PutItemCommand({ TableName: dynamo.tableName, Item }));
}

/** DynamoDB answers that many batches without their last item; what comes back stops it. */
function leaveOut(batches: number): () => void {
  let left = batches;
  const throttled: InitializeMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => async (args) => {
    const result = await next(args);
    const { output } = result;
    const items =
      "Responses" in output && !Array.isArray(output.Responses) ? output.Responses?.[dynamo.tableName] : undefined;
    const item = left > 0 ? items?.pop() : undefined;
    if (!item?.pk || !item.sk) return result;
    left -= 1;
    const Keys = [{ pk: item.pk, sk: item.sk }];
    return { ...result, output: { ...output, UnprocessedKeys: { [dynamo.tableName]: { Keys } } } };
  };
  dynamo.client.middlewareStack.add(throttled, { step: "initialize", name: "throttled" });
  return () => dynamo.client.middlewareStack.remove("throttled");
}
