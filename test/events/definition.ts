import type { Definition } from "../../shared/cluster/definition.ts";

/** One cluster in one zone, with one group of brokers as the samples name it, and one controller. */
export const definition: Definition = {
  cluster: "lab",
  region: "eu-central-1",
  zones: [{ name: "eu-central-1a", subnet: "subnet-0a1b2c3d4e5f60718", cidr: "10.0.1.0/24" }],
  kafka: { version: "4.1.0", mode: "kraft", settings: {} },
  roles: [
    {
      name: "controller",
      perZone: 1,
      instanceType: "t4g.small",
      ids: [101],
      pool: [{ id: 101, zone: "eu-central-1a", address: "10.0.1.10" }],
      groups: [{ name: "lab-controller-a", zone: "eu-central-1a" }],
      heap: 512,
      settings: {},
    },
    {
      name: "broker",
      perZone: 1,
      instanceType: "m7g.large",
      ids: [1, 2, 3],
      groups: [{ name: "lab-broker-a", zone: "eu-central-1a" }],
      heap: 1024,
      settings: {},
    },
  ],
  safety: { ignoreTopics: [] },
  periods: {
    sweep: 60_000,
    heartbeat: 600_000,
    agent: 600_000,
    identity: 1_800_000,
    command: 600_000,
    register: 600_000,
    stop: 600_000,
    grace: 300_000,
    silentGrace: 900_000,
  },
};
