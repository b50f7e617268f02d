import type { NodeImage, Periods, Role } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";

const IMAGE = /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/;
/**
 * Bucket names as S3 has them; keys and paths of characters that mean nothing to a shell and need no escapes in an address.
 */
const ARCHIVE_URL =
  /^(s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?)(\/[A-Za-z0-9._~+=@-]+)+$/;
const SHA512 = /^[0-9a-f]{128}$/;

/**
 * Seconds that a first command with an archive may take: 60 until the node's address is there, 300 for Java and Kafka, 60 for
 * formatting the disk (resources/node/rollcall-node.sh).
 */
export const INSTALLING_COMMAND = 420;

/** What the instances are made of; undefined where something of it could not be read. */
export function readNodes(reader: Reader, path: Path, value: unknown): NodeImage | undefined {
  if (absent(value)) return {};
  const mapping = reader.mapping(path, value, ["image", "archive"]);
  if (mapping === undefined) return undefined;
  const image = absent(mapping.image)
    ? undefined
    : reader.text([...path, "image"], mapping.image, IMAGE, "an AMI's id", "ami-0a1b2c3d4e5f60718");
  const archive = absent(mapping.archive) ? undefined : readArchive(reader, [...path, "archive"], mapping.archive);
  if ((!absent(mapping.image) && image === undefined) || (!absent(mapping.archive) && archive === undefined)) {
    return undefined;
  }
  return { ...(image === undefined ? {} : { image }), ...(archive === undefined ? {} : { archive }) };
}

function readArchive(reader: Reader, path: Path, value: unknown): NodeImage["archive"] {
  const mapping = reader.mapping(path, value, ["url", "sha512"]);
  if (mapping === undefined) return undefined;
  const url = reader.text(
    [...path, "url"],
    mapping.url,
    ARCHIVE_URL,
    "the address of Kafka's archive, s3:// or https://",
    "s3://my-artifacts/kafka_2.13-4.3.1.tgz",
  );
  const sha512 = reader.text(
    [...path, "sha512"],
    mapping.sha512,
    SHA512,
    "the archive's SHA-512 (128 hexadecimal digits, lower case)",
    "what `sha512sum kafka_2.13-4.3.1.tgz` prints",
  );
  return url === undefined || sha512 === undefined ? undefined : { url, sha512 };
}

/** What the nodes are made of against the rest: there must be a Kafka, of the version asked for, and time to install it. */
export function checkNodes(
  problems: Problems,
  path: Path,
  nodes: NodeImage,
  rest: { readonly version: string; readonly roles: readonly Role[]; readonly periods: Periods },
): void {
  const { image, archive } = nodes;
  const isOwn = (role: Role) => role.groups.some((group) => !group.existing);
  const own = rest.roles.some(isOwn);
  const supervised = rest.roles.find((role) => role.supervisor?.kind === "exhibitor" && isOwn(role));
  if (image === undefined && supervised) {
    problems.add(
      ["roles", supervised.name, "supervisor", "kind"],
      "exhibitor",
      "the instances would have no Exhibitor: neither Amazon Linux nor Kafka's archive brings it",
      "Give nodes.image, with Exhibitor's jars in /opt/exhibitor/libs, or use systemd",
    );
  }
  if (image === undefined && archive === undefined && own) {
    problems.add(
      path,
      undefined,
      "the instances would have no Kafka: Amazon Linux brings none",
      "Give archive, with url and sha512, or an image that has Kafka and Java",
    );
  }
  if (archive === undefined) return;
  const named = /-(\d+\.\d+\.\d+)\.(tgz|tar\.gz)$/.exec(archive.url)?.[1];
  if (named !== undefined && named !== rest.version) {
    problems.add(
      [...path, "archive", "url"],
      archive.url,
      `by its name this is Kafka ${named}, but kafka.version is ${rest.version}`,
      "Change them together",
    );
  }
  if (rest.periods.command < INSTALLING_COMMAND * 1000) {
    problems.add(
      ["periods", "command"],
      rest.periods.command / 1000,
      `a command that installs Kafka may take ${INSTALLING_COMMAND} s`,
      `Give at least ${INSTALLING_COMMAND}, or an image that has Kafka`,
    );
  }
}
