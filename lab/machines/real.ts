/**
 * Real machines: each is a directory of its own, in which bash runs the node script and stand-ins for systemd and iproute2, first
 * on its PATH, start real Kafka processes. The script and Kafka know no lab. Linux only: the machines' addresses are in
 * 127.0.0.0/8, which Linux alone has all of, and processes are told by /proc.
 *
 * ```
 * <machine>/
 *   home/       ROLLCALL_HOME: the disk
 *   units/      ROLLCALL_UNITS
 *   systemd/    state of the units; gone after a reboot
 *   tmp/        likewise
 *   bin/java    the machine's Java; where Exhibitor is, a stand-in that goes by jvm, environment and hosts beside bin/
 *   addresses   one a line, as `ip` shows them
 *   journal     what systemd and the units' processes print
 *   commands/   script, stdout and stderr of each command, by number
 * ```
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseProperties } from "../../shared/config/properties.ts";
import type { Scheduler } from "../clock.ts";
import type { RunningNode } from "../invariants/moment.ts";
import type { Machine, MachineKind, MachineSpec, ScriptResult } from "./machine.ts";
import { plugIn, pullOut } from "./power-cord.ts";
import { isServer, kill, killAll, MACHINE_VARIABLE, processesOf, serversIn } from "./real-processes.ts";

export interface RealMachineOptions {
  /** Where the machines' directories go, in one of their own; absolute. Where units could not name it, the system's own is used. */
  readonly dir: string;
  /** Has Kafka's jars in `libs/`. */
  readonly kafkaHome: string;
  /** Executable. */
  readonly java: string;
  /** Has Exhibitor's jars in `libs/` and the lab's class in `lab/`. Needed only where Exhibitor is to start ZooKeeper. */
  readonly exhibitorHome?: string;
  readonly clock: Scheduler;
}

/** From an address's attachment to its being there in the guest, ms. */
const PLUG = 300;

const STAND_INS = fileURLToPath(new URL("standins/", import.meta.url));

/** The rest of the PATH: coreutils, util-linux, awk, gzip. */
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** What the node script takes for its paths. */
const PLAIN_PATH = /^\/[A-Za-z0-9._/+=,-]+$/;

/** A Java whose files cannot be read any more. */
const BROKEN_JAVA = `#!/bin/bash
echo "java: error while loading shared libraries: libjli.so: cannot read file data: Input/output error" >&2
exit 127
`;

/** As the SSM agent reports what was killed. */
const KILLED: ScriptResult = { code: 137, stdout: "", stderr: "" };

export interface RealMachines extends MachineKind {
  /** Kafka servers that run now, by whatever the machines' own files say they are. */
  processes(): RunningNode[];
  /** Has a directory for each machine. */
  readonly folder: string;
}

/** Every process of the machines ends with this one, however it ends, and the machines' directories are taken away. */
export function realMachines({ dir, kafkaHome, java, exhibitorHome, clock }: RealMachineOptions): RealMachines {
  const parent = [dir, tmpdir()].find((path) => PLAIN_PATH.test(path));
  if (parent === undefined) {
    throw new Error(
      `machines cannot live in ${dir}: units give blanks and signs a meaning. Set TMPDIR to a plain path`,
    );
  }
  mkdirSync(parent, { recursive: true });
  const root = mkdtempSync(join(parent, "machines-"));
  const cord = plugIn(root);
  const shared = {
    kafkaHome: plainPath(kafkaHome, join(root, "kafka")),
    java,
    clock,
    ...(exhibitorHome !== undefined && { exhibitorHome: plainPath(exhibitorHome, join(root, "exhibitor")) }),
  };
  const machines = new Set<RealMachine>();
  return {
    name: "real",
    folder: root,
    create(spec) {
      const machine = new RealMachine(spec, { ...shared, dir: join(root, spec.instance) });
      machines.add(machine);
      return machine;
    },
    processes: () => serversIn(root).flatMap(({ machine }) => nodeOn(machine) ?? []),
    async close() {
      await Promise.all([...machines].map((machine) => machine.destroy()));
      machines.clear();
      await pullOut(cord);
    },
  };
}

/** Which node that machine is configured as; undefined where it has been destroyed meanwhile. */
function nodeOn(machine: string): RunningNode | undefined {
  const instance = basename(machine);
  const myId = join(machine, "home/data/myid");
  if (existsSync(myId)) return { role: "zookeeper", id: Number(readFileSync(myId, "utf8")), instance };
  const file = join(machine, "home/config/server.properties");
  if (!existsSync(file)) return undefined;
  const settings = parseProperties(readFileSync(file, "utf8"));
  // A broker on ZooKeeper has no roles to choose from.
  const role = settings["process.roles"] ?? "broker";
  if (role !== "broker" && role !== "controller") throw new Error(`${file} has process.roles=${role}`);
  return { role, id: Number(settings["node.id"] ?? settings["broker.id"]), instance };
}

/** A path that units can name: the given one, or a link to it. */
function plainPath(path: string, link: string): string {
  if (PLAIN_PATH.test(path)) return path;
  symlinkSync(path, link);
  return link;
}

class RealMachine implements Machine {
  readonly #options: RealMachineOptions;
  readonly #dir: string;
  readonly #units: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #primary: string;
  /** Attached, whether the guest sees them yet or not. */
  readonly #plugged = new Set<string>();
  /** What the guest sees. */
  readonly #usable = new Set<string>();
  #commands = 0;
  #destroyed = false;

  constructor({ address, environment = {} }: MachineSpec, options: RealMachineOptions) {
    this.#options = options;
    this.#dir = options.dir;
    this.#units = join(this.#dir, "units");
    this.#primary = address;
    this.#environment = {
      ...environment,
      PATH: `${join(this.#dir, "bin")}:${STAND_INS}:${SYSTEM_PATH}`,
      HOME: this.#dir,
      LANG: "C.UTF-8",
      TMPDIR: join(this.#dir, "tmp"),
      KAFKA_HOME: options.kafkaHome,
      ...(options.exhibitorHome !== undefined && { EXHIBITOR_HOME: options.exhibitorHome }),
      ROLLCALL_HOME: join(this.#dir, "home"),
      ROLLCALL_UNITS: this.#units,
      [MACHINE_VARIABLE]: this.#dir,
    };
    mkdirSync(this.#dir);
    for (const part of ["bin", "commands", "home", "systemd", "tmp", "units"]) mkdirSync(join(this.#dir, part));
    symlinkSync(
      options.exhibitorHome === undefined ? options.java : join(STAND_INS, "exhibitor", "java"),
      join(this.#dir, "bin", "java"),
    );
    if (options.exhibitorHome !== undefined) this.#readyForExhibitor(environment);
    this.#use(address);
  }

  run(script: string, environment: Readonly<Record<string, string>>, timeout: number): Promise<ScriptResult> {
    if (this.#destroyed) return Promise.resolve(KILLED);
    this.#commands += 1;
    const folder = join(this.#dir, "commands", String(this.#commands));
    mkdirSync(folder);
    writeFileSync(join(folder, "script"), script);
    return this.#execute(["bash", join(folder, "script")], environment, folder, timeout);
  }

  plug(address: string): void {
    this.#plugged.add(address);
    this.#options.clock.after(PLUG, () => {
      if (this.#plugged.has(address)) this.#use(address);
    });
  }

  unplug(address: string): void {
    this.#plugged.delete(address);
    this.#usable.delete(address);
    this.#writeAddresses();
  }

  async reboot(): Promise<void> {
    await this.#powerOff();
    if (this.#destroyed) return;
    for (const part of ["systemd", "tmp"]) {
      rmSync(join(this.#dir, part), { recursive: true, force: true });
      mkdirSync(join(this.#dir, part));
    }
    this.#usable.clear();
    for (const address of [this.#primary, ...this.#plugged]) this.#use(address);
    const enabled = join(this.#units, "multi-user.target.wants");
    for (const unit of existsSync(enabled) ? readdirSync(enabled) : []) {
      await this.#execute(["systemctl", "start", unit], {}, join(this.#dir, "tmp"));
    }
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    await this.#powerOff();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async breakKafka(): Promise<void> {
    const java = join(this.#dir, "bin", "java");
    writeFileSync(`${java}.new`, BROKEN_JAVA, { mode: 0o755 });
    renameSync(`${java}.new`, java);
    await killAll(() => processesOf(this.#dir).filter(isServer));
  }

  /** Units have an environment of their own, so what Exhibitor is to know of AWS lies in a file. */
  #readyForExhibitor(environment: Readonly<Record<string, string>>): void {
    symlinkSync(this.#options.java, join(this.#dir, "jvm"));
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(this.#dir, "environment"), lines.join(""));
  }

  #powerOff(): Promise<void> {
    return killAll(() => processesOf(this.#dir));
  }

  #use(address: string): void {
    this.#usable.add(address);
    this.#writeAddresses();
  }

  #writeAddresses(): void {
    if (this.#destroyed) return;
    writeFileSync(join(this.#dir, "addresses"), [...this.#usable, ""].join("\n"));
  }

  /**
   * Output goes to files in that folder: a pipe would stay open for as long as anything holds it that the command leaves
   * behind. No waiting before the process is there: a power off must not miss it.
   */
  #execute(
    [program = "", ...parameters]: readonly string[],
    environment: Readonly<Record<string, string>>,
    folder: string,
    timeout?: number,
  ): Promise<ScriptResult> {
    const paths = { stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
    const stdout = openSync(paths.stdout, "w");
    const stderr = openSync(paths.stderr, "w");
    const child = spawn(program, parameters, {
      cwd: this.#dir,
      env: { ...environment, ...this.#environment },
      detached: true,
      stdio: ["ignore", stdout, stderr],
    });
    closeSync(stdout);
    closeSync(stderr);
    const limit =
      timeout === undefined
        ? undefined
        : this.#options.clock.after(timeout, () => {
            if (child.pid !== undefined) kill(-child.pid);
          });
    return new Promise((resolve, reject) => {
      child.once("error", (error) =>
        reject(new Error(`cannot run ${program} on a machine of the lab`, { cause: error })),
      );
      child.once("exit", (code, signal) => {
        limit?.cancel();
        resolve(
          this.#destroyed
            ? KILLED
            : {
                code: code ?? 128 + constants.signals[signal ?? "SIGKILL"],
                stdout: readFileSync(paths.stdout, "utf8"),
                stderr: readFileSync(paths.stderr, "utf8"),
              },
        );
      });
    });
  }
}
