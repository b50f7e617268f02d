import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, startBench } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

test("tells", async () => {
  for (const args of [["doctor"]]) {
    const { status, out, err } = await bench.rollcall(...args);
    console.log(`$ rollcall ${args.join(" ")}\n${out}${err}[${status}]`);
  }
  expect(1).toBe(1);
});
