/**
 * The classic way for a booting broker to find its node id, as start-up scripts do it: sleep a random while so that not
 * everybody does it at once, ask Kafka for the ids that are live, take the lowest free one, start. Between the question and
 * the registration lies the start of the JVM, in which others read the same list: two take one id, and the later one is
 * refused and dies. Its group launches another, which does the same.
 */
import type { Random } from "../lab/random.ts";

/** ms: the longest sleep, and what lies between the question and the registration. */
const SLEEP = 20_000;
const REGISTER = 6_000;

export interface Classic {
  /** Of the instances that came first: how many died because another had taken the same id. */
  readonly lost: number;
  /** The same with their replacements, and theirs. */
  readonly lostInAll: number;
  /** ms until as many as asked for were registered. */
  readonly time: number;
}

/** That many instances come at once; who dies is replaced at once, which no group can. */
export function classic(instances: number, random: Random): Classic {
  const registered = new Set<number>();
  const sleeping = Array.from({ length: instances }, () => ({ until: random.next() * SLEEP, first: true }));
  const starting: { readonly id: number; readonly at: number; readonly first: boolean }[] = [];
  let lost = 0;
  let lostInAll = 0;
  let time = 0;
  while (registered.size < instances) {
    sleeping.sort((a, b) => a.until - b.until);
    const asks = sleeping[0];
    // All take equally long to start, so they register in the order in which they asked.
    const registers = starting[0];
    if (registers && (!asks || registers.at <= asks.until)) {
      starting.shift();
      time = registers.at;
      if (registered.has(registers.id)) {
        lostInAll += 1;
        if (registers.first) lost += 1;
        sleeping.push({ until: time + random.next() * SLEEP, first: false });
      }
      registered.add(registers.id);
    } else if (asks) {
      sleeping.shift();
      let id = 1;
      while (registered.has(id)) id += 1;
      starting.push({ id, at: asks.until + REGISTER, first: asks.first });
    }
  }
  return { lost, lostInAll, time };
}
