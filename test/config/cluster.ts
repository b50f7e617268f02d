/** Cluster definitions for the tests of the configuration: three zones, three members of the quorum, three brokers. */
import { type Definition, type Mode, type Role, roleOf } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { Security } from "../../shared/cluster/security.ts";
import type { Node } from "../../shared/config/server.ts";
import type { QuorumMark } from "../../shared/lifecycle/sights.ts";

const COMMON = `
cluster: orders
region: eu-central-1
zones:
  - { name: eu-central-1a, subnet: subnet-0000000a, cidr: 10.0.1.0/24 }
  - { name: eu-central-1b, subnet: subnet-0000000b, cidr: 10.0.2.0/24 }
  - { name: eu-central-1c, subnet: subnet-0000000c, cidr: 10.0.3.0/24 }
network: { vpc: vpc-0a1b2c3d, clients: [10.0.0.0/16] }
nodes: { image: ami-0a1b2c3d }
`;
const BROKER = "{ perZone: 1, instanceType: m7g.large, heap: 4096, ids: { from: 1, to: 6 } }";

const BASES: Readonly<Record<Mode, Definition>> = {
  kraft: parseDefinition(
    `${COMMON}
kafka: { version: 4.3.1 }
roles:
  controller:
    perZone: 1
    instanceType: m7g.medium
    addresses:
      - { id: 101, zone: eu-central-1a, address: 10.0.1.10 }
      - { id: 102, zone: eu-central-1b, address: 10.0.2.10 }
      - { id: 103, zone: eu-central-1c, address: 10.0.3.10 }
  broker: ${BROKER}
`,
    "the tests' definition",
  ),
  // Its ids differ from the brokers' here, so that one number says which node is meant.
  zookeeper: parseDefinition(
    `${COMMON}
kafka: { version: 3.9.2, mode: zookeeper }
roles:
  zookeeper:
    perZone: 1
    instanceType: m7g.medium
    addresses:
      - { id: 101, zone: eu-central-1a, address: 10.0.1.10 }
      - { id: 102, zone: eu-central-1b, address: 10.0.2.10 }
      - { id: 103, zone: eu-central-1c, address: 10.0.3.10 }
  broker: ${BROKER}
`,
    "the tests' definition with an ensemble",
  ),
};

/** With a certificate, as KRaft needs one; one user that reads and writes. */
export const SECURITY: Security = {
  sasl: "scram-sha-512",
  acl: true,
  superUsers: ["operator"],
  users: [
    {
      name: "app",
      acls: [
        {
          permission: "allow",
          resource: "topic",
          name: "orders",
          pattern: "prefixed",
          operations: ["read", "write"],
          host: "*",
        },
      ],
    },
  ],
  certificate: "kafka/certificate",
  authority: "kafka/authority",
  encrypt: true,
  generation: 1,
};

export interface Overrides {
  readonly settings?: Readonly<Record<string, string>>;
  readonly controller?: Partial<Role>;
  readonly zookeeper?: Partial<Role>;
  readonly broker?: Partial<Role>;
  readonly nodes?: Definition["nodes"];
  readonly mode?: Mode;
  readonly security?: Security;
}

export function definitionWith(overrides: Overrides = {}): Definition {
  const base = BASES[overrides.mode ?? "kraft"];
  const { settings = {}, nodes = base.nodes, security } = overrides;
  return {
    ...base,
    kafka: { ...base.kafka, settings },
    nodes,
    ...(security === undefined ? {} : { security }),
    roles: base.roles.map((role) => ({ ...role, ...overrides[role.name] })),
  };
}

/** The one node with that id, as the definition has its role. */
export function nodeOf(definition: Definition, id: number): Node {
  const role = definition.roles.find((r) => r.ids.includes(id)) ?? roleOf(definition, "broker");
  const fixed = role.pool?.find((address) => address.id === id);
  return { role, id, zone: fixed?.zone ?? "eu-central-1a", address: fixed?.address ?? `10.0.1.${100 + id}` };
}

export const QUORUM: QuorumMark = {
  clusterId: "5L6g3nShT-eMCtK--X86sw",
  voters: [
    { id: 101, directoryId: "JEXY6aqzQY-32P5TStzaFg" },
    { id: 102, directoryId: "MvDxzVmcRsaTz33bUuRU6A" },
    { id: 103, directoryId: "07R5amHmR32VDA6jHkGbTA" },
  ],
  formed: false,
};

export const FORMED: QuorumMark = { ...QUORUM, formed: true };
