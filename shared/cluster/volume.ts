import type { RoleName, Volume } from "./definition.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import { ROLE_KINDS } from "./role-kinds.ts";

interface Limits {
  /** GiB. */
  readonly size: Range;
  readonly iops: Range;
  readonly iopsPerGib: number;
  /** MiB/s; absent where the type has it follow from its IOPS. */
  readonly throughput?: Range;
  /** What the type gives by itself, where it does. */
  readonly own?: { readonly iops: number; readonly throughput: number };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** EBS User Guide, "General Purpose SSD volumes" and "Provisioned IOPS SSD volumes". */
const LIMITS: Readonly<Record<Volume["type"], Limits>> = {
  gp3: {
    size: { from: 1, to: 65_536 },
    iops: { from: 3000, to: 80_000 },
    iopsPerGib: 500,
    throughput: { from: 125, to: 2000 },
    own: { iops: 3000, throughput: 125 },
  },
  io2: { size: { from: 4, to: 65_536 }, iops: { from: 100, to: 256_000 }, iopsPerGib: 1000 },
};

/** MiB/s that each provisioned IOPS of a gp3 volume can carry. */
const THROUGHPUT_PER_IOPS = 0.25;

/** A role's data volume; undefined where something of it could not be read. */
export function readVolume(
  reader: Reader,
  problems: Problems,
  path: Path,
  role: RoleName,
  value: unknown,
): Volume | undefined {
  const mapping = absent(value) ? {} : reader.mapping(path, value, ["size", "type", "iops", "throughput"]);
  if (mapping === undefined) return undefined;
  const type = absent(mapping.type)
    ? "gp3"
    : reader.oneOf([...path, "type"], mapping.type, ["gp3", "io2"], "an EBS volume type");
  if (type === undefined) return undefined;
  const limits = LIMITS[type];
  const whole = (key: string, range: Range, what: string): number | undefined =>
    reader.whole([...path, key], mapping[key], range.from, range.to, `${what} of ${type}`);

  const size = absent(mapping.size) ? ROLE_KINDS[role].volume : whole("size", limits.size, "the size in GiB");
  // A type that gives no IOPS by itself has to be told how many: absent is then missing.
  const withoutIops = absent(mapping.iops) && limits.own !== undefined;
  const iops = withoutIops ? undefined : whole("iops", limits.iops, "the IOPS");
  const throughput =
    absent(mapping.throughput) || !limits.throughput
      ? undefined
      : whole("throughput", limits.throughput, "the throughput in MiB/s");
  if (!absent(mapping.throughput) && !limits.throughput) {
    const problem = `the throughput of ${type} follows from its IOPS`;
    problems.add([...path, "throughput"], mapping.throughput, problem, "Leave it out, or use gp3");
    return undefined;
  }
  if (
    size === undefined ||
    (!withoutIops && iops === undefined) ||
    (!absent(mapping.throughput) && throughput === undefined)
  ) {
    return undefined;
  }
  const volume: Volume = {
    size,
    type,
    ...(iops === undefined ? {} : { iops }),
    ...(throughput === undefined ? {} : { throughput }),
  };
  checkTogether(problems, path, volume, limits);
  return volume;
}

function checkTogether(problems: Problems, path: Path, volume: Volume, limits: Limits): void {
  const { size, type, throughput } = volume;
  const iops = volume.iops ?? limits.own?.iops ?? 0;
  // What a type gives by itself it gives at any size.
  if (volume.iops !== undefined && volume.iops > Math.max(size * limits.iopsPerGib, limits.own?.iops ?? 0)) {
    problems.add(
      [...path, "iops"],
      volume.iops,
      `${size} GiB of ${type} carry ${size * limits.iopsPerGib} IOPS at most`,
      `Give at most ${limits.iopsPerGib} for each GiB, or a larger size`,
    );
  }
  if (throughput !== undefined && throughput > Math.max(iops * THROUGHPUT_PER_IOPS, limits.own?.throughput ?? 0)) {
    problems.add(
      [...path, "throughput"],
      throughput,
      `${iops} IOPS carry ${iops * THROUGHPUT_PER_IOPS} MiB/s at most`,
      `Give at least ${throughput / THROUGHPUT_PER_IOPS} IOPS, or less throughput`,
    );
  }
}
