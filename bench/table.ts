import { type Figure, isMet, type Section } from "./figure.ts";

/** The sections as a table for the terminal: name, value with unit, target, and whether it is met. */
export function table(sections: readonly Section[]): string {
  const rows = sections.map((section) => section.figures.map(cells));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.flat().map((row) => row[column]?.length ?? 0)));
  return sections
    .map((section, index) => {
      const lines = (rows[index] ?? []).map(([name = "", value = "", target = "", verdict = ""]) =>
        `  ${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${target.padEnd(widths[2] ?? 0)}  ${verdict}`.trimEnd(),
      );
      return [section.title, ...wrap(section.method, 110).map((line) => `  ${line}`), "", ...lines].join("\n");
    })
    .join("\n\n");
}

function cells(figure: Figure): string[] {
  const { name, value, unit, target } = figure;
  if (!target) return [name, `${rounded(value)} ${unit}`, "", ""];
  const held = "atMost" in target ? `≤ ${rounded(target.atMost)}` : `= ${rounded(target.exactly)}`;
  return [name, `${rounded(value)} ${unit}`, held, isMet(figure) ? "ok" : "MISSED"];
}

/** Three significant digits, and never fewer than the integer part has. */
function rounded(value: number): string {
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
