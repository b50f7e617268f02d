/** What the roles are, as descriptions: everything that differs between them and can be said in a value is said here. */
import type { Definition, Mode, Role, RoleName } from "./definition.ts";

/** By Kafka's own tool on one of its nodes, or each member by ZooKeeper's four-letter words. */
export type QuorumAsked = "tool" | "words";

export interface RoleKind {
  /** `quorum`: what the cluster stands on, at fixed addresses, a majority of which must live. `broker`: keeps the messages. */
  readonly duty: "quorum" | "broker";
  /** Its nodes, in words. */
  readonly members: string;
  /** Modes of Kafka in which the cluster has the role. */
  readonly modes: readonly Mode[];
  /** The program its nodes run. */
  readonly runs: "kafka" | "zookeeper";
  /** The port that others reach it at. */
  readonly port: number;
  /** Ports that only its own kind reaches it at. */
  readonly peerPorts: readonly number[];
  /** How it is seen whether its members serve; brokers are asked through Kafka's protocol. */
  readonly asked: QuorumAsked | "protocol";
  /** Node ids it may use, both ends included. */
  readonly ids: { readonly lowest: number; readonly highest: number };
  /** Whether its pool may have addresses that nobody holds: a static ensemble counts every one for its majority. */
  readonly spares: boolean;
  /** MiB, where the definition says nothing. */
  readonly heap: number;
  /** GiB of gp3, likewise. */
  readonly volume: number;
}

/** KRaft's `node.id` and ZooKeeper mode's `broker.id` are Java ints. */
const HIGHEST_INT = 2 ** 31 - 1;

export const ROLE_KINDS: Readonly<Record<RoleName, RoleKind>> = {
  controller: {
    duty: "quorum",
    members: "controllers",
    modes: ["kraft"],
    runs: "kafka",
    port: 9093,
    peerPorts: [],
    asked: "tool",
    ids: { lowest: 0, highest: HIGHEST_INT },
    spares: true,
    heap: 512,
    volume: 20,
  },
  zookeeper: {
    duty: "quorum",
    members: "ZooKeeper members",
    modes: ["zookeeper"],
    runs: "zookeeper",
    port: 2181,
    peerPorts: [2888, 3888],
    asked: "words",
    // `myid` is one byte (ZooKeeper Administrator's Guide, "Clustered Setup").
    ids: { lowest: 1, highest: 255 },
    spares: false,
    heap: 512,
    volume: 20,
  },
  broker: {
    duty: "broker",
    members: "brokers",
    modes: ["kraft", "zookeeper"],
    runs: "kafka",
    port: 9092,
    peerPorts: [],
    asked: "protocol",
    ids: { lowest: 0, highest: HIGHEST_INT },
    spares: true,
    // 1 GiB is what Kafka's own start scripts give a broker.
    heap: 1024,
    volume: 100,
  },
};

/** Every role there is, quorums first. */
export const ROLE_NAMES = Object.keys(ROLE_KINDS) as readonly RoleName[];

/** The description of the role's kind. */
export const kindOf = (role: Pick<Role, "name">): RoleKind => ROLE_KINDS[role.name];

/** Whether the cluster stands on a majority of the role's members. */
export const isQuorum = (role: Pick<Role, "name">): boolean => kindOf(role).duty === "quorum";

/** The roles that a cluster of that mode has: its quorum first, as brokers wait for it. */
export function rolesOfMode(mode: Mode): RoleName[] {
  return ROLE_NAMES.filter((name) => ROLE_KINDS[name].modes.includes(mode));
}

/** The role that the cluster stands on; throws where the definition has none, which its validation excludes. */
export function quorumRole(definition: Pick<Definition, "cluster" | "roles">): Role {
  const role = definition.roles.find(isQuorum);
  if (!role) throw new Error(`cluster ${definition.cluster} has no quorum`);
  return role;
}

/** `host:port` of every address of the quorum's pool, by id: where its members and the brokers look for it. */
export function quorumServers(definition: Pick<Definition, "cluster" | "roles">): string[] {
  const role = quorumRole(definition);
  return (role.pool ?? []).map((fixed) => `${fixed.address}:${kindOf(role).port}`);
}

export const CLIENT_PORT = ROLE_KINDS.broker.port;
export const CONTROLLER_PORT = ROLE_KINDS.controller.port;
