import { oneLine, wrap } from "../../shared/terminal/text.ts";
import { handOver } from "../aws/hand-over.ts";
import { type DeadLetters, deadLetters } from "../aws/queues.ts";
import { functionsOf } from "../aws/stack.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, reasonOf } from "../exit.ts";
import { type Letter, readLetter, type Sorted, sortLetters } from "../look/letters.ts";
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

interface Delivery extends Letter {
  readonly queue: DeadLetters;
}

export const redriveCommand = command({
  name: "redrive",
  summary: "hand dead letters to the functions that should have had them",
  parameters: [],
  options,
  help: [
    "Two queues keep what would be lost: events that a function failed at for good, and events that could not be delivered to it. Each letter's event is handed to its function again, and deleted from its queue once Lambda has taken it; an event that fails again comes back to the failure queue. Late events do no harm: each only makes Rollcall look at an instance. A sweep looks at everything, so that one makes up for all that were missed.",
    "What nobody of the cluster sent stays in its queue, and so does what is for a function that is switched off. Ctrl-C leaves the rest where it is. Exit status 1: such a letter is there, or one could not be handed over or deleted.",
  ],
  async run(call) {
    const { terminal, options: given } = call;
    const taken: Delivery[] = [];
    const done = new Set<Delivery>();
    try {
      const more = await takeLetters(call, taken);
      const sorted = sortLetters(taken, call.cluster.names, await switchedOff(call, taken));
      const letters = sorted.hand.reduce((sum, { covers }) => sum + 1 + covers.length, 0);
      if (!terminal.json) terminal.say(...sortedLines(sorted, call.clock.now(), terminal.width));
      if (letters === 0 || given["dry-run"]) return tell(call, sorted, { taken, done, failures: [], more });
      await terminal.confirm(`Hand ${counted(letters, "letter")} over?`);
      const failures = await handAll(call, sorted, done);
      return tell(call, sorted, { taken, done, failures, more });
    } finally {
      // What is not handed over is to be had again at once.
      await Promise.all(taken.filter((one) => !done.has(one)).map(({ queue, message }) => queue.putBack(message)));
    }
  },
});

/**
 * @param taken gets each letter as soon as it is out of its queue
 * @returns whether a queue may have more
 */
async function takeLetters({ cluster }: Call, taken: Delivery[]): Promise<boolean> {
  const { clients, definition, names } = cluster;
  const sqs = await clients.sqs();
  let more = false;
  for (const name of [names.failures, names.undelivered]) {
    const queue = deadLetters(sqs, name);
    const messages = await queue.take(MOST, SECONDS);
    taken.push(...messages.map((message) => ({ ...readLetter(definition, names, message), queue })));
    more ||= messages.length >= MOST;
  }
  return more;
}

/** Of the functions that letters are for, those whose reserved concurrency is 0. */
async function switchedOff({ cluster }: Call, letters: readonly Letter[]): Promise<ReadonlySet<string>> {
  const names = new Set(letters.flatMap(({ to }) => to?.function ?? []));
  const functions = names.size === 0 ? [] : await functionsOf(await cluster.clients.lambda(), [...names]);
  return new Set(functions.filter(({ reserved }) => reserved === 0).map(({ name }) => name));
}

/**
 * One after the other, until Ctrl-C: a crowd of old events must not wake everything at once.
 *
 * @param done gets each that its function has, or need not have any more
 * @returns what went wrong
 */
async function handAll(
  { cluster, interrupted }: Call,
  { hand }: Sorted<Delivery>,
  done: Set<Delivery>,
): Promise<string[]> {
  const lambda = await cluster.clients.lambda();
  const failures: string[] = [];
  for (const { letter, covers } of hand) {
    if (interrupted.aborted) break;
    if (!letter.to) continue;
    try {
      await handOver(lambda, letter.to.function, letter.to.event);
    } catch (error) {
      failures.push(`not handed over: ${letter.about}: ${reasonOf(error)}`);
      continue;
    }
    for (const one of [letter, ...covers]) {
      // From here on it is the function's; a letter that stays all the same is only handed over twice.
      done.add(one);
      await one.queue.remove(one.message).catch((error: unknown) => {
        failures.push(`handed over, but it stays in its queue: ${one.about}: ${reasonOf(error)}`);
      });
    }
  }
  return failures;
}

interface Result {
  readonly taken: readonly Delivery[];
  readonly done: ReadonlySet<Delivery>;
  readonly failures: readonly string[];
  readonly more: boolean;
}

function tell(
  { terminal, interrupted }: Call,
  { stay }: Sorted<Delivery>,
  { taken, done, failures, more }: Result,
): ExitCode {
  const letters = taken.map((one) => ({
    id: one.message.id,
    sent: one.message.sent,
    function: one.to?.function ?? null,
    about: one.about,
    why: one.why,
    stays: stay.find(({ letter }) => letter === one)?.why ?? null,
    handedOver: done.has(one),
  }));
  const left = taken.length - done.size;
  terminal.tell({ letters, failures, more }, [
    `${counted(done.size, "letter")} handed over, ${left} left${more ? ", and there may be more: redrive again" : ""}`,
    ...failures,
  ]);
  if (interrupted.aborted) return EXIT.interrupted;
  return stay.length > 0 || failures.length > 0 ? EXIT.wrong : EXIT.fine;
}

function sortedLines({ hand, stay }: Sorted<Letter>, now: number, width: number): string[] {
  const lines = ({ message, about, why }: Letter, whither: string): string[] => [
    ...wrap(oneLine(`${span(now - message.sent)} ago, ${whither}: ${about}`), width),
    ...wrap(oneLine(why), width - 4).map((line) => `    ${line}`),
  ];
  return [
    ...hand.flatMap(({ letter, covers }) => {
      const others = covers.length === 0 ? "" : `, for all ${covers.length + 1} that were missed`;
      return lines({ ...letter, about: `${letter.about}${others}` }, `for ${letter.to?.function}`);
    }),
    ...stay.flatMap(({ letter, why }) => lines(letter, `left, as ${why}`)),
  ];
}
