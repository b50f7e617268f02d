/**
 * What an event amounts to. It never says what to do: the present state of the instance does, once it is looked at.
 * So a duplicate, late, reordered or replayed event means no more than one look too many.
 */
export type Hint =
  | {
      readonly kind: "look";
      readonly instance: string;
      /** The Auto Scaling group, where the event names one; always one of the cluster's. */
      readonly group?: string;
      /** What happened, in words. */
      readonly cause: string;
      /** It follows from what Rollcall did itself: an invocation may be at work on the instance already. */
      readonly echo?: true;
      /** The id of the command whose end it tells of. */
      readonly command?: string;
      /** When the lifecycle action began that it tells of, ms since the epoch; a replayed event keeps its time. */
      readonly begun?: number;
      /** EC2 says that the instance's own state has changed, which its group may not know yet. */
      readonly suspect?: true;
    }
  | {
      readonly kind: "leave-alone";
      /** Why nobody needs to look, in words. */
      readonly reason: string;
    };

/** The event asks for nothing, for that reason. */
export function leaveAlone(reason: string): Hint {
  return { kind: "leave-alone", reason };
}
