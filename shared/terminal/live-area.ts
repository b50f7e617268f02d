/** The part of a terminal that is drawn again and again, below what has been written for good. */
import { widthOf } from "./text.ts";

/** What the view needs of `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";
/** Synchronized output: a terminal that knows it shows the frame as a whole, others ignore it. */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const ERASE_LINE = "\u001b[K";
const ERASE_BELOW = "\u001b[J";

/** Lines drawn over those drawn before, and others written above them for good; for a terminal only. */
export class LiveArea {
  readonly #out: Output;
  #drawn: readonly string[] = [];
  #hidden = false;

  constructor(out: Output) {
    this.#out = out;
  }

  /** One column less than there is: a full line would make some terminals go to the next one. */
  get width(): number {
    return Math.max(20, (this.#out.columns ?? 80) - 1);
  }

  /** One row less than there is: the cursor stands below the area. */
  get height(): number {
    return Math.max(3, (this.#out.rows ?? 24) - 1);
  }

  /** Replaces the area; `above` is written for good, over it. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const frame = [...above, ...lines].map((line) => `${line}${ERASE_LINE}\n`).join("");
    this.#out.write(`${BEGIN}${this.#hide()}${this.#top()}${frame}${ERASE_BELOW}${END}`);
    this.#drawn = lines;
  }

  /** Leaves the area as it stands, and the terminal as it was found. */
  release(): void {
    if (this.#hidden) this.#out.write(SHOW);
    this.#hidden = false;
    this.#drawn = [];
  }

  #hide(): string {
    if (this.#hidden) return "";
    this.#hidden = true;
    return HIDE;
  }

  /** To the area's first row; lines that a narrower window has broken meanwhile take several. */
  #top(): string {
    const columns = this.#out.columns ?? 80;
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
  }
}
