/** Every command, in the order in which the help lists them. */
import type { Command } from "../command.ts";
import { explainCommand } from "./explain.ts";
import { statusCommand } from "./status.ts";

export const COMMANDS: readonly Command[] = [statusCommand, explainCommand];
