/** The stand-ins for systemd on a real machine, and the end of everything when the lab ends. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { killAll, MACHINE_VARIABLE, processesOf } from "../../lab/machines/real-processes.ts";

const STAND_INS = fileURLToPath(new URL("../../lab/machines/standins", import.meta.url));
const UNIT = "sleeper.service";
const WAIT = { timeout: 10_000, interval: 20 };

let machine = "";

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), "rollcall-standins-"));
  mkdirSync(join(machine, "units"));
});

afterEach(async () => {
  await killAll(() => processesOf(machine));
  rmSync(machine, { recursive: true });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, ...words: readonly string[]): Promise<Ran> {
  const child = spawn(join(STAND_INS, program), words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: "/usr/bin:/bin",
      [MACHINE_VARIABLE]: machine,
      ROLLCALL_UNITS: join(machine, "units"),
      SECRET: "s3cret",
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const systemctl = (...words: readonly string[]) => run("systemctl", ...words);

/** Writes the unit; `service` holds lines of its service section. */
function unit(script: string, ...service: readonly string[]): void {
  const program = join(machine, "program");
  writeFileSync(program, `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  const lines = ["[Service]", `ExecStart=${program} one *`, "RestartSec=0", ...service, ""];
  writeFileSync(join(machine, "units", UNIT), lines.join("\n"));
}

async function look(): Promise<Record<string, string>> {
  const { stdout } = await systemctl("show", "-p", "LoadState", "-p", "ActiveState", "-p", "MainPID", UNIT);
  return Object.fromEntries(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("=")),
  );
}

const FOREVER = "while :; do read -rt 1000 <> <(:); done";

describe.skipIf(process.platform !== "linux")("a unit", () => {
  test("runs with its own words and a clean environment, until it is stopped", async () => {
    unit(
      `printf '%s ' "$@" "\${SECRET:-clean}" "$GREETING" >${join(machine, "words")}; ${FOREVER}`,
      "Environment=GREETING=hello",
    );
    expect((await systemctl("start", UNIT)).code).toBe(0);
    await vi.waitFor(() => expect(readFileSync(join(machine, "words"), "utf8")).toBe("one * clean hello "), WAIT);
    const { MainPID, ...state } = await look();
    expect(state).toEqual({ LoadState: "loaded", ActiveState: "active" });
    expect(processesOf(machine)).toContain(Number(MainPID));
    expect((await systemctl("stop", UNIT)).code).toBe(0);
    expect(await look()).toEqual({ LoadState: "loaded", ActiveState: "inactive", MainPID: "0" });
    expect(processesOf(machine)).toEqual([]);
  });

  test("that does not heed SIGTERM is killed after TimeoutStopSec", async () => {
    unit(`trap '' TERM; echo deaf >${join(machine, "words")}; ${FOREVER}`, "TimeoutStopSec=1");
    await systemctl("start", UNIT);
    await vi.waitFor(() => expect(existsSync(join(machine, "words"))).toBe(true), WAIT);
    await systemctl("stop", UNIT);
    expect(await look()).toMatchObject({ ActiveState: "failed", MainPID: "0" });
    expect(processesOf(machine)).toEqual([]);
  });

  test("that fails is started again up to its limit, and then not even by hand until it is reset", async () => {
    unit(
      `echo start >>${join(machine, "words")}; exit 3`,
      "Restart=on-failure",
      "StartLimitBurst=3",
      "StartLimitIntervalSec=60",
    );
    await systemctl("start", UNIT);
    await vi.waitFor(async () => expect((await look()).ActiveState).toBe("failed"), WAIT);
    expect(readFileSync(join(machine, "words"), "utf8")).toBe("start\n".repeat(3));
    expect(await systemctl("start", UNIT)).toMatchObject({ code: 1, stderr: expect.stringContaining("too quickly") });
    await systemctl("reset-failed", UNIT);
    expect((await systemctl("start", UNIT)).code).toBe(0);
  });

  test.each([
    ["0", "", "inactive"],
    ["143", "SuccessExitStatus=143", "inactive"],
    ["3", "", "failed"],
  ])("that ends with status %s where it has %j is %s, and not started again", async (status, line, state) => {
    unit(`echo start >>${join(machine, "words")}; exit ${status}`, line);
    await systemctl("start", UNIT);
    await vi.waitFor(async () => expect((await look()).ActiveState).toBe(state), WAIT);
    expect(readFileSync(join(machine, "words"), "utf8")).toBe("start\n");
  });

  test("is what it was at the last daemon-reload while it runs; masked by hand it goes on until it is stopped", async () => {
    unit(`trap '' TERM; echo deaf >${join(machine, "words")}; ${FOREVER}`, "TimeoutStopSec=1");
    await systemctl("start", UNIT);
    await vi.waitFor(() => expect(existsSync(join(machine, "words"))).toBe(true), WAIT);
    rmSync(join(machine, "units", UNIT));
    symlinkSync("/dev/null", join(machine, "units", UNIT));
    expect(await look()).toMatchObject({ LoadState: "loaded", ActiveState: "active" });
    // Still with its own TimeoutStopSec: the default is 90 s.
    await systemctl("stop", UNIT);
    await systemctl("daemon-reload");
    expect(await look()).toEqual({ LoadState: "masked", ActiveState: "failed", MainPID: "0" });
    expect(await systemctl("start", UNIT)).toMatchObject({ code: 1, stderr: expect.stringContaining("is masked") });
  });

  test.each([["ExecStartPre=/bin/true"], ["Environment=HOME=%h"], ["TimeoutStopSec=5min"]])(
    "with %s is refused: it would not be done justice to",
    async (line) => {
      unit("exit 0", line);
      expect(await systemctl("start", UNIT)).toMatchObject({ code: 1, stderr: expect.stringContaining(`'${line}'`) });
    },
  );

  test("that does not exist is not found", async () => {
    expect(await look()).toEqual({ LoadState: "not-found", ActiveState: "inactive", MainPID: "0" });
    expect((await systemctl("start", UNIT)).code).toBe(5);
  });
});

const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

test.skipIf(!hasShellcheck)("the stand-ins pass shellcheck (wants: shellcheck)", () => {
  const scripts = [
    ...["ip", "power-cord", "systemctl", "unit-keeper", "units.sh"].map((name) => join(STAND_INS, name)),
    fileURLToPath(new URL("bin/java", import.meta.url)),
  ];
  const check = spawnSync("shellcheck", ["-x", "-P", STAND_INS, ...scripts], { encoding: "utf8" });
  expect([check.status, check.stdout]).toEqual([0, ""]);
});

/** Makes a machine with a unit that runs, tells its directory, and waits. */
const LAB = `
import { realMachines } from ${JSON.stringify(fileURLToPath(new URL("../../lab/machines/real.ts", import.meta.url)))};
import { realClock } from ${JSON.stringify(fileURLToPath(new URL("../../lab/clock.ts", import.meta.url)))};
const kind = realMachines({ dir: process.argv[1], kafkaHome: "/opt/kafka", java: "/bin/true", clock: realClock() });
const machine = kind.create({ instance: "i-1", zone: "z", address: "10.0.0.1" });
const script = 'printf "[Service]\\nExecStart=sleep 1000\\n" >$ROLLCALL_UNITS/sleeper.service; systemctl start sleeper.service; echo $LAB_MACHINE; echo up >&2; sleep 1000 & disown';
const { stdout } = await machine.run(script, {}, 10_000);
process.stdout.write(stdout);
setInterval(() => {}, 1000);
`;

describe.skipIf(process.platform !== "linux")("the lab's end", () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "by %s ends every process and takes the machines away",
    async (signal) => {
      const lab: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", LAB, machine], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const directory = await new Promise<string>((resolve, reject) => {
          lab.once("exit", () => reject(new Error("the lab ended early")));
          lab.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
        });
        expect(processesOf(directory).length).toBeGreaterThanOrEqual(3);
        lab.kill(signal);
        await vi.waitFor(() => expect(processesOf(directory)).toEqual([]), WAIT);
        await vi.waitFor(() => expect(existsSync(directory)).toBe(false), WAIT);
      } finally {
        lab.kill("SIGKILL");
      }
    },
  );
});
