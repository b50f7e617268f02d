/**
 * Stands in for Lambda's runtime in a fresh process: loads a function, calls it with an event, and tells when it answered.
 * Arguments: the function's file, the event as JSON. Sends `{answered}` (ms since the process began), or `{failed}`.
 */
import { pathToFileURL } from "node:url";

interface FunctionModule {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
}

const [file = "", event = "{}"] = process.argv.slice(2);
const context = {
  functionName: "bench",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:bench",
  memoryLimitInMB: "512",
  awsRequestId: "4a3c1f0e-2b5d-4c6e-8f70-91a2b3c4d5e6",
  getRemainingTimeInMillis: () => 60_000,
};

process.send?.({ began: performance.timeOrigin });
try {
  const { handler }: FunctionModule = await import(pathToFileURL(file).href);
  await handler(JSON.parse(event), context);
  process.send?.({ answered: performance.now() });
} catch (error) {
  process.send?.({ failed: error instanceof Error ? error.message : String(error) });
}
process.disconnect?.();
