import type { Supervisor } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";

/** S3 User Guide, "General purpose bucket naming rules", without dots, which TLS to a bucket's own name cannot have. */
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
/** Of an object, in characters that need no escapes; no colon, which parts bucket and key on Exhibitor's command line. */
const KEY = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/** What starts the members of an ensemble; undefined where it could not be read. */
export function readSupervisor(reader: Reader, problems: Problems, path: Path, value: unknown): Supervisor | undefined {
  if (absent(value)) return { kind: "systemd" };
  const mapping = reader.mapping(path, value, ["kind", "bucket", "key"]);
  if (mapping === undefined) return undefined;
  const kind = reader.oneOf([...path, "kind"], mapping.kind, ["systemd", "exhibitor"], "a supervisor");
  if (kind === undefined) return undefined;
  if (kind === "systemd") {
    const [stray] = (["bucket", "key"] as const).filter((key) => !absent(mapping[key]));
    if (stray === undefined) return { kind };
    problems.add([...path, stray], mapping[stray], "systemd needs none of it", "Leave it out, or use exhibitor");
    return undefined;
  }
  const bucket = reader.text([...path, "bucket"], mapping.bucket, BUCKET, "an S3 bucket's name", "orders-zookeeper");
  const key = reader.text([...path, "key"], mapping.key, KEY, "an S3 object's key", "exhibitor/orders.properties");
  return bucket === undefined || key === undefined ? undefined : { kind, bucket, key };
}
