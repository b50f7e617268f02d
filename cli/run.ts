/** One call of the command line, from its arguments to its exit status. */
import type { Connection } from "../shared/aws/clients.ts";
import { nearest } from "../shared/cluster/nearest.ts";
import type { Clock } from "../shared/lifecycle/ports.ts";
import { readArguments } from "./arguments.ts";
import { CLUSTER_VARIABLE, openCluster } from "./cluster.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { EXIT, type ExitCode, reasonOf, UsageError } from "./exit.ts";
import { adviceOn, statusOf } from "./failure.ts";
import { helpOf, overview } from "./help.ts";
import { type Streams, terminalOn } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** The world around a call. */
export interface Surroundings {
  readonly streams: Streams;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** How AWS is reached, where the SDK is not to find that by itself. */
  readonly connection?: Partial<Connection>;
}

/** Never throws but for a mistake in the program itself. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { streams } = surroundings;
  const json = args.includes("--json");
  try {
    return await dispatch(args, surroundings);
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    const [reason, advice] = [reasonOf(error), adviceOn(error)];
    // Whoever reads JSON reads why it is not what was asked for, too.
    if (json) streams.out.write(`${JSON.stringify({ error: reason, ...(advice && { advice }), exit: status })}\n`);
    else streams.err.write(`rollcall: ${reason}\n${advice ? `→ ${advice}\n` : ""}`);
    return status;
  }
}

async function dispatch(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { streams, environment, clock, interrupted, connection } = surroundings;
  const [name, ...rest] = args;
  const write = (lines: readonly string[]): void => {
    for (const line of lines) streams.out.write(`${line}\n`);
  };
  if (name === "--version") {
    write([`rollcall ${VERSION}`]);
    return EXIT.fine;
  }
  const [topic] = rest;
  if (name === "help" && topic !== undefined && !topic.startsWith("-")) {
    write(helpOf(commandNamed(topic)));
    return EXIT.fine;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    write(overview(COMMANDS));
    return name === undefined ? EXIT.usage : EXIT.fine;
  }
  const command = commandNamed(name);
  const typed = readArguments(command, rest);
  if (typed.help) {
    write(helpOf(command));
    return EXIT.fine;
  }
  const cluster = openCluster(typed.cluster ?? (environment[CLUSTER_VARIABLE] || undefined), clock, connection);
  const terminal = terminalOn(streams, {
    json: typed.json,
    yes: typed.options.yes === true,
    environment,
    interrupted,
  });
  try {
    return await command.run({
      cluster,
      terminal,
      clock,
      parameters: typed.parameters,
      options: typed.options as never,
      operator: environment.USER || environment.LOGNAME || "an operator",
      interrupted,
    });
  } finally {
    cluster.close();
  }
}

/** @throws {UsageError} where there is none of that name */
function commandNamed(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return command;
  if (name.startsWith("-")) throw new UsageError(`the command comes first, then its options: rollcall status ${name}`);
  const names = COMMANDS.map((one) => one.name);
  const meant = nearest(name, names);
  const known = meant === undefined ? `only ${names.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`there is no command ${name}, ${known} (rollcall --help tells what each does)`);
}
