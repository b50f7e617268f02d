/**
 * The `.properties` format of `java.util.Properties`: what Kafka and Log4j read. Written in pure ASCII, so that it does
 * not matter whether the reader takes the file for ISO 8859-1 (`Properties.load(InputStream)`) or for UTF-8.
 */

/** One `key=value` line per entry, sorted by key, so that the same settings always make the same bytes. */
export function formatProperties(settings: Readonly<Record<string, string>>): string {
  return Object.keys(settings)
    .sort()
    .map((key) => `${escapeKey(key)}=${escapeValue(settings[key] ?? "")}\n`)
    .join("");
}

/** A key ends at the first unescaped space, `=` or `:`; a line that starts with `#` or `!` is a comment. */
function escapeKey(key: string): string {
  return escapeText(key).replace(/[ =:#!]/g, "\\$&");
}

/** In a value only leading blanks would be lost: Java skips them after the separator. */
function escapeValue(value: string): string {
  return escapeText(value).replace(/^ +/, (blanks) => "\\ ".repeat(blanks.length));
}

const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f" };

/** As good as every text there is. */
const PLAIN = /^[ -[\]-~]*$/;

/** Backslashes, control characters and whatever is not ASCII, by UTF-16 unit as Java counts characters. */
function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charAt(i);
    const plain = unit >= " " && unit <= "~" && unit !== "\\";
    escaped += plain ? unit : (NAMED[unit] ?? `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`);
  }
  return escaped;
}

/**
 * Reads the format as `java.util.Properties.load` does: comments, blank lines, continued lines, all three separators,
 * the last of several equal keys wins.
 *
 * @throws {SyntaxError} where a `\u` is not followed by four hexadecimal digits, as Java throws there
 */
export function parseProperties(text: string): Record<string, string> {
  const settings: [string, string][] = [];
  for (const line of logicalLines(text)) {
    const end = keyEnd(line);
    const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, "");
    settings.push([unescapeText(line.slice(0, end)), unescapeText(rest)]);
  }
  return Object.fromEntries(settings);
}

/** Lines with their continuations joined; without comments and blank lines. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, "");
    if (open === undefined && (line === "" || line.startsWith("#") || line.startsWith("!"))) continue;
    const joined = (open ?? "") + line;
    const backslashes = /\\*$/.exec(line)?.[0].length ?? 0;
    if (backslashes % 2 === 1) {
      open = joined.slice(0, -1);
    } else {
      lines.push(joined);
      open = undefined;
    }
  }
  if (open) lines.push(open);
  return lines;
}

function keyEnd(line: string): number {
  return /^(?:\\[\s\S]?|[^ \t\f=:\\])*/.exec(line)?.[0].length ?? 0;
}

const CONTROL: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function unescapeText(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g, (_, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (code === "u") throw new SyntaxError(`malformed \\uxxxx escape in ${JSON.stringify(text)}`);
    return CONTROL[code] ?? code;
  });
}
