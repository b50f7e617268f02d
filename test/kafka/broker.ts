/**
 * A broker that speaks as much of Kafka's protocol as the view asks: ApiVersions 2, Metadata 6, DescribeConfigs 2, and where it
 * asks who is there SaslHandshake 1, SaslAuthenticate 0, DescribeAcls 1.
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TopicAcl } from "../../shared/kafka/rights.ts";
import { scramServer, type Users } from "./scram-server.ts";

export interface Told {
  readonly clusterId?: string;
  readonly brokers: readonly { readonly id: number; readonly server: string }[];
  readonly topics: readonly {
    readonly name: string;
    readonly error?: number;
    /** `min.insync.replicas`; a number is an error code where it is below zero. */
    readonly minIsr?: number;
    readonly partitions: readonly {
      readonly leader: number;
      readonly replicas: readonly number[];
      readonly isr: readonly number[];
    }[];
  }[];
}

/** What a broker asks before it answers. */
export interface Guard {
  /** Passwords by user, at the time of the login. */
  readonly users: () => Users;
  /** ACLs about topics, or the error code that asking for them meets. */
  readonly acls: () => readonly TopicAcl[] | number;
  /** PEM: speaks TLS by it. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export interface FakeBroker {
  /** `host:port`. */
  readonly server: string;
  /** What was asked, by name, in order. */
  readonly asked: string[];
  /** Connections that are open. */
  connections(): number;
  close(): Promise<void>;
}

const METADATA = 3;
const API_VERSIONS = 18;
const DESCRIBE_CONFIGS = 32;
const DESCRIBE_ACLS = 29;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const LEADER_NOT_AVAILABLE = 5;
const SASL_AUTHENTICATION_FAILED = 58;

const NAMES: Readonly<Record<number, string>> = {
  [METADATA]: "Metadata",
  [API_VERSIONS]: "ApiVersions",
  [DESCRIBE_CONFIGS]: "DescribeConfigs",
  [DESCRIBE_ACLS]: "DescribeAcls",
  [SASL_HANDSHAKE]: "SaslHandshake",
  [SASL_AUTHENTICATE]: "SaslAuthenticate",
};

/** Starts one; `told` gives its view of the cluster at each request, or undefined to say nothing at all. */
export async function fakeBroker(told: () => Told | undefined, guard?: Guard): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const login = guard && scramServer(guard.users());
    let buffered = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
        const request = buffered.subarray(4, 4 + buffered.readInt32BE(0));
        buffered = buffered.subarray(4 + request.length);
        asked.push(NAMES[request.readInt16BE(0)] ?? String(request.readInt16BE(0)));
        const answer = (guard && login && guarding(request, guard, login)) ?? answerTo(request, told);
        if (answer === undefined) continue;
        socket.write(Buffer.concat([int32(answer.length + 4), request.subarray(4, 8), answer]));
      }
    });
  };
  const server = guard?.certificate ? createTlsServer(guard.certificate, serve) : createServer(serve);
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake broker has no port");
  return {
    server: `127.0.0.1:${address.port}`,
    asked,
    connections: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A `host:port` where nothing listens. */
export async function closedPort(): Promise<string> {
  const broker = await fakeBroker(() => undefined);
  await broker.close();
  return broker.server;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

/** Undefined: nothing of a guard's business. */
function guarding(
  request: Buffer,
  { acls }: Guard,
  login: (message: string) => string | undefined,
): Buffer | undefined {
  const body = request.subarray(10 + request.readInt16BE(8));
  switch (request.readInt16BE(0)) {
    case SASL_HANDSHAKE:
      return Buffer.concat([int16(0), array(["SCRAM-SHA-512"], string)]);
    case SASL_AUTHENTICATE: {
      const answer = login(body.subarray(4).toString());
      return answer === undefined
        ? Buffer.concat([int16(SASL_AUTHENTICATION_FAILED), string("invalid credentials"), int32(0)])
        : Buffer.concat([int16(0), string(null), int32(Buffer.byteLength(answer)), Buffer.from(answer)]);
    }
    case DESCRIBE_ACLS: {
      const known = acls();
      if (typeof known === "number") return Buffer.concat([int32(0), int16(known), string("not allowed"), int32(0)]);
      // int8 resource type, nullable name, int8 pattern, then the principal.
      const principal = body.subarray(6, 6 + body.readInt16BE(4)).toString();
      const permission = body.readInt8(body.length - 1);
      const matching = known.filter(
        (a) => a.principal === principal && (permission === 1 || a.permission === permission),
      );
      return Buffer.concat([
        int32(0),
        int16(0),
        string(null),
        array(matching, (acl) =>
          Buffer.concat([
            Buffer.of(2),
            string(acl.name),
            Buffer.of(acl.pattern),
            array([acl], (one) =>
              Buffer.concat([string(one.principal), string(one.host), Buffer.of(one.operation, one.permission)]),
            ),
          ]),
        ),
      ]);
    }
  }
  return undefined;
}

function answerTo(request: Buffer, tell: () => Told | undefined): Buffer | undefined {
  const key = request.readInt16BE(0);
  const told = tell();
  if (told === undefined) return undefined;
  if (key === API_VERSIONS) {
    const versions = [
      [METADATA, 0, 6],
      [API_VERSIONS, 0, 2],
      [DESCRIBE_CONFIGS, 0, 2],
      [DESCRIBE_ACLS, 0, 1],
      [SASL_HANDSHAKE, 0, 1],
      [SASL_AUTHENTICATE, 0, 0],
    ];
    return Buffer.concat([int16(0), array(versions, (row) => Buffer.concat(row.map(int16))), int32(0)]);
  }
  if (key === METADATA) {
    return Buffer.concat([
      int32(0),
      array(told.brokers, ({ id, server }) => {
        const [host = "", port] = server.split(":");
        return Buffer.concat([int32(id), string(host), int32(Number(port)), string(null)]);
      }),
      string(told.clusterId ?? "cluster"),
      int32(told.brokers[0]?.id ?? -1),
      array(told.topics, ({ name, error, partitions }) =>
        Buffer.concat([
          int16(error ?? 0),
          string(name),
          Buffer.of(0),
          array([...partitions.entries()], ([index, { leader, replicas, isr }]) =>
            Buffer.concat([
              int16(leader < 0 ? LEADER_NOT_AVAILABLE : 0),
              int32(index),
              int32(leader),
              array(replicas, int32),
              array(isr, int32),
              array([], int32),
            ]),
          ),
        ]),
      ),
    ]);
  }
  return Buffer.concat([
    int32(0),
    array(topicsAsked(request), (name) => {
      const topic = told.topics.find((candidate) => candidate.name === name);
      const error = topic === undefined ? 3 : Math.max(0, -(topic.minIsr ?? 1));
      const entry = Buffer.concat([
        string("min.insync.replicas"),
        string(String(topic?.minIsr ?? 1)),
        Buffer.of(0, 1, 0),
        array([], int32),
      ]);
      return Buffer.concat([
        int16(error),
        string(error === 0 ? null : "denied"),
        Buffer.of(2),
        string(name),
        array(error === 0 ? [entry] : [], (bytes) => bytes),
      ]);
    }),
  ]);
}

/** The names in a DescribeConfigs request, behind its header with the client's id. */
function topicsAsked(request: Buffer): string[] {
  let at = 10 + request.readInt16BE(8);
  const readString = (): string => {
    const length = request.readInt16BE(at);
    at += 2 + length;
    return request.subarray(at - length, at).toString();
  };
  const count = request.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    at += 1;
    const name = readString();
    const settings = request.readInt32BE(at);
    at += 4;
    for (let i = 0; i < settings; i++) readString();
    return name;
  });
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(value: string | null): Buffer {
  if (value === null) return int16(-1);
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}

function array<Item>(items: readonly Item[], encode: (item: Item) => Buffer): Buffer {
  return Buffer.concat([int32(items.length), ...items.map((item) => encode(item))]);
}
