/**
 * What a user declares about one cluster, after validation: every default filled in, every period in milliseconds.
 * `parse.ts` makes it from YAML or JSON; everything behind the edge trusts it.
 */
import type { Security } from "./security.ts";

export type RoleName = "broker" | "controller" | "zookeeper";

/** Where a Kafka keeps its metadata: in a quorum of its own controllers, or in a ZooKeeper ensemble (Kafka 3.9). */
export type Mode = "kraft" | "zookeeper";

export interface Zone {
  /** Availability zone, e.g. `eu-central-1a`; also the brokers' `broker.rack`. */
  readonly name: string;
  readonly subnet: string;
  /** The subnet's IPv4 block, e.g. `10.0.1.0/24`; fixed addresses must lie inside. */
  readonly cidr: string;
}

/** One fixed address of a pool, bound for good to one node id and one zone. */
export interface PoolAddress {
  readonly id: number;
  readonly zone: string;
  readonly address: string;
}

/** One Auto Scaling group: one per role and zone, so that a replacement comes back in its zone. */
export interface Group {
  readonly name: string;
  readonly zone: string;
  /** The group is not the stack's own: it exists already, and is only checked. */
  readonly existing?: true;
}

/** A node's data volume; deleted with its instance. */
export interface Volume {
  /** GiB. */
  readonly size: number;
  readonly type: "gp3" | "io2";
  /** Provisioned, where more than the type's own is wanted. */
  readonly iops?: number;
  /** MiB a second; gp3 only. */
  readonly throughput?: number;
}

/** Where the stack lives, and who may reach it. */
export interface Network {
  readonly vpc: string;
  /** Who may reach the brokers' client port: IPv4 blocks or security groups (`sg-…`). */
  readonly clients: readonly string[];
}

/** What the instances are made of. */
export interface NodeImage {
  /** An AMI; absent: Amazon Linux 2023, from its public SSM parameter, the newest at each deployment. */
  readonly image?: string;
  /** Kafka's archive, for images that have no Kafka: the node script installs it; absent: the image has it. */
  readonly archive?: {
    /** `s3://bucket/key` or `https://…`. */
    readonly url: string;
    /** SHA-512 of the archive, hex. */
    readonly sha512: string;
  };
}

export interface Role {
  readonly name: RoleName;
  /** Desired capacity of each zone's group. */
  readonly perZone: number;
  readonly instanceType: string;
  /** Node ids this role may hand out, lowest first; for a pooled role exactly the pool's ids. */
  readonly ids: readonly number[];
  /** Present where the role's nodes have fixed addresses. */
  readonly pool?: readonly PoolAddress[];
  readonly groups: readonly Group[];
  /** JVM heap, MiB. */
  readonly heap: number;
  readonly volume: Volume;
  /** Kafka settings added to or overriding Rollcall's defaults, already checked against those it owns. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of a ZooKeeper ensemble: what starts and configures its members on the node. */
  readonly supervisor?: Supervisor;
}

/** systemd with rendered files, or Exhibitor, whose shared configuration lies in that bucket. */
export type Supervisor =
  | { readonly kind: "systemd" }
  | { readonly kind: "exhibitor"; readonly bucket: string; readonly key: string };

/** All in milliseconds. */
export interface Periods {
  /** Between two sweeps. */
  readonly sweep: number;
  /** HeartbeatTimeout of both lifecycle hooks; Rollcall records a heartbeat every third of it. */
  readonly heartbeat: number;
  /** A launching instance's SSM agent must be online by then, counted from when the launch was first seen. */
  readonly agent: number;
  /** An id and an address must be had by then, counted likewise. */
  readonly identity: number;
  /** How long one command may run on a node. */
  readonly command: number;
  /** A configured node must have registered with Kafka by then, counted from the end of its configuration. */
  readonly register: number;
  /** A stop (controlled shutdown included) must be confirmed by then, counted from when it was sent. */
  readonly stop: number;
  /** How long a broker whose process is known dead may stay unregistered before its instance is replaced. */
  readonly grace: number;
  /** The same where its node does not answer at all. */
  readonly silentGrace: number;
  /** Between two checks that users and ACLs are as declared. */
  readonly access: number;
}

export interface Definition {
  readonly cluster: string;
  readonly region: string;
  readonly zones: readonly Zone[];
  readonly kafka: {
    readonly version: string;
    readonly mode: Mode;
    /** Settings for all roles; a role's own win. */
    readonly settings: Readonly<Record<string, string>>;
  };
  readonly roles: readonly Role[];
  readonly safety: {
    /** Topics (exact names) that the safety gates leave out of account. */
    readonly ignoreTopics: readonly string[];
  };
  readonly periods: Periods;
  /** Absent: nobody is asked who he is. */
  readonly security?: Security;
  readonly network: Network;
  readonly nodes: NodeImage;
  /** Whether an internal Network Load Balancer serves for bootstrap. */
  readonly loadBalancer: boolean;
  /** Days. */
  readonly retention: { readonly logs: number; readonly events: number };
  /** SNS topics that alarms go to; none: alarms only show. */
  readonly alarms: readonly string[];
}

/** The same, with nodes logging in by that generation of their credential; without effect where nobody is asked who he is. */
export function withGeneration(definition: Definition, generation: number): Definition {
  const { security } = definition;
  return security ? { ...definition, security: { ...security, generation } } : definition;
}

/** The role of that name; throws where the definition has none, which its validation excludes. */
export function roleOf(definition: Definition, name: RoleName): Role {
  const role = definition.roles.find((r) => r.name === name);
  if (!role) throw new Error(`cluster ${definition.cluster} has no role ${name}`);
  return role;
}

/** The role and zone of an Auto Scaling group, or undefined where the group is not this cluster's. */
export function groupOf(definition: Definition, groupName: string): { role: Role; zone: string } | undefined {
  for (const role of definition.roles) {
    const group = role.groups.find((g) => g.name === groupName);
    if (group) return { role, zone: group.zone };
  }
  return undefined;
}
