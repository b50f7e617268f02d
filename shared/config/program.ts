/** The programs that nodes run, as descriptions: the files each reads, and how it is started. */
import type { Definition, Role } from "../cluster/definition.ts";
import { kindOf, type RoleKind } from "../cluster/role-kinds.ts";
import { CONFIG_PROVIDER, secretFiles, toolSettings } from "./credentials.ts";
import { ensembleSettings, memberFlags } from "./ensemble.ts";
import { exhibitorFiles, sharedObject } from "./exhibitor.ts";
import { jvmFlags } from "./jvm.ts";
import { serverLogging, toolLogging } from "./logging.ts";
import type { SecretFile, SharedObject } from "./payload.ts";
import { formatProperties } from "./properties.ts";
import { type Node, serverSettings } from "./server.ts";

export interface Program {
  /** systemd's name of its unit, with `.service`. */
  readonly unit: string;
  /** What an operator is shown it as, e.g. `Kafka broker`. */
  readonly title: (role: Role) => string;
  /** The command that its unit runs, in the node's home, with the unit's placeholders. */
  readonly start: (definition: Definition, node: Node) => string;
  /** By their paths, relative to the node's home. */
  readonly files: (definition: Definition, node: Node) => Readonly<Record<string, string>>;
  /** Where its files name secrets, those. */
  readonly secrets: (definition: Definition, role: Role) => readonly SecretFile[];
  /** What all its nodes read, where there is such a thing. */
  readonly object?: (definition: Definition, role: Role) => SharedObject;
}

/**
 * How long Kafka's tools wait, ms: the node script has to answer in bounded time, and a server whose machine is gone
 * (its packets lead nowhere) shall leave time enough to ask the next one.
 */
const TOOL_LIMITS = {
  "default.api.timeout.ms": "12000",
  "request.timeout.ms": "4000",
  "socket.connection.setup.timeout.max.ms": "2000",
  "socket.connection.setup.timeout.ms": "1500",
};

const PROGRAMS: Readonly<Record<RoleKind["runs"] | "exhibitor", Program>> = {
  kafka: {
    unit: "rollcall-kafka.service",
    title: (role) => `Kafka ${role.name}`,
    start: (definition, { role }) => {
      // A configuration that was slipped in could otherwise have any file read, or any class of a provider loaded.
      const guard = `-Dorg.apache.kafka.automatic.config.providers=${CONFIG_PROVIDER}`;
      const flags = [
        ...jvmFlags(role.heap),
        serverLogging(definition.kafka.mode).flag,
        ...(definition.security ? [guard] : []),
      ];
      return `java ${flags.join(" ")} -cp @KAFKA_HOME@/libs/* kafka.Kafka config/server.properties`;
    },
    files: (definition, node) => {
      const [server, tools] = [serverLogging(definition.kafka.mode), toolLogging(definition.kafka.mode)];
      return {
        [server.path]: server.content,
        "config/server.properties": formatProperties(serverSettings(definition, node)),
        [tools.path]: tools.content,
        "config/tools.properties": formatProperties({ ...TOOL_LIMITS, ...toolSettings(definition, node.role) }),
      };
    },
    secrets: secretFiles,
  },
  zookeeper: {
    unit: "rollcall-zookeeper.service",
    title: () => "ZooKeeper",
    start: (definition, { role }) => {
      const flags = [...memberFlags(role), serverLogging(definition.kafka.mode).flag].join(" ");
      return `java ${flags} -cp @KAFKA_HOME@/libs/* org.apache.zookeeper.server.quorum.QuorumPeerMain config/zoo.cfg`;
    },
    files: (definition, node) => {
      const server = serverLogging(definition.kafka.mode);
      return {
        [server.path]: server.content,
        "config/zoo.cfg": formatProperties(ensembleSettings(definition, node)),
      };
    },
    secrets: () => [],
  },
  exhibitor: {
    unit: "rollcall-zookeeper.service",
    title: () => "ZooKeeper by Exhibitor",
    start: () => "bash config/exhibitor.sh @HOME@ @KAFKA_HOME@ @EXHIBITOR_HOME@",
    files: (definition, node) => {
      const server = serverLogging(definition.kafka.mode);
      return { [server.path]: server.content, ...exhibitorFiles(definition, node) };
    },
    secrets: () => [],
    object: sharedObject,
  },
};

/** What a node of that role runs. */
export function programOf(role: Role): Program {
  return PROGRAMS[role.supervisor?.kind === "exhibitor" ? "exhibitor" : kindOf(role).runs];
}
