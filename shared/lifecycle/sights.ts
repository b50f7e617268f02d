/**
 * What a look brings back: one type per fact, parsed at the edge and trusted from there on.
 * Times are milliseconds since the epoch.
 */
import type { RoleName } from "../cluster/definition.ts";

/** Auto Scaling's lifecycle states, as DescribeAutoScalingGroups gives them. */
export type LifecycleState =
  | "Pending"
  | "Pending:Wait"
  | "Pending:Proceed"
  | "InService"
  | "Terminating"
  | "Terminating:Wait"
  | "Terminating:Proceed"
  | "Terminating:Retained"
  | "Terminated"
  | "Detaching"
  | "Detached"
  | "EnteringStandby"
  | "Standby"
  | "Quarantined"
  | "ReplacingRootVolume"
  | "ReplacingRootVolume:Wait"
  | "ReplacingRootVolume:Proceed"
  | "RootVolumeReplaced"
  | `Warmed:${string}`
  /** One that AWS has added since. */
  | `Unknown:${string}`;

export interface GroupMember {
  readonly instance: string;
  readonly state: LifecycleState;
  readonly zone: string;
  readonly healthy: boolean;
}

export interface GroupSight {
  readonly name: string;
  readonly desired: number;
  readonly members: readonly GroupMember[];
  /** The group itself is being deleted (`Status` is set only then). */
  readonly deleting: boolean;
}

/** Every group of the cluster that exists, from one call. */
export interface FleetSight {
  readonly groups: readonly GroupSight[];
}

/** EC2's own word on instances; `unknown` is `InvalidInstanceID.NotFound`: long gone, or too new for this replica. */
export type InstanceState = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated" | "unknown";

export interface RosterMember {
  readonly id: number;
  /** Instance that holds the id; absent: vacant. */
  readonly owner?: string;
  readonly zone: string;
  /** When the present owner claimed it, or when it became vacant. */
  readonly since: number;
  /** Was ever in service: its replacement must not come up empty where that could lose messages. */
  readonly served: boolean;
  /** Where its node can be reached: the fixed address, or that of its last incarnation which was in service, or has gone since. */
  readonly address?: string;
  /** Vacant, and when it became so its group had no more use for it. */
  readonly retired?: true;
  /** Of the nodes' own credential: what its owner logs in with is this generation at least. Absent where it has none. */
  readonly generation?: number;
}

export interface Roster {
  readonly role: RoleName;
  /** By id. */
  readonly members: ReadonlyMap<number, RosterMember>;
}

/** The one member of the cluster that may be taken down on purpose now. */
export interface Turn {
  readonly role: RoleName;
  readonly id: number;
  /** Instance that is being taken down, or being configured again. */
  readonly instance: string;
  readonly since: number;
  readonly reason: string;
}

export interface Voter {
  readonly id: number;
  /** Kafka's base64 uuid of the log directory, made before the node first starts. */
  readonly directoryId: string;
}

/** How the quorum came to be: written once, then marked formed once. */
export interface QuorumMark {
  /** Kafka's cluster id, base64 uuid. */
  readonly clusterId: string;
  readonly voters: readonly Voter[];
  readonly formed: boolean;
  /** Instances of founders that were let go without a gate, since nothing rested on them yet; in no order. */
  readonly left?: readonly string[];
}

export type NodeAction = "configure" | "stop" | "status" | "verify" | "access";

/** How far users and ACLs are as declared: what a node last brought about and found. */
export interface AccessMark {
  /** Of the declaration (`shared/config/access.ts`). */
  readonly digest: string;
  readonly at: number;
  /** When this declaration was first applied, ms since the epoch; absent: long ago. */
  readonly since?: number;
  /** By user: the version of the secret that its password was last set from. */
  readonly versions: Readonly<Record<string, string>>;
  /** As the node told them (`AccessAnswer`); absent: none. */
  readonly troubles?: Readonly<Record<string, string>>;
  /** What had to be put right at that time though this declaration stood already, e.g. `removed ACL …`. */
  readonly drift: readonly string[];
}

export interface SentCommand {
  readonly action: NodeAction;
  /** What it was sent to bring about: for `configure` the digest of the rendered configuration. */
  readonly digest: string;
  /** 1 for the first try of that action and digest. */
  readonly attempt: number;
  readonly sent: number;
  /** SSM's command id, where it is known; else the command is found again by its comment. */
  readonly id?: string;
}

/**
 * What an operator has asked about one instance; the latest wish alone stands.
 *
 * - `hold`: change nothing about it, but keep its lifecycle action open
 * - `force`: pass the safety gate that holds it, once
 * - `abandon`: give its launch up
 * - `release`: take its id away
 */
export interface OperatorWish {
  readonly wish: "hold" | "force" | "abandon" | "release";
  readonly since: number;
  /** The lifecycle action that was open when it was asked, and with which it ends; absent: none was. */
  readonly action?: "launch" | "terminate";
  /** In the operator's own words. */
  readonly reason: string;
  /** For `release`: the id meant, so that it takes away no other. */
  readonly id?: number;
}

/** What cannot be observed about one instance, and so is written down. */
export interface InstanceRecord {
  readonly instance: string;
  readonly role: RoleName;
  readonly group: string;
  readonly zone: string;
  /** The lifecycle action in progress, and when it was first seen. */
  readonly action?: { readonly kind: "launch" | "terminate"; readonly since: number };
  /** Last heartbeat recorded for that action. */
  readonly heartbeat?: number;
  /** The instance's own address, as its agent reported it. */
  readonly address?: string;
  readonly command?: SentCommand;
  /**
   * The configuration that last succeeded on the node, its digest empty from the time that the next one is sent; and how often it had
   * to be sent since it last registered.
   */
  readonly configured?: { readonly digest: string; readonly at: number; readonly times: number };
  /** Confirmed stopped: the node's script said so. */
  readonly stopped?: number;
  /** Since when Kafka does not count an in-service member in. */
  readonly unregistered?: number;
  /** Since when it alone is not: its grace runs from then. Absent while the observer is the suspect. */
  readonly alone?: number;
  /** Waiting for an operator, or for something Rollcall must not force. */
  readonly hold?: { readonly reason: string; readonly since: number };
  readonly operator?: OperatorWish;
  /** Until then an invocation is at work on it, and one woken by a mere echo (a sweep, a command's status) need not be. */
  readonly attended?: number;
  /** Grows by one with each write; a write is refused where it has moved on. */
  readonly version: number;
}

/** Everything the table holds about one instance's decision, from one strongly consistent read. */
export interface TableSight {
  /** Every role's; a role nobody has claimed from yet has an empty one. */
  readonly rosters: ReadonlyMap<RoleName, Roster>;
  readonly record?: InstanceRecord;
  readonly turn?: Turn;
  readonly quorum?: QuorumMark;
  readonly access?: AccessMark;
}

/** A fixed address's network interface. */
export interface AddressSight {
  readonly address: string;
  readonly eni: string;
  readonly zone: string;
  readonly attachment?: {
    readonly id: string;
    readonly instance: string;
    readonly status: "attaching" | "attached" | "detaching" | "detached";
    readonly deleteOnTermination: boolean;
  };
}

export interface AgentSight {
  readonly state: "online" | "lost" | "absent";
  /** The node's own IPv4 address, once the agent has reported it. */
  readonly address?: string;
}

/** The one JSON line a node answers with. */
export interface NodeAnswer {
  readonly ok: boolean;
  readonly action: NodeAction;
  readonly digest?: string;
  /** The unit's state: `active`, `activating`, `deactivating`, `inactive`, `failed`, `masked`, `absent`, or `unknown`. */
  readonly unit?: string;
  /** What the node's supervisor says of its process, where that is not systemd alone, e.g. `serving`, `down`. */
  readonly supervisor?: string;
  readonly stopped?: boolean;
  readonly tombstone?: boolean;
  readonly error?: string;
  readonly quorum?: QuorumAnswer;
  readonly access?: AccessAnswer;
}

/** What `access` found and did, each in words, e.g. `user app`, `allow User:app read,describe on topic orders`. */
export interface AccessAnswer {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** By user: the version of the secret that its password is set from. */
  readonly versions: Readonly<Record<string, string>>;
  /** By declared user: why its password is not set, or is as it was. Absent: there is none such. */
  readonly troubles?: Readonly<Record<string, string>>;
}

export interface QuorumAnswer {
  /** -1 where there is none. */
  readonly leader: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
}

export interface QuorumReplica {
  readonly id: number;
  readonly directoryId: string;
  readonly logEndOffset: number;
  readonly lag: number;
  /** How long ago it was last caught up with the leader, ms; -1 unknown. */
  readonly caughtUpAgo: number;
}

export type CommandStatus = "unsent" | "pending" | "running" | "success" | "failed" | "undelivered";

export interface CommandSight {
  readonly id?: string;
  readonly status: CommandStatus;
  readonly answer?: NodeAnswer;
  /** Status detail and the end of stderr: for the reason. */
  readonly detail: string;
}

/** An answer to a safety question, with what it rests on. */
export interface Verdict {
  readonly safe: boolean;
  readonly reason: string;
}

export interface BrokerSight {
  /** Present where Kafka counts it in: registered and unfenced, at this address. */
  readonly registered?: { readonly host: string; readonly port: number };
  /** How many partitions have a replica on it. */
  readonly replicas: number;
  /** How many of those lack it in their ISR, with one as an example, e.g. `orders-3`. */
  readonly missing: number;
  readonly example?: string;
  /** May it be stopped, its disk lost? */
  readonly stop: Verdict;
  /** May it come back with an empty disk? */
  readonly startEmpty: Verdict;
}

/** Kafka's own view; not to be seen is *unknown*, never dead. */
export type KafkaSight =
  | {
      readonly seen: false;
      readonly reason: string;
      /** The question itself did not come through, so that nothing follows from it, not even that nobody answers. */
      readonly unasked?: true;
      /** Kafka answers, but does not let its observer in, or not see: users and ACLs are not (yet) as declared. */
      readonly denied?: true;
    }
  | {
      readonly seen: true;
      readonly clusterId: string;
      /** By id, for each id asked about. */
      readonly brokers: ReadonlyMap<number, BrokerSight>;
    };

/** The quorum's own view, by Kafka's tools on one of its nodes or by each ZooKeeper member's word. */
export type QuorumSight = { readonly seen: false; readonly reason: string } | ({ readonly seen: true } & QuorumAnswer);

/** What a TCP connection to a controller's port met. */
export type ListenerSight = "listening" | "refused" | "silent";
