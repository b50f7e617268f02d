import { ownedBy } from "../config/owned.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";

export type Settings = Readonly<Record<string, string>>;

const NAME = /^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;

/** Whose settings they are, with one for an example. */
const PROGRAMS = {
  kafka: { title: "Kafka", example: "log.retention.hours" },
  zookeeper: { title: "ZooKeeper", example: "autopurge.snapRetainCount" },
} as const;

/**
 * A program's settings: names to texts. Numbers and booleans become the text that YAML and JSON write for them; a whole number too
 * large for a double is refused, as it would not be the one that was written.
 */
export function readSettings(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
  program: keyof typeof PROGRAMS,
): Settings | undefined {
  const { title, example } = PROGRAMS[program];
  if (absent(value)) return {};
  const mapping = reader.openMapping(path, value);
  if (mapping === undefined) return undefined;
  const settings: [string, string][] = [];
  for (const [name, given] of Object.entries(mapping)) {
    const at = [...path, name];
    const owned = ownedBy(program, name);
    if (owned !== undefined) {
      problems.add(at, given, `this setting is Rollcall's own: ${owned}`, "Leave it out");
    } else if (!NAME.test(name)) {
      problems.add(
        at,
        given,
        `this is not the name of a ${title} setting`,
        `Write it as ${title} does, such as ${example}`,
      );
    } else {
      const text = settingText(problems, at, given);
      if (text !== undefined) settings.push([name, text]);
    }
  }
  // fromEntries defines own properties, so that no name reaches a prototype.
  return Object.fromEntries(settings.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function settingText(problems: Problems, path: Path, value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) {
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value);
    problems.add(path, value, "this number is too large to be kept exactly", "Put it in quotes");
    return undefined;
  }
  const remedy = Array.isArray(value)
    ? "Write the list as one text, a,b,c"
    : "Write its whole name with dots, and one value";
  problems.add(path, value, "a setting's value must be text, a number, true or false", remedy);
  return undefined;
}
