/** What the benchmark's ZooKeeper says where there is none; test/e2e has the real one. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startZooKeeper } from "../../bench/zookeeper/server.ts";
import { ZooKeeperSession } from "../../bench/zookeeper/session.ts";

const TIMEOUT = 30_000;

/** A server that does that with who connects, while `work` is done at its `host:port`. */
async function during<T>(greet: (socket: Socket) => void, work: (server: string) => Promise<T>): Promise<T> {
  const server = createServer(greet);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  try {
    return await work(`127.0.0.1:${address.port}`);
  } finally {
    server.close();
  }
}

test("a server that closes the connection gives no session", async () => {
  const opening = during(
    (socket) => socket.end(),
    (server) => ZooKeeperSession.open(server, TIMEOUT),
  );
  await expect(opening).rejects.toThrow(/^session with 127\.0\.0\.1:\d+ is lost: connection closed$/);
});

test("nobody there is no session", async () => {
  const gone = await during(
    () => {},
    async (server) => server,
  );
  await expect(ZooKeeperSession.open(gone, TIMEOUT)).rejects.toThrow(
    `session with ${gone} is lost: connect ECONNREFUSED`,
  );
});

test("a request whose connection ends is neither done nor refused", async () => {
  const asking = during(
    (socket) => {
      // The first message asks for the session: a ConnectResponse, 36 bytes and their length. The second goes unanswered.
      socket.once("data", () => {
        socket.write(Buffer.concat([Buffer.from([0, 0, 0, 36]), Buffer.alloc(36)]));
        socket.once("data", () => socket.destroy());
      });
    },
    async (server) => (await ZooKeeperSession.open(server, TIMEOUT)).create("/x", "ephemeral"),
  );
  await expect(asking).rejects.toThrow("is lost");
});

test.each([
  ["ends", "/bin/false", "it ended (1)"],
  ["is not there", "/nowhere/java", "ENOENT"],
])("a ZooKeeper whose Java %s is no ZooKeeper", async (_, java, why) => {
  const starting = startZooKeeper({ home: "/nowhere", version: "3.9.2", java });
  await expect(starting).rejects.toThrow(/^ZooKeeper does not start at 127\.\d+\.0\.10:2181: /);
  await expect(starting).rejects.toThrow(why);
});
