/** A cluster definition for the tests of the configuration: three zones, three controllers, three brokers. */
import type { Definition, Role } from "../../shared/cluster/definition.ts";
import type { Node } from "../../shared/config/server.ts";
import type { QuorumMark } from "../../shared/lifecycle/sights.ts";

const ZONES = ["a", "b", "c"].map((letter, index) => ({
  name: `eu-central-1${letter}`,
  subnet: `subnet-${letter}`,
  cidr: `10.0.${index + 1}.0/24`,
}));

const groups = (role: string) => ZONES.map((zone) => ({ name: `orders-${role}-${zone.name}`, zone: zone.name }));

export const CONTROLLER: Role = {
  name: "controller",
  perZone: 1,
  instanceType: "m7g.medium",
  ids: [101, 102, 103],
  pool: ZONES.map((zone, index) => ({ id: 101 + index, zone: zone.name, address: `10.0.${index + 1}.10` })),
  groups: groups("controller"),
  heap: 512,
  volume: { size: 20, type: "gp3" },
  settings: {},
};

export const BROKER: Role = {
  name: "broker",
  perZone: 1,
  instanceType: "m7g.large",
  ids: [1, 2, 3, 4, 5, 6],
  groups: groups("broker"),
  heap: 4096,
  volume: { size: 500, type: "gp3" },
  settings: {},
};

export interface Overrides {
  readonly settings?: Readonly<Record<string, string>>;
  readonly controller?: Partial<Role>;
  readonly broker?: Partial<Role>;
}

export function definitionWith({ settings = {}, controller = {}, broker = {} }: Overrides = {}): Definition {
  return {
    cluster: "orders",
    region: "eu-central-1",
    zones: ZONES,
    kafka: { version: "4.3.1", mode: "kraft", settings },
    roles: [
      { ...CONTROLLER, ...controller },
      { ...BROKER, ...broker },
    ],
    safety: { ignoreTopics: [] },
    periods: {
      sweep: 60_000,
      heartbeat: 3_600_000,
      agent: 300_000,
      identity: 600_000,
      command: 600_000,
      register: 900_000,
      stop: 600_000,
      grace: 120_000,
      silentGrace: 600_000,
    },
    network: { vpc: "vpc-0a1b2c3d", clients: ["10.0.0.0/16"] },
    nodes: {},
    loadBalancer: false,
    retention: { logs: 30, events: 7 },
    alarms: [],
  };
}

/** The one controller or broker with that id, as the definition has its role. */
export function nodeOf(definition: Definition, id: number): Node {
  const role = definition.roles.find((r) => r.ids.includes(id)) ?? BROKER;
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
