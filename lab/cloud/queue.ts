/** Queues that take what could not be delivered or handled: SQS standard queues, as far as they are modelled. */
import { AwsError } from "./service.ts";
import type { World } from "./world.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly at: number;
}

/** A message handed out: whoever holds the receipt may delete it or put it back, until it is handed out again. */
export interface Handed {
  readonly message: Message;
  readonly receipt: string;
  /** How often it has been handed out, this time included. */
  readonly times: number;
}

interface Kept {
  readonly message: Message;
  /** Hidden from receivers before that, ms since the epoch. */
  visible: number;
  times: number;
}

/** SQS's own where neither the queue nor the receiver says otherwise, ms. */
const VISIBILITY = 30_000;

export class Queue {
  readonly arn: string;
  readonly name: string;
  readonly #world: World;
  readonly #kept: Kept[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.arn = world.arn("sqs", name);
  }

  /** All, those included that are handed out. */
  get messages(): readonly Message[] {
    return this.#kept.map(({ message }) => message);
  }

  /** How many of them are handed out. */
  get hidden(): number {
    const now = this.#world.now();
    return this.#kept.filter(({ visible }) => visible > now).length;
  }

  send(body: unknown, attributes: Readonly<Record<string, string>> = {}): void {
    const { uuid, now } = { uuid: this.#world.uuid(), now: this.#world.now() };
    this.#kept.push({ message: { id: uuid, body: JSON.stringify(body), attributes, at: now }, visible: now, times: 0 });
  }

  /** At most that many, hidden from everybody else for so long, ms. */
  receive(most: number, hide: number = VISIBILITY): Handed[] {
    const now = this.#world.now();
    return this.#kept
      .filter(({ visible }) => visible <= now)
      .slice(0, most)
      .map((kept) => {
        kept.visible = now + hide;
        kept.times += 1;
        return { message: kept.message, receipt: receiptOf(kept), times: kept.times };
      });
  }

  /** Without effect where it is gone already. Throws ReceiptHandleIsInvalid. */
  delete(receipt: string): void {
    const kept = this.#byReceipt(receipt);
    if (kept) this.#kept.splice(this.#kept.indexOf(kept), 1);
  }

  /** Deletes every message, those included that are handed out. */
  purge(): void {
    this.#kept.length = 0;
  }

  /** Hides it for so long from now on, ms. Throws ReceiptHandleIsInvalid and MessageNotInflight. */
  hide(receipt: string, ms: number): void {
    const now = this.#world.now();
    const kept = this.#byReceipt(receipt);
    if (!kept || kept.visible <= now) {
      throw new AwsError("MessageNotInflight", "The specified message isn't in flight.");
    }
    kept.visible = now + ms;
  }

  #byReceipt(receipt: string): Kept | undefined {
    if (!RECEIPT.test(receipt)) {
      throw new AwsError(
        "ReceiptHandleIsInvalid",
        `The input receipt handle "${receipt}" is not a valid receipt handle.`,
      );
    }
    return this.#kept.find((kept) => receiptOf(kept) === receipt);
  }
}

/** A new one each time that the message is handed out; the older ones are worth nothing then. */
function receiptOf({ message, times }: Pick<Kept, "message" | "times">): string {
  return `${message.id}#${times}`;
}

const RECEIPT = /^[0-9a-f-]{36}#\d+$/;

export class Queues {
  readonly #world: World;
  readonly #queues = new Map<string, Queue>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The queue of that name; made where there is none yet. */
  create(name: string): Queue {
    const existing = [...this.#queues.values()].find((q) => q.name === name);
    const queue = existing ?? new Queue(this.#world, name);
    this.#queues.set(queue.arn, queue);
    return queue;
  }

  /** Without effect where there is none. */
  delete(arn: string): void {
    this.#queues.delete(arn);
  }

  get(arn: string): Queue | undefined {
    return this.#queues.get(arn);
  }

  all(): Queue[] {
    return [...this.#queues.values()];
  }
}
