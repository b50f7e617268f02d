/** How the command line answers to what is typed: help, wrong use, and a cloud that does not answer. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands/index.ts";
import { definition } from "../definition.ts";
import { type CommandLine, commandLine, startBench } from "./lab.ts";
import { quickClock } from "./quick-clock.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rollcall-usage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `npx rollcall` as a process of its own; `during` gets what it has written so far, and may kill it. */
function process_(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  during?: (out: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { PATH = "" } = process.env;
    const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...environment }, stdio: "pipe" });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
      during?.(out, (signal) => child.kill(signal));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk;
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, out, err }));
  });
}

describe("help", () => {
  let line: CommandLine;
  const clock = quickClock(1);
  beforeAll(() => {
    line = commandLine({ definition, clock, endpoint: "http://127.0.0.1:1" });
  });
  afterAll(() => {
    line.close();
    clock.close();
  });

  test("lists every command, and what each exit status means", async () => {
    const { status, out } = await line.rollcall("help");
    expect(status).toBe(0);
    for (const { name, summary } of COMMANDS)
      expect(out).toMatch(new RegExp(`^  ${name}.* ${summary.slice(0, 20)}`, "m"));
    expect(out).toMatch(/exit status:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 /);
  });

  test("tells which Rollcall it is, and of one command what its --help tells", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await line.rollcall("--version")).toMatchObject({ status: 0, out: `rollcall ${version}\n` });
    expect(await line.rollcall("help", "hold")).toEqual(await line.rollcall("hold", "--help"));
  });

  test.each(COMMANDS.map((c) => [c.name, c] as const))(
    "%s tells its options, and needs no cluster for that",
    async (name, command) => {
      const { status, out } = await line.rollcall(name, "--help");
      expect(status).toBe(0);
      expect(out).toContain(`usage: rollcall ${[name, ...command.parameters].join(" ")}`);
      for (const option of [...Object.keys(command.options), "cluster", "json"])
        expect(out).toMatch(new RegExp(`^  --${option}\\b`, "m"));
      expect(Math.max(...out.split("\n").map((l) => l.length))).toBeLessThanOrEqual(130);
    },
  );

  test.each([
    [["bogus"], "there is no command bogus, only status, explain"],
    [["stauts"], "there is no command stauts, did you mean status?"],
    [["--watch", "status"], "the command comes first, then its options"],
    [["status", "--wach"], "Unknown option '--wach': did you mean --watch?"],
    [["status", "--bogus"], "Unknown option '--bogus'"],
    [["status", "more"], "status takes nothing, but was given more"],
    [["explain"], "explain takes INSTANCE, but was given nothing"],
    [["hold", "i-1", "i-2"], "hold takes INSTANCE, but was given i-1 i-2"],
    [["status", "--watch", "--every", "soon"], "--every soon: give a number of seconds from 1 to 86400"],
    [["status", "--every", "0.5"], "--every 0.5: give a number of seconds from 1 to 86400"],
    [["status", "--every", "3000000"], "--every 3000000: give a number of seconds from 1 to 86400"],
    [["status", "--every", "1e400"], "--every 1e400: give a number of seconds from 1 to 86400"],
    [["replay", "--since", "999999999d"], "--since 999999999d: give a time such as"],
    [["replay", "--since", "1h", "--until", "2099-01-01T00:00Z"], "--until 2099-01-01T00:00:00.000Z is in the future"],
  ])("%s is wrong use: exit status 2, in words and in JSON", async (args, words) => {
    const { status, out, err } = await line.rollcall(...args);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(`rollcall: ${words}`);
    expect(await line.json(...args)).toMatchObject({
      status: 2,
      told: { exit: 2, error: expect.stringContaining(words) },
    });
  });

  test.each([
    ["status"],
    ["doctor"],
    ["explain i-1"],
    ["hold i-1 --yes"],
    ["release 1"],
    ["redrive"],
    ["replay --since 1h"],
  ])(
    "%s says where AWS does not answer: exit status 3",
    async (typed) => {
      const { status, told } = await line.json(...typed.split(" "));
      expect(told).toMatchObject({
        exit: 3,
        error: expect.stringContaining("ECONNREFUSED"),
        advice: expect.stringContaining("cannot be reached"),
      });
      expect(status).toBe(3);
    },
    20_000,
  );
});

describe("as a process", () => {
  test("without a command shows the help, with exit status 2", async () => {
    const { code, out } = await process_([], {});
    expect(code).toBe(2);
    expect(out).toContain("usage: rollcall COMMAND");
  });

  test("without a cluster says how to name one", async () => {
    const { code, err } = await process_(["status"], {});
    expect(code).toBe(2);
    expect(err).toContain("--cluster FILE, or set ROLLCALL_CLUSTER");
  });

  test("a definition that cannot be read or is wrong is told with everything that is wrong with it", async () => {
    expect(await process_(["status", "--cluster", join(folder, "none.yml")], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    });
    const file = join(folder, "wrong.yml");
    writeFileSync(file, "cluster: Lab\nregion: here\n");
    const { code, err } = await process_(["status", "--cluster", file], {});
    expect(code).toBe(2);
    expect(err).toMatch(/wrong.yml cannot be used/);
    expect(err).toContain("line 1, cluster");
    expect(err).toContain("line 2, region");
  });

  test("an endpoint that nobody listens at: exit status 3", async () => {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 1));
      });
    });
    const { code, err } = await process_(["status"], {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "operator",
      AWS_SECRET_ACCESS_KEY: "lab",
      ROLLCALL_CLUSTER: "clusters/lab.yml",
    });
    expect(code).toBe(3);
    expect(err).toMatch(/^rollcall: could not .*ECONNREFUSED/);
  });

  test("on a cluster in the lab: AWS_ENDPOINT_URL and ROLLCALL_CLUSTER are all it takes; --watch goes on until Ctrl-C", async () => {
    const bench = await startBench();
    try {
      const { code, out, err } = await process_(["status", "--json"], bench.environment);
      expect(err).toBe("");
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ ok: true, cluster: "lab" });
      // EventBridge, SQS and the rest find the endpoint, too.
      expect(await process_(["doctor"], bench.environment)).toMatchObject({ code: 0, err: "" });
      expect(await process_(["redrive"], bench.environment)).toMatchObject({ code: 0, err: "" });

      const watched = await process_(
        ["status", "--watch", "--every", "1", "--json"],
        bench.environment,
        (text, kill) => {
          if (text.split("\n").length > 2) kill("SIGINT");
        },
      );
      expect(watched.code).toBe(130);
      for (const line of watched.out.trimEnd().split("\n")) expect(JSON.parse(line)).toMatchObject({ cluster: "lab" });
    } finally {
      await bench.close();
    }
  }, 120_000);
});
