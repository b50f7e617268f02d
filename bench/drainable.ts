/** A service that lives on real time, beside a virtual clock: that may only move on when all calls have been answered. */
import { setImmediate as turn } from "node:timers/promises";
import type { Service } from "../lab/cloud/service.ts";

/** How many turns of the event loop an SDK client takes at most between an answer and the next call. */
const TURNS = 5;

export interface Drainable {
  readonly service: Service;
  /** Ends once nothing is asked of it, nor about to be: a virtual clock's `drain`. */
  drain(): Promise<void>;
}

/** The same service, with its calls counted. */
export function drainable(service: Service): Drainable {
  let asked = 0;
  const actions = Object.entries(service.actions).map(([name, action]): [string, typeof action] => [
    name,
    async (...call) => {
      asked += 1;
      try {
        return await action(...call);
      } finally {
        asked -= 1;
      }
    },
  ]);
  return {
    service: { ...service, actions: Object.fromEntries(actions) },
    async drain() {
      // Some turns on end without a call: what an answer sets off comes to its next call, or to rest.
      for (let idle = 0; idle < TURNS; idle += 1) {
        await turn();
        if (asked > 0) idle = 0;
      }
    },
  };
}
