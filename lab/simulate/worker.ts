/** One thread of the pool: does the jobs that it is told, one after the other, and tells what they came to. */
import { enableCompileCache, flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import type { Job } from "./jobs.ts";

if (!parentPort) throw new Error("lab/simulate/worker.ts is a worker thread's, not a program");
const port = parentPort;
// The model refuses calls by the hundred, and nobody reads where it did; each trace costs as much as the call.
Error.stackTraceLimit = 0;
// All that a history runs is read and compiled in each thread, which takes as long as a hundred histories.
enableCompileCache();
const { perform } = await import("./jobs.ts");
flushCompileCache();
port.on("message", (job: Job) => {
  perform(job).then(
    (tally) => port.postMessage({ tally }),
    (error: unknown) =>
      port.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
