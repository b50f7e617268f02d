/** One real ZooKeeper server, alone, on an address of this machine's loopback. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka } from "../../lab/kafka/jars.ts";
import { plugIn, pullOut } from "../../lab/machines/power-cord.ts";
import { MACHINE_VARIABLE } from "../../lab/machines/real-processes.ts";
import { takeSlot } from "../../lab/slot.ts";
import { toolLogging } from "../../shared/config/logging.ts";
import { formatProperties } from "../../shared/config/properties.ts";
import { ZooKeeperSession } from "./session.ts";

export interface ZooKeeper {
  /** `host:port` */
  readonly server: string;
  /** Resolves once its process and its files are gone; both go with this process too, however that ends. */
  stop(): Promise<void>;
}

const PORT = 2181;
const JVM = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const MAIN = "org.apache.zookeeper.server.ZooKeeperServerMain";
/** ms: a JVM on a busy machine. */
const START_LIMIT = 90_000;
const LOOK_AGAIN = 100;
const FIRST_SESSION = 4_000;

/**
 * Resolves once it gives sessions.
 *
 * @throws {Error} where it does not come to that, with what it said last
 */
export async function startZooKeeper({ home, java }: Kafka): Promise<ZooKeeper> {
  const slot = await takeSlot();
  const root = await mkdtemp(join(tmpdir(), "rollcall-zookeeper-"));
  const cord = plugIn(root);
  const stop = async (): Promise<void> => {
    await pullOut(cord);
    await slot.release();
  };
  try {
    const folder = join(root, "server");
    await mkdir(folder);
    const host = `127.${slot.number}.0.10`;
    const logging = toolLogging("zookeeper");
    await mkdir(join(folder, "config"));
    await writeFile(join(folder, logging.path), logging.content);
    await writeFile(join(folder, "config/zoo.cfg"), formatProperties(settings(host)));
    const said = join(folder, "said.log");
    const out = openSync(said, "w");
    const child = spawn(java, [...JVM, logging.flag, "-cp", `${home}/libs/*`, MAIN, "config/zoo.cfg"], {
      cwd: folder,
      env: { [MACHINE_VARIABLE]: folder },
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    let failure: string | undefined;
    child.once("error", (error) => {
      failure = error.message;
    });
    child.once("exit", (code, signal) => {
      failure = `it ended (${signal ?? code})`;
    });
    const server = `${host}:${PORT}`;
    const deadline = performance.now() + START_LIMIT;
    while (!(await givesSessions(server))) {
      if (performance.now() > deadline) failure ??= `no session after ${START_LIMIT / 1000} s`;
      if (failure !== undefined) {
        throw new Error(`ZooKeeper does not start at ${server}: ${failure}\n${await readFile(said, "utf8")}`);
      }
      await sleep(LOOK_AGAIN);
    }
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function settings(host: string): Record<string, string> {
  return {
    "admin.enableServer": "false",
    clientPort: String(PORT),
    clientPortAddress: host,
    dataDir: "data",
    // All clients have the same address here; 0: any number of them.
    maxClientCnxns: "0",
    tickTime: "2000",
  };
}

async function givesSessions(server: string): Promise<boolean> {
  try {
    await (await ZooKeeperSession.open(server, FIRST_SESSION)).close();
    return true;
  } catch {
    return false;
  }
}
