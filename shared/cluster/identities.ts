import type { PoolAddress, RoleName } from "./definition.ts";
import { parseIpv4 } from "./ipv4.ts";
import type { Path, Problems } from "./problems.ts";
import { absent, type Reader } from "./reader.ts";
import { ROLE_KINDS } from "./role-kinds.ts";
import { checkAddress, type ZonesRead } from "./zones.ts";

/** A role's roster is one DynamoDB item, of at most 400 KB; its members take some 150 bytes each. */
const MOST_IDS = 2000;

export interface RoleContext {
  readonly reader: Reader;
  readonly problems: Problems;
  readonly cluster: string | undefined;
  readonly zones: ZonesRead;
}

/** The pool in the order of its ids; undefined where the role has none, or one that could not be read. */
export function readPool(
  context: RoleContext,
  path: Path,
  name: RoleName,
  mapping: Readonly<Record<string, unknown>>,
): readonly PoolAddress[] | undefined {
  const { reader, problems, zones } = context;
  const kind = ROLE_KINDS[name];
  const at = [...path, "addresses"];
  if (absent(mapping.addresses)) {
    if (kind.duty === "quorum") {
      problems.add(
        at,
        undefined,
        `${kind.members} need fixed addresses, where brokers and each other look for the quorum`,
        "List id, zone and address of each, as {id: 101, zone: eu-central-1a, address: 10.0.1.10}",
      );
    }
    return undefined;
  }
  if (!absent(mapping.ids)) {
    problems.add([...path, "ids"], mapping.ids, "a role with addresses has exactly their ids", "Leave ids out");
  }
  const list = reader.list(at, mapping.addresses);
  if (list === undefined) return undefined;
  const pool: PoolAddress[] = [];
  const ids = new Set<number>();
  const addresses = new Set<string>();
  for (const [index, value] of list.entries()) {
    const here = [...at, index];
    const entry = reader.mapping(here, value, ["id", "zone", "address"]);
    if (entry === undefined) continue;
    const id = reader.whole([...here, "id"], entry.id, kind.ids.lowest, kind.ids.highest, "a node id");
    const zone = reader.text([...here, "zone"], entry.zone, /^/, "the zone of this address", "eu-central-1a");
    const address = reader.text([...here, "address"], entry.address, /^/, "an IPv4 address", "10.0.1.10");
    if (id !== undefined && ids.has(id)) {
      problems.add([...here, "id"], id, "this id is given twice", "Give each address an id of its own");
    } else if (id !== undefined) ids.add(id);
    if (zone !== undefined && zones.complete && !zones.names.has(zone)) {
      problems.add(
        [...here, "zone"],
        zone,
        "this zone is not one of the cluster's",
        `Known are ${[...zones.names].join(", ")}`,
      );
    }
    if (address !== undefined) {
      const known = zones.zones.find((candidate) => candidate.name === zone);
      if (parseIpv4(address) === undefined) {
        problems.add([...here, "address"], address, "this is not an IPv4 address", "Give one such as 10.0.1.10");
      } else if (addresses.has(address)) {
        problems.add(
          [...here, "address"],
          address,
          "this address is given twice",
          "Give each id an address of its own",
        );
      } else if (known !== undefined) checkAddress(problems, [...here, "address"], address, known);
      addresses.add(address);
    }
    if (id !== undefined && zone !== undefined && address !== undefined) pool.push({ id, zone, address });
  }
  if (pool.length < list.length) return undefined;
  return pool.sort((a, b) => a.id - b.id);
}

/** `{from, to}`, both included, or a list; lowest first. */
export function readRange(
  context: RoleContext,
  path: Path,
  name: RoleName,
  mapping: Readonly<Record<string, unknown>>,
): readonly number[] | undefined {
  const { reader, problems } = context;
  const { duty, ids: allowed } = ROLE_KINDS[name];
  const at = [...path, "ids"];
  const value = mapping.ids;
  // Where there are addresses or should be, what is wrong with them has been said.
  if (!absent(mapping.addresses) || (absent(value) && duty === "quorum")) return undefined;
  if (Array.isArray(value)) {
    const ids = value.map((id, index) =>
      reader.whole([...at, index], id, allowed.lowest, allowed.highest, "a node id"),
    );
    const seen = new Set<number>();
    for (const [index, id] of ids.entries()) {
      if (id === undefined) continue;
      if (seen.has(id)) problems.add([...at, index], id, "this id is given twice", "Give each id once");
      seen.add(id);
    }
    return seen.size === value.length ? [...seen].sort((a, b) => a - b) : undefined;
  }
  const range = reader.mapping(at, value, ["from", "to"]);
  if (range === undefined) return undefined;
  const from = reader.whole([...at, "from"], range.from, allowed.lowest, allowed.highest, "the lowest node id");
  const to = reader.whole([...at, "to"], range.to, allowed.lowest, allowed.highest, "the highest node id");
  if (from === undefined || to === undefined) return undefined;
  if (from > to) {
    problems.add(at, value, "the range is empty: from is above to", "Put the lower id first");
    return undefined;
  }
  if (to - from >= MOST_IDS) {
    problems.add(
      at,
      value,
      `a role can have at most ${MOST_IDS} ids, as its roster is one item of the table`,
      "Narrow the range",
    );
    return undefined;
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Every zone's nodes need an address each; where every address is a member, there are no more than that. */
export function checkPoolSize(
  context: RoleContext,
  path: Path,
  name: RoleName,
  pool: readonly PoolAddress[],
  perZone: number,
): void {
  const { spares, members } = ROLE_KINDS[name];
  for (const zone of context.zones.names) {
    const count = pool.filter((entry) => entry.zone === zone).length;
    if (count < perZone) {
      context.problems.add(
        path,
        undefined,
        `${zone} has ${count} addresses for its ${perZone} nodes`,
        `List ${perZone - count} more there, or lower perZone`,
      );
    } else if (count > perZone && !spares) {
      context.problems.add(
        path,
        undefined,
        `${zone} has ${count} addresses for its ${perZone} nodes, and ${members} count all of them for their majority`,
        `List exactly ${perZone} there: a replacement takes over the address of the one it replaces`,
      );
    }
  }
}

/** All of the role's nodes need an id each. */
export function checkRangeSize(
  context: RoleContext,
  path: Path,
  value: unknown,
  ids: readonly number[],
  perZone: number,
): void {
  const zones = context.zones.names.size;
  const needed = zones * perZone;
  if (ids.length >= needed) return;
  context.problems.add(
    path,
    value,
    `${ids.length} ids are too few for ${needed} nodes (${zones} zones, ${perZone} in each)`,
    `Give at least ${needed} ids`,
  );
}
