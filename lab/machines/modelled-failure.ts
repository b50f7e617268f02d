/** The script says what is wrong, and ends. */
import type { NodeAnswer } from "../../shared/lifecycle/sights.ts";

export class Failure extends Error {
  /** What its answer says beside. */
  readonly members: Partial<NodeAnswer>;

  constructor(message: string, members: Partial<NodeAnswer> = {}) {
    super(message);
    this.members = members;
  }
}
