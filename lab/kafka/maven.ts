/** Jars from Maven Central, as a POM names them: all of them or none, also where two fetch them at once. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Ms. */
const FETCH_LIMIT = 10 * 60_000;

const run = promisify(execFile);

export interface Fetch {
  /** Where the jars come to be, in `libs/`; absolute. */
  readonly home: string;
  /** Names them; nothing is built of it. */
  readonly pom: string;
  /** Executable. */
  readonly maven: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether what is in `home` is all there should be. */
  readonly whole: () => Promise<boolean>;
  /** Completes what was fetched, in the directory that will be `home`. */
  readonly finish?: (part: string) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** Why they could not be fetched, in words; undefined where they are there. */
export async function fetchJars({
  home,
  pom,
  maven,
  environment,
  whole,
  finish,
  signal,
}: Fetch): Promise<string | undefined> {
  await mkdir(resolve(home, ".."), { recursive: true });
  const part = await mkdtemp(`${home}.part-`);
  try {
    await run(
      maven,
      ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${join(part, "libs")}`],
      { env: environment, timeout: FETCH_LIMIT, ...(signal && { signal }) },
    );
    await finish?.(part);
    await rename(part, home);
    return undefined;
  } catch (error) {
    // Another was faster; what it brought is as good.
    return (await whole()) ? undefined : failureWords(error);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** What a program that failed said first, or why it could not be run. */
export function failureWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const output = "stdout" in error && "stderr" in error ? `${error.stdout}${error.stderr}` : "";
  const telling = output.split("\n").find((line) => /error/i.test(line)) ?? error.message.split("\n")[0] ?? "";
  return telling.trim();
}
