/**
 * What the lab shows while it runs: on a terminal the cluster, drawn in place, below the steps and notes of the tour;
 * elsewhere plain lines for what changes; with `json` one object a line. The only place that writes to the output.
 */

import { LiveArea, type Output } from "../shared/terminal/live-area.ts";
import { coloured, duration, oneLine, type Paint, plain, wrap } from "../shared/terminal/text.ts";
import type { Summary } from "./summary.ts";
import { changes } from "./view/changes.ts";
import { changeLine, changeObject } from "./view/lines.ts";
import { reportLines } from "./view/report.ts";
import { renderScreen } from "./view/screen.ts";
import type { ClusterSnapshot } from "./view/snapshot.ts";

export interface View {
  /** The next step of the tour begins; the one before is done. */
  step(title: string): void;
  /** The step is done, and what is told next is what came of it. */
  done(): void;
  /** Something worth telling. */
  note(text: string): void;
  /** Something that the reader must not miss. */
  warn(text: string): void;
  /** The cluster as it is now: to be called a few times a second. */
  show(snapshot: ClusterSnapshot): void;
  /** The end of the tour. With `json` this is the last line, the summary alone. */
  summary(summary: Summary, problems: readonly string[], next: readonly string[]): void;
  /** Gives the terminal back. */
  close(): void;
}

/** What the view needs of `process` to give the terminal back whatever ends the program. */
export interface Signals {
  readonly pid: number;
  on(event: "SIGINT" | "SIGTERM" | "exit", listener: () => void): unknown;
  off(event: "SIGINT" | "SIGTERM" | "exit", listener: () => void): unknown;
  listenerCount(event: "SIGINT" | "SIGTERM"): number;
  kill(pid: number, signal: "SIGINT" | "SIGTERM"): unknown;
}

export interface ViewOptions {
  readonly out: Output;
  readonly json: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** `NO_COLOR` (https://no-color.org) and `TERM` are heeded. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signals: Signals;
}

export function createView(options: ViewOptions): View {
  if (options.json) return jsonView(options);
  const { out, environment } = options;
  return out.isTTY && environment.TERM !== "dumb" ? terminalView(options) : plainView(options);
}

function terminalView({ out, now, environment, signals }: ViewOptions): View {
  const paint: Paint = environment.NO_COLOR ? plain : coloured;
  const area = new LiveArea(out);
  const start = now();
  let step: { readonly title: string; readonly since: number } | undefined;
  let snapshot: ClusterSnapshot | undefined;
  let released = false;
  const restore = restoreOnSignal(signals, () => {
    area.release();
    released = true;
  });

  function draw(above: readonly string[] = []): void {
    if (released) {
      // The terminal has been given back: it is only written to.
      for (const line of above) out.write(`${line}\n`);
      return;
    }
    const { width, height } = area;
    const size = { width, height: height - Math.min(above.length, height - 3) };
    const at = now();
    const lines = snapshot
      ? renderScreen({ snapshot: { ...snapshot, at }, start, ...(step ? { step } : {}) }, size, paint)
      : step
        ? [`${paint("▸", "cyan")} ${paint(step.title, "bold")}`]
        : [];
    area.draw(lines, above);
  }

  /** For good, above the live area; what it ends with is dimmed. */
  const write = (mark: string, text: string, end = "") => {
    const lines = wrap(oneLine(`${text}${end}`), area.width - 2);
    const last = lines.length - 1;
    draw(
      lines.map((line, n) => {
        const dimmed = n === last && line.endsWith(end) ? end.length : 0;
        const bright = line.slice(0, line.length - dimmed);
        return `${n === 0 ? mark : " "} ${bright}${paint(line.slice(bright.length), "dim")}`;
      }),
    );
  };
  const done = () => {
    if (!step) return;
    const { title, since } = step;
    step = undefined;
    write(paint("✓", "green"), title, `  ${duration(now() - since)}`);
  };

  return {
    step(title) {
      done();
      step = { title: oneLine(title), since: now() };
      draw();
    },
    done,
    note: (text) => write(paint("·", "dim"), text),
    warn: (text) => write(paint("!", "yellow"), text),
    show(next) {
      snapshot = next;
      draw();
    },
    summary(summary, problems, next) {
      done();
      draw();
      area.release();
      const lines = reportLines(summary, problems, next, area.width, paint);
      out.write(`${lines.join("\n")}\n`);
      snapshot = undefined;
    },
    close() {
      area.release();
      restore();
    },
  };
}

function plainView({ out, now }: ViewOptions): View {
  const start = now();
  let former: ClusterSnapshot | undefined;
  const write = (text: string) => {
    out.write(`${`+${duration(now() - start)}`.padStart(7)}  ${oneLine(text)}\n`);
  };
  return {
    step: (title) => write(`▸ ${title}`),
    done() {},
    note: (text) => write(text),
    warn: (text) => write(`! ${text}`),
    show(snapshot) {
      for (const line of changes(former, snapshot).map(changeLine)) if (line !== undefined) write(line);
      former = snapshot;
    },
    summary(summary, problems, next) {
      out.write(`${reportLines(summary, problems, next, Number.POSITIVE_INFINITY).join("\n")}\n`);
    },
    close() {},
  };
}

function jsonView({ out, now }: ViewOptions): View {
  const start = now();
  let former: ClusterSnapshot | undefined;
  const write = (object: object) => {
    out.write(`${JSON.stringify(object)}\n`);
  };
  const stamped = (type: string, members: object) => {
    const at = now();
    write({ type, at: new Date(at).toISOString(), seconds: (at - start) / 1000, ...members });
  };
  return {
    step: (title) => stamped("step", { title }),
    done() {},
    note: (text) => stamped("note", { text }),
    warn: (text) => stamped("warning", { text }),
    show(snapshot) {
      for (const change of changes(former, snapshot)) stamped("change", changeObject(change));
      former = snapshot;
    },
    summary(summary, problems) {
      for (const text of problems) stamped("problem", { text });
      write(summary);
    },
    close() {},
  };
}

/**
 * Restores the terminal at a signal or the program's end. A signal that nobody else listens to then takes its usual
 * course; otherwise whoever listens decides. Answers what undoes all that.
 */
function restoreOnSignal(signals: Signals, restore: () => void): () => void {
  const listeners = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const listener = () => {
      restore();
      if (signals.listenerCount(signal) > 1) return;
      undo();
      signals.kill(signals.pid, signal);
    };
    return [signal, listener] as const;
  });
  const undo = () => {
    for (const [signal, listener] of listeners) signals.off(signal, listener);
    signals.off("exit", restore);
  };
  for (const [signal, listener] of listeners) signals.on(signal, listener);
  signals.on("exit", restore);
  return undo;
}
