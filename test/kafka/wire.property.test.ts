import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeKafkaRequest,
  decodeKafkaResponse,
  encodeKafkaRequest,
  encodeKafkaResponse,
  type KafkaRequest,
  type KafkaResponse,
} from "../../shared/kafka/wire.ts";
import type { BrokerSight, KafkaSight, ListenerSight, QuorumSight } from "../../shared/lifecycle/sights.ts";

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const SERVER = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`);
const ID = fc.nat(2 ** 31 - 1);
const VERDICT = fc.record({ safe: fc.boolean(), reason: fc.string() });
const BROKER: fc.Arbitrary<BrokerSight> = fc.record(
  {
    registered: fc.record({ host: fc.ipV4(), port: fc.integer({ min: 1, max: 65_535 }) }),
    replicas: fc.nat(),
    missing: fc.nat(),
    example: fc.string(),
    stop: VERDICT,
    startEmpty: VERDICT,
  },
  { requiredKeys: ["replicas", "missing", "stop", "startEmpty"] },
);
const SIGHT: fc.Arbitrary<KafkaSight> = fc.oneof(
  fc.record(
    { seen: fc.constant(false as const), reason: fc.string(), denied: fc.constant(true as const) },
    { requiredKeys: ["seen", "reason"] },
  ),
  fc.record({
    seen: fc.constant(true as const),
    clusterId: fc.string(),
    brokers: fc.array(fc.tuple(ID, BROKER)).map((pairs) => new Map(pairs)),
  }),
);
const LISTENER = fc.constantFrom<ListenerSight>("listening", "refused", "silent");
const REQUEST: fc.Arbitrary<KafkaRequest> = fc.record(
  {
    brokers: fc.record({
      bootstrap: fc.array(SERVER),
      quorum: fc.array(SERVER),
      asked: fc.constantFrom("tool" as const, "words" as const),
      ids: fc.array(ID),
      ignoreTopics: fc.array(fc.string()),
    }),
    listeners: fc.array(SERVER),
    ensemble: fc.array(fc.record({ id: ID, server: SERVER })),
  },
  { requiredKeys: [] },
);
const REPLICAS = fc.array(
  fc.record({
    id: ID,
    directoryId: fc.string(),
    logEndOffset: fc.maxSafeInteger(),
    lag: fc.maxSafeInteger(),
    caughtUpAgo: fc.integer({ min: -1 }),
  }),
);
const QUORUM: fc.Arbitrary<QuorumSight> = fc.oneof(
  fc.record({ seen: fc.constant(false as const), reason: fc.string() }),
  fc.record({
    seen: fc.constant(true as const),
    leader: fc.integer({ min: -1 }),
    voters: REPLICAS,
    observers: REPLICAS,
  }),
);
const RESPONSE: fc.Arbitrary<KafkaResponse> = fc.record(
  { brokers: SIGHT, listeners: fc.array(fc.tuple(SERVER, LISTENER)).map((pairs) => new Map(pairs)), ensemble: QUORUM },
  { requiredKeys: [] },
);

test("requests and responses arrive as they were sent", () => {
  fc.assert(
    fc.property(REQUEST, (request) => {
      expect(decodeKafkaRequest(overTheWire(encodeKafkaRequest(request)))).toEqual(request);
    }),
  );
  fc.assert(
    fc.property(RESPONSE, (response) => {
      expect(decodeKafkaResponse(overTheWire(encodeKafkaResponse(response)))).toEqual(response);
    }),
  );
});

test.each([
  [null, /request to the Kafka function/],
  [
    { brokers: { bootstrap: ["here"], quorum: [], asked: "tool", ids: [], ignoreTopics: [] } },
    /brokers\.bootstrap\.0: must be host:port/,
  ],
  [{ brokers: { bootstrap: [], quorum: [], asked: "tool", ids: [1.5], ignoreTopics: [] } }, /brokers\.ids\.0/],
  [{ brokers: { bootstrap: [], quorum: [], asked: "protocol", ids: [], ignoreTopics: [] } }, /brokers\.asked/],
  [{ ensemble: ["10.0.1.10:2181"] }, /ensemble\.0/],
  [{ broker: {} }, /broker: /],
])("throws where a request is none: %j", (value, message) => {
  expect(() => decodeKafkaRequest(value)).toThrow(message);
});

test.each([
  [{ brokers: { seen: true, clusterId: "x" } }, /brokers\.brokers/],
  [{ listeners: [["10.0.0.1:9093", "dead"]] }, /listeners\.0\.1/],
  // What Lambda answers for a function that failed.
  [{ errorMessage: "boom", errorType: "Error" }, /response of the Kafka function: errorMessage/],
])("throws where a response is none: %j", (value, message) => {
  expect(() => decodeKafkaResponse(value)).toThrow(message);
});
