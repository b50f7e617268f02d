/**
 * Where functions run: one invocation at a time each, as in Lambda. One that is killed in mid-call, or at its time limit,
 * does nothing any more: whatever it still had under way never ends, and nobody runs in it again.
 */
import type { Context } from "aws-lambda";
import type { Clock } from "../../shared/lifecycle/ports.ts";
import type { LabClock } from "../clock.ts";
import type { Caller, Gateway } from "../cloud/service.ts";

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** What a container is told to run with: everything it does in the world goes through these, and ends with it. */
export interface Inside {
  readonly gateway: Pick<Gateway, "call">;
  readonly clock: Clock;
  readonly caller: Caller;
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
  readonly #byRole = new Map<string, Running>();
  #made = 0;
  #kills = 0;

  constructor(clock: LabClock, gateway: Pick<Gateway, "call">) {
    this.#clock = clock;
    this.#gateway = gateway;
  }

  /** Invocations that were killed. */
  get kills(): number {
    return this.#kills;
  }

  /** Whose call it is; undefined where it is no function's. */
  of(caller: Caller): Container | undefined {
    return this.#byRole.get(caller.role);
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
    const container = new Running(name, role, this.#clock, this.#gateway, make, () => {
      this.#kills += 1;
    });
    this.#byRole.set(role, container);
    return container;
  }
}

class Running implements Container {
  readonly function: string;
  readonly #clock: LabClock;
  readonly #handler: Handler;
  readonly #killed: () => void;
  #alive = true;
  #fail: ((error: Error) => void) | undefined;

  constructor(
    name: string,
    role: string,
    clock: LabClock,
    gateway: Pick<Gateway, "call">,
    make: Make,
    killed: () => void,
  ) {
    this.function = name;
    this.#clock = clock;
    this.#killed = killed;
    const caller = { role };
    this.#handler = make({
      caller,
      gateway: {
        call: (service, action, input) => this.#whileAlive(() => gateway.call(service, action, input, caller)),
      },
      clock: { now: () => clock.now(), wait: (ms) => this.#whileAlive(() => clock.wait(ms)) },
    });
  }

  run(event: unknown, context: Context): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      // At its limit Lambda ends the process; the invocation it has answered for already.
      const limit = this.#clock.after(context.getRemainingTimeInMillis(), () => {
        this.#alive = false;
      });
      this.#handler(event, context).then(
        (answer) => {
          limit.cancel();
          if (this.#alive) resolve(answer);
        },
        (error: unknown) => {
          limit.cancel();
          if (this.#alive) reject(error);
        },
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

  #whileAlive<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#alive) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      work().then(
        (value) => {
          if (this.#alive) resolve(value);
        },
        (error: unknown) => {
          if (this.#alive) reject(error);
        },
      );
    });
  }
}
