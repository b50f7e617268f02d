import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Connection, KafkaError } from "../../../lab/workload/connection.ts";
import { notWritten } from "../../../lab/workload/topic.ts";

const open: { close(): void }[] = [];

afterEach(() => {
  for (const closable of open.splice(0)) closable.close();
});

/** A broker that does that with every connection. */
async function broker(behave: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connection(server: string, limit = 5000): Connection {
  const opened = new Connection(server, limit);
  open.push(opened);
  return opened;
}

describe("a message", () => {
  test("of which the connection ends before the answer may have been written", async () => {
    const to = connection(await broker((socket) => socket.once("data", () => socket.destroy())));
    await expect(to.produce("t", 0, "value", 0)).rejects.toThrow(/connection to 127.0.0.1:\d+ is lost/);
    expect([to.connected, to.ended]).toEqual([true, true]);
  });

  test("that is not answered in time may have been written", async () => {
    const to = connection(await broker(() => {}), 50);
    await expect(to.produce("t", 0, "value", 0)).rejects.toThrow("no answer for 50 ms");
    expect([to.connected, to.ended]).toEqual([true, true]);
  });

  test("to a broker that is not there was certainly not written", async () => {
    const server = await broker(() => {});
    open.pop()?.close();
    const to = connection(server);
    await expect(to.produce("t", 0, "value", 0)).rejects.toThrow("ECONNREFUSED");
    expect([to.connected, to.ended]).toEqual([false, true]);
  });

  test.each([
    [6, "not leader or follower, maybe since it was appended", false],
    [5, "leader not available", true],
    [19, "not enough replicas", true],
    [20, "not enough replicas after append", false],
    [7, "request timed out", false],
  ])("that Kafka refuses with %i, %s, counts as not written: %s", (code, _, refused) => {
    expect(notWritten(new KafkaError("writing", code))).toBe(refused);
  });
});

test("answers that come in pieces, and several at once, find their questions", async () => {
  const answer = (correlation: number) => {
    const body = Buffer.alloc(4 + 4 + 4 + 4 + 2 + 4 + 4);
    body.writeInt32BE(correlation, 0);
    body.writeInt16BE(-1, 16); // no cluster id
    return Buffer.concat([Buffer.from([0, 0, 0, body.length]), body]);
  };
  const server = await broker((socket) => {
    let asked = 0;
    socket.on("data", () => {
      asked += 1;
      if (asked > 1) return;
      const both = Buffer.concat([answer(2), answer(1)]);
      socket.write(both.subarray(0, 5));
      setImmediate(() => socket.write(both.subarray(5)));
    });
  });
  const to = connection(server);
  const nothing = { brokers: new Map(), partitions: [] };
  expect(await Promise.all([to.metadata("a"), to.metadata("b")])).toEqual([nothing, nothing]);
});
