import type { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Logger } from "kafkajs";
import Broker from "kafkajs/src/broker/index.js";
import scram512 from "kafkajs/src/broker/saslAuthenticator/scram512.js";
import ConnectionPool, { type Authenticator, type SaslAuthenticationArgs } from "kafkajs/src/network/connectionPool.js";
import createSocketFactory from "kafkajs/src/network/socketFactory.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import protocol, { type Exchange } from "kafkajs/src/protocol/requests/index.js";
import * as v from "valibot";
import "./request-queue.ts";
import { hostAndPort } from "./listeners.ts";
import type { Login } from "./login.ts";
import { ACL, DeniedError, EVERYBODY, type TopicAcl, unseenTopics } from "./rights.ts";
import type { Answer } from "./sight.ts";

const TOPIC = 2;
const NO_ERROR = 0;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;
const CLUSTER_AUTHORIZATION_FAILED = 31;
/** There is no authorizer, so nothing is denied to anybody. */
const SECURITY_DISABLED = 54;
const SASL_AUTHENTICATION_FAILED = 58;
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

const ACLS = v.object({
  errorCode: v.number(),
  errorMessage: v.nullable(v.string()),
  resources: v.array(
    v.object({
      resourceName: v.string(),
      resourcePatternType: v.number(),
      acls: v.array(
        v.object({ principal: v.string(), host: v.string(), operation: v.number(), permissionType: v.number() }),
      ),
    }),
  ),
});

export interface ConnectionOptions {
  /** Milliseconds. */
  readonly connect: number;
  readonly request: number;
  /** Absent: nobody is asked who he is. */
  readonly login?: Login;
}

/** A connection to one broker, asked as itself: never another broker of the cluster in its place. */
export class BrokerConnection {
  readonly server: string;
  readonly #pool: ConnectionPool;
  readonly #broker: Broker;
  readonly #sockets: Socket[] = [];
  readonly #login: Login | undefined;
  #refused = false;

  /** `server` is `host:port`. */
  constructor(server: string, options: ConnectionOptions) {
    this.server = server;
    const { login } = options;
    this.#login = login;
    const [host, port] = hostAndPort(server);
    const open = createSocketFactory();
    this.#pool = new ConnectionPool({
      host,
      port,
      clientId: "rollcall",
      connectionTimeout: options.connect,
      requestTimeout: options.request,
      ...(login?.authority === undefined ? {} : { ssl: trusting(login.authority) }),
      ...(login === undefined
        ? {}
        : { sasl: { mechanism: "scram-sha-512", authenticationProvider: this.#scram(login) } }),
      socketFactory: (options) => {
        const socket = open(options);
        this.#sockets.push(socket);
        return socket;
      },
      logger: QUIET,
    });
    this.#broker = new Broker({
      connectionPool: this.#pool,
      logger: QUIET,
      allowAutoTopicCreation: false,
      authenticationTimeout: options.request,
    });
  }

  /** @throws {DeniedError} where the broker refuses the login */
  async connect(): Promise<void> {
    try {
      await this.#broker.connect();
    } catch (error) {
      throw this.#refused
        ? new DeniedError(error instanceof Error ? error.message : String(error), { cause: error })
        : error;
    }
  }

  /**
   * Whether this broker shows every topic; nothing that `metadata` tells may be believed before. Without a login there is nothing
   * to prove.
   *
   * @throws {DeniedError} where it does not
   */
  async proveRights(): Promise<void> {
    if (this.#login === undefined) return;
    const principal = `User:${this.#login.username}`;
    const [own, everybody] = await Promise.all([
      this.#topicAcls(principal, ACL.permission.any),
      this.#topicAcls(EVERYBODY, ACL.permission.deny),
    ]);
    if (own === "no authorizer" || everybody === "no authorizer") return;
    const lack = unseenTopics(principal, [...own, ...everybody]);
    if (lack !== undefined) throw new DeniedError(lack);
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
        const reason = `Kafka does not tell ${MIN_ISR} of topic ${resourceName}: ${errorMessage ?? `error ${errorCode}`}`;
        throw errorCode === TOPIC_AUTHORIZATION_FAILED ? new DeniedError(reason) : new Error(reason);
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

  /** The ACLs about topics that name that principal. */
  async #topicAcls(principal: string, permissionType: number): Promise<TopicAcl[] | "no authorizer"> {
    const ask = this.#broker.lookupRequest(apiKeys.DescribeAcls, protocol.requests.DescribeAcls);
    const filter = {
      resourceType: ACL.resource.topic,
      resourceName: null,
      resourcePatternType: ACL.pattern.any,
      principal,
      host: null,
      operation: ACL.operation.any,
      permissionType,
    };
    const { errorCode, errorMessage, resources } = v.parse(ACLS, await this.#send(ask(filter)));
    if (errorCode === SECURITY_DISABLED) return "no authorizer";
    if (errorCode === CLUSTER_AUTHORIZATION_FAILED) throw new DeniedError("ACLs may not be seen");
    if (errorCode !== NO_ERROR)
      throw new Error(`Kafka tells nothing of ACLs: ${errorMessage ?? `error code ${errorCode}`}`);
    return resources.flatMap(({ resourceName, resourcePatternType, acls }) =>
      acls.map((acl) => ({
        name: resourceName,
        pattern: resourcePatternType,
        principal: acl.principal,
        host: acl.host,
        operation: acl.operation,
        permission: acl.permissionType,
      })),
    );
  }

  /** kafkajs's SCRAM, which tells a refused login by the same error as one that the connection broke off. */
  #scram(login: Login): (args: SaslAuthenticationArgs) => Authenticator {
    return (args) =>
      scram512(login)({
        ...args,
        saslAuthenticate: async (exchange) => {
          try {
            return await args.saslAuthenticate(exchange);
          } catch (error) {
            this.#refused = error instanceof Error && "code" in error && error.code === SASL_AUTHENTICATION_FAILED;
            throw error;
          }
        },
      });
  }

  /** Sends, and takes the response as it was decoded: `parse` would throw it away for any partition's error. */
  #send({ request, response }: Exchange): Promise<unknown> {
    return this.#pool.send({ request, response: { decode: response.decode, parse: async (decoded) => decoded } });
  }
}

/** Believes whoever that authority signed for: nodes are reached by their addresses, which are in no certificate. */
const trusting = (authority: string): TlsOptions => ({ ca: [authority], checkServerIdentity: () => undefined });

/** What goes wrong is in the sight's reason; kafkajs would log it as errors of the function. */
const QUIET: Logger = {
  namespace: () => QUIET,
  setLogLevel: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
