import { handOver } from "../aws/functions.ts";
import { type DeadLetters, deadLetters } from "../aws/queues.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, reasonOf } from "../exit.ts";
import { type Letter, readLetter } from "../look/letters.ts";
import { counted, span } from "../show/words.ts";

const options = {
  yes: { type: "boolean", help: "do not ask whether to go on" },
  "dry-run": { type: "boolean", help: "only show what is in the queues" },
} as const;

type Call = Invocation<typeof options>;

/** Letters taken at one time, of each queue. */
const MOST = 200;
/** For so long nobody else is given them: time to read and to answer, seconds. */
const SECONDS = 300;

interface Delivery {
  readonly letter: Letter;
  readonly queue: DeadLetters;
}

export const redriveCommand = command({
  name: "redrive",
  summary: "hand dead letters to the functions that should have had them",
  parameters: [],
  options,
  help: [
    "Two queues keep what would be lost: events that a function failed at for good, and events that could not be delivered to it. Each letter's event is handed to its function again, and deleted from its queue once Lambda has taken it; an event that fails again comes back to the failure queue. Late events do no harm: each only makes Rollcall look at an instance.",
    "What nobody of the cluster sent stays in its queue. Exit status 1: such a letter is there, or one could not be handed over.",
  ],
  async run(call) {
    const { cluster, terminal, options: given } = call;
    const sqs = await cluster.clients.sqs();
    const queues = [cluster.names.failures, cluster.names.undelivered].map((name) => deadLetters(sqs, name));
    const taken: Delivery[] = [];
    for (const queue of queues) {
      for (const message of await queue.take(MOST, SECONDS)) {
        taken.push({ letter: readLetter(cluster.definition, cluster.names, message), queue });
      }
    }
    const ours = taken.filter(({ letter }) => letter.to);
    const done = new Set<Delivery>();
    try {
      if (!terminal.json) terminal.say(...letterLines(taken, call.clock.now()));
      if (ours.length === 0 || given["dry-run"]) return tell(call, taken, done, []);
      await terminal.confirm(`Hand ${counted(ours.length, "letter")} over?`);
      return tell(call, taken, done, await handAll(call, ours, done));
    } finally {
      // What is not handed over is to be had again at once.
      await Promise.all(
        taken.filter((one) => !done.has(one)).map(({ queue, letter }) => queue.putBack(letter.message)),
      );
    }
  },
});

/** One after the other: a crowd of old events must not wake everything at once. Answers why some could not be. */
async function handAll({ cluster }: Call, ours: readonly Delivery[], done: Set<Delivery>): Promise<string[]> {
  const lambda = await cluster.clients.lambda();
  const failures: string[] = [];
  for (const delivery of ours) {
    const { letter, queue } = delivery;
    if (!letter.to) continue;
    try {
      await handOver(lambda, letter.to.function, letter.to.event);
      // From here on it is the function's; a letter that stays all the same is only handed over twice.
      done.add(delivery);
      await queue.remove(letter.message);
    } catch (error) {
      failures.push(`${letter.about}: ${reasonOf(error)}`);
    }
  }
  return failures;
}

function tell(
  { terminal }: Call,
  taken: readonly Delivery[],
  done: ReadonlySet<Delivery>,
  failures: readonly string[],
): ExitCode {
  const strangers = taken.filter(({ letter }) => !letter.to).length;
  const letters = taken.map((one) => ({
    id: one.letter.message.id,
    sent: one.letter.message.sent,
    function: one.letter.to?.function ?? null,
    about: one.letter.about,
    why: one.letter.why,
    handedOver: done.has(one),
  }));
  terminal.tell({ letters, failures }, [
    `${counted(done.size, "letter")} handed over, ${taken.length - done.size} left`,
    ...failures.map((failure) => `not handed over: ${failure}`),
  ]);
  return strangers > 0 || failures.length > 0 ? EXIT.wrong : EXIT.fine;
}

function letterLines(taken: readonly Delivery[], now: number): string[] {
  return taken.flatMap(({ letter: { message, to, about, why } }) => [
    `${span(now - message.sent)} ago, ${to ? `for ${to.function}` : "left alone"}: ${about}`,
    `    ${why}`,
  ]);
}
