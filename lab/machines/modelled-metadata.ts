/** Where a modelled Kafka keeps its metadata: what a KRaft quorum and a ZooKeeper ensemble have in common. */
import type { QuorumAnswer } from "../../shared/lifecycle/sights.ts";
import type { Credential, NodeProcess } from "./modelled-process.ts";

export interface MetadataQuorum {
  /** A leader that a majority follows: metadata can be read and changed. */
  readonly hasLeader: boolean;
  /** Kafka's id of the cluster, once there is one. */
  readonly clusterId: string | undefined;
  /** Users that the cluster was founded with. */
  readonly users: ReadonlyMap<string, Credential>;
  /** A member's listener is open. */
  join(process: NodeProcess): void;
  /** It ended. */
  leave(process: NodeProcess): void;
  /** Would the quorum lose its majority without that process, which it has now? */
  needs(process: NodeProcess): boolean;
  /** As `kafka-metadata-quorum remove-controller` does: one that runs joins again by itself. Throws where there are no voters to change. */
  remove(id: number): void;
  /** Looks again at who is there. To be called when a process's network comes or goes. */
  update(): void;
  /** Whether it serves that member's clients now. */
  serves(process: NodeProcess): boolean;
  /** Whether its leader lets that broker in. */
  admits(process: NodeProcess): boolean;
  /** In its leader's eyes; leader -1 where there is none. `brokers`: those that follow it, too. */
  answer(brokers: readonly NodeProcess[]): QuorumAnswer;
}
