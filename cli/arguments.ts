/** What was typed, read into a command with its parameters and options. */
import { parseArgs } from "node:util";
import { nearest } from "../shared/cluster/nearest.ts";
import { COMMON, type Command } from "./command.ts";
import { reasonOf, UsageError } from "./exit.ts";
import { usageOf } from "./help.ts";

export interface Typed {
  readonly parameters: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly cluster: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws {UsageError} that names what is wrong, with the command's usage */
export function readArguments(command: Command, args: readonly string[]): Typed {
  const options = { ...command.options, ...COMMON };
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { type }]) => [name, { type, ...(name === "help" && { short: "h" }) }]),
  );
  let parsed: { readonly values: Record<string, unknown>; readonly positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options: types, allowPositionals: true });
  } catch (error) {
    // Node goes on to tell how to pass what looks like an option; nothing here does.
    const what = reasonOf(error).split(". ")[0] ?? "";
    const [, unknown] = /^Unknown option '--([^']+)'/.exec(what) ?? [];
    const meant = unknown === undefined ? undefined : nearest(unknown, Object.keys(options));
    throw wrong(command, meant === undefined ? what : `${what}: did you mean --${meant}?`);
  }
  const { values, positionals } = parsed;
  const value = (name: string) => values[name] as string | boolean | undefined;
  const help = value("help") === true;
  if (!help && positionals.length !== command.parameters.length) {
    const wanted = command.parameters.join(" ") || "nothing";
    throw wrong(command, `${command.name} takes ${wanted}, but was given ${positionals.join(" ") || "nothing"}`);
  }
  const own = Object.entries(command.options).map(([name, { type }]) => [
    name,
    type === "boolean" ? value(name) === true : value(name),
  ]);
  return {
    parameters: positionals,
    options: Object.fromEntries(own),
    cluster: value("cluster") as string | undefined,
    json: value("json") === true,
    help,
  };
}

function wrong(command: Command, what: string): UsageError {
  return new UsageError(`${what}\n\n${usageOf(command)}`);
}
