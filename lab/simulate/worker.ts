/** One thread of the pool: does the jobs that it is told, one after the other, and tells what they came to. */
import { parentPort } from "node:worker_threads";
import { type Job, perform } from "./jobs.ts";

if (!parentPort) throw new Error("lab/simulate/worker.ts is a worker thread's, not a program");
const port = parentPort;
// The model refuses calls by the hundred, and nobody reads where it did; each trace costs as much as the call.
Error.stackTraceLimit = 0;
port.on("message", (job: Job) => {
  perform(job).then(
    (tally) => port.postMessage({ tally }),
    (error: unknown) =>
      port.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
