/** Everything one node needs to run, from the definition and the node's identity. Pure and deterministic. */
import type { Definition } from "../cluster/definition.ts";
import { CONTROLLER_PORT, isQuorum, kindOf } from "../cluster/role-kinds.ts";
import type { QuorumMark } from "../lifecycle/sights.ts";
import { firstUsers } from "./credentials.ts";
import { digestOf, encodePayload, type Format, type NodeConfiguration } from "./payload.ts";
import { programOf } from "./program.ts";
import type { Node } from "./server.ts";
import { unitOf } from "./unit.ts";

export interface Rendered {
  /** Names the running configuration: nothing restarts while it stays the same. */
  readonly digest: string;
  /** What the node script takes. */
  readonly payload: string;
}

/**
 * @throws {Error} where a founder of the quorum has no address in the controllers' pool, which the definition's
 *   validation and the founding rule exclude
 */
export function render(definition: Definition, node: Node, quorum: QuorumMark): Rendered {
  const { archive } = definition.nodes;
  const program = programOf(node.role);
  const secrets = program.secrets(definition, node.role);
  const configuration: NodeConfiguration = {
    role: node.role.name,
    id: node.id,
    clusterId: quorum.clusterId,
    address: node.address,
    ...(archive ? { archive: { version: definition.kafka.version, ...archive } } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    files: Object.entries(program.files(definition, node)).map(([path, content]) => ({ mode: "0644", path, content })),
    unit: unitOf(definition, node),
  };
  const digest = digestOf(configuration);
  const format = formatOf(definition, node, quorum);
  const scram = mustHaveUsers(format) ? firstUsers(definition) : [];
  const object = program.object?.(definition, node.role);
  const payload = encodePayload({
    ...configuration,
    digest,
    ...(hasVolume(node) ? { volume: true } : {}),
    ...(secrets.length > 0 || object ? { region: definition.region } : {}),
    ...(scram.length > 0 ? { scram } : {}),
    ...(object ? { object } : {}),
    format,
  });
  return { digest, payload };
}

/** Instances of the stack's own groups come with a data volume; what a group of the user's has is the user's. */
function hasVolume({ role, zone }: Node): boolean {
  return role.groups.some((group) => group.zone === zone && !group.existing);
}

/** Once the quorum has formed nobody ever founds again; before, only those who were chosen do. */
function formatOf(definition: Definition, node: Node, quorum: QuorumMark): Format {
  const own = isQuorum(node.role) && !quorum.formed ? quorum.voters.find((voter) => voter.id === node.id) : undefined;
  if (kindOf(node.role).runs === "zookeeper") return { kind: "ensemble", member: own ? "new" : "join" };
  if (definition.kafka.mode === "zookeeper") return { kind: "none" };
  if (!own) return { kind: "join" };
  const voters = quorum.voters.map((voter) => {
    const host = node.role.pool?.find((fixed) => fixed.id === voter.id)?.address;
    if (!host) throw new Error(`controller ${voter.id} founds the quorum but has no address in its role's pool`);
    return `${voter.id}@${host}:${CONTROLLER_PORT}:${voter.directoryId}`;
  });
  return { kind: "founder", directoryId: own.directoryId, voters };
}

/**
 * Nodes that see to it that there are users to log in as: in KRaft those who found the quorum, as its first records; in
 * ZooKeeper any broker before its start, as users can be written there while no broker runs.
 */
function mustHaveUsers({ kind }: Format): boolean {
  return kind === "founder" || kind === "none";
}
