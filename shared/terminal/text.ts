/** Text in a terminal: what is visible of it, how wide, in which colour. */
import { stripVTControlCharacters } from "node:util";

export type Colour = "green" | "yellow" | "red" | "cyan" | "dim" | "bold";

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export type Paint = (text: string, colour: Colour) => string;

export const plain: Paint = (text) => text;

export const coloured: Paint = (text, colour) => {
  const [on, off] = CODES[colour];
  return text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`;
};

/** In columns; every character that the view writes takes one. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** At most that wide, with an ellipsis where something is cut. Takes text without colour. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? "" : `${characters.slice(0, width - 1).join("")}…`;
}

/** One line, without anything that would move a terminal's cursor. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
}

/** Broken at blanks into lines of at most that width; a word that is longer by itself is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
    } else {
      if (line !== "") lines.push(line);
      line = cut(word, width);
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** `0.4s`, `12.3s`, `3m 05s` */
export function duration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 1000) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(tenths / 10);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
}
