/** The same words for the same things, in every command's output. */
import type { Step } from "../../shared/lifecycle/steps.ts";
import type { Colour } from "../../shared/terminal/text.ts";

/** What a step does, said of the one who takes it. */
export const DOES: Readonly<Record<Step["do"], string>> = {
  look: "looks",
  change: "changes",
  wait: "waits",
  hold: "holds",
  settled: "settled",
};

export const COLOURS: Readonly<Record<Step["do"], Colour>> = {
  look: "cyan",
  change: "cyan",
  wait: "yellow",
  hold: "red",
  settled: "green",
};

/** `14:05:12Z`, with the day where it is another one than now's. */
export function timeOf(at: number, now: number): string {
  const text = new Date(at).toISOString();
  const time = `${text.slice(11, 19)}Z`;
  return text.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? time : `${text.slice(0, 10)} ${time}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** The two largest units of a time span: `2d 3h`, `4m 05s` without the zero, `12s`. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000) * 1_000);
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0s";
  let rest = whole;
  return UNITS.slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? [] : [`${count}${unit}`];
    })
    .join(" ");
}

/** `1 message`, `3 messages` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
