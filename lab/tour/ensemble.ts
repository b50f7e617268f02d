/** A ZooKeeper ensemble while one of its members is replaced: it must go on serving, and no session may be lost. */
import { connect } from "node:net";
import { kindOf, quorumRole } from "../../shared/cluster/role-kinds.ts";
import type { QuorumSight } from "../../shared/lifecycle/sights.ts";
import type { Lab } from "../lab.ts";

export interface EnsembleFindings {
  readonly members: readonly { readonly id: number; readonly address: string; readonly mode: string }[];
  /** Its id; -1: none. */
  readonly leader: number;
  /** All the time a majority served and followed one leader, or elected the next; and brokers kept their sessions. */
  readonly replacedWhileServing: boolean;
  /** Why not, where it is false. */
  readonly reason?: string;
}

export interface EnsembleWatch {
  /** Stops, and says what was seen. */
  end(): Promise<EnsembleFindings>;
}

/** Between two looks, ms. */
const PERIOD = 500;
/** An ensemble whose leader is replaced elects another: at most that long without one, ms. */
const ELECTION = 6_000;
const WORD_LIMIT = 3_000;

/** The session behind each broker's ephemeral node, by path, as the members at `host:port` have it. */
export type Sessions = (servers: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** Undefined where the cluster is not on ZooKeeper. */
export async function watchEnsemble(lab: Lab, sessions: Sessions): Promise<EnsembleWatch | undefined> {
  const role = quorumRole(lab.definition);
  if (kindOf(role).asked !== "words") return undefined;
  const { clock, kafka } = lab;
  const members = (role.pool ?? []).map(({ id, address }) => ({
    id,
    address,
    server: `${address}:${kindOf(role).port}`,
  }));
  const before = await sessions(members.map(({ server }) => server));
  let problem = before.size === 0 ? "no broker had a session before" : undefined;
  let well = clock.now();
  let stopped = false;

  const look = async (): Promise<QuorumSight> => {
    const sight = await kafka.ensemble(members);
    if (serves(sight, members.length)) well = clock.now();
    else if (clock.now() - well > ELECTION)
      problem ??= sight.seen ? "the ensemble had no leader and majority for too long" : sight.reason;
    return sight;
  };
  const watching = (async () => {
    while (!stopped) {
      await look();
      await clock.wait(PERIOD);
    }
  })();

  return {
    async end() {
      stopped = true;
      await watching;
      const sight = await look();
      const after = await sessions(members.map(({ server }) => server));
      const lost = [...before].filter(([path, session]) => after.get(path) !== session).map(([path]) => path);
      if (lost.length > 0) problem ??= `the sessions behind ${lost.join(", ")} were lost`;
      const leader = sight.seen ? sight.leader : -1;
      return {
        members: members.map(({ id, address }) => ({ id, address, mode: modeOf(sight, id) })),
        leader,
        replacedWhileServing: problem === undefined,
        ...(problem !== undefined && { reason: problem }),
      };
    },
  };
}

function serves(sight: QuorumSight, size: number): boolean {
  return sight.seen && sight.leader >= 0 && sight.voters.filter((v) => v.caughtUpAgo >= 0).length > size / 2;
}

function modeOf(sight: QuorumSight, id: number): string {
  const voter = sight.seen ? sight.voters.find((v) => v.id === id) : undefined;
  if (!sight.seen || voter === undefined || voter.caughtUpAgo < 0) return "not serving";
  return sight.leader === id ? "leader" : "follower";
}

const BROKER = /\/brokers\/ids\/\d+$/;

/** By `dump`, which only the leader answers in full. */
export async function dumpSessions(servers: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const answer of await Promise.all(servers.map((server) => word(server, "dump")))) {
    let session = "";
    for (const line of answer.split("\n")) {
      session = /^(0x[0-9a-f]+):/.exec(line)?.[1] ?? session;
      const path = line.trim();
      if (BROKER.test(path)) found.set(path, session);
    }
  }
  return found;
}

/** What that member answers to a four-letter word; nothing where it does not answer. */
function word(server: string, text: string): Promise<string> {
  const colon = server.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({ host: server.slice(0, colon), port: Number(server.slice(colon + 1)) });
    let answer = "";
    const end = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(WORD_LIMIT, end);
    socket.once("connect", () => socket.write(text));
    socket.on("data", (chunk) => {
      answer += String(chunk);
    });
    socket.once("end", end);
    socket.once("error", end);
  });
}
