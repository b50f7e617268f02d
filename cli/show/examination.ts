/** The doctor's findings as lines for a terminal. Pure. */
import { type Colour, oneLine, type Paint, wrap } from "../../shared/terminal/text.ts";
import type { Examination } from "../doctor/examine.ts";
import type { Finding } from "../doctor/finding.ts";
import { counted } from "./words.ts";

const MARKS: Readonly<Record<Finding["level"], readonly [string, Colour]>> = {
  fine: ["✓", "green"],
  note: ["·", "cyan"],
  wrong: ["✗", "red"],
  unseen: ["?", "yellow"],
};

export function examinationLines({ deployed, findings }: Examination, width: number, paint: Paint): string[] {
  const label = Math.max(...findings.map(({ area }) => area.length));
  const room = Math.max(30, width - label - 4);
  const lines = findings.flatMap(({ area, level, what, remedy }) => {
    const [mark, colour] = MARKS[level];
    const text = wrap(oneLine(level === "unseen" ? `cannot be seen: ${what}` : what), room);
    const todo = remedy === undefined ? [] : wrap(`→ ${remedy}`, room);
    return [...text.map((line) => ({ line, dim: false })), ...todo.map((line) => ({ line, dim: true }))].map(
      ({ line, dim }, n) => {
        const head = n === 0 ? `${paint(mark, colour)} ${area.padEnd(label)}  ` : " ".repeat(label + 4);
        return head + (dim ? paint(line, "dim") : line);
      },
    );
  });
  const wrong = findings.filter(({ level }) => level === "wrong").length;
  const dark = findings.filter(({ level }) => level === "unseen").length;
  const verdict = [
    wrong === 0 ? "nothing is wrong" : `${counted(wrong, "thing")} wrong`,
    ...(dark === 0 ? [] : [`${counted(dark, "thing")} could not be looked at`]),
  ].join(", ");
  return [...(deployed ? [] : ["nothing is deployed yet: what a deployment would meet", ""]), ...lines, "", verdict];
}
