import type { Socket } from "node:net";
import type { Logger } from "kafkajs";
import Broker from "kafkajs/src/broker/index.js";
import ConnectionPool from "kafkajs/src/network/connectionPool.js";
import createSocketFactory from "kafkajs/src/network/socketFactory.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import protocol, { type Exchange } from "kafkajs/src/protocol/requests/index.js";
import * as v from "valibot";
import type { Answer } from "./sight.ts";

const TOPIC = 2;
const NO_ERROR = 0;
const UNKNOWN_TOPIC = 3;
/** A partition of the topic has no leader: no reason not to believe the rest. */
const LEADER_NOT_AVAILABLE = 5;
const MIN_ISR = "min.insync.replicas";

const METADATA = v.object({
  clusterId: v.string(),
  brokers: v.array(v.object({ nodeId: v.number(), host: v.string(), port: v.number() })),
  topicMetadata: v.array(
    v.object({
      topicErrorCode: v.number(),
      topic: v.string(),
      partitionMetadata: v.array(
        v.object({
          partitionId: v.number(),
          leader: v.number(),
          replicas: v.array(v.number()),
          isr: v.array(v.number()),
        }),
      ),
    }),
  ),
});

const CONFIGS = v.object({
  resources: v.array(
    v.object({
      errorCode: v.number(),
      errorMessage: v.nullable(v.string()),
      resourceName: v.string(),
      configEntries: v.array(v.object({ configName: v.string(), configValue: v.nullable(v.string()) })),
    }),
  ),
});

/** A connection to one broker, asked as itself: never another broker of the cluster in its place. */
export class BrokerConnection {
  readonly server: string;
  readonly #pool: ConnectionPool;
  readonly #broker: Broker;
  readonly #sockets: Socket[] = [];

  /** `server` is `host:port`; both limits are in milliseconds. */
  constructor(server: string, limits: { readonly connect: number; readonly request: number }) {
    this.server = server;
    const colon = server.lastIndexOf(":");
    const open = createSocketFactory();
    this.#pool = new ConnectionPool({
      host: server.slice(0, colon),
      port: Number(server.slice(colon + 1)),
      clientId: "rollcall",
      connectionTimeout: limits.connect,
      requestTimeout: limits.request,
      socketFactory: (options) => {
        const socket = open(options);
        this.#sockets.push(socket);
        return socket;
      },
      logger: QUIET,
    });
    for (const { requestQueue } of this.#pool.pool) {
      // kafkajs looks every millisecond for requests it held back, by a timer of negative length that Node warns of.
      const look = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length > 0) look();
      };
    }
    this.#broker = new Broker({ connectionPool: this.#pool, logger: QUIET, allowAutoTopicCreation: false });
  }

  connect(): Promise<void> {
    return this.#broker.connect();
  }

  /**
   * Every broker and topic this broker knows of. With ACLs, topics that the client may not describe are missing without a word:
   * it needs Describe on all of them.
   */
  async metadata(): Promise<Answer> {
    const ask = this.#broker.lookupRequest(apiKeys.Metadata, protocol.requests.Metadata);
    const { clusterId, brokers, topicMetadata } = v.parse(
      METADATA,
      await this.#send(ask({ topics: [], allowAutoTopicCreation: false })),
    );
    for (const { topic, topicErrorCode } of topicMetadata) {
      if (topicErrorCode === NO_ERROR || topicErrorCode === LEADER_NOT_AVAILABLE) continue;
      throw new Error(`Kafka tells nothing of topic ${topic}: error code ${topicErrorCode}`);
    }
    return {
      server: this.server,
      clusterId,
      brokers: new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
      partitions: topicMetadata.flatMap(({ topic, partitionMetadata }) =>
        partitionMetadata.map(({ partitionId, leader, replicas, isr }) => ({
          topic,
          partition: partitionId,
          leader: leader < 0 ? undefined : leader,
          replicas,
          isr,
        })),
      ),
    };
  }

  /** Each topic's `min.insync.replicas`, its default included; topics that there are none of any more are left out. */
  async minIsr(topics: readonly string[]): Promise<Map<string, number>> {
    const minIsr = new Map<string, number>();
    if (topics.length === 0) return minIsr;
    const ask = this.#broker.lookupRequest(apiKeys.DescribeConfigs, protocol.requests.DescribeConfigs);
    const resources = topics.map((name) => ({ type: TOPIC, name, configNames: [MIN_ISR] }));
    const answer = v.parse(CONFIGS, await this.#send(ask({ resources, includeSynonyms: false })));
    for (const { resourceName, errorCode, errorMessage, configEntries } of answer.resources) {
      if (errorCode === UNKNOWN_TOPIC) continue;
      const value = Number(configEntries.find(({ configName }) => configName === MIN_ISR)?.configValue ?? Number.NaN);
      if (!Number.isInteger(value)) {
        throw new Error(
          `Kafka does not tell ${MIN_ISR} of topic ${resourceName}: ${errorMessage ?? `error ${errorCode}`}`,
        );
      }
      minIsr.set(resourceName, value);
    }
    return minIsr;
  }

  /** Gives the connection up, whatever state it is in; never throws. */
  close(): void {
    // kafkajs's own disconnect stops its timers, but waits for answers and leaves the socket to the other side's good will; the
    // error ends that waiting.
    this.#broker.disconnect().catch(() => {});
    for (const socket of this.#sockets) socket.destroy(new Error("the look is over"));
  }

  /** Sends, and takes the response as it was decoded: `parse` would throw it away for any partition's error. */
  #send({ request, response }: Exchange): Promise<unknown> {
    return this.#pool.send({ request, response: { decode: response.decode, parse: async (decoded) => decoded } });
  }
}

/** What goes wrong is in the sight's reason; kafkajs would log it as errors of the function. */
const QUIET: Logger = {
  namespace: () => QUIET,
  setLogLevel: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
