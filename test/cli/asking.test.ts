import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, startBench } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

test("tells", async () => {
  const { owner } = await bench.member("broker", 1);
  for (const args of [
    ["hold", owner, "--yes", "--reason", "I look at its disk"],
    ["status"],
    ["explain", owner],
    ["force", owner],
    ["abandon", owner],
    ["release", "1"],
    ["release", "x"],
    ["release", "77"],
    ["resume", owner],
    ["resume", owner, "--yes", "--here"],
    ["resume", owner, "--yes", "--here"],
    ["redrive"],
    ["replay", "--since", "1h", "--yes"],
    ["--help"],
    ["force", "--help"],
    ["bogus"],
    ["status", "--bogus"],
    ["explain"],
  ]) {
    const { status, out, err } = await bench.rollcall(...args);
    console.log(`$ rollcall ${args.join(" ")}\n${out}${err}[${status}]`);
  }
  expect(1).toBe(1);
});
