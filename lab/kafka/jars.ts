/**
 * Kafka for the lab: from `KAFKA_HOME`, from the project's cache, or with Maven from Maven Central, once. What is missing is
 * said in words, with the remedy; the lab then runs modelled nodes.
 */
import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Kafka {
  /** Has the jars in `libs/`; absolute. */
  readonly home: string;
  readonly version: string;
  /** The Java to run it with; absolute. */
  readonly java: string;
}

export interface KafkaSearch {
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
/** Controllers take their place among the voters by themselves from there on (KIP-853, auto-join). */
const LEAST_KAFKA = [4, 2] as const;
/** Ms. */
const FETCH_LIMIT = 10 * 60_000;
const VERSION_LIMIT = 60_000;

const POM = fileURLToPath(new URL("pom.xml", import.meta.url));
const run = promisify(execFile);

export async function findKafka(search: KafkaSearch): Promise<Kafka | { readonly missing: string }> {
  const java = await findJava(search.environment);
  if (typeof java !== "string") return java;
  const given = search.environment.KAFKA_HOME;
  const found = given ? await look(resolve(given)) : await cached(search);
  if ("missing" in found) return given ? { missing: `KAFKA_HOME is ${given}, but ${found.missing}` } : found;
  return { ...found, java };
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
    return { missing: `${java} does not run (${words(error)}): ${remedy}` };
  }
}

/** The feature release in what `java -version` prints: 17 of `openjdk version "17.0.15"`, 8 of `"1.8.0_402"`. */
export function javaVersion(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "1" && second !== undefined ? Number(second) : Number(first);
}

async function onPath(program: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(directory, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Home = Omit<Kafka, "java">;

/** The Kafka in that directory. */
async function look(home: string): Promise<Home | { readonly missing: string }> {
  const jars = await readdir(join(home, "libs")).catch(() => []);
  const version = jars.map((jar) => /^kafka_2\.13-(\d+\.\d+\.\d+)\.jar$/.exec(jar)?.[1]).find((found) => found);
  if (!version)
    return { missing: `${home}/libs has no kafka_2.13-<version>.jar: give the directory Kafka was unpacked to` };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST_KAFKA[0] || (major === LEAST_KAFKA[0] && minor < LEAST_KAFKA[1])) {
    return { missing: `${home} has Kafka ${version}: the lab needs ${LEAST_KAFKA.join(".")} or later` };
  }
  return { home, version };
}

async function cached({ environment, cache, say, signal }: KafkaSearch): Promise<Home | { readonly missing: string }> {
  const version = /<kafka\.version>([^<]+)</.exec(await readFile(POM, "utf8"))?.[1];
  if (!version) throw new Error(`${POM} names no kafka.version`);
  const home = resolve(cache, `kafka-${version}`);
  const found = await look(home);
  if (!("missing" in found)) return found;
  const maven = await onPath("mvn", environment.PATH ?? "");
  if (!maven)
    return {
      missing: `there are no Kafka ${version} jars, and no Maven (mvn) to fetch them: install it, or set KAFKA_HOME`,
    };
  say(`fetching Kafka ${version} with Maven, once`);
  const failure = await fetchInto(home, maven, environment, signal);
  return failure
    ? { missing: `Maven could not fetch Kafka ${version} (${failure}): see to its network access, or set KAFKA_HOME` }
    : look(home);
}

/** All jars or none, also where two do it at once. Why it failed, in words; undefined where they are there. */
async function fetchInto(
  home: string,
  maven: string,
  environment: KafkaSearch["environment"],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await mkdir(resolve(home, ".."), { recursive: true });
  const part = await mkdtemp(`${home}.part-`);
  try {
    await run(
      maven,
      ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${join(part, "libs")}`],
      {
        env: environment,
        timeout: FETCH_LIMIT,
        ...(signal && { signal }),
      },
    );
    await rename(part, home);
    return undefined;
  } catch (error) {
    // Another was faster; what it brought is as good.
    return "missing" in (await look(home)) ? words(error) : undefined;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** What a program that failed said first, or why it could not be run. */
function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const output = "stdout" in error && "stderr" in error ? `${error.stdout}${error.stderr}` : "";
  const telling = output.split("\n").find((line) => /error/i.test(line)) ?? error.message.split("\n")[0] ?? "";
  return telling.trim();
}
