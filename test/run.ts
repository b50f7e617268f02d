/**
 * `npm test`: lint, types, then every test, each step even where one before it failed. The last line counts them all; a
 * test that was skipped for want of something is named with what it wanted, and where `CI` is set it is a failure.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Counts {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const folder = await mkdtemp(join(tmpdir(), "rollcall-test-"));
const total: Counts = { passed: 0, failed: 0, skipped: [] };
try {
  await step("lint", ["biome", "check", "--error-on-warnings", "."]);
  await step("types", ["tsc", "--noEmit"]);
  await tests("fast");
  await tests("e2e");
} finally {
  await rm(folder, { recursive: true, force: true });
}

for (const name of total.skipped) console.log(`skipped: ${name}`);
const strict = process.env.CI !== undefined && process.env.CI !== "" && total.skipped.length > 0;
if (strict)
  console.log("CI must not skip: install what these tests want (Java 17+, Maven, shellcheck, cfn-lint, the AWS CLI)");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 || strict ? 1 : 0;

/** Lint and types count as one test each. */
async function step(name: string, command: readonly string[]): Promise<void> {
  const started = Date.now();
  const status = await run(command);
  total[status === 0 ? "passed" : "failed"] += 1;
  console.log(`${name}: ${status === 0 ? "ok" : `FAILED (exit status ${status})`}, ${seconds(started)} s`);
}

async function tests(project: string): Promise<void> {
  const file = join(folder, `${project}.json`);
  const started = Date.now();
  const status = await run([
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  const report = await readReport(file);
  if (!report) {
    total.failed += 1;
    console.log(`${project}: FAILED without a report (exit status ${status})`);
    return;
  }
  let failed = 0;
  for (const { name, status: outcome, assertionResults } of report.testResults) {
    // A file that cannot even be loaded has no assertions and must not pass for an empty one.
    if (assertionResults.length === 0 && outcome === "failed") failed += 1;
    for (const test of assertionResults) {
      if (test.status === "passed") total.passed += 1;
      else if (test.status === "failed") failed += 1;
      else total.skipped.push(`${name.slice(name.indexOf("test/"))}: ${test.fullName}`);
    }
  }
  // Errors outside any test (an unhandled rejection) only show in the exit status.
  if (status !== 0 && failed === 0) failed = 1;
  total.failed += failed;
  console.log(`${project}: ${failed === 0 ? "ok" : `${failed} FAILED`}, ${seconds(started)} s`);
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

/** Exit status; 127 where it could not be started. */
function run(command: readonly string[]): Promise<number> {
  const [program = "", ...parameters] = command;
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { stdio: "inherit" });
    child.once("error", (error) => {
      console.error(`${program}: ${error.message}`);
      resolve(127);
    });
    child.once("exit", (status) => resolve(status ?? 1));
  });
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}
