/** One cluster's brokers as ZooKeeper knows them: an ephemeral node `/brokers/ids/<id>` each, below the cluster's chroot. */
import type { Registry } from "../launch.ts";
import { ZooKeeperSession } from "./session.ts";

/** ms: Kafka's own (`zookeeper.session.timeout.ms`). */
const SESSION = 18_000;

export interface ZooKeeperRegistry extends Registry {
  /** Ends all who registered. */
  close(): Promise<void>;
}

/**
 * A registry of a cluster that has none yet.
 *
 * @param server `host:port`
 * @param chroot e.g. `/launch-1`
 */
export async function zooKeeperRegistry(server: string, chroot: string): Promise<ZooKeeperRegistry> {
  const ids = `${chroot}/brokers/ids`;
  await during(server, async (session) => {
    for (const path of [chroot, `${chroot}/brokers`, ids]) await session.create(path, "persistent");
  });
  const registered: ZooKeeperSession[] = [];
  return {
    // As start-up scripts do it by `zookeeper-shell`: a session of its own for each look.
    ids: async () => (await during(server, (session) => session.children(ids))).map(Number),
    async register(id) {
      const session = await ZooKeeperSession.open(server, SESSION);
      registered.push(session);
      const won = await session.create(`${ids}/${id}`, "ephemeral");
      if (!won) await session.close();
      return won;
    },
    async close() {
      await Promise.all(registered.map((session) => session.close()));
    },
  };
}

async function during<T>(server: string, work: (session: ZooKeeperSession) => Promise<T>): Promise<T> {
  const session = await ZooKeeperSession.open(server, SESSION);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
