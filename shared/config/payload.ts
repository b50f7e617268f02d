/**
 * What the node script is handed: the whole configuration of one node as text, one item a line, gzipped, in base64.
 *
 * ```
 * rollcall 1
 * digest <sha256, hex>
 * role controller|zookeeper|broker
 * id 101
 * cluster-id <Kafka uuid>
 * address 10.0.1.10
 * kafka <version> <sha512 of the archive, hex>           both or neither: the Kafka to run,
 * archive <s3://… or https://…>                          and where it comes from on a machine that lacks it
 * volume xfs                                             where the data has a volume of its own
 * region <AWS region>                                    where there are secrets, or an object: where they lie
 * secret <file> <secret id> <JSON key>                   → `secrets/<file>`, mode 0600: that key's value
 * scram <user> <secret id> <JSON key>                    must be a user, by that password, before the node starts
 * object <s3://bucket/key> <content, base64>             shared by the role's nodes, and to be as it says before the node starts
 * format founder <own directory uuid> <id@host:port:directory uuid,…>      or another, see below
 * file <mode> <path relative to the node's home> <content, base64>
 * unit <name> <content, base64>
 * ```
 *
 * The other formats: `join` (a controller or broker of a cluster that exists), `ensemble new` (ZooKeeper, founding: its empty
 * disk may vote), `ensemble join` (ZooKeeper: an empty disk first takes over what the others have), and `none` (a broker whose
 * cluster is kept by ZooKeeper formats its disk by itself).
 *
 * The digest covers what makes a running node what it is. Another archive is another configuration, so the nodes move to it
 * one by one; where that archive lies, what the disk is made on and how it is formatted only matter to a new machine, and a
 * shared object is no node's own. Secrets are named, never held: the script fetches them with the node's own role.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { RoleName } from "../cluster/definition.ts";
import { ROLE_NAMES } from "../cluster/role-kinds.ts";

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

/** One value of a secret, which is a JSON object of texts. */
export interface SecretValue {
  /** Secrets Manager's name or ARN of it. */
  readonly secret: string;
  readonly key: string;
}

/** A secret as a file of its own, `secrets/<file>`, that only Kafka's user can read. */
export interface SecretFile extends SecretValue {
  readonly file: string;
}

/** A SCRAM user and its password. */
export interface ScramUser extends SecretValue {
  readonly user: string;
}

/** An object in S3 that all nodes of a role read, and that is the same whichever of them is rendered. */
export interface SharedObject {
  readonly bucket: string;
  readonly key: string;
  readonly content: string;
}

/** How a node with an empty disk formats it. A node that has formatted before never does it again. */
export type Format =
  | { readonly kind: "none" }
  | { readonly kind: "join" }
  | { readonly kind: "ensemble"; readonly member: "new" | "join" }
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
  /** Absent where nobody is asked who he is. */
  readonly secrets?: readonly SecretFile[];
  readonly files: readonly NodeFile[];
  readonly unit: Unit;
}

export interface Payload extends NodeConfiguration {
  readonly digest: string;
  /** The data has a volume of its own, which the machine comes with. */
  readonly volume?: true;
  /** Where secrets and the shared object lie. */
  readonly region?: string;
  /** Users that have to be there before any node can log in: where the node founds, or may be the first. */
  readonly scram?: readonly ScramUser[];
  readonly object?: SharedObject;
  readonly format: Format;
}

export const PAYLOAD_VERSION = "rollcall 1";

/** Sha256, in hex, of everything that makes the running configuration. */
export function digestOf(configuration: NodeConfiguration): string {
  return createHash("sha256").update(configurationLines(configuration).join("\n")).digest("hex");
}

/** Deterministic: the same configuration makes the same bytes. */
export function encodePayload(payload: Payload): string {
  const lines = [
    PAYLOAD_VERSION,
    `digest ${payload.digest}`,
    ...(payload.archive ? [`archive ${payload.archive.url}`] : []),
    ...(payload.volume ? ["volume xfs"] : []),
    ...(payload.region ? [`region ${payload.region}`] : []),
    ...(payload.scram ?? []).map(({ user, secret, key }) => `scram ${user} ${secret} ${key}`),
    ...(payload.object ? [objectLine(payload.object)] : []),
    formatLine(payload.format),
    ...configurationLines(payload),
  ];
  return pack(lines);
}

/** The script's form of any text: gzipped, in base64. Deterministic. */
export function pack(lines: readonly string[]): string {
  const packed = gzipSync(`${lines.join("\n")}\n`, { level: 9 });
  // zlib leaves the time at 0, but names its operating system in byte 9 (RFC 1952); 255 is "unknown".
  packed[9] = 255;
  return packed.toString("base64");
}

/** @throws {Error} where the text is not packed like that, or of another version */
export function unpack(payload: string): string[] {
  const [version, ...lines] = gunzipSync(Buffer.from(payload, "base64")).toString("utf8").trimEnd().split("\n");
  if (version !== PAYLOAD_VERSION) {
    throw new Error(`payload starts with ${JSON.stringify(version)}, not with "${PAYLOAD_VERSION}"`);
  }
  return lines;
}

function configurationLines(configuration: NodeConfiguration): string[] {
  const { archive } = configuration;
  return [
    `role ${configuration.role}`,
    `id ${configuration.id}`,
    `cluster-id ${configuration.clusterId}`,
    `address ${configuration.address}`,
    ...(archive ? [`kafka ${archive.version} ${archive.sha512}`] : []),
    ...(configuration.secrets ?? []).map(({ file, secret, key }) => `secret ${file} ${secret} ${key}`),
    ...configuration.files.map((file) => `file ${file.mode} ${file.path} ${toBase64(file.content)}`),
    `unit ${configuration.unit.name} ${toBase64(configuration.unit.content)}`,
  ];
}

const objectLine = ({ bucket, key, content }: SharedObject): string =>
  `object s3://${bucket}/${key} ${toBase64(content)}`;

function formatLine(format: Format): string {
  switch (format.kind) {
    case "founder":
      return `format founder ${format.directoryId} ${format.voters.join(",")}`;
    case "ensemble":
      return `format ensemble ${format.member}`;
    default:
      return `format ${format.kind}`;
  }
}

/**
 * The other way round, as the node script reads it.
 *
 * @throws {Error} where the text is not a whole payload of this version
 */
export function decodePayload(payload: string): Payload {
  const items = unpack(payload).map((line) => line.split(" "));

  const all = (key: string): string[][] => items.filter((item) => item[0] === key).map((item) => item.slice(1));
  const atMostOne = (key: string): string[] | undefined => {
    const [found, ...more] = all(key);
    if (more.length > 0) throw new Error(`payload has several ${key} lines`);
    return found;
  };
  const one = (key: string): string[] => {
    const found = atMostOne(key);
    if (!found) throw new Error(`payload has no ${key} lines`);
    return found;
  };
  const [named = ""] = one("role");
  const role = ROLE_NAMES.find((name) => name === named);
  if (!role) throw new Error(`payload has the unknown role ${named}`);
  const archive = toArchive(atMostOne("kafka"), atMostOne("archive"));
  const secrets = all("secret").map(([file = "", secret = "", key = ""]) => ({ file, secret, key }));
  const scram = all("scram").map(([user = "", secret = "", key = ""]) => ({ user, secret, key }));
  const [region] = atMostOne("region") ?? [];
  const object = toObject(atMostOne("object"));
  if (!region && (object || secrets.length + scram.length > 0)) {
    throw new Error("payload names secrets or an object, but not their region");
  }
  const [unitName = "", unitContent = ""] = one("unit");
  return {
    digest: one("digest")[0] ?? "",
    role,
    id: Number(one("id")[0]),
    clusterId: one("cluster-id")[0] ?? "",
    address: one("address")[0] ?? "",
    ...(archive ? { archive } : {}),
    ...(atMostOne("volume") ? { volume: true } : {}),
    ...(region ? { region } : {}),
    ...(scram.length > 0 ? { scram } : {}),
    ...(object ? { object } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    format: toFormat(one("format")),
    files: all("file").map(([mode = "", path = "", content = ""]) => ({ mode, path, content: fromBase64(content) })),
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

function toObject(items: string[] | undefined): SharedObject | undefined {
  if (!items) return undefined;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(items[0] ?? "") ?? [];
  if (bucket && key && items[1]) return { bucket, key, content: fromBase64(items[1]) };
  throw new Error("payload has a malformed object line");
}

function toFormat([kind, first, second]: string[]): Format {
  if (kind === "none" || kind === "join") return { kind };
  if (kind === "ensemble" && (first === "new" || first === "join")) return { kind, member: first };
  if (kind === "founder" && first && second) return { kind, directoryId: first, voters: second.split(",") };
  throw new Error(`payload has the unknown format ${kind}`);
}

const toBase64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString("utf8");
