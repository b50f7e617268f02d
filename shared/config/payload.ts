/**
 * What the node script is handed: the whole configuration of one node as text, one item a line, gzipped, in base64.
 *
 * ```
 * rollcall 1
 * digest <sha256, hex>
 * role controller|broker
 * id 101
 * cluster-id <Kafka uuid>
 * address 10.0.1.10
 * kafka <version> <sha512 of the archive, hex>           both or neither: the Kafka to run,
 * archive <s3://… or https://…>                          and where it comes from on a machine that lacks it
 * volume xfs                                             where the data has a volume of its own
 * format founder <own directory uuid> <id@host:port:directory uuid,…>      or: format join
 * file <mode> <path relative to the node's home> <content, base64>
 * unit <name> <content, base64>
 * ```
 *
 * The digest covers what makes a running node what it is. Another archive is another configuration, so the nodes move to it
 * one by one; where that archive lies, what the disk is made on and how it is formatted only matter to a new machine.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { RoleName } from "../cluster/definition.ts";

export interface NodeFile {
  /** Octal, e.g. `0644`. */
  readonly mode: string;
  /** Relative to the node's home. */
  readonly path: string;
  readonly content: string;
}

export interface Unit {
  /** systemd's name of it, with `.service`. */
  readonly name: string;
  readonly content: string;
}

/** How a node with an empty disk formats it. A node that has formatted before never does it again. */
export type Format =
  | { readonly kind: "join" }
  | {
      readonly kind: "founder";
      /** The node's own, as it stands among the voters. */
      readonly directoryId: string;
      /** `id@host:port:directoryId`, as `--initial-controllers` takes them. */
      readonly voters: readonly string[];
    };

/** Kafka as an archive, for a machine that does not have that version. */
export interface Archive {
  /** Kafka's, e.g. `4.3.1`. */
  readonly version: string;
  /** Hex. */
  readonly sha512: string;
  /** `s3://bucket/key` or `https://…`. */
  readonly url: string;
}

/** All that makes a node run as it does. */
export interface NodeConfiguration {
  readonly role: RoleName;
  readonly id: number;
  readonly clusterId: string;
  /** What it must wait for and listen on. */
  readonly address: string;
  /** Absent where the machine has a Kafka, whichever it is. */
  readonly archive?: Archive;
  readonly files: readonly NodeFile[];
  readonly unit: Unit;
}

export interface Payload extends NodeConfiguration {
  readonly digest: string;
  /** The data has a volume of its own, which the machine comes with. */
  readonly volume?: true;
  readonly format: Format;
}

const VERSION = "rollcall 1";

/** Sha256, in hex, of everything that makes the running configuration. */
export function digestOf(configuration: NodeConfiguration): string {
  return createHash("sha256").update(configurationLines(configuration).join("\n")).digest("hex");
}

/** Deterministic: the same configuration makes the same bytes. */
export function encodePayload(payload: Payload): string {
  const lines = [
    VERSION,
    `digest ${payload.digest}`,
    ...(payload.archive ? [`archive ${payload.archive.url}`] : []),
    ...(payload.volume ? ["volume xfs"] : []),
    formatLine(payload.format),
    ...configurationLines(payload),
  ];
  const packed = gzipSync(`${lines.join("\n")}\n`, { level: 9 });
  // zlib leaves the time at 0, but names its operating system in byte 9 (RFC 1952); 255 is "unknown".
  packed[9] = 255;
  return packed.toString("base64");
}

function configurationLines(configuration: NodeConfiguration): string[] {
  const { archive } = configuration;
  return [
    `role ${configuration.role}`,
    `id ${configuration.id}`,
    `cluster-id ${configuration.clusterId}`,
    `address ${configuration.address}`,
    ...(archive ? [`kafka ${archive.version} ${archive.sha512}`] : []),
    ...configuration.files.map((file) => `file ${file.mode} ${file.path} ${toBase64(file.content)}`),
    `unit ${configuration.unit.name} ${toBase64(configuration.unit.content)}`,
  ];
}

function formatLine(format: Format): string {
  return format.kind === "join" ? "format join" : `format founder ${format.directoryId} ${format.voters.join(",")}`;
}

/**
 * The other way round, as the node script reads it.
 *
 * @throws {Error} where the text is not a whole payload of this version
 */
export function decodePayload(payload: string): Payload {
  const [version, ...lines] = gunzipSync(Buffer.from(payload, "base64")).toString("utf8").trimEnd().split("\n");
  if (version !== VERSION) throw new Error(`payload starts with ${JSON.stringify(version)}, not with "${VERSION}"`);
  const items = lines.map((line) => line.split(" "));

  const atMostOne = (key: string): string[] | undefined => {
    const [found, ...more] = items.filter((item) => item[0] === key);
    if (more.length > 0) throw new Error(`payload has several ${key} lines`);
    return found?.slice(1);
  };
  const one = (key: string): string[] => {
    const found = atMostOne(key);
    if (!found) throw new Error(`payload has no ${key} lines`);
    return found;
  };
  const [role = ""] = one("role");
  if (role !== "broker" && role !== "controller") throw new Error(`payload has the unknown role ${role}`);
  const archive = toArchive(atMostOne("kafka"), atMostOne("archive"));
  const [unitName = "", unitContent = ""] = one("unit");
  return {
    digest: one("digest")[0] ?? "",
    role,
    id: Number(one("id")[0]),
    clusterId: one("cluster-id")[0] ?? "",
    address: one("address")[0] ?? "",
    ...(archive ? { archive } : {}),
    ...(atMostOne("volume") ? { volume: true } : {}),
    format: toFormat(one("format")),
    files: items
      .filter((item) => item[0] === "file")
      .map(([, mode = "", path = "", content = ""]) => ({ mode, path, content: fromBase64(content) })),
    unit: { name: unitName, content: fromBase64(unitContent) },
  };
}

function toArchive(kafka: string[] | undefined, source: string[] | undefined): Archive | undefined {
  if (!kafka && !source) return undefined;
  const [version, sha512] = kafka ?? [];
  const [url] = source ?? [];
  if (version && sha512 && url) return { version, sha512, url };
  throw new Error("payload names a Kafka without its archive, or the other way round");
}

function toFormat([kind, directoryId, voters]: string[]): Format {
  if (kind === "join") return { kind };
  if (kind === "founder" && directoryId && voters) return { kind, directoryId, voters: voters.split(",") };
  throw new Error(`payload has the unknown format ${kind}`);
}

const toBase64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString("utf8");
