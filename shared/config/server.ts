/** `server.properties` of a KRaft controller or broker (Kafka 4.3, dynamic quorum). */
import type { Definition, Role } from "../cluster/definition.ts";
import { CLIENT_PORT, CONTROLLER_PORT, quorumServers, roleOf } from "../cluster/definition.ts";

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

const CLIENT_LISTENER = "PLAINTEXT";
const CONTROLLER_LISTENER = "CONTROLLER";

/** Kafka's settings for that node: durability defaults, the definition's, the role's, and last those Rollcall owns. */
export function serverSettings(definition: Definition, node: Node): Record<string, string> {
  return {
    ...durabilitySettings(definition),
    ...definition.kafka.settings,
    ...node.role.settings,
    ...(node.role.name === "controller" ? controllerSettings(node) : brokerSettings(node)),
    "controller.listener.names": CONTROLLER_LISTENER,
    "controller.quorum.bootstrap.servers": quorumServers(definition).join(","),
    "listener.security.protocol.map": `${CLIENT_LISTENER}:PLAINTEXT,${CONTROLLER_LISTENER}:PLAINTEXT`,
    "log.dirs": DATA_DIRECTORY,
    "node.id": String(node.id),
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
    "share.coordinator.state.topic.min.isr": String(minInSync),
    "share.coordinator.state.topic.replication.factor": String(replication),
    "transaction.state.log.min.isr": String(minInSync),
    "transaction.state.log.replication.factor": String(replication),
    "unclean.leader.election.enable": "false",
  };
}

function controllerSettings(node: Node): Record<string, string> {
  const listener = `${CONTROLLER_LISTENER}://${node.address}:${CONTROLLER_PORT}`;
  return {
    "advertised.listeners": listener,
    // A controller with a new disk takes its predecessor's place among the voters by itself (KIP-853, Kafka 4.2).
    "controller.quorum.auto.join.enable": "true",
    listeners: listener,
    "process.roles": "controller",
  };
}

function brokerSettings(node: Node): Record<string, string> {
  const listener = `${CLIENT_LISTENER}://${node.address}:${CLIENT_PORT}`;
  return {
    "advertised.listeners": listener,
    "broker.rack": node.zone,
    "inter.broker.listener.name": CLIENT_LISTENER,
    listeners: listener,
    "process.roles": "broker",
  };
}

const ADDRESSING = "each node listens on and advertises the address that Rollcall gave it";
const QUORUM = "the quorum is found through the controllers' address pool, and its voters change by themselves";
const DISK = "the node's script formats and guards the one directory below its home";
const IDENTITY = "Rollcall hands out node ids";

/** Settings a definition may not set, each with the reason. */
export const OWNED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["advertised.listeners", ADDRESSING],
  ["broker.id", IDENTITY],
  ["broker.id.generation.enable", IDENTITY],
  ["broker.rack", "the rack is the zone of the instance's group"],
  ["controller.listener.names", ADDRESSING],
  ["controller.quorum.auto.join.enable", QUORUM],
  ["controller.quorum.bootstrap.servers", QUORUM],
  ["controller.quorum.voters", QUORUM],
  ["inter.broker.listener.name", ADDRESSING],
  ["listener.security.protocol.map", ADDRESSING],
  ["listeners", ADDRESSING],
  ["log.dir", DISK],
  ["log.dirs", DISK],
  ["metadata.log.dir", DISK],
  ["node.id", IDENTITY],
  ["process.roles", "a node's role is that of its group"],
  ["security.inter.broker.protocol", ADDRESSING],
]);

/** Why a definition may not set it; undefined where it may. */
export function ownedBy(setting: string): string | undefined {
  return OWNED_SETTINGS.get(setting);
}
