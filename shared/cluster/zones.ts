import type { Zone } from "./definition.ts";
import { type Block, contains, isReserved, overlap, parseBlock, parseIpv4 } from "./ipv4.ts";
import type { Path, Problems } from "./problems.ts";
import type { Reader } from "./reader.ts";

/** What could be read of the zones: enough to check the rest of the definition against. */
export interface ZonesRead {
  /** Only those without a problem. */
  readonly zones: readonly Zone[];
  /** Every zone name that could be read, also where the zone has another problem. */
  readonly names: ReadonlySet<string>;
  /** Whether each zone's name could be read. */
  readonly complete: boolean;
}

const SUBNET = /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/;
/** Zones of a region add a letter; local and Wavelength zones a place of their own (EC2 User Guide, "Regions and Zones"). */
const ZONE = /^[a-z]{2,4}(-[a-z]+)+-\d+(-[a-z0-9]+)*[a-z]$/;

/** Reads the definition's `zones`: name, subnet and its block of addresses. What is wrong is added to `problems`, by its path. */
export function readZones(
  reader: Reader,
  problems: Problems,
  path: Path,
  value: unknown,
  region: string | undefined,
): ZonesRead {
  const zones: Zone[] = [];
  const names = new Set<string>();
  const subnets = new Set<string>();
  const blocks: { readonly block: Block; readonly cidr: string; readonly path: Path }[] = [];
  const list = reader.list(path, value);
  let complete = list !== undefined;
  if (list?.length === 0) {
    problems.add(path, value, "there must be at least one zone", "Give each zone with its name, subnet and cidr");
    complete = false;
  }
  for (const [index, given] of (list ?? []).entries()) {
    const at = [...path, index];
    const mapping = reader.mapping(at, given, ["name", "subnet", "cidr"]);
    if (mapping === undefined) {
      complete = false;
      continue;
    }
    const name = reader.text([...at, "name"], mapping.name, ZONE, "an availability zone", "eu-central-1a");
    const subnet = reader.text([...at, "subnet"], mapping.subnet, SUBNET, "a subnet's id", "subnet-0a1b2c3d4e5f60718");
    const cidr = reader.text([...at, "cidr"], mapping.cidr, /^/, "the subnet's IPv4 block", "10.0.1.0/24");
    if (name === undefined) complete = false;
    else if (names.has(name)) problems.add([...at, "name"], name, "this zone is named twice", "Give each zone once");
    else {
      names.add(name);
      if (region !== undefined && !inRegion(name, region)) {
        problems.add([...at, "name"], name, `this zone is not in ${region}`, "Give zones of the cluster's region");
      }
    }
    if (subnet !== undefined && subnets.has(subnet)) {
      problems.add(
        [...at, "subnet"],
        subnet,
        "this subnet is another zone's",
        "A subnet lies in one zone: give each its own",
      );
    } else if (subnet !== undefined) subnets.add(subnet);
    const block = cidr === undefined ? undefined : readBlock(problems, [...at, "cidr"], cidr);
    if (cidr !== undefined && block !== undefined) {
      const other = blocks.find((other) => overlap(other.block, block));
      if (other !== undefined) {
        problems.add(
          [...at, "cidr"],
          cidr,
          `this block overlaps ${other.cidr}`,
          "Subnets of one VPC are disjoint: look them up",
        );
      }
      blocks.push({ block, cidr, path: at });
    }
    if (name !== undefined && subnet !== undefined && cidr !== undefined && block !== undefined) {
      zones.push({ name, subnet, cidr });
    }
  }
  return { zones, names, complete };
}

/** Subnets have 16 to 28 network bits (VPC User Guide, "Subnet CIDR blocks"). */
function readBlock(problems: Problems, path: Path, cidr: string): Block | undefined {
  const block = parseBlock(cidr);
  const remedy = "Give the subnet's IPv4 block, for example 10.0.1.0/24";
  if (block === undefined) problems.add(path, cidr, "this is not an IPv4 block with a zero host part", remedy);
  else if (block.prefix < 16 || block.prefix > 28) {
    problems.add(path, cidr, "no subnet is that large or small: they have /16 to /28", remedy);
    return undefined;
  }
  return block;
}

function inRegion(zone: string, region: string): boolean {
  return zone.startsWith(region) && /^([a-z]|-[a-z0-9-]+[a-z])$/.test(zone.slice(region.length));
}

/** Checks a fixed address against its zone's subnet. */
export function checkAddress(problems: Problems, path: Path, address: string, zone: Zone): void {
  const block = parseBlock(zone.cidr);
  const number = parseIpv4(address);
  if (block === undefined || number === undefined) return;
  if (!contains(block, number)) {
    problems.add(path, address, `this address is not in ${zone.name}'s subnet, ${zone.cidr}`, "Give one that is");
  } else if (isReserved(block, number)) {
    problems.add(
      path,
      address,
      `AWS keeps the first four addresses and the last of ${zone.cidr} for itself`,
      "Give one between them",
    );
  }
}
