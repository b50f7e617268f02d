/** What only the lab knows of its nodes, and what runs on them: the invariants are held to this, not to what anybody was told. */
import type { ModelledKafka } from "../machines/modelled-kafka.ts";
import type { RunningNode } from "./moment.ts";

export interface Truth {
  /** Kafka processes that have not ended. */
  processes(): readonly RunningNode[];
  /** Kafka's own truth, where there is one that answers at once. */
  readonly kafka?: ModelledKafka;
}
