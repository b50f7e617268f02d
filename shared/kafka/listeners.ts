import { connect, type Socket } from "node:net";
import type { ListenerSight } from "../lifecycle/sights.ts";

/** Opens a connection, which comes about, or fails, later. */
export type Dial = (host: string, port: number) => Socket;

const LIMIT = 1000;

/** Of `host:port`. */
export function hostAndPort(server: string): [host: string, port: number] {
  const colon = server.lastIndexOf(":");
  return [server.slice(0, colon), Number(server.slice(colon + 1))];
}

/**
 * Whether something listens at each `host:port`: `listening` where a TCP connection comes about, `refused` where the host says no,
 * `silent` where nothing answers within `limit` milliseconds or nothing leads there. All at once, so it takes `limit` at most.
 */
export async function probeListeners(
  servers: readonly string[],
  limit = LIMIT,
  dial: Dial = (host, port) => connect({ host, port }),
): Promise<ReadonlyMap<string, ListenerSight>> {
  return new Map(await Promise.all(servers.map(async (server) => [server, await probe(server, limit, dial)] as const)));
}

function probe(server: string, limit: number, dial: Dial): Promise<ListenerSight> {
  return new Promise((resolve) => {
    const socket = dial(...hostAndPort(server));
    const answer = (sight: ListenerSight): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(sight);
    };
    const timer = setTimeout(answer, limit, "silent");
    socket.once("connect", () => answer("listening"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      answer(error.code === "ECONNREFUSED" ? "refused" : "silent"),
    );
  });
}
