/** The clusters that histories are about: small and various, with periods that make an hour of trouble out of a day's. */
import type { Definition, Mode, Periods, Role, RoleName, Zone } from "../../shared/cluster/definition.ts";
import { rolesOfMode } from "../../shared/cluster/role-kinds.ts";
import type { Security } from "../../shared/cluster/security.ts";
import type { Delays } from "../cloud/delays.ts";
import { NODE_DURATIONS, type NodeDurations } from "../machines/modelled-durations.ts";
import type { KafkaDurations } from "../machines/modelled-kafka.ts";

export interface Shape {
  readonly mode: Mode;
  /** Whether everybody is asked who he is, and what he may do. */
  readonly secure: boolean;
  /** 1 to 3. */
  readonly zones: number;
  /** Controllers in each zone, or members of the ensemble. */
  readonly controllers: number;
  /** Brokers in each zone. */
  readonly brokers: number;
  /** Fixed addresses that each zone has beyond those of its quorum's members; an ensemble has none. */
  readonly spare: number;
  readonly partitions: number;
  readonly replication: number;
  readonly minIsr: number;
  /** Eligible leader replicas (KIP-966); never on ZooKeeper. */
  readonly elr: boolean;
}

/** The role that a cluster of that mode stands on. */
export const quorumOf = (mode: Mode): RoleName => rolesOfMode(mode)[0] ?? "controller";

/** As small as a cluster can be: what histories about one thing alone begin with. */
export const LONE: Shape = {
  mode: "kraft",
  secure: false,
  zones: 1,
  controllers: 1,
  brokers: 1,
  spare: 0,
  partitions: 1,
  replication: 1,
  minIsr: 1,
  elr: true,
};

export const CLUSTER = "sim";
export const REGION = "eu-central-1";

const SECOND = 1000;

/** All in milliseconds. */
export const PERIODS: Periods = {
  sweep: 15 * SECOND,
  heartbeat: 60 * SECOND,
  agent: 120 * SECOND,
  identity: 300 * SECOND,
  command: 60 * SECOND,
  register: 60 * SECOND,
  stop: 90 * SECOND,
  grace: 20 * SECOND,
  silentGrace: 60 * SECOND,
  access: 120 * SECOND,
};

/** Between a laboratory's and AWS's own: long enough for one thing to come in another's way, short enough to be played often. */
export const DELAYS: Delays = {
  autoscaling: {
    react: [500, 2_000],
    launchHook: [500, 3_000],
    terminateHook: [200, 1_000],
    proceed: [200, 1_000],
    healthCheck: [2_000, 20_000],
    unhealthy: [500, 5_000],
    backOff: 10_000,
  },
  ec2: { boot: [500, 5_000], shutdown: [3_000, 20_000], remember: 900_000, attach: [300, 1_500], detach: [500, 3_000] },
  ssm: { register: [500, 6_000], stale: [20_000, 60_000], deliver: [50, 500], visible: [50, 1_000], report: [50, 300] },
  events: { deliver: [50, 1_500], archive: [2_000, 20_000], replay: [500, 2_000] },
  lambda: { retries: [20_000, 40_000] },
};

/** Milliseconds; a small Kafka on a fast machine. */
const KRAFT: KafkaDurations = {
  jvm: 1_000,
  quorum: { election: 500, catchUp: 500, voterChange: 300 },
  broker: {
    registerRetry: 500,
    registerTimeout: 60_000,
    metadata: 300,
    session: 6_000,
    heartbeat: 1_000,
    copy: 1_500,
    follow: 300,
    shutdown: 700,
    shutdownTimeout: 60_000,
  },
};

/** The same, with Kafka 3.9's own sessions in ZooKeeper. */
export const KAFKA: Readonly<Record<Mode, KafkaDurations>> = {
  kraft: KRAFT,
  zookeeper: {
    ...KRAFT,
    broker: {
      ...KRAFT.broker,
      registerTimeout: 18_000,
      session: 18_000,
      heartbeat: 6_000,
      shutdownTimeout: 15_000,
    },
  },
};

/** Milliseconds. */
export const NODES: NodeDurations = {
  ...NODE_DURATIONS,
  plug: 300,
  script: 100,
  tool: 500,
  toolTimeout: 5_000,
  settle: 600,
  boot: 3_000,
};

/** Milliseconds: the longest run of each function. */
export const TIMEOUTS = { lifecycle: 50_000, sweep: 45_000, kafka: 15_000 } as const;

export function zonesOf({ zones }: Shape): Zone[] {
  return Array.from({ length: zones }, (_, n) => ({
    name: `${REGION}${"abc".charAt(n)}`,
    subnet: `subnet-0000000${n + 1}`,
    cidr: `10.0.${n + 1}.0/24`,
  }));
}

/** What is declared about who may do what; the application's user has nothing to do but be there. */
function securityOf({ mode }: Shape, generation: number): Security {
  return {
    sasl: "scram-sha-512",
    acl: true,
    superUsers: ["operator"],
    users: [
      {
        name: "orders-app",
        acls: [
          {
            permission: "allow",
            resource: "topic",
            name: "orders",
            pattern: "prefixed",
            operations: ["read", "write", "describe"],
            host: "*",
          },
        ],
      },
    ],
    // Controllers speak PLAIN, so they need TLS.
    ...(mode === "kraft" && { certificate: `${CLUSTER}/certificate`, authority: `${CLUSTER}/authority` }),
    encrypt: false,
    generation,
  };
}

/**
 * @param revision a definition that has another one configures its nodes in another way
 * @param generation of the nodes' own credential, where they have one
 */
export function definitionOf(shape: Shape, revision = 0, generation = 1): Definition {
  const zones = zonesOf(shape);
  const groups = (role: string) => zones.map((zone) => ({ name: `${CLUSTER}-${role}-${zone.name}`, zone: zone.name }));
  const perZone = shape.controllers + shape.spare;
  const pool = zones.flatMap((zone, n) =>
    Array.from({ length: perZone }, (_, k) => ({
      id: 101 + n + k * zones.length,
      zone: zone.name,
      address: `10.0.${n + 1}.${10 + k}`,
    })),
  );
  const quorum = quorumOf(shape.mode);
  const member: Role = {
    name: quorum,
    perZone: shape.controllers,
    instanceType: "t4g.small",
    ids: pool.map((p) => p.id),
    pool,
    groups: groups(quorum),
    heap: 96,
    volume: { size: 20, type: "gp3" },
    settings: {},
    ...(shape.mode === "zookeeper" && { supervisor: { kind: "systemd" } }),
  };
  const broker: Role = {
    name: "broker",
    perZone: shape.brokers,
    instanceType: "m7g.large",
    ids: Array.from({ length: 40 }, (_, n) => n + 1),
    groups: groups("broker"),
    heap: 160,
    volume: { size: 100, type: "gp3" },
    settings: {},
  };
  return {
    cluster: CLUSTER,
    region: REGION,
    zones,
    kafka: {
      version: shape.mode === "kraft" ? "4.3.1" : "3.9.2",
      mode: shape.mode,
      settings: revision === 0 ? {} : { "num.io.threads": String(8 + revision) },
    },
    roles: [member, broker],
    safety: { ignoreTopics: [] },
    periods: PERIODS,
    ...(shape.secure && { security: securityOf(shape, generation) }),
    network: { vpc: `vpc-${CLUSTER}`, clients: [] },
    nodes: {},
    loadBalancer: false,
    retention: { logs: 30, events: 14 },
    alarms: [],
  };
}
