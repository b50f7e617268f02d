/** Every command, in the order in which the help lists them. */
import type { Command } from "../command.ts";
import { abandonCommand } from "./abandon.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { forceCommand } from "./force.ts";
import { holdCommand } from "./hold.ts";
import { redriveCommand } from "./redrive.ts";
import { releaseCommand } from "./release.ts";
import { replayCommand } from "./replay.ts";
import { resumeCommand } from "./resume.ts";
import { statusCommand } from "./status.ts";

export const COMMANDS: readonly Command[] = [
  statusCommand,
  explainCommand,
  holdCommand,
  resumeCommand,
  forceCommand,
  abandonCommand,
  releaseCommand,
  replayCommand,
  redriveCommand,
  doctorCommand,
];
