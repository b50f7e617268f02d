/**
 * A machine for the node script: a temporary directory, and stand-ins for systemctl, ip and java first on the PATH.
 * Everything it starts ends with `close`.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, encodePayload, type Payload } from "../../shared/config/payload.ts";
import type { NodeAction, NodeAnswer } from "../../shared/lifecycle/sights.ts";

export const SCRIPT = fileURLToPath(new URL("../../resources/node/rollcall-node.sh", import.meta.url));
const STAND_INS = fileURLToPath(new URL("bin", import.meta.url));
export const UNIT = "rollcall-kafka.service";
export const ZOOKEEPER_UNIT = "rollcall-zookeeper.service";
const SERVERS = ["kafka.Kafka", "org.apache.zookeeper.server.quorum.QuorumPeerMain"];
const SUPERVISOR = "com.netflix.exhibitor.application.ExhibitorMain";

export interface Run {
  readonly code: number | null;
  readonly answer: NodeAnswer;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** The script's own process. */
  readonly pid: number;
  /** Resolves when the script has ended and nothing holds its output open any more. */
  readonly ended: Promise<Run>;
}

export class Machine {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-node-")));
  readonly home = join(this.#root, "home");
  readonly units = join(this.#root, "units");
  readonly kafka = join(this.#root, "kafka");
  readonly fstab = join(this.#root, "fstab");
  /** State of the stand-ins, and what they shall do. */
  readonly standIn = join(this.#root, "stand-in");
  /** Programs put here come before the stand-ins. */
  readonly bin = join(this.#root, "bin");

  /** Process groups of the scripts that have not ended. */
  readonly #groups = new Set<number>();

  constructor(addresses: readonly string[] = ["10.0.1.10"]) {
    for (const directory of [this.units, this.standIn, this.bin]) mkdirSync(directory);
    mkdirSync(join(this.kafka, "libs"), { recursive: true });
    writeFileSync(join(this.kafka, "libs/kafka.jar"), "");
    writeFileSync(this.fstab, "");
    this.mountData();
    this.plug(...addresses);
  }

  /** The data has its volume. */
  mountData(): void {
    this.cue("mounts", `${this.home}/data\n`);
  }

  plug(...addresses: readonly string[]): void {
    writeFileSync(join(this.standIn, "addresses"), addresses.map((a) => `${a}\n`).join(""));
  }

  /** Puts a secret into Secrets Manager: JSON of what is given, or that very text. */
  secret(id: string, content: Readonly<Record<string, unknown>> | string, version = "v-1"): void {
    mkdirSync(join(this.standIn, "secrets"), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(this.standIn, "secrets", id.replaceAll("/", "_")), `${version}\t${text}\n`);
  }

  /** Tells a stand-in something, by a file. */
  cue(name: string, content = ""): void {
    writeFileSync(join(this.standIn, name), content);
  }

  uncue(name: string): void {
    rmSync(join(this.standIn, name), { force: true });
  }

  program(name: string, script: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  }

  start(
    action: NodeAction | string,
    payload = "",
    environment: Readonly<Record<string, string>> = {},
    script = SCRIPT,
  ): Running {
    // In a process group of its own, as the SSM agent has it, so that `close` reaches all of it.
    const child = spawn("bash", [script], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...this.#environment(), SSM_action: action, SSM_payload: payload, ...environment },
    });
    const { pid } = child;
    if (pid === undefined) throw new Error("bash could not be started");
    this.#groups.add(pid);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Run>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        this.#groups.delete(pid);
        const last = stdout.trimEnd().split("\n").at(-1) ?? "";
        resolve({
          code,
          answer: code === null ? ({} as NodeAnswer) : (JSON.parse(last) as NodeAnswer),
          stdout,
          stderr,
        });
      });
    });
    return { pid, ended };
  }

  run(
    action: NodeAction | string,
    payload = "",
    environment: Readonly<Record<string, string>> = {},
    script = SCRIPT,
  ): Promise<Run> {
    return this.start(action, payload, environment, script).ended;
  }

  /** Power off and on: every process ends, then systemd starts what is enabled and not masked. */
  async reboot(): Promise<void> {
    this.#killAll();
    await until(() => this.processes().length === 0, "every process has ended");
    for (const unit of [UNIT, ZOOKEEPER_UNIT]) rmSync(join(this.standIn, unit, "pid"), { force: true });
    await this.systemctl("daemon-reload");
    for (const unit of [UNIT, ZOOKEEPER_UNIT]) {
      if (existsSync(join(this.standIn, unit, "enabled"))) await this.systemctl("restart", unit);
    }
  }

  systemctl(...words: readonly string[]): Promise<number | null> {
    const child = spawn(join(STAND_INS, "systemctl"), words, { stdio: "ignore", env: this.#environment() });
    return new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  }

  /** Kafka and ZooKeeper servers that run now. */
  processes(): number[] {
    return this.#running(SERVERS);
  }

  #running(programs: readonly string[]): number[] {
    const found = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
          return words.some((word) => programs.includes(word)) && realpathSync(`/proc/${pid}/cwd`) === this.home;
        } catch {
          return false; // It has ended meanwhile.
        }
      })
      .map(Number);
    // The stand-in is a script: whatever it starts looks like itself until it becomes another program.
    return found.filter((pid) => !found.includes(parentOf(pid)));
  }

  #killAll(): void {
    for (const programs of [[SUPERVISOR], SERVERS]) {
      for (const pid of this.#running(programs)) process.kill(pid, "SIGKILL");
    }
  }

  /** Calls of systemctl that change something. */
  changes(): string[] {
    return this.lines("calls").filter((call) => !call.startsWith("show "));
  }

  lines(name: string): string[] {
    const path = join(this.standIn, name);
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  }

  read(path: string): string {
    return readFileSync(join(this.home, path), "utf8");
  }

  write(path: string, content: string): void {
    mkdirSync(join(this.home, path, ".."), { recursive: true });
    writeFileSync(join(this.home, path), content);
  }

  has(path: string): boolean {
    return existsSync(join(this.home, path));
  }

  close(): void {
    for (const group of this.#groups) {
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // It has ended, as it should.
      }
    }
    this.#killAll();
    rmSync(this.#root, { recursive: true, force: true });
  }

  #environment(): Record<string, string> {
    return {
      PATH: `${this.bin}:${STAND_INS}:${process.env.PATH ?? "/usr/bin:/bin"}`,
      STAND_IN: this.standIn,
      ROLLCALL_HOME: this.home,
      ROLLCALL_UNITS: this.units,
      ROLLCALL_FSTAB: this.fstab,
      ROLLCALL_ADDRESS_WAIT: "10",
      ROLLCALL_SETTLE_WAIT: "0",
      KAFKA_HOME: this.kafka,
    };
  }
}

/** 0 where it has ended. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

const DIRECTORY = "JEXY6aqzQY-32P5TStzaFg";

const CONFIGURATION = {
  role: "controller",
  id: 101,
  clusterId: "5L6g3nShT-eMCtK--X86sw",
  address: "10.0.1.10",
  files: [
    {
      mode: "0644",
      path: "config/server.properties",
      content: "node.id=101\ncontroller.quorum.bootstrap.servers=10.0.1.10:9093,10.0.2.10:9093\n",
    },
    { mode: "0640", path: "config/tools.properties", content: "request.timeout.ms=5000\n" },
  ],
  unit: {
    name: UNIT,
    content:
      "[Service]\nUser=@USER@\nWorkingDirectory=@HOME@\nExecStart=java -cp @KAFKA_HOME@/libs/* kafka.Kafka config/server.properties\n",
  },
} as const;

export const FOUNDER = {
  kind: "founder",
  directoryId: DIRECTORY,
  voters: [`101@10.0.1.10:9093:${DIRECTORY}`, "102@10.0.2.10:9093:MvDxzVmcRsaTz33bUuRU6A"],
} as const;

/** A payload, as `render` would make one; the digest fits what it is made of. */
export function payloadOf(overrides: Partial<Payload> = {}): { payload: string; digest: string } {
  const configuration = { format: { kind: "join" } as const, ...CONFIGURATION, ...overrides };
  const digest = overrides.digest ?? digestOf(configuration);
  return { digest, payload: encodePayload({ ...configuration, digest }) };
}

/** The default payload's server.properties with a line more: another configuration of the same node. */
export function changedFiles(line: string): Payload["files"] {
  const [server, tools] = CONFIGURATION.files;
  return [{ ...server, content: `${server.content}${line}\n` }, tools];
}

/** Polls the condition until it holds; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ten seconds in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
