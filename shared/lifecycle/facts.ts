/** What is known about one instance at the moment of a decision. Whatever has not been looked at is unseen: undefined. */
import type { Definition, Role } from "../cluster/definition.ts";
import type {
  AccessMark,
  AddressSight,
  AgentSight,
  CommandSight,
  FleetSight,
  InstanceState,
  KafkaSight,
  ListenerSight,
  QuorumMark,
  QuorumSight,
  TableSight,
} from "./sights.ts";

export interface Seen<T> {
  /** When the look began, where that matters: what it tells of was measured no earlier. */
  readonly from?: number;
  /** When the look ended, ms since the epoch. */
  readonly at: number;
  readonly value: T;
}

/** Each fact that can be looked at, with what a look brings back. */
export interface Sights {
  readonly fleet: FleetSight;
  /** EC2's word on the instance. */
  readonly ec2: InstanceState;
  readonly table: TableSight;
  /** The network interface of its member's fixed address; null: the cluster has none with that address. */
  readonly address: AddressSight | null;
  readonly agent: AgentSight;
  /** The command its record names. */
  readonly command: CommandSight;
  readonly kafka: KafkaSight;
  /** TCP's word on each member of the quorum, by node id. */
  readonly listeners: ReadonlyMap<number, ListenerSight>;
  readonly quorum: QuorumSight;
}

export type FactName = keyof Sights;

export type Facts = { readonly [F in FactName]?: Seen<Sights[F]> | undefined } & {
  readonly now: number;
  readonly instance: string;
  /** Claims lost so far in this invocation. */
  readonly attempt: number;
  /** Woken by an echo rather than by news: leave alone what another invocation attends to. */
  readonly echo: boolean;
  /** The id of the command whose end the echo told of. */
  readonly ended?: string;
  /** When the lifecycle action began that woke this invocation, where an event told so; ms since the epoch. */
  readonly begun?: number;
  /** Something said that EC2's own state has changed: look there first. */
  readonly suspect: boolean;
};

/** What a cluster is to be: its definition, and the configuration that each of its nodes gets. */
export interface Plan {
  readonly definition: Definition;
  readonly render: (node: NodeIdentity, quorum: QuorumMark) => { readonly digest: string; readonly payload: string };
  /** What a node is sent to make users and ACLs as declared; undefined where nobody is asked who he is. */
  readonly access: (mark?: AccessMark) => { readonly digest: string; readonly payload: string } | undefined;
  /** The plan as far as nodes can have it by now: with that generation of their credential, its own or one before. */
  readonly upTo: (generation: number) => Plan;
}

export interface NodeIdentity {
  readonly role: Role;
  readonly id: number;
  readonly zone: string;
  readonly address: string;
}
