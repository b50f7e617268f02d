import type { Definition, Mode } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import { readSettings } from "./settings.ts";

const VERSION = /^\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** Which Kafka, where it keeps its metadata, and its settings; `mode` is undefined where it could not be read. */
export function readKafka(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
): { readonly mode: Mode | undefined; readonly kafka: Definition["kafka"] | undefined } {
  const mapping = reader.mapping(path, value, ["version", "mode", "settings"]);
  if (mapping === undefined) return { mode: undefined, kafka: undefined };
  const version = reader.text([...path, "version"], mapping.version, VERSION, "a whole Kafka version", "4.3.1");
  const mode: Mode | undefined = absent(mapping.mode)
    ? "kraft"
    : reader.oneOf([...path, "mode"], mapping.mode, ["kraft", "zookeeper"], "a mode that Rollcall runs");
  const settings = readSettings(reader, problems, [...path, "settings"], mapping.settings, "kafka");
  if (version === undefined || mode === undefined || settings === undefined) return { mode, kafka: undefined };
  VERSION_RULES[mode](problems, [...path, "version"], version);
  return { mode, kafka: { version, mode, settings } };
}

const VERSION_RULES: Readonly<Record<Mode, (problems: Problems, path: Path, version: string) => void>> = {
  /**
   * A replaced controller takes its former incarnation's vote by itself only from 4.2 on (`controller.quorum.auto.join.enable`);
   * 4.0 may besides elect an empty replica from its ELR, and before it quorums were static.
   */
  kraft: (problems, path, version) => {
    const [major, minor] = parts(version);
    if (major === 4 && minor >= 2) return;
    const problem =
      major > 4
        ? "this Kafka is newer than this Rollcall knows"
        : "this Kafka is too old: only from 4.2 on does a replaced controller join its quorum by itself";
    problems.add(path, version, problem, "Use 4.2.0 or a later 4.x");
  },
  /** 3.9 is the last line with ZooKeeper, and the one that those before it are upgraded to. */
  zookeeper: (problems, path, version) => {
    const [major, minor] = parts(version);
    if (major === 3 && minor === 9) return;
    const problem =
      major > 3
        ? "Kafka 4 knows no ZooKeeper"
        : "this Kafka is too old: of those with ZooKeeper, Rollcall runs the last";
    problems.add(path, version, problem, "Use 3.9.x, or mode kraft");
  },
};

function parts(version: string): [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
}
