/**
 * The load balancer for bootstrap, as far as a client notices: a TCP door in front of its targets, each of which gets
 * connections only while it takes them (a Network Load Balancer's health check).
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../shared/lifecycle/ports.ts";

export interface BalancerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** `host:port` of whoever is registered now. */
  readonly targets: () => readonly string[];
  readonly clock: Clock;
  /** Between two health checks of each target, ms. */
  readonly every?: number;
  /** How long a target may take to accept a connection, ms. */
  readonly limit?: number;
}

export interface Balancer {
  /** `host:port` */
  readonly address: string;
  /** Targets that took the last health check's connection. */
  healthy(): readonly string[];
  close(): Promise<void>;
}

export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const { host, port, targets, clock, every = 1_000, limit = 1_000 } = options;
  const open = new Set<Socket>();
  let healthy: readonly string[] = [];
  let turn = 0;
  let closed = false;

  async function check(): Promise<void> {
    const registered = targets();
    const alive = await Promise.all(registered.map((target) => accepts(target, limit)));
    healthy = registered.filter((_, n) => alive[n]);
  }

  async function watch(): Promise<void> {
    while (!closed) {
      await clock.wait(every);
      if (!closed) await check();
    }
  }

  function pass(client: Socket): void {
    const registered = targets();
    const fit = healthy.filter((target) => registered.includes(target));
    const target = fit[turn++ % Math.max(1, fit.length)];
    // A Network Load Balancer without a healthy target resets whoever comes.
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = dial(target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }

  const door = createServer(pass);
  await listening(door, host, port);
  await check();
  void watch();
  const bound = door.address();
  const actual = bound !== null && typeof bound === "object" ? bound.port : port;
  return {
    address: `${host}:${actual}`,
    healthy: () => healthy,
    close() {
      closed = true;
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => door.close(() => resolve()));
    },
  };
}

function dial(target: string): Socket {
  const colon = target.lastIndexOf(":");
  return connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
}

function accepts(target: string, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(target);
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(limit, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
