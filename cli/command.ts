/** What a command of the command line is made of. */
import type { Clock } from "../shared/lifecycle/ports.ts";
import type { Cluster } from "./cluster.ts";
import type { ExitCode } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** One option of a command, in `parseArgs`' terms, with its help. */
export interface Option {
  readonly type: "string" | "boolean";
  /** What stands for the value in the help: `TIME`. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Every command has these. */
export const COMMON = {
  cluster: { type: "string", value: "FILE", help: "the definition that the cluster was deployed from" },
  json: { type: "boolean", help: "one JSON object a line instead of text" },
  help: { type: "boolean", help: "this text" },
} as const satisfies Options;

export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K]["type"] extends "boolean" ? boolean : string | undefined;
};

export interface Invocation<O extends Options = Options> {
  readonly cluster: Cluster;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** As many as the command has parameters. */
  readonly parameters: readonly string[];
  readonly options: Values<O>;
  /** Who asks, for the record. */
  readonly operator: string;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
}

export interface Spec<O extends Options> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** In order, all required: `INSTANCE`. */
  readonly parameters: readonly string[];
  readonly options: O;
  /** What it does, what it leaves alone, what its exit status means beyond the usual: paragraphs. */
  readonly help: readonly string[];
  run(invocation: Invocation<O>): Promise<ExitCode>;
}

export type Command = Spec<Options>;

/** Keeps the options' own types for the command that reads them. */
export function command<const O extends Options>(spec: Spec<O>): Command {
  return { ...spec, run: (invocation) => spec.run(invocation as unknown as Invocation<O>) };
}
