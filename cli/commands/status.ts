import { LiveArea } from "../../shared/terminal/live-area.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, UsageError } from "../exit.ts";
import { lookAtStatus } from "../look/status.ts";
import { concernsOf, statusLines } from "../show/status.ts";

const options = {
  watch: { type: "boolean", help: "look again and again, until Ctrl-C" },
  every: { type: "string", value: "SECONDS", help: "between two looks of --watch (default: 5)" },
} as const;

export const statusCommand = command({
  name: "status",
  summary: "every group and node, what each waits for and since when",
  parameters: [],
  options,
  help: [
    "Shows every group with its nodes: id, address, lifecycle state, Kafka's own view of it, and the step that Rollcall would take next, with its row in the decision tables (docs/architecture.md), how long it has waited, and how long Auto Scaling lets it wait. Besides: the turn, the quorum, vacant ids, dead letters.",
    "It only reads. What cannot be seen is said, and does not hide the rest. Exit status 1: a node is held, a dead letter waits, a group is missing, or something could not be seen.",
  ],
  async run(invocation) {
    const every = secondsOf(invocation.options.every ?? "5");
    if (!invocation.options.watch) return show(invocation);
    return watch(invocation, every);
  },
});

type Call = Invocation<typeof options>;

async function show({ cluster, terminal }: Call): Promise<ExitCode> {
  const status = await lookAtStatus(cluster);
  const concerns = concernsOf(status);
  terminal.tell(
    { ok: concerns.length === 0, concerns, ...status },
    statusLines(status, terminal.width, terminal.paint),
  );
  return concerns.length === 0 ? EXIT.fine : EXIT.wrong;
}

/** Drawn in place on a terminal; elsewhere one status after the other. */
async function watch(call: Call, every: number): Promise<ExitCode> {
  const { cluster, terminal, clock, interrupted } = call;
  const area = terminal.out.isTTY && !terminal.json ? new LiveArea(terminal.out) : undefined;
  const stopped = new Promise<void>((resolve) =>
    interrupted.addEventListener("abort", () => resolve(), { once: true }),
  );
  try {
    while (!interrupted.aborted) {
      if (area) {
        const lines = statusLines(await lookAtStatus(cluster), area.width, terminal.paint);
        area.draw(lines.length > area.height ? [...lines.slice(0, area.height - 1), "…"] : lines);
      } else await show(call);
      await Promise.race([clock.wait(every), stopped]);
    }
  } finally {
    area?.release();
  }
  return EXIT.interrupted;
}

/** @returns milliseconds */
function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1)) throw new UsageError(`--every ${text}: give a number of seconds, at least 1`);
  return seconds * 1_000;
}
