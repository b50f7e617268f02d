/**
 * Exhibitor for the lab: from the project's cache, or with Maven from Maven Central, once, with a class of the lab's beside its
 * own that several can run on one machine by.
 */
import { execFile } from "node:child_process";
import { access, mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isExecutable, type Kafka, type KafkaSearch, onPath } from "./jars.ts";
import { fetchJars } from "./maven.ts";

const POM = fileURLToPath(new URL("pom-exhibitor.xml", import.meta.url));
const LAUNCHER = fileURLToPath(new URL("bound-exhibitor.java", import.meta.url));
/** Ms. */
const COMPILE_LIMIT = 60_000;

const run = promisify(execFile);

export interface Exhibitor {
  /** Has the jars in `libs/`, and the lab's class in `lab/`; absolute. */
  readonly home: string;
  readonly version: string;
}

/** `java` is what will run it; a compiler has to be beside it, or on the PATH. */
export async function findExhibitor(
  search: Pick<KafkaSearch, "environment" | "cache" | "say" | "signal">,
  { java }: Pick<Kafka, "java">,
): Promise<Exhibitor | { readonly missing: string }> {
  const { environment, cache, say, signal } = search;
  const version = /<exhibitor\.version>([^<]+)</.exec(await readFile(POM, "utf8"))?.[1];
  if (!version) throw new Error(`${POM} names no exhibitor.version`);
  const found = { home: resolve(cache, `exhibitor-${version}`), version };
  if (await isWhole(found.home)) return found;
  const path = environment.PATH ?? "";
  const beside = join(dirname(java), "javac");
  const [maven, compiler] = [
    await onPath("mvn", path),
    (await isExecutable(beside)) ? beside : await onPath("javac", path),
  ];
  if (!maven)
    return { missing: `there are no Exhibitor ${version} jars, and no Maven (mvn) to fetch them: install it` };
  if (!compiler) return { missing: "there is no javac to compile the lab's launcher of Exhibitor with: install a JDK" };
  say(`fetching Exhibitor ${version} with Maven, once`);
  const failure = await fetchJars({
    home: found.home,
    pom: POM,
    maven,
    environment,
    whole: () => isWhole(found.home),
    finish: (part) => compile(compiler, part),
    ...(signal && { signal }),
  });
  return failure
    ? { missing: `Exhibitor ${version} could not be fetched or its launcher not compiled: ${failure}` }
    : found;
}

async function isWhole(home: string): Promise<boolean> {
  return access(join(home, "lab", "BoundExhibitor.class")).then(
    () => true,
    () => false,
  );
}

async function compile(compiler: string, home: string): Promise<void> {
  await mkdir(join(home, "lab"));
  const classes = ["-cp", join(home, "libs", "*"), "-d", join(home, "lab")];
  await run(compiler, ["-proc:none", ...classes, LAUNCHER], { timeout: COMPILE_LIMIT });
}
