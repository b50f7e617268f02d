/** Queues that take what could not be delivered or handled. Kept in the model, for everybody to read. */
import type { World } from "./world.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly at: number;
}

export class Queue {
  readonly arn: string;
  readonly name: string;
  readonly #world: World;
  readonly #messages: Message[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.arn = world.arn("sqs", name);
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  send(body: unknown, attributes: Readonly<Record<string, string>> = {}): void {
    const { uuid, now } = { uuid: this.#world.uuid(), now: this.#world.now() };
    this.#messages.push({ id: uuid, body: JSON.stringify(body), attributes, at: now });
  }
}

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
