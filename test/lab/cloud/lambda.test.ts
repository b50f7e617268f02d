import type { Context } from "aws-lambda";
import { expect, test } from "vitest";
import { ground } from "./ground.ts";

interface Invoked {
  readonly StatusCode: number;
  readonly FunctionError?: string;
  readonly Payload: Uint8Array;
}

const text = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test("a synchronous invocation answers what the function returns, as JSON", async () => {
  const on = ground();
  let context: Context | undefined;
  const handler = async (event: unknown, given: Context) => {
    context = given;
    return { got: event, at: new Date(0) };
  };
  on.cloud.functions.register({ name: "echo", timeout: 3_000, memory: 256, handler });
  const answer = await on.call<Invoked>("lambda", "Invoke", { FunctionName: "echo", Payload: bytes({ a: [1, 2] }) });
  expect(answer.StatusCode).toBe(200);
  expect(answer).not.toHaveProperty("FunctionError");
  expect(text(answer.Payload)).toEqual({ got: { a: [1, 2] }, at: "1970-01-01T00:00:00.000Z" });
  expect(context).toMatchObject({ functionName: "echo", memoryLimitInMB: "256", functionVersion: "$LATEST" });
  expect(context?.getRemainingTimeInMillis()).toBe(3_000);
  await on.clock.runFor(1_000);
  expect(context?.getRemainingTimeInMillis()).toBe(2_000);
});

test("a function that throws is an answer with FunctionError, not an error of the call", async () => {
  const on = ground();
  on.cloud.functions.register({
    name: "fails",
    timeout: 3_000,
    handler: async () => {
      throw new RangeError("too far");
    },
  });
  const answer = await on.call<Invoked>("lambda", "Invoke", { FunctionName: on.cloud.functions.arn("fails") });
  expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
  expect(text(answer.Payload)).toMatchObject({ errorType: "RangeError", errorMessage: "too far" });
});

test("a function that outlives its limit is cut off", async () => {
  const on = ground();
  on.cloud.functions.register({ name: "hangs", timeout: 3_000, handler: () => new Promise(() => {}) });
  const answer = await on.clock.settle(on.call<Invoked>("lambda", "Invoke", { FunctionName: "hangs" }), 10_000);
  expect(on.elapsed()).toBe(3_000);
  expect(text(answer.Payload)).toMatchObject({ errorMessage: expect.stringContaining("timed out after 3.00 seconds") });
});

test("an asynchronous invocation answers at once, and runs without retries where none are wanted", async () => {
  const on = ground();
  let runs = 0;
  const handler = async () => {
    runs++;
    throw new Error("no");
  };
  on.cloud.functions.register({ name: "later", timeout: 3_000, retries: 0, handler });
  const input = { FunctionName: "later", InvocationType: "Event", Payload: bytes({}) };
  expect(await on.call("lambda", "Invoke", input)).toEqual({ StatusCode: 202 });
  await on.clock.runFor(3_600_000);
  expect(runs).toBe(1);
});

test("an unknown function and a payload that is no JSON are refused", async () => {
  const on = ground();
  expect(await on.refused("lambda", "Invoke", { FunctionName: "nobody" })).toMatchObject({
    code: "ResourceNotFoundException",
    status: 404,
  });
  on.cloud.functions.register({ name: "echo", timeout: 3_000, handler: async (event) => event });
  const input = { FunctionName: "echo", Payload: new TextEncoder().encode("{") };
  expect(await on.refused("lambda", "Invoke", input)).toMatchObject({ code: "InvalidRequestContentException" });
});
