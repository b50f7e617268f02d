/** Where a command writes to, and whom it asks. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Output } from "../shared/terminal/live-area.ts";
import { coloured, type Paint, plain } from "../shared/terminal/text.ts";
import { Interrupted, Refusal } from "./exit.ts";

/** What a command needs of the process's streams. */
export interface Streams {
  readonly out: Output;
  readonly err: { write(text: string): unknown };
  /** Standard input, where questions can be asked. */
  readonly input: Readable & { readonly isTTY?: boolean };
}

export interface Terminal {
  /** One JSON object a line instead of text. */
  readonly json: boolean;
  readonly paint: Paint;
  /** Columns. */
  readonly width: number;
  readonly out: Output;
  /** The answer: the object where JSON is wanted, else the lines. */
  tell(answer: object, lines: readonly string[]): void;
  /** What is worth knowing on the way; standard error where JSON is wanted. */
  say(...lines: readonly string[]): void;
  /** @throws {Refusal} where the answer is no, or nobody can be asked; {Interrupted} after Ctrl-C, whatever was given */
  confirm(question: string): Promise<void>;
}

/** Columns, where the output is no terminal. */
const WIDTH = 160;

export interface TerminalOptions {
  readonly json: boolean;
  /** Every question is answered yes. */
  readonly yes: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly interrupted: AbortSignal;
}

export function terminalOn(streams: Streams, { json, yes, environment, interrupted }: TerminalOptions): Terminal {
  const { out, err, input } = streams;
  const colours = out.isTTY === true && !json && !environment.NO_COLOR && environment.TERM !== "dumb";
  const lines = (to: { write(text: string): unknown }, text: readonly string[]): void => {
    for (const line of text) to.write(`${line}\n`);
  };
  return {
    json,
    out,
    paint: colours ? coloured : plain,
    width: out.isTTY ? Math.max(40, out.columns ?? 80) : WIDTH,
    tell(answer, text) {
      if (json) out.write(`${JSON.stringify(answer)}\n`);
      else lines(out, text);
    },
    say: (...text) => lines(json ? err : out, text),
    async confirm(question) {
      // Whoever has pressed Ctrl-C while it was looked has taken their yes back.
      if (interrupted.aborted) throw new Interrupted("not done");
      if (yes) return;
      if (!input.isTTY) throw new Refusal(`${question} Nobody can be asked here: give --yes, or --dry-run to only see`);
      // The question goes where it does not get into anybody's data.
      (json ? err : out).write(`${question} [y/N] `);
      const answer = await lineFrom(input, interrupted);
      if (interrupted.aborted) throw new Interrupted("not done");
      if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal("not done: the answer was no");
    },
  };
}

/**
 * The next line that is typed; empty where the input ends before one, or is interrupted. The terminal keeps its own line editing, and
 * its Ctrl-C: read key by key, that would end the question without an answer.
 */
async function lineFrom(input: Readable, interrupted: AbortSignal): Promise<string> {
  const lines = createInterface({ input, signal: interrupted });
  try {
    return await new Promise((resolve, reject) => {
      lines
        .once("line", resolve)
        .once("error", reject)
        .once("close", () => resolve(""));
    });
  } finally {
    lines.close();
  }
}
