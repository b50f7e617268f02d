/**
 * One connection to one broker, and the four requests that the workload makes of it. It speaks the protocol by itself so that
 * nothing is done behind its back: no retry, no other broker, no batching; an answer is this broker's own to this very request.
 * Where brokers ask who it is, it logs in first, by SCRAM.
 *
 * Versions are among the lowest that Kafka 4 still takes (KIP-896): <https://kafka.apache.org/protocol.html#protocol_api_keys>.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { Reader, Writer } from "./bytes.ts";
import { decodeBatches, encodeBatch, type StoredRecord } from "./records.ts";
import { MECHANISM, scramClient } from "./scram.ts";

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id; -1: none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicMetadata {
  /** `host:port` by node id, of every broker that is in service. */
  readonly brokers: ReadonlyMap<number, string>;
  /** In no particular order; none where there is no such topic. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly minIsr: number;
}

/** Whom a connection speaks for. */
export interface Login {
  readonly username: string;
  readonly password: string;
  /** PEM of the authority that brokers' certificates are checked against; absent: nothing is encrypted. */
  readonly authority?: string;
}

export interface Fetched {
  /** One more than the last offset that counts as acknowledged, as far as this leader knows. */
  readonly highWatermark: number;
  readonly records: readonly StoredRecord[];
}

/** The broker answered with an error code: <https://kafka.apache.org/protocol.html#protocol_error_codes>. */
export class KafkaError extends Error {
  readonly code: number;

  constructor(what: string, code: number, message: string | null = null) {
    super(`${what}: Kafka's error ${code}${message === null ? "" : `, ${message}`}`);
    this.code = code;
  }
}

const PRODUCE = { key: 0, version: 3 };
const FETCH = { key: 1, version: 4 };
const METADATA = { key: 3, version: 4 };
const CREATE_TOPICS = { key: 19, version: 4 };
const SASL_HANDSHAKE = { key: 17, version: 1 };
const SASL_AUTHENTICATE = { key: 36, version: 0 };

const ALL_REPLICAS = -1;
const NO_REPLICA = -1;
const NO_ERROR = 0;
const FETCH_BYTES = 1_000_000;
const CLIENT = "rollcall-lab";

interface Waiting {
  readonly resolve: (body: Reader) => void;
  readonly reject: (error: Error) => void;
}

export class Connection {
  /** `host:port` */
  readonly server: string;
  readonly #socket: Socket;
  readonly #limit: number;
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #requests = 0;
  /** Resolves once the broker knows who it is. */
  readonly #admitted: Promise<void>;
  #connected = false;
  #ended: Error | undefined;

  /** Connects at once. A request without an answer for `limit` ms ends the connection. */
  constructor(server: string, limit: number, login?: Login) {
    this.server = server;
    this.#limit = limit;
    this.#socket = open(server, login?.authority);
    this.#socket.setTimeout(limit, () => {
      if (this.#waiting.size > 0) this.#end(new Error(`no answer for ${limit} ms`));
    });
    this.#admitted = login ? this.#logIn(login) : Promise.resolve();
    // Whoever asks something is told; until somebody does, nobody is.
    this.#admitted.catch((error: Error) => this.#end(error));
    if (!login)
      this.#socket.once("connect", () => {
        this.#connected = true;
      });
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("connection closed")));
  }

  /** Whether it is of no use any more. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether a request could have reached the broker. */
  get connected(): boolean {
    return this.#connected;
  }

  close(): void {
    this.#end(new Error("connection closed"));
  }

  async metadata(topic: string): Promise<TopicMetadata> {
    const request = new Writer();
    request.array([topic], (name) => request.string(name)).int8(0); // does not create it
    const answer = await this.#ask(METADATA, request);
    answer.int32(); // throttle time
    const brokers = new Map(
      answer.array(() => {
        const id = answer.int32();
        const server = `${answer.string()}:${answer.int32()}`;
        answer.string(); // rack
        return [id, server] as const;
      }),
    );
    answer.string(); // cluster id
    answer.int32(); // controller
    const topics = answer.array(() => {
      answer.int16(); // error: a topic that is not there has no partitions
      answer.string();
      answer.int8(); // internal
      return answer.array(() => {
        answer.int16(); // error: without a leader
        return {
          partition: answer.int32(),
          leader: answer.int32(),
          replicas: answer.array(() => answer.int32()),
          isr: answer.array(() => answer.int32()),
        };
      });
    });
    return { brokers, partitions: topics.flat() };
  }

  /** Resolves when the cluster knows the topic; its partitions may not have leaders yet. */
  async createTopic({ name, partitions, replication, minIsr }: NewTopic): Promise<void> {
    const request = new Writer();
    request
      .array([name], (topic) => {
        request.string(topic).int32(partitions).int16(replication).int32(0); // no assignment by hand
        request.array([["min.insync.replicas", String(minIsr)] as const], ([key, value]) =>
          request.string(key).string(value),
        );
      })
      .int32(this.#limit)
      .int8(0); // not only to validate
    const answer = await this.#ask(CREATE_TOPICS, request);
    answer.int32(); // throttle time
    answer.array(() => {
      answer.string();
      check(`creating topic ${name}`, answer.int16(), answer.string());
    });
  }

  /** Appends one message: its offset, once every replica in sync has it. `now`: ms since the epoch. */
  async produce(topic: string, partition: number, value: string, now: number): Promise<number> {
    const request = new Writer().string(null).int16(ALL_REPLICAS).int32(this.#limit);
    request.array([topic], (name) => {
      request.string(name).array([partition], (index) => request.int32(index).bytes(encodeBatch(value, now)));
    });
    const answer = await this.#ask(PRODUCE, request);
    const [offset] = answer
      .array(() => {
        answer.string();
        return answer.array(() => {
          answer.int32();
          check(`writing to ${topic}-${partition}`, answer.int16());
          const base = answer.int64();
          answer.int64(); // append time
          return base;
        });
      })
      .flat();
    if (offset === undefined) throw new Error(`${this.server} answered without ${topic}-${partition}`);
    return offset;
  }

  /** Records from that offset on; where there are none, waits up to `wait` ms for one. */
  async fetch(topic: string, partition: number, offset: number, wait: number): Promise<Fetched> {
    const request = new Writer().int32(NO_REPLICA).int32(wait).int32(1).int32(FETCH_BYTES).int8(0);
    request.array([topic], (name) => {
      request.string(name).array([partition], (index) => request.int32(index).int64(offset).int32(FETCH_BYTES));
    });
    const answer = await this.#ask(FETCH, request);
    answer.int32(); // throttle time
    const [fetched] = answer
      .array(() => {
        answer.string();
        return answer.array(() => {
          answer.int32();
          check(`reading ${topic}-${partition} from ${offset}`, answer.int16());
          const highWatermark = answer.int64();
          answer.int64(); // last stable offset
          answer.array(() => answer.raw(16)); // aborted transactions
          const records = decodeBatches(answer.bytes() ?? Buffer.alloc(0));
          // A batch is given whole, also where it begins earlier.
          return { highWatermark, records: records.filter((record) => record.offset >= offset) };
        });
      })
      .flat();
    if (!fetched) throw new Error(`${this.server} answered without ${topic}-${partition}`);
    return fetched;
  }

  async #logIn({ username, password }: Login): Promise<void> {
    const scram = scramClient(username, password, randomBytes(18).toString("base64"));
    const handshake = await this.#send(SASL_HANDSHAKE, new Writer().string(MECHANISM));
    check(`logging in by ${MECHANISM}`, handshake.int16());
    const authenticate = async (message: string): Promise<string> => {
      const answer = await this.#send(SASL_AUTHENTICATE, new Writer().bytes(Buffer.from(message)));
      check(`logging in as ${username}`, answer.int16(), answer.string());
      return answer.bytes()?.toString() ?? "";
    };
    const last = scram.answer(await authenticate(scram.first));
    scram.check(await authenticate(last));
    this.#connected = true;
  }

  /** Rejects where the connection ends first: whether the request was carried out is then not known. */
  async #ask(kind: { readonly key: number; readonly version: number }, request: Writer): Promise<Reader> {
    await this.#admitted;
    return this.#send(kind, request);
  }

  #send({ key, version }: { readonly key: number; readonly version: number }, request: Writer): Promise<Reader> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#requests += 1;
    const correlation = this.#requests;
    const message = new Writer().int16(key).int16(version).int32(correlation).string(CLIENT).raw(request.done()).done();
    return new Promise((resolve, reject) => {
      this.#waiting.set(correlation, { resolve, reject });
      this.#socket.write(new Writer().bytes(message).done());
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const answer = new Reader(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
      const correlation = answer.int32();
      this.#waiting.get(correlation)?.resolve(answer);
      this.#waiting.delete(correlation);
    }
  }

  #end(error: Error): void {
    this.#ended ??= new Error(`connection to ${this.server} is lost: ${error.message}`, { cause: error });
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function open(server: string, authority: string | undefined): Socket {
  const colon = server.lastIndexOf(":");
  const to = { host: server.slice(0, colon), port: Number(server.slice(colon + 1)), noDelay: true };
  // Brokers are reached by addresses, which certificates do not name: the authority vouches for them.
  return authority === undefined
    ? connect(to)
    : connectSecurely({ ...to, ca: authority, checkServerIdentity: () => undefined });
}

function check(what: string, code: number, message: string | null = null): void {
  if (code !== NO_ERROR) throw new KafkaError(what, code, message);
}
