/**
 * Kafka for the lab: from `KAFKA_HOME`, from the project's cache, or with Maven from Maven Central, once. What is missing is
 * said in words, with the remedy; the lab then runs modelled nodes.
 */
import { execFile } from "node:child_process";
import { access, constants, readdir, readFile } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Mode } from "../../shared/cluster/definition.ts";
import { failureWords, fetchJars } from "./maven.ts";

export interface Kafka {
  /** Has the jars in `libs/`; absolute. */
  readonly home: string;
  readonly version: string;
  /** The Java to run it with; absolute. */
  readonly java: string;
}

export interface KafkaSearch {
  /** What it has to run. */
  readonly mode: Mode;
  /** `KAFKA_HOME`, `JAVA_HOME` and `PATH` are read from it; Maven gets all of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where fetched jars are kept, e.g. `.lab` in the project. */
  readonly cache: string;
  /** Told before something that takes its time. */
  readonly say: (line: string) => void;
  /** Ends a search under way, which then finds nothing. */
  readonly signal?: AbortSignal;
}

/** Kafka 4 wants it. */
const LEAST_JAVA = 17;
/** Which Kafka runs a cluster of that mode, and the jars of one that does. */
interface Line {
  readonly pom: string;
  readonly fits: (major: number, minor: number) => boolean;
  /** What a Kafka that does not fit is told to be. */
  readonly wanted: string;
}

const LINES: Readonly<Record<Mode, Line>> = {
  kraft: {
    pom: inThisFolder("pom.xml"),
    // Controllers take their place among the voters by themselves from there on (KIP-853, auto-join).
    fits: (major, minor) => major > 4 || (major === 4 && minor >= 2),
    wanted: "4.2 or later",
  },
  zookeeper: {
    pom: inThisFolder("pom-zookeeper.xml"),
    fits: (major, minor) => major === 3 && minor === 9,
    wanted: "3.9, the last on ZooKeeper",
  },
};
/** Ms. */
const VERSION_LIMIT = 60_000;

const run = promisify(execFile);

function inThisFolder(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

export async function findKafka(search: KafkaSearch): Promise<Kafka | { readonly missing: string }> {
  const java = await findJava(search.environment);
  if (typeof java !== "string") return java;
  const given = search.environment.KAFKA_HOME;
  const found = given ? await look(resolve(given), LINES[search.mode]) : await cached(search);
  if ("missing" in found) return given ? { missing: `KAFKA_HOME is ${given}, but ${found.missing}` } : found;
  return { ...found, java };
}

/** The same where `KAFKA_HOME` may be of the other mode, since it can be of one only: then jars of the lab's own are taken. */
export async function findKafkaAlsoBeside(search: KafkaSearch): Promise<Kafka | { readonly missing: string }> {
  const found = await findKafka(search);
  if (!("missing" in found) || !search.environment.KAFKA_HOME) return found;
  const { KAFKA_HOME: _other, ...environment } = search.environment;
  return findKafka({ ...search, environment });
}

/** The Java of JAVA_HOME, or else the first on the PATH; absolute. */
async function findJava(environment: KafkaSearch["environment"]): Promise<string | { readonly missing: string }> {
  const remedy = `install Java ${LEAST_JAVA} or later, or name one by JAVA_HOME`;
  const java = environment.JAVA_HOME
    ? join(resolve(environment.JAVA_HOME), "bin", "java")
    : await onPath("java", environment.PATH ?? "");
  if (!java) return { missing: `there is no java on the PATH: ${remedy}` };
  try {
    const { stderr } = await run(java, ["-version"], { timeout: VERSION_LIMIT });
    const version = javaVersion(stderr);
    if (version === undefined) return { missing: `${java} does not say which version it is: ${remedy}` };
    return version < LEAST_JAVA ? { missing: `${java} is Java ${version}: ${remedy}` } : java;
  } catch (error) {
    return { missing: `${java} does not run (${failureWords(error)}): ${remedy}` };
  }
}

/** The feature release in what `java -version` prints: 17 of `openjdk version "17.0.15"`, 8 of `"1.8.0_402"`. */
export function javaVersion(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "1" && second !== undefined ? Number(second) : Number(first);
}

/** The first program of that name on that PATH; absolute. */
export async function onPath(program: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(directory, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Home = Omit<Kafka, "java">;

/** The Kafka in that directory. */
async function look(home: string, { fits, wanted }: Line): Promise<Home | { readonly missing: string }> {
  const jars = await readdir(join(home, "libs")).catch(() => []);
  const version = jars.map((jar) => /^kafka_2\.13-(\d+\.\d+\.\d+)\.jar$/.exec(jar)?.[1]).find((found) => found);
  if (!version)
    return { missing: `${home}/libs has no kafka_2.13-<version>.jar: give the directory Kafka was unpacked to` };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!fits(major, minor)) return { missing: `${home} has Kafka ${version}: the lab needs ${wanted}` };
  return { home, version };
}

async function cached(search: KafkaSearch): Promise<Home | { readonly missing: string }> {
  const { environment, cache, say, signal } = search;
  const line = LINES[search.mode];
  const version = /<kafka\.version>([^<]+)</.exec(await readFile(line.pom, "utf8"))?.[1];
  if (!version) throw new Error(`${line.pom} names no kafka.version`);
  const home = resolve(cache, `kafka-${version}`);
  const found = await look(home, line);
  if (!("missing" in found)) return found;
  const maven = await onPath("mvn", environment.PATH ?? "");
  if (!maven)
    return {
      missing: `there are no Kafka ${version} jars, and no Maven (mvn) to fetch them: install it, or set KAFKA_HOME`,
    };
  say(`fetching Kafka ${version} with Maven, once`);
  const failure = await fetchJars({
    home,
    pom: line.pom,
    maven,
    environment,
    whole: async () => !("missing" in (await look(home, line))),
    ...(signal && { signal }),
  });
  return failure
    ? { missing: `Maven could not fetch Kafka ${version} (${failure}): see to its network access, or set KAFKA_HOME` }
    : look(home, line);
}
