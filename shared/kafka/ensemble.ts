/**
 * A ZooKeeper ensemble, each member by its own word: the four-letter word `srvr` (ZooKeeper Administrator's Guide, "The Four
 * Letter Words"), which it answers by
 *
 *     Zookeeper version: 3.8.4-…, built on 2024-02-12 22:16 UTC
 *     …
 *     Zxid: 0x100000005
 *     Mode: follower
 *     Node count: 5
 *
 * or, while it belongs to no majority, by `This ZooKeeper instance is not currently serving requests`.
 */
import { connect } from "node:net";
import type { EnsembleMember } from "../lifecycle/ports.ts";
import type { ListenerSight, QuorumReplica, QuorumSight } from "../lifecycle/sights.ts";
import { type Dial, hostAndPort } from "./listeners.ts";

/** Until a member has answered in full, ms. */
const LIMIT = 1_500;
/** What `srvr` answers is some 300 bytes; whoever says more is no ZooKeeper. */
const LONGEST = 16_384;

/** What became of one question. */
export type MemberSight =
  /** It leads, or it follows, which it only does once it has synced with its leader. */
  | { readonly serves: true; readonly mode: "leader" | "follower"; readonly zxid: number }
  /** It answers, but not as a member of a majority; or nobody answers there. `why` tells, in its own words where it has some. */
  | { readonly serves: false; readonly answers: boolean; readonly why: string };

/** What a member's whole answer to `srvr` says of it; an empty one means that nobody answered. */
export function readSrvr(answer: string): MemberSight {
  const mode = /^Mode: (\S+)/m.exec(answer)?.[1];
  const zxid = Number(/^Zxid: (0x[0-9a-f]+)/m.exec(answer)?.[1]);
  if ((mode === "leader" || mode === "follower") && Number.isSafeInteger(zxid)) return { serves: true, mode, zxid };
  const why = mode === undefined ? (answer.trim().split(/\r?\n/)[0] ?? "").slice(0, 100) : `mode ${mode}`;
  return { serves: false, answers: answer !== "", why: why === "" ? "silent" : why };
}

/** The member's word within `limit` milliseconds; never rejects. */
export function askMember(
  server: string,
  limit = LIMIT,
  dial: Dial = (host, port) => connect({ host, port }),
): Promise<MemberSight> {
  return new Promise((resolve) => {
    const socket = dial(...hostAndPort(server));
    let answer = "";
    const settle = (sight: MemberSight): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(sight);
    };
    const nobody = (why: string): MemberSight => ({ serves: false, answers: false, why });
    const timer = setTimeout(() => settle(nobody("silent")), limit);
    socket.setEncoding("utf8");
    socket.once("connect", () => socket.write("srvr"));
    socket.on("data", (chunk) => {
      answer += String(chunk);
      if (answer.length > LONGEST) settle(nobody("no ZooKeeper"));
    });
    // It closes the connection behind its answer.
    socket.once("end", () => settle(readSrvr(answer)));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      settle(nobody(error.code === "ECONNREFUSED" ? "refused" : "silent")),
    );
  });
}

/** How the ensemble stands, by the word of each of its members; all at once, so it takes `limit` milliseconds at most. */
export async function ensembleSight(
  members: readonly EnsembleMember[],
  ask: (server: string) => Promise<MemberSight> = askMember,
): Promise<QuorumSight> {
  const sights = await Promise.all(members.map(async (member) => ({ ...member, sight: await ask(member.server) })));
  if (!sights.some(({ sight }) => sight.serves || sight.answers)) {
    const each = sights.map(({ server, sight }) => `${server} ${"why" in sight ? sight.why : ""}`).join(", ");
    return { seen: false, reason: `no member of the ensemble answers: ${each}` };
  }
  const leaders = sights.filter(({ sight }) => sight.serves && sight.mode === "leader");
  return {
    seen: true,
    // Of two that say they lead, one has not yet noticed that nobody follows it any more.
    leader: leaders.length === 1 && leaders[0] ? leaders[0].id : -1,
    voters: sights.map(
      ({ id, sight }): QuorumReplica => ({
        id,
        directoryId: "",
        logEndOffset: sight.serves ? sight.zxid : -1,
        lag: 0,
        caughtUpAgo: sight.serves ? 0 : -1,
      }),
    ),
    observers: [],
  };
}

/** Whether each member serves, in the terms of a listener's probe: a member without a majority accepts connections all the same. */
export async function servingMembers(
  servers: readonly string[],
  ask: (server: string) => Promise<MemberSight> = askMember,
): Promise<ReadonlyMap<string, ListenerSight>> {
  const sights = servers.map(async (server): Promise<[string, ListenerSight]> => {
    const sight = await ask(server);
    return [server, sight.serves ? "listening" : sight.answers ? "refused" : "silent"];
  });
  return new Map(await Promise.all(sights));
}
