/** One systemd unit, as far as the node script and a reboot meet it: `Restart=on-failure` with a start limit, masking. */
import type { Scheduler, Timer } from "../clock.ts";
import type { ProcessHandle } from "./modelled-kafka.ts";

/** As `shared/config/unit.ts` has them, ms. */
const START_LIMIT = { burst: 10, interval: 120_000 };
const STOP_TIMEOUT = 330_000;

export type UnitState = "active" | "activating" | "deactivating" | "inactive" | "failed" | "masked" | "absent";

export class ModelledUnit {
  readonly #clock: Scheduler;
  readonly #restartAfter: number;
  #execute: ((exited: () => void) => ProcessHandle) | undefined;
  #state: Exclude<UnitState, "masked" | "absent"> = "inactive";
  #process: ProcessHandle | undefined;
  #restart: Timer | undefined;
  #starts: number[] = [];
  #enabled = false;
  #masked = false;
  #powered = true;

  /** @param restartAfter from a failure until it is started again, ms */
  constructor(clock: Scheduler, restartAfter: number) {
    this.#clock = clock;
    this.#restartAfter = restartAfter;
  }

  get state(): UnitState {
    if (this.#state !== "inactive") return this.#state;
    if (this.#masked) return "masked";
    return this.#execute ? "inactive" : "absent";
  }

  get process(): ProcessHandle | undefined {
    return this.#process;
  }

  /** Writes its file: what it executes, which tells when it has ended by itself. */
  install(execute: (exited: () => void) => ProcessHandle): void {
    this.#execute = execute;
  }

  /** From now on it starts with the machine. */
  enable(): void {
    this.#enabled = true;
  }

  mask(): void {
    this.#masked = true;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#starts = [];
    this.#start();
  }

  /** Resolves when no process of it is left; one that takes too long is killed. */
  async stop(): Promise<void> {
    this.#restart?.cancel();
    const process = this.#process;
    if (process) {
      this.#state = "deactivating";
      const kill = this.#clock.after(STOP_TIMEOUT, () => process.kill());
      await process.stop();
      kill.cancel();
      if (this.#process !== process) return;
    }
    this.#process = undefined;
    this.#state = "inactive";
  }

  /** The process dies without being asked to. */
  kill(): void {
    const process = this.#process;
    if (!process) return;
    process.kill();
    if (this.#state !== "deactivating") this.#failed();
  }

  /** Everything stops, at once; nothing starts before `boot`. */
  powerOff(): void {
    this.#powered = false;
    this.#restart?.cancel();
    this.#process?.kill();
    this.#process = undefined;
    this.#starts = [];
    this.#state = "inactive";
  }

  boot(): void {
    this.#powered = true;
    if (this.#enabled) this.#start();
  }

  #start(): void {
    if (this.#masked || !this.#powered || !this.#execute || this.#process) return;
    const now = this.#clock.now();
    this.#starts = [...this.#starts.filter((at) => at > now - START_LIMIT.interval), now];
    if (this.#starts.length > START_LIMIT.burst) {
      this.#state = "failed";
      return;
    }
    this.#state = "active";
    const process = this.#execute(() => {
      if (this.#process === process && this.#state !== "deactivating") this.#failed();
    });
    this.#process = process;
  }

  #failed(): void {
    this.#process = undefined;
    this.#state = "activating";
    this.#restart = this.#clock.after(this.#restartAfter, () => this.#start());
  }
}
