/** One function, killed at one of its calls: the n-th that any function makes once the history's last blow has fallen. */
import type { Call } from "../cloud/service.ts";
import type { Containers } from "./containers.ts";

export interface CrashPoint {
  /** From 1. */
  readonly call: number;
  readonly when: "before" | "after";
}

export class Crash {
  readonly #point: CrashPoint;
  readonly #containers: Containers;
  #armed: boolean;
  #count = 0;
  /** The call that it is to be killed after. */
  #doomed: number | undefined;
  #reached = false;

  /** `armed`: it counts from the beginning. */
  constructor(point: CrashPoint, containers: Containers, armed: boolean) {
    this.#point = point;
    this.#containers = containers;
    this.#armed = armed;
  }

  /** Whether there were so many calls. */
  get reached(): boolean {
    return this.#reached;
  }

  /** From now on calls count. */
  arm(): void {
    this.#armed = true;
  }

  before(call: Call): Promise<never> | undefined {
    const container = this.#containers.of(call.caller);
    if (!container || !this.#armed || ++this.#count !== this.#point.call) return undefined;
    this.#reached = true;
    if (this.#point.when === "before") {
      container.kill();
      return new Promise(() => {});
    }
    this.#doomed = call.number;
    return undefined;
  }

  after(call: Call): Promise<never> | undefined {
    if (call.number !== this.#doomed) return undefined;
    this.#containers.of(call.caller)?.kill();
    return new Promise(() => {});
  }
}
