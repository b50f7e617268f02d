/**
 * A session with a ZooKeeper server, as much of one as it takes to look which brokers are registered and to register one: create,
 * list, ping, close. The messages are those of `zookeeper.jute` in ZooKeeper's sources, each behind its length:
 *
 *     ConnectRequest   int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd, boolean readOnly
 *     ConnectResponse  int protocolVersion, int timeOut, long sessionId, buffer passwd, boolean readOnly
 *     request          int xid, int type, then what the type asks for
 *     reply            int xid, long zxid, int err, then, without an error, what the type answers
 *
 * Integers, buffers and vectors look as Kafka's do; a string is a buffer.
 */
import { connect, type Socket } from "node:net";
import { Reader, Writer } from "../../lab/workload/bytes.ts";

const CREATE = 1;
const GET_CHILDREN = 8;
const PING = 11;
const CLOSE_SESSION = -11;
/** A ping's number: not one of the requests', which count up from 1. */
const PING_XID = -2;

const OK = 0;
const NODE_EXISTS = -110;
const EPHEMERAL = 1;
const ALL_PERMISSIONS = 31;
/** Of a session that was never there before. */
const NO_PASSWORD = Buffer.alloc(16);
/** Pings without an answer after which the connection counts as lost, as in ZooKeeper's own client. */
const SILENT_PINGS = 2;

/** The server refused: <https://github.com/apache/zookeeper/blob/release-3.8.4/zookeeper-server/src/main/java/org/apache/zookeeper/KeeperException.java> */
export class ZooKeeperError extends Error {
  readonly code: number;

  constructor(what: string, code: number) {
    super(`${what}: ZooKeeper's error ${code}`);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (reply: Reader) => void;
  readonly reject: (error: Error) => void;
}

export class ZooKeeperSession {
  readonly #server: string;
  readonly #socket: Socket;
  readonly #pings: NodeJS.Timeout;
  readonly #opened = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, Waiting>();
  #open = false;
  #received: Buffer = Buffer.alloc(0);
  #requests = 0;
  #unanswered = 0;
  #ended: Error | undefined;

  /**
   * Resolves once the server has given it a session, which ends where the server has not heard of it for `timeout` ms.
   *
   * @param server `host:port`
   * @param period ms between two pings
   */
  static async open(server: string, timeout: number, period: number = timeout / 3): Promise<ZooKeeperSession> {
    const session = new ZooKeeperSession(server, timeout, period);
    await session.#opened.promise;
    return session;
  }

  private constructor(server: string, timeout: number, period: number) {
    this.#server = server;
    const [host = "", port] = server.split(":");
    this.#socket = connect({ host, port: Number(port), noDelay: true });
    this.#pings = setInterval(() => this.#ping(), period);
    this.#socket.once("connect", () => {
      const hello = new Writer().int32(0).int64(0).int32(timeout).int64(0).bytes(NO_PASSWORD).int8(0);
      this.#write(hello);
    });
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("connection closed")));
  }

  /**
   * A node that anybody may do anything with; an ephemeral one ends with the session. False where there is one already.
   *
   * @throws {ZooKeeperError} where the server refuses for another reason, e.g. there is no parent
   */
  async create(path: string, kind: "persistent" | "ephemeral"): Promise<boolean> {
    const request = text(new Writer(), path).bytes(Buffer.alloc(0));
    request.array(["anyone"], (id) => text(text(request.int32(ALL_PERMISSIONS), "world"), id));
    request.int32(kind === "ephemeral" ? EPHEMERAL : 0);
    const { error } = await this.#ask(CREATE, request);
    if (error === NODE_EXISTS) return false;
    if (error !== OK) throw new ZooKeeperError(`creating ${path}`, error);
    return true;
  }

  /** Names, in no particular order. */
  async children(path: string): Promise<string[]> {
    const { error, reply } = await this.#ask(GET_CHILDREN, text(new Writer(), path).int8(0)); // no watch
    if (error !== OK) throw new ZooKeeperError(`listing ${path}`, error);
    return reply.array(() => String(reply.bytes()));
  }

  /** Resolves once its ephemeral nodes are gone, or where the session had ended before. */
  async close(): Promise<void> {
    if (this.#ended) return;
    await this.#ask(CLOSE_SESSION, new Writer());
    this.#end(new Error("session closed"));
  }

  /** Rejects where the connection ends first: whether the request was carried out is then not known. */
  async #ask(type: number, request: Writer): Promise<{ readonly error: number; readonly reply: Reader }> {
    if (this.#ended) throw this.#ended;
    this.#requests += 1;
    const xid = this.#requests;
    const reply = await new Promise<Reader>((resolve, reject) => {
      this.#waiting.set(xid, { resolve, reject });
      this.#write(new Writer().int32(xid).int32(type).raw(request.done()));
    });
    reply.int64(); // the last transaction that the server has seen
    return { error: reply.int32(), reply };
  }

  #write(message: Writer): void {
    this.#socket.write(new Writer().bytes(message.done()).done());
  }

  #ping(): void {
    if (this.#unanswered === SILENT_PINGS) {
      this.#end(new Error("no answer"));
      return;
    }
    this.#unanswered += 1;
    if (this.#open) this.#write(new Writer().int32(PING_XID).int32(PING));
  }

  #receive(chunk: Buffer): void {
    this.#unanswered = 0;
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const message = new Reader(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
      this.#take(message);
    }
  }

  #take(message: Reader): void {
    if (!this.#open) {
      this.#open = true;
      this.#opened.resolve();
      return;
    }
    const xid = message.int32();
    this.#waiting.get(xid)?.resolve(message);
    this.#waiting.delete(xid);
  }

  #end(error: Error): void {
    this.#ended ??= new Error(`session with ${this.#server} is lost: ${error.message}`, { cause: error });
    clearInterval(this.#pings);
    this.#socket.destroy();
    this.#opened.reject(this.#ended);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function text(to: Writer, value: string): Writer {
  return to.bytes(Buffer.from(value, "utf8"));
}
