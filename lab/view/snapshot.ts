/** What the view shows: the cluster at one moment, in words and plain values. */
import type { RoleName } from "../../shared/cluster/definition.ts";

export interface NodeSnapshot {
  /** EC2 instance id: what tells rows apart. */
  readonly instance: string;
  readonly role: RoleName;
  readonly zone: string;
  /** Node id; absent while it holds none. */
  readonly id?: number;
  /** Where its node is reached: the fixed address, or its own. */
  readonly address?: string;
  /** Auto Scaling's lifecycle state; empty where the group does not know it any more. */
  readonly scaling: string;
  /** EC2's state. */
  readonly ec2: string;
  /** Kafka's view of its id, in a few words: `leader`, `in sync 12/12`, `fenced`; empty where there is none yet. */
  readonly kafka: string;
  /** What it is doing or waiting for, in Rollcall's words; absent where it is simply well. */
  readonly status?: string;
  /** An operator has to decide, or something that Rollcall must not force. */
  readonly held?: boolean;
}

export interface ClusterSnapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cluster: string;
  readonly nodes: readonly NodeSnapshot[];
  /** What is true of the cluster as a whole, one line each: messages so far, whose turn it is. */
  readonly notes: readonly string[];
}

/** Controllers before brokers, by id; those without one last, by instance. */
export function inOrder(nodes: readonly NodeSnapshot[]): NodeSnapshot[] {
  return [...nodes].sort(
    (a, b) =>
      b.role.localeCompare(a.role) ||
      (a.id ?? Number.POSITIVE_INFINITY) - (b.id ?? Number.POSITIVE_INFINITY) ||
      a.instance.localeCompare(b.instance),
  );
}
