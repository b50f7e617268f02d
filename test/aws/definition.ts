import type { Definition } from "../../shared/cluster/definition.ts";

const period = 60_000;

/** A cluster with a pool of two controllers and one zone of brokers, as validation would leave it. */
export const definition: Definition = {
  cluster: "lab",
  region: "eu-central-1",
  zones: [
    { name: "eu-central-1a", subnet: "subnet-a", cidr: "10.0.1.0/24" },
    { name: "eu-central-1b", subnet: "subnet-b", cidr: "10.0.2.0/24" },
  ],
  kafka: { version: "4.1.0", mode: "kraft", settings: {} },
  roles: [
    {
      name: "controller",
      perZone: 1,
      instanceType: "m7g.medium",
      ids: [101, 102],
      pool: [
        { id: 101, zone: "eu-central-1a", address: "10.0.1.10" },
        { id: 102, zone: "eu-central-1b", address: "10.0.2.10" },
      ],
      groups: [
        { name: "lab-controller-a", zone: "eu-central-1a" },
        { name: "lab-controller-b", zone: "eu-central-1b" },
      ],
      heap: 256,
      settings: {},
    },
    {
      name: "broker",
      perZone: 1,
      instanceType: "m7g.large",
      ids: [1, 2, 3],
      groups: [{ name: "lab-broker-a", zone: "eu-central-1a" }],
      heap: 256,
      settings: {},
    },
  ],
  safety: { ignoreTopics: [] },
  periods: {
    sweep: period,
    heartbeat: period,
    agent: period,
    identity: period,
    command: period,
    register: period,
    stop: period,
    grace: period,
    silentGrace: period,
  },
};
