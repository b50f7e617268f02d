import type { Context } from "aws-lambda";
import { expect, test } from "vitest";
import { kafkaHandler } from "../../functions/kafka.ts";
import { decodeKafkaResponse } from "../../shared/kafka/wire.ts";
import type { KafkaQuestion } from "../../shared/lifecycle/ports.ts";

const question: KafkaQuestion = { bootstrap: ["10.0.1.5:9092"], quorum: [], asked: "tool", ids: [1], ignoreTopics: [] };

/** Answers with what it was asked, so that a test sees the question arrive. */
const handler = kafkaHandler({
  brokers: async (asked) => ({ seen: false, reason: JSON.stringify(asked) }),
  listeners: async (servers) => new Map(servers.map((server) => [server, "refused" as const])),
  ensemble: async (members) => ({ seen: false, reason: JSON.stringify(members) }),
});

async function ask(event: unknown) {
  return decodeKafkaResponse(JSON.parse(JSON.stringify(await handler(event, {} as Context))));
}

test("answers what is asked and nothing else", async () => {
  expect(await ask({ brokers: question })).toEqual({ brokers: { seen: false, reason: JSON.stringify(question) } });
  expect(await ask({ listeners: ["10.0.1.10:9093"] })).toEqual({ listeners: new Map([["10.0.1.10:9093", "refused"]]) });
  const members = [{ id: 1, server: "10.0.1.10:2181" }];
  expect(await ask({ ensemble: members })).toEqual({ ensemble: { seen: false, reason: JSON.stringify(members) } });
  expect(Object.keys(await ask({ brokers: question, listeners: [] }))).toEqual(["brokers", "listeners"]);
  expect(await ask({})).toEqual({});
});

test("throws for what is no question, saying what is wrong with it", async () => {
  await expect(ask({ brokers: { ...question, ids: ["1"] } })).rejects.toThrow(/brokers\.ids\.0/);
});
