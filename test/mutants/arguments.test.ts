import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../lab/simulate/arguments.ts";
import { parseArguments } from "./arguments.ts";

const NAMES = ["01-takes", "02-frees", "10-forgets"];
const parse = (...args: string[]) => parseArguments(args, NAMES);

describe("what is asked for", () => {
  test("all of them, where nothing is said", () => {
    expect(parse()).toEqual({ chosen: NAMES, seeds: 2_000, as: "text" });
  });
  test("those whose names begin as is said, in as many seeds as are said, as it is said", () => {
    expect(parse("--only", "10", "--only", "02-f", "--seeds", "7", "--json")).toEqual({
      chosen: ["02-frees", "10-forgets"],
      seeds: 7,
      as: "json",
    });
    expect(parse("--markdown")).toMatchObject({ as: "markdown" });
    expect(parse("--help", "--only", "03")).toBeUndefined();
  });
});

describe("what cannot be meant is refused with the value and the remedy", () => {
  test.each([
    [["--seeds", "0"], '--seeds takes a whole number from 1 on, not "0"'],
    [["--seeds", "many"], '--seeds takes a whole number from 1 on, not "many"'],
    [
      ["--only", "01", "--only", "99"],
      "--only 99: no mutant's name begins so; test/mutants/ has 01-takes to 10-forgets",
    ],
    [["--json", "--markdown"], "--json and --markdown exclude each other: leave one of them out"],
    [["--bogus"], /^Unknown option '--bogus': see --help$/],
    [["07"], /^Unexpected argument '07'.*: see --help$/],
  ])("%j", (args, reason) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(reason);
  });

  test("by the command with exit status 2, and with nothing but the reason", async () => {
    const main = fileURLToPath(new URL("run.ts", import.meta.url));
    const ended = await new Promise((resolve) => {
      execFile(process.execPath, [main, "--seeds", "many"], (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });
    expect(ended).toEqual({
      code: 2,
      stdout: "",
      stderr: '--seeds takes a whole number from 1 on, not "many"\n',
    });
  });
});
