/** What the command line says of itself. */
import { wrap } from "../shared/terminal/text.ts";
import { CLUSTER_VARIABLE } from "./cluster.ts";
import { COMMON, type Command, type Options } from "./command.ts";

const WIDTH = 100;

/** `rollcall explain INSTANCE [--quorum] …` */
export function usageOf({ name, parameters, options }: Command): string {
  const words = [
    "rollcall",
    name,
    ...parameters,
    ...Object.entries(options).map(([option, spec]) => `[${flag(option, spec)}]`),
  ];
  return `usage: ${words.join(" ")} [--cluster FILE] [--json]`;
}

export function helpOf(command: Command): string[] {
  return [
    usageOf(command),
    "",
    ...command.help.flatMap((paragraph) => [...wrap(paragraph, WIDTH), ""]),
    ...optionLines({ ...command.options, ...COMMON }),
  ];
}

export function overview(commands: readonly Command[]): string[] {
  return [
    "usage: rollcall COMMAND [options]",
    "",
    "Looks after a cluster that Rollcall keeps, in AWS or in the lab (AWS_ENDPOINT_URL).",
    "",
    ...columns(commands.map(({ name, parameters, summary }) => [[name, ...parameters].join(" "), summary])),
    "",
    ...optionLines(COMMON),
    "",
    `Instead of --cluster, ${CLUSTER_VARIABLE} can name the definition. Credentials are found as the AWS CLI finds them.`,
    "",
    "exit status:",
    ...columns([
      ["0", "as it should be; or done"],
      ["1", "something wants an operator; or what was asked is refused"],
      ["2", "wrong arguments, or a definition that cannot be used"],
      ["3", "AWS does not answer, or not to you"],
      ["70", "a mistake in rollcall itself"],
      ["130", "interrupted"],
    ]),
    "",
    "rollcall COMMAND --help tells more of each; rollcall --version, which Rollcall this is.",
  ];
}

function flag(name: string, { value }: { readonly value?: string }): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function optionLines(options: Options): string[] {
  return columns(Object.entries(options).map(([name, spec]) => [flag(name, spec), spec.help]));
}

function columns(rows: readonly (readonly [string, string])[] | readonly string[][]): string[] {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`);
}
