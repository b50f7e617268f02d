/** Does jobs on several threads. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { CRASH_SCENARIOS } from "./crash-points.ts";
import type { Job } from "./jobs.ts";
import { SITUATIONS } from "./orders.ts";
import type { Range } from "./seeds.ts";
import { emptyTally, merge, type Tally } from "./tally.ts";

/** Histories that a thread plays at a time. */
const SHARE = 25;

/** Nearly everything of a history is garbage at its end: room for it saves the collector from looking at it often. MiB. */
const YOUNG = 192;

/** In how many parts the points of a scenario are played: in each of them one history more, which reaches no point. */
const POINT_PARTS = 2;

/** In how many parts the orders of a situation are played. */
const ORDER_PARTS = 4;

export interface PoolOptions {
  /** By default as many as there are processors. */
  readonly threads?: number;
  /** Called with each job as it is done. */
  readonly told?: (tally: Tally, job: Job) => void;
}

/** With `bail` every seed below the first one that fails has been played: shares are handed out in order, and those that have begun come to their end. */
export async function playOnThreads({ from, seeds, bail = false, ...options }: Range & PoolOptions): Promise<Tally> {
  let failed = false;
  function* shares(): Generator<Job> {
    const end = from + seeds;
    for (let next = from; next < end && !(bail && failed); next += SHARE) {
      yield { kind: "seeds", from: next, seeds: Math.min(SHARE, end - next), bail };
    }
  }
  return doOnThreads(shares(), {
    ...options,
    told: (tally, job) => {
      failed ||= tally.failed > 0;
      options.told?.(tally, job);
    },
  });
}

/** Every crash point of these scenarios, by default of all. */
export function crashJobs(scenarios: readonly string[] = Object.keys(CRASH_SCENARIOS)): Job[] {
  return scenarios.flatMap((scenario) =>
    (["before", "after"] as const).flatMap((when) =>
      Array.from(
        { length: POINT_PARTS },
        (_, n): Job => ({ kind: "crash points", scenario, when, first: n + 1, step: POINT_PARTS }),
      ),
    ),
  );
}

/** Every order of events in every situation. */
export function orderJobs(): Job[] {
  return Object.keys(SITUATIONS).flatMap((situation) =>
    Array.from({ length: ORDER_PARTS }, (_, n): Job => ({ kind: "orders", situation, first: n, step: ORDER_PARTS })),
  );
}

/** Failures come in the order of the jobs. Rejects where a thread fails, which is a bug of the simulation itself. */
export async function doOnThreads(jobs: Iterable<Job>, options: PoolOptions = {}): Promise<Tally> {
  const { threads = availableParallelism(), told = () => {} } = options;
  const done: Tally[] = [];
  const queue = jobs[Symbol.iterator]();
  let begun = 0;
  const work = async (): Promise<void> => {
    let worker: Worker | undefined;
    try {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        const number = begun++;
        worker ??= new Worker(new URL("./worker.ts", import.meta.url), {
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
        });
        const tally = await ask(worker, next.value);
        done[number] = tally;
        told(tally, next.value);
      }
    } finally {
      await worker?.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  const total = emptyTally();
  for (const tally of done) merge(total, tally);
  return total;
}

function ask(worker: Worker, job: Job): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: { readonly tally: Tally } | { readonly error: string }) => {
      worker.removeListener("error", reject);
      if ("tally" in answer) resolve(answer.tally);
      else reject(new Error(`${JSON.stringify(job)}: ${answer.error}`));
    });
    worker.postMessage(job);
  });
}
