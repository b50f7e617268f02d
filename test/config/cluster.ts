/** A cluster definition for the tests of the configuration: three zones, three controllers, three brokers. */
import { type Definition, type Role, roleOf } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { Node } from "../../shared/config/server.ts";
import type { QuorumMark } from "../../shared/lifecycle/sights.ts";

const ORDERS = parseDefinition(
  `
cluster: orders
region: eu-central-1
zones:
  - { name: eu-central-1a, subnet: subnet-0000000a, cidr: 10.0.1.0/24 }
  - { name: eu-central-1b, subnet: subnet-0000000b, cidr: 10.0.2.0/24 }
  - { name: eu-central-1c, subnet: subnet-0000000c, cidr: 10.0.3.0/24 }
network: { vpc: vpc-0a1b2c3d, clients: [10.0.0.0/16] }
kafka: { version: 4.3.1 }
nodes: { image: ami-0a1b2c3d }
roles:
  controller:
    perZone: 1
    instanceType: m7g.medium
    addresses:
      - { id: 101, zone: eu-central-1a, address: 10.0.1.10 }
      - { id: 102, zone: eu-central-1b, address: 10.0.2.10 }
      - { id: 103, zone: eu-central-1c, address: 10.0.3.10 }
  broker: { perZone: 1, instanceType: m7g.large, heap: 4096, ids: { from: 1, to: 6 } }
`,
  "the tests' definition",
);

export interface Overrides {
  readonly settings?: Readonly<Record<string, string>>;
  readonly controller?: Partial<Role>;
  readonly broker?: Partial<Role>;
  readonly nodes?: Definition["nodes"];
}

export function definitionWith({ settings = {}, nodes = ORDERS.nodes, ...roles }: Overrides = {}): Definition {
  return {
    ...ORDERS,
    kafka: { ...ORDERS.kafka, settings },
    nodes,
    roles: ORDERS.roles.map((role) => ({ ...role, ...roles[role.name] })),
  };
}

/** The one controller or broker with that id, as the definition has its role. */
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
