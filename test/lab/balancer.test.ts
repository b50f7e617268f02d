import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "../../lab/balancer.ts";
import { realClock } from "../../lab/clock.ts";

const clock = realClock();
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const closable of open.splice(0).reverse()) await closable.close();
});

/** Says its name to whoever connects, and ends. */
async function target(name: string): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  const made = { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
  open.push(made);
  return made;
}

async function balancer(targets: () => readonly string[]): Promise<Balancer> {
  const made = await startBalancer({ host: "127.0.0.1", port: 0, targets, clock, every: 10 });
  open.push(made);
  return made;
}

/** What a client hears that knows only the balancer; how the connection failed where it did. */
function hear(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(address.split(":")[1]), "127.0.0.1");
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk.toString();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("end", () => resolve(heard));
  });
}

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = clock.now() + 5_000; !(await what()); await clock.wait(10)) {
    if (clock.now() > deadline) throw new Error("waited in vain");
  }
}

describe("a load balancer", () => {
  test("passes connections to its targets in turn", async () => {
    const [a, b] = [await target("a"), await target("b")];
    const { address } = await balancer(() => [a.address, b.address]);
    const heard = [await hear(address), await hear(address), await hear(address), await hear(address)];
    expect(heard.sort()).toEqual(["a", "a", "b", "b"]);
  });

  test("leaves out who takes no connection, until it does", async () => {
    const [a, b] = [await target("a"), await target("b")];
    const made = await balancer(() => [a.address, b.address]);
    await b.close();
    await until(() => made.healthy().length === 1);
    expect([await hear(made.address), await hear(made.address)]).toEqual(["a", "a"]);
  });

  test("leaves out at once who is not registered any more", async () => {
    const [a, b] = [await target("a"), await target("b")];
    let registered = [a.address, b.address];
    const { address } = await balancer(() => registered);
    registered = [b.address];
    expect([await hear(address), await hear(address)]).toEqual(["b", "b"]);
  });

  test("resets who comes while nobody is healthy", async () => {
    const { address } = await balancer(() => []);
    expect(await hear(address)).toBe("ECONNRESET");
  });
});
