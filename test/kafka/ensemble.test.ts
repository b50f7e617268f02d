import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { askMember, ensembleSight, type MemberSight, readSrvr, servingMembers } from "../../shared/kafka/ensemble.ts";
import { hasMajority, isServingVoter, safeToStopVoter } from "../../shared/lifecycle/decide/quorum.ts";
import { closedPort } from "./broker.ts";

/** As ZooKeeper 3.8 answers it. */
const srvr = (mode: string, zxid = "0x100000005") =>
  [
    "Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC",
    "Latency min/avg/max: 0/0.0/0",
    "Received: 2",
    "Sent: 1",
    "Connections: 1",
    "Outstanding: 0",
    `Zxid: ${zxid}`,
    `Mode: ${mode}`,
    "Node count: 5",
    "",
  ].join("\n");
const WAITING = "This ZooKeeper instance is not currently serving requests\n";

describe("a member's word", () => {
  test("it serves where it leads or follows, with the last transaction it has", () => {
    for (const mode of ["leader", "follower"] as const)
      expect(readSrvr(srvr(mode))).toEqual({ serves: true, mode, zxid: 2 ** 32 + 5 });
  });
  test.each([
    [WAITING, "This ZooKeeper instance is not currently serving requests"],
    [
      "srvr is not executed because it is not in the whitelist.\n",
      "srvr is not executed because it is not in the whitelist.",
    ],
    [srvr("observer"), "mode observer"],
    [srvr("standalone"), "mode standalone"],
    [srvr("read-only"), "mode read-only"],
    ["HTTP/1.1 400 Bad Request\r\nServer: x", "HTTP/1.1 400 Bad Request"],
  ])("it does not by %j", (answer, why) => {
    expect(readSrvr(answer)).toEqual({ serves: false, answers: true, why: why.trim() });
  });
  test("nothing said is nobody", () => {
    expect(readSrvr("")).toEqual({ serves: false, answers: false, why: "silent" });
  });
});

describe("asked over the network", () => {
  const started: Server[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  /** A server that answers in these pieces once it is asked, and ends; or says nothing. */
  async function member(...pieces: readonly string[]): Promise<{ server: string; heard: () => string }> {
    let heard = "";
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        heard += String(chunk);
        if (heard !== "srvr" || pieces.length === 0) return;
        const say = (left: readonly string[]): void => {
          const [piece, ...rest] = left;
          // Each piece is read before the next is written.
          if (piece === undefined) socket.end();
          else socket.write(piece, () => setImmediate(() => setImmediate(() => say(rest))));
        };
        say(pieces);
      });
    });
    started.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return { server: `127.0.0.1:${address.port}`, heard: () => heard };
  }

  test("its whole answer counts, in however many pieces it comes", async () => {
    const whole = srvr("follower");
    const { server, heard } = await member(whole.slice(0, 40), whole.slice(40));
    expect(await askMember(server, 10_000)).toMatchObject({ serves: true, mode: "follower" });
    expect(heard()).toBe("srvr");
  });
  test("refused, silent, and whoever talks without end: nobody, within the limit", async () => {
    expect(await askMember(await closedPort(), 10_000)).toEqual({ serves: false, answers: false, why: "refused" });
    const { server } = await member();
    expect(await askMember(server, 30)).toEqual({ serves: false, answers: false, why: "silent" });
    const chatter = await member("x".repeat(20_000));
    expect(await askMember(chatter.server, 10_000)).toEqual({ serves: false, answers: false, why: "no ZooKeeper" });
  });
});

describe("the ensemble", () => {
  const leader: MemberSight = { serves: true, mode: "leader", zxid: 9 };
  const follower: MemberSight = { serves: true, mode: "follower", zxid: 7 };
  const waiting: MemberSight = { serves: false, answers: true, why: "not currently serving requests" };
  const refused: MemberSight = { serves: false, answers: false, why: "refused" };
  const members = [1, 2, 3].map((id) => ({ id, server: `10.0.${id}.10:2181` }));
  const seen = async (...sights: readonly MemberSight[]) => {
    const sight = await ensembleSight(members, async (server) => sights[Number(server.split(".")[2]) - 1] ?? refused);
    if (!sight.seen) throw new Error(sight.reason);
    return sight;
  };

  test("who leads or follows has synced and votes; all of the pool count as voters", async () => {
    const sight = await seen(leader, follower, waiting);
    expect(sight).toMatchObject({ leader: 1, observers: [] });
    expect(sight.voters.map(({ id, caughtUpAgo }) => [id, caughtUpAgo])).toEqual([
      [1, 0],
      [2, 0],
      [3, -1],
    ]);
    expect(hasMajority(sight, 3)).toBe(true);
    expect(isServingVoter(sight, 2, 1000)).toMatchObject({ safe: true });
    expect(isServingVoter(sight, 3, 1000)).toEqual({
      safe: false,
      reason: "voter 3 is not known to follow the leader",
    });
  });
  test("a member may be stopped where both others serve, and only there", async () => {
    expect(safeToStopVoter(await seen(leader, follower, follower), 2).safe).toBe(true);
    expect(safeToStopVoter(await seen(leader, follower, refused), 2).safe).toBe(false);
    expect(safeToStopVoter(await seen(leader, follower, refused), 3).safe).toBe(true);
    expect(safeToStopVoter(await seen(waiting, waiting, refused), 3).safe).toBe(false);
  });
  test("members that wait for a majority are seen, but nobody leads them", async () => {
    const sight = await seen(waiting, refused, refused);
    expect(sight.leader).toBe(-1);
    expect(hasMajority(sight, 3)).toBe(false);
  });
  test("of two that say they lead one is wrong, so neither is believed", async () => {
    expect((await seen(leader, leader, follower)).leader).toBe(-1);
  });
  test("where nobody answers, it is not seen: the observer may be cut off", async () => {
    expect(await ensembleSight(members, async () => refused)).toEqual({
      seen: false,
      reason:
        "no member of the ensemble answers: 10.0.1.10:2181 refused, 10.0.2.10:2181 refused, 10.0.3.10:2181 refused",
    });
  });
  test("for Kafka's metadata only those that serve count, though all accept connections", async () => {
    const heard = await servingMembers(
      members.map(({ server }) => server),
      async (server) => (server.startsWith("10.0.1") ? leader : server.startsWith("10.0.2") ? waiting : refused),
    );
    expect([...heard.values()]).toEqual(["listening", "refused", "silent"]);
  });
});
