import { LiveArea } from "../../shared/terminal/live-area.ts";
import { type Paint, wrap } from "../../shared/terminal/text.ts";
import { command, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, Interrupted, isAwsFailure, reasonOf, UsageError } from "../exit.ts";
import { unlessInterrupted } from "../interruption.ts";
import { lookAtStatus, type Status } from "../look/status.ts";
import { concernsOf, statusLines } from "../show/status.ts";
import { span } from "../show/words.ts";

const options = {
  watch: { type: "boolean", help: "look again and again, until Ctrl-C" },
  every: { type: "string", value: "SECONDS", help: "between two looks of --watch (default: 5)" },
  quorum: {
    type: "boolean",
    help: "also ask the quorum who leads and who follows, by a command that runs Kafka's own tool on a member",
  },
} as const;

/** A day: whoever looks more rarely calls again. Beyond 24 days Node's timers would not wait at all. */
const MOST_SECONDS = 86_400;

export const statusCommand = command({
  name: "status",
  summary: "every group and node, what each waits for and since when",
  parameters: [],
  options,
  help: [
    "Shows every node of every group: id, lifecycle state, Kafka's own view of it, address, zone, and the step that Rollcall would take next, with its row in the decision tables (docs/architecture.md), how long it has waited, and how long Auto Scaling lets it wait. Besides: the turn, the quorum, vacant ids, dead letters.",
    "It only reads. What cannot be seen is said, and does not hide the rest; --watch goes on where AWS does not answer for a while. Exit status 1: a node is held, a dead letter waits, a group is missing, nothing is deployed, or something could not be seen.",
  ],
  async run(invocation) {
    const every = secondsOf(invocation.options.every ?? "5");
    if (!invocation.options.watch) return show(invocation, await look(invocation));
    return watch(invocation, every);
  },
});

type Call = Invocation<typeof options>;

const look = ({ cluster, options: { quorum }, interrupted }: Call): Promise<Status> =>
  unlessInterrupted(lookAtStatus(cluster, { askQuorum: quorum }), interrupted);

function show({ terminal }: Call, status: Status): ExitCode {
  const concerns = concernsOf(status);
  terminal.tell({ ok: concerns.length === 0, concerns, ...status }, statusLines(status, terminal));
  return concerns.length === 0 ? EXIT.fine : EXIT.wrong;
}

/** Drawn in place on a terminal; elsewhere one status after the other. */
async function watch(call: Call, every: number): Promise<ExitCode> {
  const { terminal, clock, interrupted } = call;
  const area = terminal.out.isTTY && !terminal.json ? new LiveArea(terminal.out) : undefined;
  let last: Status | undefined;
  try {
    for (;;) {
      try {
        last = await look(call);
        if (area) draw(area, terminal.paint, last);
        else show(call, last);
      } catch (error) {
        // Where nothing was ever seen there is nothing to go on watching.
        if (!last || !isAwsFailure(error)) throw error;
        const reason = `AWS does not answer: ${reasonOf(error)}`;
        if (area) draw(area, terminal.paint, last, `${reason}; as seen ${span(clock.now() - last.at)} ago:`);
        else terminal.tell({ error: reason }, [`! ${reason}`]);
      }
      await unlessInterrupted(clock.wait(every), interrupted);
    }
  } catch (error) {
    if (error instanceof Interrupted) return EXIT.interrupted;
    throw error;
  } finally {
    area?.release();
  }
}

function draw(area: LiveArea, paint: Paint, status: Status, failure?: string): void {
  const { width } = area;
  const above = failure === undefined ? [] : wrap(`! ${failure}`, width).map((line) => paint(line, "red"));
  const height = area.height - above.length;
  const lines = [...above, ...statusLines(status, { width, height, paint })];
  area.draw(lines.length > area.height ? [...lines.slice(0, area.height - 1), "…"] : lines);
}

/** @returns milliseconds */
function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= MOST_SECONDS))
    throw new UsageError(`--every ${text}: give a number of seconds from 1 to ${MOST_SECONDS}`);
  return seconds * 1_000;
}
