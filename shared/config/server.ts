/** `server.properties` of a KRaft controller or broker (Kafka 4.3, dynamic quorum), or of a broker on ZooKeeper (Kafka 3.9). */
import type { Definition, Role } from "../cluster/definition.ts";
import { roleOf } from "../cluster/definition.ts";
import { CLIENT_PORT, CONTROLLER_PORT, isQuorum, quorumServers } from "../cluster/role-kinds.ts";
import { securitySettings } from "./credentials.ts";
import { clientListener, controllerListener } from "./listeners.ts";

/** One node, as its configuration is rendered for. */
export interface Node {
  readonly role: Role;
  readonly id: number;
  readonly zone: string;
  /** What it listens on and advertises. */
  readonly address: string;
}

/** Relative to the unit's working directory, so that the file does not depend on where the node's home is. */
export const DATA_DIRECTORY = "data";

/** Where in the ensemble's tree Kafka keeps its own, so that the ensemble can serve others too. */
const CHROOT = "/kafka";

/** Kafka's settings for that node: durability defaults, the definition's, the role's, and last those Rollcall owns. */
export function serverSettings(definition: Definition, node: Node): Record<string, string> {
  return {
    ...durabilitySettings(definition),
    ...definition.kafka.settings,
    ...node.role.settings,
    ...(isQuorum(node.role) ? controllerSettings(definition, node) : brokerSettings(definition, node)),
    ...(definition.kafka.mode === "kraft" ? kraftSettings(definition, node) : zookeeperSettings(definition, node)),
    ...securitySettings(definition, node.role),
    "log.dirs": DATA_DIRECTORY,
  };
}

/**
 * What Kafka's own defaults leave open to loss. Controllers get the same: they apply `default.replication.factor` to
 * topics that name none (brokers do so only to those they create by themselves, and no longer from Kafka 5 on), and a new
 * cluster takes its cluster-wide `min.insync.replicas` from their file; at broker level, eligible leader replicas
 * (KIP-966) rule that setting out.
 */
function durabilitySettings(definition: Definition): Record<string, string> {
  const brokers = roleOf(definition, "broker");
  const replication = Math.max(1, Math.min(3, brokers.perZone * brokers.groups.length));
  const minInSync = Math.max(1, replication - 1);
  return {
    "auto.leader.rebalance.enable": "true",
    "controlled.shutdown.enable": "true",
    "default.replication.factor": String(replication),
    "min.insync.replicas": String(minInSync),
    "offsets.topic.replication.factor": String(replication),
    // Share groups came with KRaft (KIP-932).
    ...(definition.kafka.mode === "kraft"
      ? {
          "share.coordinator.state.topic.min.isr": String(minInSync),
          "share.coordinator.state.topic.replication.factor": String(replication),
        }
      : undefined),
    "transaction.state.log.min.isr": String(minInSync),
    "transaction.state.log.replication.factor": String(replication),
    "unclean.leader.election.enable": "false",
  };
}

function controllerSettings(definition: Definition, node: Node): Record<string, string> {
  const listener = `${controllerListener(definition).name}://${node.address}:${CONTROLLER_PORT}`;
  return {
    "advertised.listeners": listener,
    // A controller with a new disk takes its predecessor's place among the voters by itself (KIP-853, Kafka 4.2).
    "controller.quorum.auto.join.enable": "true",
    listeners: listener,
    "process.roles": "controller",
  };
}

function brokerSettings(definition: Definition, node: Node): Record<string, string> {
  const { name } = clientListener(definition);
  const listener = `${name}://${node.address}:${CLIENT_PORT}`;
  return {
    "advertised.listeners": listener,
    "broker.rack": node.zone,
    "inter.broker.listener.name": name,
    listeners: listener,
  };
}

function kraftSettings(definition: Definition, node: Node): Record<string, string> {
  const [clients, controllers] = [clientListener(definition), controllerListener(definition)];
  return {
    "controller.listener.names": controllers.name,
    "controller.quorum.bootstrap.servers": quorumServers(definition).join(","),
    "listener.security.protocol.map": `${clients.name}:${clients.protocol},${controllers.name}:${controllers.protocol}`,
    "node.id": String(node.id),
    ...(isQuorum(node.role) ? undefined : { "process.roles": "broker" }),
  };
}

function zookeeperSettings(definition: Definition, node: Node): Record<string, string> {
  const clients = clientListener(definition);
  return {
    "broker.id": String(node.id),
    // Else an id above `reserved.broker.max.id` (1000) is refused, and one that is not set would be made up.
    "broker.id.generation.enable": "false",
    "listener.security.protocol.map": `${clients.name}:${clients.protocol}`,
    "zookeeper.connect": `${quorumServers(definition).join(",")}${CHROOT}`,
  };
}
