/**
 * Where functions run: one invocation at a time each, as in Lambda. One that is killed in mid-call, or at its time limit,
 * does nothing any more: whatever it still had under way never ends, and nobody runs in it again.
 */
import type { Context } from "aws-lambda";
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { LabClock } from "../clock.ts";
import type { Caller, Gateway, ServiceName } from "../cloud/service.ts";
import type { Barrier } from "./barrier.ts";
import { contentOf } from "./content.ts";

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** What a container is told to run with: everything it does in the world goes through these, and ends with it. */
export interface Inside {
  readonly gateway: Inward;
  readonly clock: Clock;
  readonly caller: Caller;
}

/** The cloud as one container reaches it: its caller is that container's role. */
interface Inward {
  call(service: ServiceName, action: string, input: unknown): Promise<object>;
}

export type Make = (inside: Inside) => Handler;

export interface Container {
  readonly function: string;
  /** The process ends at once, and Lambda finds out. */
  kill(): void;
}

/** How long after it was killed Lambda counts an invocation as failed, ms. */
const NOTICE = 100;

export class Containers {
  readonly #clock: LabClock;
  readonly #gateway: Pick<Gateway, "call">;
  readonly #barrier: Barrier;
  readonly #byRole = new Map<string, Running>();
  #made = 0;
  #kills = 0;

  constructor(clock: LabClock, gateway: Pick<Gateway, "call">, barrier: Barrier) {
    this.#clock = clock;
    this.#gateway = gateway;
    this.#barrier = barrier;
  }

  /** Invocations that were killed. */
  get kills(): number {
    return this.#kills;
  }

  /** Whose call it is; undefined where it is no function's. */
  of(caller: Caller): Container | undefined {
    return this.#byRole.get(caller.role);
  }

  /** What somebody acts through who is no function: nothing goes wrong with it, and it comes in its order like all else. */
  outsider(role: string): Inside {
    return insideOf(role, this.#clock, this.#gateway, (what, work, about) => {
      return new Promise((resolve, reject) => {
        this.#barrier.arrive(role, what, () => void work().then(resolve, reject), about);
      });
    });
  }

  /** A function's handler, each of whose invocations has a container to itself. */
  serve(name: string, make: Make): Handler {
    const idle: Running[] = [];
    return async (event, context) => {
      const container = idle.pop() ?? this.#start(name, make);
      const answer = await container.run(event, context);
      idle.push(container);
      return answer;
    };
  }

  #start(name: string, make: Make): Running {
    const role = `${name}-${++this.#made}`;
    const world = { clock: this.#clock, gateway: this.#gateway, barrier: this.#barrier };
    const container = new Running(name, role, world, make, () => {
      this.#kills += 1;
    });
    this.#byRole.set(role, container);
    return container;
  }
}

/** What containers are in. */
interface Outside {
  readonly clock: LabClock;
  readonly gateway: Pick<Gateway, "call">;
  readonly barrier: Barrier;
}

/** Does that as soon as it is let in, with what it is in words, and what it is about. */
type Entering = <T>(what: string, work: () => Promise<T>, about?: () => string) => Promise<T>;

function insideOf(role: string, clock: LabClock, gateway: Pick<Gateway, "call">, entering: Entering): Inside {
  const caller = { role };
  return {
    caller,
    gateway: {
      call: (service, action, input) =>
        entering(
          `${service}:${action}`,
          () => gateway.call(service, action, input, caller),
          () => contentOf(input),
        ),
    },
    clock: {
      now: () => clock.now(),
      wait: (ms) => entering(`wait ${ms}`, () => clock.wait(ms)),
    },
  };
}

class Running implements Container {
  readonly function: string;
  readonly #clock: LabClock;
  readonly #barrier: Barrier;
  readonly #role: string;
  readonly #handler: Handler;
  readonly #killed: () => void;
  #alive = true;
  #fail: ((error: Error) => void) | undefined;

  constructor(name: string, role: string, { clock, gateway, barrier }: Outside, make: Make, killed: () => void) {
    this.function = name;
    this.#clock = clock;
    this.#barrier = barrier;
    this.#role = role;
    this.#killed = killed;
    /** What a process that has ended waits for never comes. */
    const entering: Entering = <T>(what: string, work: () => Promise<T>, about?: () => string): Promise<T> =>
      new Promise((resolve, reject) => {
        const enter = (): void => {
          if (!this.#alive) return;
          work().then(
            (value) => {
              if (this.#alive) resolve(value);
            },
            (error: unknown) => {
              if (this.#alive) reject(error);
            },
          );
        };
        if (this.#alive) barrier.arrive(role, what, enter, about);
      });
    this.#handler = make(insideOf(role, clock, gateway, entering));
  }

  run(event: unknown, context: Context): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      // At its limit Lambda ends the process; the invocation it has answered for already.
      const limit = this.#clock.after(context.getRemainingTimeInMillis(), () => {
        this.#alive = false;
      });
      const end = (tell: () => void): void =>
        this.#barrier.arrive(this.#role, "ends", () => {
          limit.cancel();
          if (this.#alive) tell();
        });
      this.#handler(event, context).then(
        (answer) => end(() => resolve(answer)),
        (error: unknown) => end(() => reject(error)),
      );
    });
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#killed();
    const fail = this.#fail;
    this.#clock.after(NOTICE, () => fail?.(new Error("Runtime exited with error: signal: killed")));
  }
}
