/** Rows in columns, each as wide as its widest cell. */
import { cut, type Paint, widthOf } from "./text.ts";

export interface Cell {
  readonly text: string;
  readonly colour?: Parameters<Paint>[1];
}

const GAP = 2;

/** How wide the rows would be, uncut. */
export function tableWidth(rows: readonly (readonly Cell[])[]): number {
  const widths = columnWidths(rows);
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

/** One line a row, none wider than `width`; what does not fit is cut at the right. */
export function table(rows: readonly (readonly Cell[])[], width: number, paint: Paint): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) => {
    let left = width;
    let line = "";
    for (const [column, { text, colour }] of row.entries()) {
      const gap = column === 0 ? 0 : GAP;
      if (left <= gap) break;
      const shown = cut(text, left - gap);
      const last = column === row.length - 1;
      const padded = last ? "" : " ".repeat(Math.max(0, Math.min(widths[column] ?? 0, left - gap) - widthOf(shown)));
      line += " ".repeat(gap) + (colour ? paint(shown, colour) : shown) + padded;
      left -= gap + widthOf(shown) + padded.length;
    }
    return line.trimEnd();
  });
}

function columnWidths(rows: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { text }] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(text));
    }
  }
  return widths;
}
