/** One thread's share of the histories: plays the seeds it is told, and tells what they came to. */
import { parentPort } from "node:worker_threads";
import { playSeeds, type Range } from "./seeds.ts";

if (!parentPort) throw new Error("lab/simulate/worker.ts is a worker thread's, not a program");
const port = parentPort;
port.on("message", (range: Range) => {
  playSeeds(range).then(
    (tally) => port.postMessage({ tally }),
    (error: unknown) =>
      port.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
