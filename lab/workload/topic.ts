/** One topic of a cluster whose brokers come and go: finds its leaders, and keeps a connection to each. */
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { ReadBack } from "./compare.ts";
import { Connection, KafkaError, type Login, type NewTopic, type TopicMetadata } from "./connection.ts";
import type { StoredRecord } from "./records.ts";

/** A request without an answer for that long, ms, is of unknown outcome. */
const LIMIT = 5_000;
/** Between two tries, ms. */
const PAUSE = 250;
/** How long the end of a partition must stay where it is to be its end, ms. */
const QUIET = 500;

const TOPIC_EXISTS = 36;
/** On ZooKeeper only the controller, one of the brokers, makes topics; KRaft's brokers pass the request on. */
const NOT_CONTROLLER = 41;

/**
 * The broker did not append the message. *Not leader or follower* (6) and *storage error* (56) say less: a broker also answers so
 * that has appended it and lost the partition while it waited for the others.
 */
const NOT_APPENDED = new Set([
  3, // unknown topic or partition
  5, // leader not available
  19, // not enough replicas
  72, // listener not found
  74, // fenced leader epoch
]);

/** Whether the message of a `produce` that failed was certainly not written. */
export function notWritten(error: unknown): boolean {
  return error instanceof Unsent || (error instanceof KafkaError && NOT_APPENDED.has(error.code));
}

/** There was nobody to send it to. */
class Unsent extends Error {}

export class Topic {
  readonly #topic: NewTopic;
  readonly #bootstrap: () => readonly string[];
  readonly #clock: Clock;
  readonly #login: (() => Login) | undefined;
  readonly #connections = new Map<string, Connection>();
  #metadata: TopicMetadata | undefined;

  constructor(topic: NewTopic, bootstrap: () => readonly string[], clock: Clock, login?: () => Login) {
    this.#topic = topic;
    this.#bootstrap = bootstrap;
    this.#clock = clock;
    this.#login = login;
  }

  /** Creates it where it is not there, and waits until each partition has all its replicas in sync. */
  async create(within: number): Promise<void> {
    await this.#until("is created", within, async () => {
      try {
        await this.#any((connection) => connection.createTopic(this.#topic));
      } catch (error) {
        if (!(error instanceof KafkaError && error.code === TOPIC_EXISTS)) throw error;
      }
    });
    await this.inSync(within);
  }

  /** Waits until each partition has all its replicas in sync. */
  async inSync(within: number): Promise<void> {
    await this.#until("is in sync", within, async () => {
      await this.#refresh();
      const partitions = this.#metadata?.partitions ?? [];
      if (partitions.length < this.#topic.partitions) throw new Error(`it has ${partitions.length} partitions`);
      const behind = partitions.find(({ leader, isr }) => leader < 0 || isr.length < this.#topic.replication);
      if (behind)
        throw new Error(`partition ${behind.partition} has only ${behind.isr.join(", ") || "none"} in its ISR`);
    });
  }

  /** The offset of the message, once acknowledged by all replicas in sync. */
  async produce(partition: number, value: string): Promise<number> {
    const leader = await this.#leader(partition);
    try {
      return await leader.produce(this.#topic.name, partition, value, this.#clock.now());
    } catch (error) {
      this.#metadata = undefined;
      throw leader.connected ? error : new Unsent("its leader takes no connection", { cause: error });
    }
  }

  /** Everything of every partition, from its first offset to its end. */
  async readAll(within: number): Promise<ReadBack> {
    const partitions = Array.from({ length: this.#topic.partitions }, (_, partition) => partition);
    const logs = await Promise.all(partitions.map((partition) => this.#read(partition, within)));
    return {
      messages: logs.flatMap(({ records }, partition) => records.map((record) => ({ partition, ...record }))),
      ends: new Map(logs.map(({ end }, partition) => [partition, end])),
    };
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  async #read(partition: number, within: number): Promise<{ readonly records: StoredRecord[]; readonly end: number }> {
    const records: StoredRecord[] = [];
    let next = 0;
    await this.#until(`is read up to the end of partition ${partition}`, within, async () => {
      const leader = await this.#leader(partition);
      try {
        const fetched = await leader.fetch(this.#topic.name, partition, next, QUIET);
        records.push(...fetched.records);
        next = (fetched.records.at(-1)?.offset ?? next - 1) + 1;
        if (fetched.records.length > 0 || next < fetched.highWatermark)
          throw new Error(`read up to offset ${next} so far`);
      } catch (error) {
        this.#metadata = undefined;
        throw error;
      }
    });
    return { records, end: next };
  }

  async #leader(partition: number): Promise<Connection> {
    if (!this.#metadata) await this.#refresh();
    const leader = this.#metadata?.partitions.find((p) => p.partition === partition)?.leader ?? -1;
    const server = this.#metadata?.brokers.get(leader);
    if (server === undefined) {
      this.#metadata = undefined;
      throw new Unsent(`partition ${partition} has no leader`);
    }
    return this.#connection(server);
  }

  async #refresh(): Promise<void> {
    this.#metadata = undefined;
    this.#metadata = await this.#any((connection) => connection.metadata(this.#topic.name));
  }

  /** Asks one broker after the other until one answers, whatever it answers. */
  async #any<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    let last: unknown = new Error("no broker is known");
    for (const server of this.#bootstrap()) {
      try {
        return await ask(this.#connection(server));
      } catch (error) {
        if (error instanceof KafkaError && error.code !== NOT_CONTROLLER) throw error;
        last = error;
      }
    }
    throw new Unsent("no broker answers", { cause: last });
  }

  #connection(server: string): Connection {
    const known = this.#connections.get(server);
    if (known && !known.ended) return known;
    const connection = new Connection(server, LIMIT, this.#login?.());
    this.#connections.set(server, connection);
    return connection;
  }

  /** Tries until it succeeds; throws the last failure where it has not after `within` ms. */
  async #until(what: string, within: number, attempt: () => Promise<void>): Promise<void> {
    const deadline = this.#clock.now() + within;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (this.#clock.now() >= deadline) {
          const why = error instanceof Error ? error.message : String(error);
          throw new Error(`waited ${within / 1000} s in vain until topic ${this.#topic.name} ${what}: ${why}`, {
            cause: error,
          });
        }
      }
      await this.#clock.wait(PAUSE);
    }
  }
}
