/**
 * Everything the lifecycle needs from the world, behind interfaces that are handed in. `aws/` and `kafka/` implement
 * them for real, `members/memory.ts` and the lab for simulation. Expected outcomes are values; whatever else goes wrong
 * throws, and the look or change is tried again later.
 */
import type { Role, RoleName } from "../cluster/definition.ts";
import type { QuorumAsked } from "../cluster/role-kinds.ts";
import type {
  AccessMark,
  AddressSight,
  AgentSight,
  CommandSight,
  FleetSight,
  InstanceRecord,
  InstanceState,
  KafkaSight,
  ListenerSight,
  NodeAction,
  QuorumMark,
  QuorumSight,
  Roster,
  RosterMember,
  SentCommand,
  TableSight,
  Turn,
} from "./sights.ts";

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  wait(ms: number): Promise<void>;
}

/** Auto Scaling. */
export interface Fleet {
  /** All groups of the cluster, in one call; groups that do not exist (yet) are missing from the answer. */
  look(): Promise<FleetSight>;
  /** Ends a lifecycle action; `gone`: none is active any more (timed out, or completed by another invocation). */
  complete(action: LifecycleAction, result: "CONTINUE" | "ABANDON"): Promise<"done" | "gone">;
  heartbeat(action: LifecycleAction): Promise<"done" | "gone">;
  /** `terminating`: a scaling activity already takes it down. Grace periods are not respected. */
  markUnhealthy(instance: string): Promise<"done" | "terminating">;
}

export interface LifecycleAction {
  readonly group: string;
  readonly instance: string;
  readonly kind: "launch" | "terminate";
}

/** EC2 instances. */
export interface Instances {
  /** State by instance id, for each id asked about, in one call. */
  look(instances: readonly string[]): Promise<ReadonlyMap<string, InstanceState>>;
}

/** EC2 network interfaces of the cluster's address pools. */
export interface Addresses {
  /** The interface with that fixed address; undefined where the cluster has none. */
  look(role: Role, address: string): Promise<AddressSight | undefined>;
  /** `busy`: held by another instance after all. `not-ready`: instance or interface not in a state to attach. */
  attach(eni: string, instance: string): Promise<"attached" | "busy" | "not-ready">;
  /** Plain detach, never forced; `gone`: no such attachment any more. */
  detach(attachment: string): Promise<"detaching" | "gone">;
  keepOnTermination(eni: string, attachment: string): Promise<void>;
}

export interface NodeCommand {
  readonly instance: string;
  readonly action: NodeAction;
  /** Base64 of what the node script takes as its payload; empty where the action needs none. */
  readonly payload: string;
  /** When it is sent, ms since the epoch: the node tells by it an order that comes late from a newer one. */
  readonly issued: number;
  /** Says action, digest and attempt; the command is found again by it. At most 100 characters. */
  readonly comment: string;
  /** Execution limit, ms. */
  readonly timeout: number;
}

/** SSM agents and Run Command. */
export interface Commands {
  agent(instance: string): Promise<AgentSight>;
  /** `unreachable`: SSM knows no such agent (yet): InvalidInstanceId. */
  send(command: NodeCommand): Promise<{ readonly id: string } | "unreachable">;
  /** The command's fate; one without an id is looked for by its comment, and `unsent` where there is none. */
  look(instance: string, command: SentCommand): Promise<CommandSight>;
}

export interface Claim {
  readonly won: boolean;
  readonly roster: Roster;
}

/** What stays known of an id whose holder gives it up. */
export interface Vacated {
  /** Where its node may have run: it was sent a configuration. */
  readonly address?: string;
  /** Its group has no more use for it. */
  readonly retired?: true;
}

/** Roster, turn, records, quorum and access marks: one DynamoDB table, or memory. All reads are strongly consistent. */
export interface Table {
  /** Every role's roster, the record of that instance, turn, quorum and access marks, in one read. */
  read(instance: string): Promise<TableSight>;
  /** Everything, in one query. */
  readAll(): Promise<TableContents>;
  /** One conditional write; whether it was won is read from the roster, never from the write's own answer. */
  claim(role: RoleName, member: Omit<RosterMember, "owner" | "served" | "retired">, instance: string): Promise<Claim>;
  /** Makes the id vacant where that instance holds it. */
  release(role: RoleName, id: number, instance: string, now: number, left: Vacated): Promise<Roster>;
  /** Marks that the member is in service, reachable at that address, where that instance holds it. */
  serve(role: RoleName, id: number, instance: string, address: string): Promise<Roster>;
  /** Notes which generation of the nodes' credential the member has, where that instance holds it. */
  noteGeneration(role: RoleName, id: number, instance: string, generation: number): Promise<Roster>;
  /** Writes the record with version + 1 where the stored version is the given one (0: none stored yet). */
  save(record: InstanceRecord): Promise<InstanceRecord | "changed">;
  drop(instance: string): Promise<void>;
  /** Takes the turn if nobody or that member itself has it; answers who has it now. */
  takeTurn(turn: Turn): Promise<Turn>;
  /** Gives back that very turn; without effect where it is another by now. */
  giveTurn(turn: Turn): Promise<void>;
  /** Writes the founding mark if there is none; answers the one that stands. */
  found(mark: Omit<QuorumMark, "formed" | "left">): Promise<QuorumMark>;
  /** Marks the quorum formed, unless a founder was let go whom that mark does not tell of; answers the mark that stands. */
  form(seen: QuorumMark): Promise<QuorumMark>;
  /** Notes that this instance of a founder is let go, unless the quorum has formed; answers the mark that stands. */
  leaveFounding(instance: string): Promise<QuorumMark>;
  /** Writes that access mark unless one of a later time stands; answers the one that stands. */
  saveAccess(mark: AccessMark): Promise<AccessMark>;
}

export interface TableContents {
  /** Every role's; a role nobody has claimed from yet has an empty one. */
  readonly rosters: ReadonlyMap<RoleName, Roster>;
  readonly records: ReadonlyMap<string, InstanceRecord>;
  readonly turn?: Turn;
  readonly quorum?: QuorumMark;
  readonly access?: AccessMark;
}

export interface KafkaQuestion {
  /** `host:port` of brokers that may answer. */
  readonly bootstrap: readonly string[];
  /** `host:port` of the quorum's members: without a majority of them brokers go on serving what they last knew. */
  readonly quorum: readonly string[];
  /**
   * How it is seen whether one of those serves: by its port, or by ZooKeeper's words, as a member without a quorum listens all the
   * same.
   */
  readonly asked: QuorumAsked;
  /** Node ids to answer about. */
  readonly ids: readonly number[];
  readonly ignoreTopics: readonly string[];
}

export interface KafkaView {
  brokers(question: KafkaQuestion): Promise<KafkaSight>;
  /** By `host:port`. */
  listeners(servers: readonly string[]): Promise<ReadonlyMap<string, ListenerSight>>;
  /** Asks Kafka's own tools on that instance, a quorum member or not, through the node script. */
  quorum(instance: string): Promise<QuorumSight>;
  /** Asks each member of a ZooKeeper ensemble by its own word: who leads or follows has synced and serves. */
  ensemble(members: readonly EnsembleMember[]): Promise<QuorumSight>;
}

export interface EnsembleMember {
  readonly id: number;
  /** `host:port` for clients. */
  readonly server: string;
}

/** All of Kafka's view that is had over the network alone: what the function inside the VPC sees. */
export type NetworkView = Omit<KafkaView, "quorum">;

/** Fresh identifiers: the only randomness of the lifecycle. */
export interface Ids {
  /** A Kafka uuid: 16 random bytes, base64url without padding, not starting with `-`. */
  kafkaUuid(): string;
}

export interface Log {
  info(message: string, detail: Readonly<Record<string, unknown>>): void;
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly instances: Instances;
  readonly addresses: Addresses;
  readonly commands: Commands;
  readonly table: Table;
  readonly kafka: KafkaView;
  readonly ids: Ids;
  readonly log: Log;
}
