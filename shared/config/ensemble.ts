/** `zoo.cfg` of a member of a ZooKeeper ensemble (ZooKeeper 3.8, as Kafka 3.9's archive has it). */
import type { Definition, Role } from "../cluster/definition.ts";
import { kindOf, quorumRole } from "../cluster/role-kinds.ts";
import { jvmFlags } from "./jvm.ts";
import { DATA_DIRECTORY, type Node } from "./server.ts";

/**
 * Of a member's JVM. With an empty disk it would vote as one that has seen nothing, and an ensemble of such forgets everything.
 * So it does not, until it has taken over what the others have; but for those whose disk has the mark that the ensemble is new.
 */
export const memberFlags = (role: Role): string[] => [...jvmFlags(role.heap), "-Dzookeeper.db.autocreate=false"];

/** The ensemble's settings: defaults, the role's, and last those Rollcall owns. The same on every member. */
export function ensembleSettings(definition: Definition, node: Node): Record<string, string> {
  return {
    ...conductSettings(node.role),
    ...members(definition),
    dataDir: DATA_DIRECTORY,
    // Each member's own address only, as in its line.
    quorumListenOnAllIPs: "false",
    // Members change by a new disk at the same address, so the list never does; and it cannot be changed past the definition.
    reconfigEnabled: "false",
    standaloneEnabled: "false",
  };
}

/** How members work and answer, wherever they are and whoever they are. */
export function conductSettings(role: Role): Record<string, string> {
  return {
    // Ms: the unit of the next two, and half of the shortest session that a client may have.
    tickTime: "2000",
    // Ticks that a follower may take to load the leader's snapshot, and that it may lag behind.
    initLimit: "10",
    syncLimit: "5",
    // Every so many hours, all but the newest snapshots and logs go; by itself ZooKeeper keeps all of them.
    "autopurge.purgeInterval": "1",
    "autopurge.snapRetainCount": "3",
    ...role.settings,
    "4lw.commands.whitelist": "dump,mntr,ruok,srvr",
    "admin.enableServer": "false",
  };
}

/** `server.<id>=<address>:<quorum port>:<election port>;<address>:<client port>`, for each address of the pool. */
function members(definition: Definition): Record<string, string> {
  const role = quorumRole(definition);
  const { port, peerPorts } = kindOf(role);
  return Object.fromEntries(
    (role.pool ?? []).map(({ id, address }) => [
      `server.${id}`,
      `${address}:${peerPorts.join(":")};${address}:${port}`,
    ]),
  );
}
