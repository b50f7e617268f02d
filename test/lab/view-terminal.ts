/** As much of a terminal as the view uses: what would be seen, after all that was written to it. */
export class Terminal {
  readonly isTTY = true;
  columns: number;
  rows: number;
  cursorShown = true;
  /** Everything that was written. */
  raw = "";
  #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns = 120, rows = 30) {
    this.columns = columns;
    this.rows = rows;
  }

  /** What stands in it, scrollback and all, without blanks at the ends. */
  get lines(): string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** Breaks what is too long now, as terminals that reflow do; the cursor keeps its distance from the end. */
  resize(columns: number): void {
    const below = this.#lines.length - this.#row;
    this.#lines = this.#lines.flatMap((line) => {
      const pieces: string[] = [];
      for (let at = 0; at < Math.max(1, line.trimEnd().length); at += columns)
        pieces.push(line.slice(at, at + columns));
      return pieces;
    });
    this.columns = columns;
    this.#row = this.#lines.length - below;
  }

  write(text: string): void {
    this.raw += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are driven by them.
    for (const [token, , numbers = "", final = ""] of text.matchAll(/(\u001b\[([?\d;]*)([a-zA-Z]))|[\s\S]/gu)) {
      if (final === "") this.#put(token);
      else this.#control(numbers, final);
    }
  }

  #put(character: string): void {
    if (character === "\n") {
      this.#row++;
      this.#column = 0;
      if (this.#row === this.#lines.length) this.#lines.push("");
    } else if (character === "\r") {
      this.#column = 0;
    } else {
      if (this.#column >= this.columns) throw new Error(`a line is wider than ${this.columns} columns`);
      const line = [...(this.#lines[this.#row] ?? "").padEnd(this.#column)];
      line[this.#column++] = character;
      this.#lines[this.#row] = line.join("");
    }
  }

  #control(numbers: string, final: string): void {
    if (final === "A") {
      if (Number(numbers) >= this.rows) throw new Error(`${numbers} rows up is out of the window`);
      this.#row = Math.max(0, this.#row - Number(numbers));
    } else if (final === "K") {
      this.#lines[this.#row] = [...(this.#lines[this.#row] ?? "")].slice(0, this.#column).join("");
    } else if (final === "J") {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = [...(this.#lines[this.#row] ?? "")].slice(0, this.#column).join("");
    } else if (numbers === "?25") {
      this.cursorShown = final === "h";
    } else if (final !== "m" && numbers !== "?2026") {
      throw new Error(`the terminal of the test does not know ${JSON.stringify(numbers + final)}`);
    }
  }
}
