/** What must never happen, as the modelled Kafka saw it. */
export interface Violation {
  readonly kind: ViolationKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly detail: string;
}

export type ViolationKind =
  /** A replica without acknowledged messages became leader: its followers truncate them. */
  | "messages lost"
  /** No disk has some acknowledged messages any more. */
  | "last copy gone"
  /** Two processes of one node id ran at once. */
  | "two processes"
  /** A second set of voters reached a majority of its own. */
  | "second quorum"
  /** A ZooKeeper ensemble elected a leader that lacks what a majority had written. */
  | "metadata lost"
  /** A voter came back without its log under its old directory id: it may vote for what it has forgotten. */
  | "voter emptied"
  /** A broker was stopped on purpose, and a partition fell under its min ISR, or lost its last replica. */
  | "stopped under min ISR"
  /** A controller was stopped on purpose, and the quorum fell under its majority. */
  | "stopped under majority";
