/** The benchmark's ZooKeeper: a real server, and sessions that speak its protocol. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { zooKeeperRegistry } from "../../bench/zookeeper/registry.ts";
import { startZooKeeper, type ZooKeeper } from "../../bench/zookeeper/server.ts";
import { ZooKeeperSession } from "../../bench/zookeeper/session.ts";
import { kafkaFor, kafkaTitle } from "./found-kafka.ts";

const kafka = await kafkaFor("zookeeper");
/** Ms: the server ends what it has not heard of for that long. */
const TIMEOUT = 4_000;

describe.skipIf("missing" in kafka)(`a ZooKeeper of its own, ${kafkaTitle(kafka)}`, () => {
  let zooKeeper: ZooKeeper;
  const open = () => ZooKeeperSession.open(zooKeeper.server, TIMEOUT);

  beforeAll(async () => {
    if ("missing" in kafka) throw new Error("there is nothing to run");
    zooKeeper = await startZooKeeper(kafka);
  });
  afterAll(() => zooKeeper?.stop());

  test("a node is created once, and listed by its name below its parent", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(await one.children("/")).toEqual(["zookeeper"]);
    expect(await one.create("/plain", "persistent")).toBe(true);
    expect(await other.create("/plain", "persistent")).toBe(false);
    expect(await other.create("/plain/é", "persistent")).toBe(true);
    expect(await one.children("/plain")).toEqual(["é"]);
    await Promise.all([one.close(), other.close()]);
  });

  test("an ephemeral node goes with its session, a persistent one stays", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await one.create("/mixed", "persistent");
    await one.create("/mixed/stays", "persistent");
    await one.create("/mixed/goes", "ephemeral");
    expect((await other.children("/mixed")).sort()).toEqual(["goes", "stays"]);
    await one.close();
    expect(await other.children("/mixed")).toEqual(["stays"]);
    await other.close();
  });

  test("requests may be under way together", async () => {
    const session = await open();
    await session.create("/many", "persistent");
    const names = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(names.map((name) => session.create(`/many/${name}`, "ephemeral")));
    expect((await session.children("/many")).sort()).toEqual(names.sort());
    await session.close();
  });

  test("what the server refuses is told with what was asked", async () => {
    const session = await open();
    await expect(session.create("/no/parent", "ephemeral")).rejects.toThrow(
      "creating /no/parent: ZooKeeper's error -101",
    );
    await expect(session.children("/none")).rejects.toThrow("listing /none: ZooKeeper's error -101");
    await session.close();
    await expect(session.children("/")).rejects.toThrow("session closed");
  });

  test("a session that has nothing to ask lives on by its pings", async () => {
    const [idle, other] = await Promise.all([open(), open()]);
    await idle.create("/pinged", "ephemeral");
    // By the time the server ends one that does not ping, it would have ended the other too.
    const silent = await ZooKeeperSession.open(zooKeeper.server, TIMEOUT, 3_600_000);
    await silent.create("/silent", "ephemeral");
    await vi.waitFor(async () => expect(await other.children("/")).not.toContain("silent"), {
      timeout: 60_000,
      interval: 200,
    });
    expect(await other.children("/")).toContain("pinged");
    await Promise.all([idle.close(), other.close()]);
    await expect(silent.children("/")).rejects.toThrow("is lost");
  });

  test("of brokers that read the same list, one gets the id, and is listed until it ends", async () => {
    const registry = await zooKeeperRegistry(zooKeeper.server, "/orders");
    const seen = await Promise.all([registry.ids(), registry.ids(), registry.ids()]);
    expect(seen).toEqual([[], [], []]);
    const won = await Promise.all(seen.map(() => registry.register(1)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await registry.ids()).toEqual([1]);
    expect(await registry.register(2)).toBe(true);
    expect([...(await registry.ids())].sort()).toEqual([1, 2]);
    await registry.close();
    expect(await registry.ids()).toEqual([]);
  });

  test("clusters under their own chroot do not see each other", async () => {
    const [one, other] = await Promise.all(["/one", "/other"].map((root) => zooKeeperRegistry(zooKeeper.server, root)));
    expect(await one?.register(1)).toBe(true);
    expect(await other?.register(1)).toBe(true);
    await Promise.all([one?.close(), other?.close()]);
  });

  test("one that was stopped gives no sessions any more, beside one that does", async () => {
    if ("missing" in kafka) throw new Error("there is nothing to run");
    const second = await startZooKeeper(kafka);
    await (await ZooKeeperSession.open(second.server, TIMEOUT)).close();
    await second.stop();
    await expect(ZooKeeperSession.open(second.server, TIMEOUT)).rejects.toThrow("ECONNREFUSED");
    await (await open()).close();
  });
});
