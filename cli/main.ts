#!/usr/bin/env node
/** `npx rollcall`: the command line's edge to the process. */
import { systemClock } from "../shared/aws/clock.ts";
import { EXIT } from "./exit.ts";
import { run } from "./run.ts";

const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());
// A reader that has seen enough (`rollcall status | head`) ends the command.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  process.exitCode = await run(process.argv.slice(2), {
    streams: { out: process.stdout, err: process.stderr, input: process.stdin },
    environment: process.env,
    clock: systemClock,
    interrupted: interruption.signal,
  });
  // A look that was left, or a pause between two, is not waited for.
  if (interruption.signal.aborted) process.exit();
} catch (error) {
  console.error(error);
  process.exitCode = EXIT.mistake;
}
