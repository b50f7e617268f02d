/**
 * One machine of the lab: what EC2 would run. Two kinds stand behind this interface, held to one conformance suite:
 * *modelled* (state in memory, on a clock that is handed in) and *real* (bash, systemd's stand-in, Kafka JVMs).
 */
export interface MachineSpec {
  /** EC2 instance id. */
  readonly instance: string;
  readonly zone: string;
  /** Primary private address. */
  readonly address: string;
  /** Variables that everything on it finds in its environment, beside the machine's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A call to AWS by the machine's own role, where nothing of it runs that could make one from its environment. */
  readonly call?: AwsCall;
}

/** Rejects with AWS's error. */
export type AwsCall = (service: string, action: string, input: object) => Promise<object>;

export interface ScriptResult {
  /** Exit status; 137 where it was killed at its time limit. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Machine {
  /**
   * Runs a command as the SSM agent does: the document's script by bash, its parameters as environment variables
   * (`SSM_action`, `SSM_payload`). Never rejects for what the script does; resolves when it has ended.
   */
  run(script: string, environment: Readonly<Record<string, string>>, timeout: number): Promise<ScriptResult>;
  /** A network interface is attached: its address becomes usable in the guest, maybe a little later. */
  plug(address: string): void;
  unplug(address: string): void;
  /** Everything stops, the disk stays, enabled units start again. */
  reboot(): Promise<void>;
  /** Power off and disk gone, without warning. Resolves when nothing of it runs any more. */
  destroy(): Promise<void>;
  /** The Kafka process is killed and cannot be started again on this machine. */
  breakKafka(): Promise<void>;
}

export interface MachineKind {
  readonly name: "modelled" | "real";
  create(spec: MachineSpec): Machine;
  /** Destroys every machine that still runs. */
  close(): Promise<void>;
}
