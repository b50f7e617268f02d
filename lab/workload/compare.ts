/** What was acknowledged against what can be read: the proof that nothing is lost. */

export interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export interface Written {
  /** Acknowledged by all replicas in sync: must be there, where the acknowledgement said. */
  readonly acknowledged: readonly Message[];
  /** How many may or may not have been written: sent, and the answer never came. */
  readonly unknown: number;
}

export interface ReadBack {
  /** Everything there is. */
  readonly messages: readonly Message[];
  /** Each partition's end: one more than its last offset. */
  readonly ends: ReadonlyMap<number, number>;
}

export interface Verification {
  readonly acknowledged: number;
  readonly read: number;
  /** Acknowledged, but not there: past the end, missing, or another value at its offset. */
  readonly lost: number;
  /** Read more often than once: how many too many. */
  readonly duplicated: number;
  readonly unknown: number;
  /** The first few losses, in words. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/**
 * An acknowledged message that is only found elsewhere counts as lost: what a consumer had read at its offset has changed, so the
 * log was cut and written anew.
 */
export function compare({ acknowledged, unknown }: Written, { messages, ends }: ReadBack): Verification {
  const byPlace = new Map(messages.map((message) => [placeOf(message), message.value]));
  const losses = acknowledged.filter((message) => byPlace.get(placeOf(message)) !== message.value);
  const examples = losses.slice(0, EXAMPLES).map((message) => {
    const found = byPlace.get(placeOf(message));
    const end = ends.get(message.partition) ?? 0;
    const instead =
      found !== undefined ? `${found} is there` : message.offset >= end ? `the log ends at ${end}` : "nothing is there";
    return `${message.value} was acknowledged at ${placeOf(message)}, but ${instead}`;
  });
  return {
    acknowledged: acknowledged.length,
    read: messages.length,
    lost: losses.length,
    duplicated: messages.length - new Set(messages.map(({ value }) => value)).size,
    unknown,
    examples,
  };
}

function placeOf({ partition, offset }: Message): string {
  return `partition ${partition}, offset ${offset}`;
}
