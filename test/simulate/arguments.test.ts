import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "../../lab/simulate/arguments.ts";
import { CRASH_SCENARIOS } from "../../lab/simulate/crash-points.ts";
import { scenarioOf } from "../../lab/simulate/scenario.ts";
import { formatScenario } from "../../lab/simulate/scenario-text.ts";

const MAIN = fileURLToPath(new URL("../../lab/simulate/main.ts", import.meta.url));

function simulate(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe("what is asked for", () => {
  test("a hundred seeds from 1 on, where nothing is said", () => {
    expect(parseArguments([])).toEqual({ what: "seeds", seeds: 100, from: 1, bail: false, json: false });
  });
  test("as many seeds as are said", () => {
    expect(parseArguments(["--seeds", "5", "--from", "7", "--bail", "--json"])).toEqual({
      what: "seeds",
      seeds: 5,
      from: 7,
      bail: true,
      json: true,
    });
  });
  test("one seed, one scenario, crash points, orders", () => {
    expect(parseArguments(["--seed", "3", "--trace"])).toEqual({ what: "seed", seed: 3, trace: true, json: false });
    expect(parseArguments(["--scenario", "{}"])).toMatchObject({ what: "scenario", text: "{}" });
    expect(parseArguments(["--crash"])).toMatchObject({ scenarios: Object.keys(CRASH_SCENARIOS) });
    expect(parseArguments(["--crash", "founding"])).toMatchObject({ scenarios: ["founding"] });
    expect(parseArguments(["--orders", "--json"])).toEqual({ what: "orders", json: true });
    expect(parseArguments(["--help", "--seeds", "x"])).toEqual({ what: "help" });
  });
});

describe("what cannot be meant is refused with the value and the remedy", () => {
  test.each([
    [["--seeds", "0"], '--seeds takes a whole number from 1 on, not "0"'],
    [["--seeds", "1e3"], '--seeds takes a whole number from 1 on, not "1e3"'],
    [["--from", "-1"], "--from"],
    [["--seed", "x"], '--seed takes a whole number from 0 on, not "x"'],
    [["--seed", "1", "--crash"], "--seed and --crash exclude each other: leave one of them out"],
    [["--seed", "1", "--seeds", "5"], "--seeds does not go with --seed: leave one of them out"],
    [["--trace"], "--trace does not go with --seeds: leave one of them out"],
    [["--crash", "nothing"], '--crash knows no scenario "nothing": it is one of founding'],
    [["12"], '"12" is no option'],
    [["--sedes", "5"], /^Unknown option '--sedes': see --help$/],
    [["--seeds", "5", "--from", "9007199254740991"], "--from 9007199254740991 is too large: 5 seeds"],
  ])("%j", (args, reason) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
    expect(() => parseArguments(args)).toThrow(reason);
  });
});

describe("npm run simulate", () => {
  test("ends with 2 where its arguments are wrong, and with nothing but the reason", async () => {
    expect(await simulate("--seeds", "many")).toEqual({
      code: 2,
      stdout: "",
      stderr: '--seeds takes a whole number from 1 on, not "many"\n',
    });
  });
  test("says which file is not there, and what of a scenario is wrong", async () => {
    const missing = await simulate("--scenario", "no-such-file.json");
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain("no file no-such-file.json");
    const { stderr, code } = await simulate("--scenario", '{"seed": "one"}');
    expect(code).toBe(2);
    expect(stderr).toContain("seed: ");
  });
  test("tells in its last line what came of it", async () => {
    const { code, stdout } = await simulate("--seeds", "3", "--from", "49", "--json");
    const last: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(code).toBe(0);
    expect(last).toMatchObject({
      seeds: 3,
      failed: 0,
      viaSdk: 1,
      steps: expect.any(Number),
      calls: expect.any(Number),
      kills: expect.any(Number),
      faults: expect.any(Object),
      rows: expect.objectContaining({ "launch/1": expect.any(Number) }),
      seconds: expect.any(Number),
    });
  });
  test("tells a history the same each time, by its seed and by its scenario", async () => {
    const bySeed = await simulate("--seed", "2", "--trace");
    const byScenario = await simulate("--scenario", formatScenario(scenarioOf(2)), "--trace");
    const lines = ({ stdout }: { stdout: string }) => stdout.trim().split("\n").slice(0, -1);
    expect(lines(bySeed).length).toBeGreaterThan(100);
    expect(lines(byScenario)).toEqual(lines(bySeed));
  });
});
