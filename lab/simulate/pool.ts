/** Plays many histories on several threads. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Range } from "./seeds.ts";
import { emptyTally, merge, type Tally } from "./tally.ts";

/** Histories that a thread plays at a time. */
const SHARE = 25;

export interface PoolOptions extends Range {
  readonly threads?: number;
  /** Called with each share as it is done. */
  readonly told?: (tally: Tally) => void;
}

/** Rejects where a thread fails, which is a bug of the simulation itself. */
export async function playOnThreads(options: PoolOptions): Promise<Tally> {
  const { from, seeds, threads = availableParallelism(), told = () => {} } = options;
  const total = emptyTally();
  let next = from;
  const end = from + seeds;
  const share = (): Range | undefined => {
    if (next >= end) return undefined;
    const range = { from: next, seeds: Math.min(SHARE, end - next) };
    next += range.seeds;
    return range;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      for (let range = share(); range; range = share()) {
        const tally = await ask(worker, range);
        merge(total, tally);
        told(tally);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(seeds / SHARE)) }, work));
  total.failures.sort((a, b) => a.seed - b.seed);
  return total;
}

function ask(worker: Worker, range: Range): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: { readonly tally: Tally } | { readonly error: string }) => {
      worker.removeListener("error", reject);
      if ("tally" in answer) resolve(answer.tally);
      else reject(new Error(`seeds ${range.from} to ${range.from + range.seeds - 1}: ${answer.error}`));
    });
    worker.postMessage(range);
  });
}
