/** DynamoDB Local, Amazon's own implementation on one machine: fetched with Maven from Maven Central once, run in memory. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onPath } from "../../lab/kafka/jars.ts";
import { fetchJars } from "../../lab/kafka/maven.ts";

const POM = fileURLToPath(new URL("pom-dynamodb-local.xml", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.lab", import.meta.url));
/** ms until it answers; a JVM starts for it. */
const START_LIMIT = 60_000;

export interface DynamoDbLocal {
  readonly endpoint: string;
  stop(): Promise<void>;
}

interface Installed {
  readonly java: string;
  readonly libs: string;
}

/** Where it is, fetched now if need be; or what is missing for it, in words. */
export async function findDynamoDbLocal(): Promise<Installed | { readonly missing: string }> {
  const path = process.env.PATH ?? "";
  const java = await onPath("java", path);
  if (!java) return { missing: "there is no java on the PATH" };
  const version = /<version>(\d+\.\d+\.\d+)<\/version>\s*<\/dependency>/.exec(await readFile(POM, "utf8"))?.[1] ?? "";
  const home = join(CACHE, `dynamodb-local-${version}`);
  const libs = join(home, "libs");
  const whole = (): Promise<boolean> =>
    access(join(libs, `DynamoDBLocal-${version}.jar`)).then(
      () => true,
      () => false,
    );
  if (await whole()) return { java, libs };
  const maven = await onPath("mvn", path);
  if (!maven) return { missing: "there is no Maven (mvn) to fetch it" };
  const failure = await fetchJars({ home, pom: POM, maven, environment: process.env, whole });
  return failure === undefined ? { java, libs } : { missing: `Maven could not fetch it: ${failure}` };
}

/** On a free port of 127.0.0.1; rejects where it does not answer in time. */
export async function startDynamoDbLocal({ java, libs }: Installed): Promise<DynamoDbLocal> {
  const port = await freePort();
  const child = spawn(
    java,
    [
      "-Xmx128m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      `-Djava.library.path=${libs}`,
      "-cp",
      join(libs, "*"),
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      "-inMemory",
      "-disableTelemetry",
      "-port",
      String(port),
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = (): Promise<void> => ended(child);
  try {
    const deadline = Date.now() + START_LIMIT;
    while (!(await answers(endpoint))) {
      if (child.exitCode !== null) throw new Error(`DynamoDB Local ended with ${child.exitCode}: ${said}`);
      if (Date.now() > deadline) throw new Error(`DynamoDB Local does not answer at ${endpoint}: ${said}`);
      await pause(200);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Any answer will do: it refuses what is not signed. */
function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  if (bound === null || typeof bound === "string") throw new Error(`a server listens at ${bound}`);
  return bound.port;
}
