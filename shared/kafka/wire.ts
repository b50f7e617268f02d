/** Question and answer as JSON, between the functions that decide and the one inside the VPC that sees Kafka. */
import * as v from "valibot";
import type { EnsembleMember, KafkaQuestion } from "../lifecycle/ports.ts";
import type { BrokerSight, KafkaSight, ListenerSight, QuorumReplica, QuorumSight } from "../lifecycle/sights.ts";

export interface KafkaRequest {
  readonly brokers?: KafkaQuestion;
  /** `host:port` of listeners to probe. */
  readonly listeners?: readonly string[];
  /** Members of a ZooKeeper ensemble to ask. */
  readonly ensemble?: readonly EnsembleMember[];
}

/** Holds an answer to each question that was asked. */
export interface KafkaResponse {
  readonly brokers?: KafkaSight;
  /** By `host:port`. */
  readonly listeners?: ReadonlyMap<string, ListenerSight>;
  readonly ensemble?: QuorumSight;
}

const ID = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const COUNT = ID;
const SERVER = v.pipe(v.string(), v.regex(/^[^\s:]+:\d{1,5}$/, "must be host:port"));

const REQUEST = v.strictObject({
  brokers: v.exactOptional(
    v.strictObject({
      bootstrap: v.array(SERVER),
      quorum: v.array(SERVER),
      asked: v.picklist(["tool", "words"]),
      ids: v.array(ID),
      ignoreTopics: v.array(v.string()),
    }),
  ),
  listeners: v.exactOptional(v.array(SERVER)),
  ensemble: v.exactOptional(v.array(v.strictObject({ id: ID, server: SERVER }))),
});

const VERDICT = v.strictObject({ safe: v.boolean(), reason: v.string() });

const BROKER = v.strictObject({
  registered: v.exactOptional(v.strictObject({ host: v.string(), port: v.number() })),
  replicas: COUNT,
  missing: COUNT,
  example: v.exactOptional(v.string()),
  stop: VERDICT,
  startEmpty: VERDICT,
});

const WHOLE = v.pipe(v.number(), v.safeInteger());

const REPLICAS = v.array(
  v.strictObject({
    id: ID,
    directoryId: v.string(),
    logEndOffset: WHOLE,
    lag: WHOLE,
    caughtUpAgo: WHOLE,
  } satisfies Record<keyof QuorumReplica, v.GenericSchema>),
);

const RESPONSE = v.strictObject({
  brokers: v.exactOptional(
    v.variant("seen", [
      v.strictObject({ seen: v.literal(false), reason: v.string(), denied: v.exactOptional(v.literal(true)) }),
      v.strictObject({
        seen: v.literal(true),
        clusterId: v.string(),
        // Pairs rather than an object: ids are numbers, and stay so.
        brokers: v.array(v.tuple([ID, BROKER])),
      }),
    ]),
  ),
  listeners: v.exactOptional(v.array(v.tuple([v.string(), v.picklist(["listening", "refused", "silent"])]))),
  ensemble: v.exactOptional(
    v.variant("seen", [
      v.strictObject({ seen: v.literal(false), reason: v.string() }),
      v.strictObject({ seen: v.literal(true), leader: WHOLE, voters: REPLICAS, observers: REPLICAS }),
    ]),
  ),
});

/** The request as a JSON value. */
export function encodeKafkaRequest(request: KafkaRequest): unknown {
  return request;
}

/** Throws where the value is no request, saying what of it is wrong. */
export function decodeKafkaRequest(value: unknown): KafkaRequest {
  return parse(REQUEST, value, "request to the Kafka function");
}

/** The response as a JSON value. */
export function encodeKafkaResponse({ brokers, listeners, ensemble }: KafkaResponse): unknown {
  return {
    ...(brokers === undefined
      ? {}
      : { brokers: brokers.seen ? { ...brokers, brokers: [...brokers.brokers] } : brokers }),
    ...(listeners === undefined ? {} : { listeners: [...listeners] }),
    ...(ensemble === undefined ? {} : { ensemble }),
  };
}

/** Throws where the value is no response, saying what of it is wrong. */
export function decodeKafkaResponse(value: unknown): KafkaResponse {
  const { brokers, listeners, ensemble } = parse(RESPONSE, value, "response of the Kafka function");
  return {
    ...(brokers === undefined
      ? {}
      : { brokers: brokers.seen ? { ...brokers, brokers: new Map<number, BrokerSight>(brokers.brokers) } : brokers }),
    ...(listeners === undefined ? {} : { listeners: new Map(listeners) }),
    ...(ensemble === undefined ? {} : { ensemble }),
  };
}

function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown, what: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issues = result.issues.map((issue) => `${v.getDotPath(issue) ?? "(whole)"}: ${issue.message}`);
  throw new TypeError(`cannot read the ${what}: ${issues.join("; ")}`);
}
