/** Everything one node needs to run, from the definition and the node's identity. Pure and deterministic. */
import type { Definition } from "../cluster/definition.ts";
import { CONTROLLER_PORT } from "../cluster/definition.ts";
import type { QuorumMark } from "../lifecycle/sights.ts";
import { loggingProperties, toolLoggingProperties } from "./logging.ts";
import { digestOf, encodePayload, type Format, type NodeConfiguration } from "./payload.ts";
import { formatProperties } from "./properties.ts";
import { type Node, serverSettings } from "./server.ts";
import { kafkaUnit } from "./unit.ts";

export interface Rendered {
  /** Names the running configuration: nothing restarts while it stays the same. */
  readonly digest: string;
  /** What the node script takes. */
  readonly payload: string;
}

/**
 * How long Kafka's tools wait, ms: the node script has to answer in bounded time, and a server whose machine is gone
 * (its packets lead nowhere) shall leave time enough to ask the next one.
 */
const TOOL_SETTINGS = {
  "default.api.timeout.ms": "12000",
  "request.timeout.ms": "4000",
  "socket.connection.setup.timeout.max.ms": "2000",
  "socket.connection.setup.timeout.ms": "1500",
};

/**
 * @throws {Error} where a founder of the quorum has no address in the controllers' pool, which the definition's
 *   validation and the founding rule exclude
 */
export function render(definition: Definition, node: Node, quorum: QuorumMark): Rendered {
  const { archive } = definition.nodes;
  const configuration: NodeConfiguration = {
    role: node.role.name,
    id: node.id,
    clusterId: quorum.clusterId,
    address: node.address,
    ...(archive ? { archive: { version: definition.kafka.version, ...archive } } : {}),
    files: [
      { mode: "0644", path: "config/log4j2.properties", content: loggingProperties() },
      { mode: "0644", path: "config/server.properties", content: formatProperties(serverSettings(definition, node)) },
      { mode: "0644", path: "config/tools-log4j2.properties", content: toolLoggingProperties() },
      { mode: "0644", path: "config/tools.properties", content: formatProperties(TOOL_SETTINGS) },
    ],
    unit: kafkaUnit(node.role, node.id),
  };
  const digest = digestOf(configuration);
  const volume = hasVolume(node) ? ({ volume: true } as const) : {};
  return { digest, payload: encodePayload({ ...configuration, ...volume, digest, format: formatOf(node, quorum) }) };
}

/** Instances of the stack's own groups come with a data volume; what a group of the user's has is the user's. */
function hasVolume({ role, zone }: Node): boolean {
  return role.groups.some((group) => group.zone === zone && !group.existing);
}

/** Once the quorum has formed nobody ever founds again; before, only those who were chosen do. */
function formatOf(node: Node, quorum: QuorumMark): Format {
  const own = quorum.voters.find((voter) => voter.id === node.id);
  if (node.role.name !== "controller" || quorum.formed || !own) return { kind: "join" };
  const voters = quorum.voters.map((voter) => {
    const host = node.role.pool?.find((fixed) => fixed.id === voter.id)?.address;
    if (!host) throw new Error(`controller ${voter.id} founds the quorum but has no address in its role's pool`);
    return `${voter.id}@${host}:${CONTROLLER_PORT}:${voter.directoryId}`;
  });
  return { kind: "founder", directoryId: own.directoryId, voters };
}
