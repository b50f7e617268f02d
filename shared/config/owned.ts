/** Settings that a definition may not set, because Rollcall does, each with the reason. */

const ADDRESSING = "each node listens on and advertises the address that Rollcall gave it";
const QUORUM = "the quorum is found through its address pool, and its members change by themselves";
const DISK = "the node's script formats and guards the one directory below its home";
const IDENTITY = "Rollcall hands out node ids";
const SECURITY = "who may log in, by what, and do what, is said in the section security";

/** Kafka's, by name. */
const KAFKA: ReadonlyMap<string, string> = new Map([
  ["advertised.listeners", ADDRESSING],
  ["allow.everyone.if.no.acl.found", SECURITY],
  ["authorizer.class.name", SECURITY],
  ["broker.id", IDENTITY],
  ["broker.id.generation.enable", IDENTITY],
  ["broker.rack", "the rack is the zone of the instance's group"],
  ["config.providers", SECURITY],
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
  ["ssl.endpoint.identification.algorithm", SECURITY],
  ["ssl.key.password", SECURITY],
  ["super.users", SECURITY],
  ["zookeeper.connect", QUORUM],
]);

/** Kafka's, by how their names begin. */
const KAFKA_FAMILIES: ReadonlyMap<string, string> = new Map([
  ["config.providers.", SECURITY],
  ["listener.name.", SECURITY],
  ["sasl.", SECURITY],
  ["ssl.keystore.", SECURITY],
  ["ssl.truststore.", SECURITY],
]);

const MEMBERS = "the ensemble is that of the role's addresses, all of which vote";

const ZOOKEEPER: ReadonlyMap<string, string> = new Map([
  ["clientPort", ADDRESSING],
  ["clientPortAddress", ADDRESSING],
  ["dataDir", DISK],
  ["dataLogDir", DISK],
  ["dynamicConfigFile", MEMBERS],
  ["peerType", MEMBERS],
  ["quorumListenOnAllIPs", ADDRESSING],
  ["reconfigEnabled", MEMBERS],
  ["secureClientPort", ADDRESSING],
  ["secureClientPortAddress", ADDRESSING],
  ["standaloneEnabled", MEMBERS],
]);

const ZOOKEEPER_FAMILIES: ReadonlyMap<string, string> = new Map([
  ["4lw.", "Rollcall asks the members by these words"],
  ["admin.", "Rollcall asks the members by four-letter words, and nobody else is to ask them over HTTP"],
  ["group.", MEMBERS],
  ["server.", MEMBERS],
  ["weight.", MEMBERS],
]);

const OWNED = {
  kafka: [KAFKA, KAFKA_FAMILIES],
  zookeeper: [ZOOKEEPER, ZOOKEEPER_FAMILIES],
} as const;

/** Why a definition may not set it for that program; undefined where it may. */
export function ownedBy(program: keyof typeof OWNED, setting: string): string | undefined {
  const [names, families] = OWNED[program];
  const family = [...families.keys()].find((begin) => setting.startsWith(begin));
  return names.get(setting) ?? (family === undefined ? undefined : families.get(family));
}
