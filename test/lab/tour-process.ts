/** `npm start` as its users run it: a process of its own, whose output is read while it comes. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Summary } from "../../lab/summary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Between two looks at what a process has said, ms. */
const LOOK = 50;

export interface Ended {
  /** Exit status; 128 and more where a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TourProcess {
  /** Where the lab keeps and runs its things: a folder of this process alone. */
  readonly folder: string;
  readonly ended: Promise<Ended>;
  /** Resolves once the output has that, with what it found; rejects where the process ends before, or after that many ms. */
  said(pattern: RegExp, within: number): Promise<RegExpExecArray>;
  interrupt(): void;
  /** Processes that belong to it, itself left out. */
  descendants(): number[];
  /** Ends everything of it, and takes its folder away. */
  clear(): Promise<void>;
}

export function startTour(args: readonly string[], environment: Readonly<Record<string, string>> = {}): TourProcess {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-tour-"));
  const mark = `ROLLCALL_LAB=${folder}`;
  const child = spawn(process.execPath, ["lab/main.ts", ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...environment, ROLLCALL_LAB: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ status: code ?? (signal ? 128 : 1), ...output }));
  });
  // What runs for the lab has its folder in its environment: inherited, or as the machine it is on.
  const descendants = (): number[] =>
    readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== child.pid)
      .filter((pid) => environmentOf(pid).some((variable) => variable === mark || variable.includes(`=${folder}/`)))
      .map(Number);
  return {
    folder,
    ended,
    descendants,
    async said(pattern, within) {
      const deadline = Date.now() + within;
      for (;;) {
        const found = pattern.exec(output.stdout);
        if (found) return found;
        if (isOver(child) || Date.now() > deadline) {
          throw new Error(`it never said ${pattern}, but:\n${output.stdout}\n${output.stderr}`);
        }
        await setTimeout(LOOK);
      }
    },
    interrupt: () => void child.kill("SIGINT"),
    async clear() {
      if (!isOver(child)) child.kill("SIGKILL");
      await ended;
      for (const pid of descendants()) process.kill(pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every line parsed; throws where one is not JSON. */
export function linesOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function summaryOf(ended: Ended): Summary {
  return linesOf(ended).at(-1) as unknown as Summary;
}

/** What is left in the lab's folder but what it keeps on purpose: paths below it. */
export function leftIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path !== "run" && path !== "last-run.log" && !path.startsWith("kafka-"));
}

/** A file for `--cluster`, gone with the process's folder. */
export function fileIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
