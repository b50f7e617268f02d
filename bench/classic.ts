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
  /** Instances that died because another had taken the same id. */
  readonly lost: number;
  /** ms until as many as asked for were registered. */
  readonly time: number;
}

/** That many instances come at once; who dies is replaced at once, which no group can. */
export function classic(instances: number, random: Random): Classic {
  const registered = new Set<number>();
  const questions: number[] = Array.from({ length: instances }, () => random.next() * SLEEP);
  const starting: { readonly id: number; readonly at: number }[] = [];
  let lost = 0;
  let time = 0;
  while (registered.size < instances) {
    questions.sort((a, b) => a - b);
    const asks = questions[0] ?? Number.POSITIVE_INFINITY;
    // All take equally long to start, so they register in the order in which they asked.
    const registers = starting[0];
    if (registers && registers.at <= asks) {
      starting.shift();
      time = registers.at;
      if (!registered.has(registers.id)) registered.add(registers.id);
      else {
        lost += 1;
        questions.push(time + random.next() * SLEEP);
      }
    } else {
      questions.shift();
      let id = 1;
      while (registered.has(id)) id += 1;
      starting.push({ id, at: asks + REGISTER });
    }
  }
  return { lost, time };
}
