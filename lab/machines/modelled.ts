/**
 * Modelled machines: to the outside they behave as a real one with the node script does, command by command, but all
 * state is in memory and all time is the clock's. Their Kafka processes are those of a `ModelledKafka`.
 */
import type { LabClock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { AwsCall, Machine, MachineKind, MachineSpec, ScriptResult } from "./machine.ts";
import { NODE_DURATIONS, type NodeDurations } from "./modelled-durations.ts";
import type { ModelledKafka, ProcessHandle } from "./modelled-kafka.ts";
import type { Launch } from "./modelled-process.ts";
import { type Host, type Killable, killable, NodeScript } from "./modelled-script.ts";
import { ModelledUnit } from "./modelled-unit.ts";

export interface ModelledMachineOptions {
  readonly clock: LabClock;
  readonly random: Random;
  readonly kafka: ModelledKafka;
  readonly durations?: NodeDurations;
  /** What becomes of an instance's fetching something: why it cannot, where it cannot. By default it can. */
  readonly fetch?: (instance: string, url: string) => string | undefined;
}

export function modelledMachines(options: ModelledMachineOptions): MachineKind {
  const machines = new Set<ModelledMachine>();
  return {
    name: "modelled",
    create(spec) {
      const machine = new ModelledMachine(spec, options);
      machines.add(machine);
      return machine;
    },
    async close() {
      for (const machine of machines) await machine.destroy();
      machines.clear();
    },
  };
}

/** As the SSM agent reports what was killed. */
const KILLED: ScriptResult = { code: 137, stdout: "", stderr: "" };

class ModelledMachine implements Machine, Host {
  readonly durations: NodeDurations;
  readonly clock: LabClock;
  readonly kafka: ModelledKafka;
  readonly unit: ModelledUnit;
  readonly fetch: (url: string) => string | undefined;
  readonly call: AwsCall | undefined;
  readonly #spec: MachineSpec;
  readonly #script: NodeScript;
  readonly #plugged = new Set<string>();
  readonly #usable = new Set<string>();
  readonly #runs = new Set<Killable>();
  /** What the processes that run now listen on. */
  #listening: string | undefined;
  #broken = false;
  #destroyed = false;
  /** Grows with every power off: what was begun before does not go on. */
  #boots = 0;

  constructor(spec: MachineSpec, options: ModelledMachineOptions) {
    const { clock, random, kafka, durations = NODE_DURATIONS, fetch } = options;
    this.#spec = spec;
    this.call = spec.call;
    this.fetch = (url) => fetch?.(spec.instance, url);
    this.clock = clock;
    this.kafka = kafka;
    this.durations = durations;
    this.unit = new ModelledUnit(clock, durations.restart);
    this.#script = new NodeScript(this, random.fork(spec.instance));
    this.#plugged.add(spec.address);
    this.#use(spec.address);
  }

  get addresses(): ReadonlySet<string> {
    return this.#usable;
  }

  run(_script: string, environment: Readonly<Record<string, string>>, timeout: number): Promise<ScriptResult> {
    if (this.#destroyed) return Promise.resolve(KILLED);
    const run = killable();
    this.#runs.add(run);
    const limit = this.clock.after(timeout, run.kill);
    return run
      .until(this.#script.run(environment, run))
      .catch(() => KILLED)
      .finally(() => {
        limit.cancel();
        this.#runs.delete(run);
      });
  }

  plug(address: string): void {
    if (this.#destroyed) return;
    this.#plugged.add(address);
    this.#appear(address);
  }

  unplug(address: string): void {
    this.#plugged.delete(address);
    this.#lose(address);
  }

  async reboot(): Promise<void> {
    this.#powerOff();
    const boot = this.#boots;
    await this.clock.wait(this.durations.boot);
    if (this.#destroyed || boot !== this.#boots) return;
    this.#use(this.#spec.address);
    for (const address of this.#plugged) this.#appear(address);
    this.unit.boot();
  }

  destroy(): Promise<void> {
    if (!this.#destroyed) {
      this.#powerOff();
      this.#destroyed = true;
      const { directory } = this.#script;
      if (directory) this.kafka.forget(directory);
    }
    return Promise.resolve();
  }

  breakKafka(): Promise<void> {
    this.#broken = true;
    this.unit.kill();
    return Promise.resolve();
  }

  /** ExecStart: a Kafka process, or what ends at once because it cannot run here. */
  execute(launch: Omit<Launch, "instance">, exited: () => void): ProcessHandle {
    this.#listening = launch.address;
    if (!this.#broken && this.#usable.has(launch.address)) {
      return this.kafka.start({ ...launch, instance: this.#spec.instance }, exited);
    }
    const failure = this.clock.after(this.durations.failedStart, exited);
    const end = () => failure.cancel();
    return { kill: end, stop: async () => end(), reach: () => {} };
  }

  #powerOff(): void {
    this.#boots++;
    for (const run of this.#runs) run.kill();
    this.unit.powerOff();
    for (const address of [...this.#usable]) this.#lose(address);
  }

  #appear(address: string): void {
    const boot = this.#boots;
    this.clock.after(this.durations.plug, () => {
      if (boot === this.#boots && this.#plugged.has(address)) this.#use(address);
    });
  }

  #use(address: string): void {
    if (this.#usable.has(address)) return;
    this.#usable.add(address);
    this.kafka.plug(address, true);
    if (address === this.#listening) this.unit.process?.reach(true);
  }

  #lose(address: string): void {
    if (!this.#usable.delete(address)) return;
    this.kafka.plug(address, false);
    if (address === this.#listening) this.unit.process?.reach(false);
  }
}
