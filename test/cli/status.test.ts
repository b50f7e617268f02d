import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, startBench } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

test("tells", async () => {
  const { status, out, err } = await bench.rollcall("status");
  console.log(out, err);
  expect(status).toBe(0);
  const { owner } = await bench.member("broker", 1);
  const e = await bench.rollcall("explain", owner);
  console.log(e.out, e.err);
  const c = await bench.rollcall("explain", (await bench.member("controller", 101)).owner);
  console.log(c.out, c.err);
});
