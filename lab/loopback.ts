import type { Definition, Zone } from "../shared/cluster/definition.ts";
import { type Block, ipv4Text, parseBlock, parseIpv4 } from "../shared/cluster/ipv4.ts";

/** `127.<slot>.0.0` has this many addresses. */
const SLOT_SIZE = 2 ** 16;
/** A zone takes whole third octets, so that an address tells its zone. */
const LEAST_ZONE_SIZE = 2 ** 8;

/**
 * The same cluster on this machine's loopback addresses, so that real processes can run it: each zone's subnet moves to a block
 * of its own in `127.<slot>.0.0/16`, and each fixed address to the same place in it. With subnets of /24 or less, zone i has
 * `127.<slot>.<i>.x`. Places near a subnet's ends stay as unusable as AWS makes them, so `.0` and `.255` of it are never given.
 *
 * `slot` (1 to 254) keeps clusters on one machine apart. Throws where the subnets do not fit into a slot.
 */
export function toLoopback(definition: Definition, slot: number): Definition {
  if (!Number.isInteger(slot) || slot < 1 || slot > 254) {
    throw new RangeError(`cannot move cluster ${definition.cluster} to 127.${slot}.x.y: give a slot from 1 to 254`);
  }
  const blocks = definition.zones.map((zone) => ({ zone, block: blockOf(zone) }));
  const zoneSize = Math.max(LEAST_ZONE_SIZE, ...blocks.map(({ block }) => block.size));
  if (zoneSize * blocks.length > SLOT_SIZE) {
    throw new RangeError(
      `cannot move cluster ${definition.cluster} to 127.${slot}.x.y: its ${blocks.length} zones, the largest a ` +
        `/${32 - Math.log2(zoneSize)}, have more than ${SLOT_SIZE} addresses; give smaller cidr blocks`,
    );
  }
  const slotBase = 127 * 2 ** 24 + slot * 2 ** 16;
  const moves = new Map(
    blocks.map(({ zone, block }, index) => [zone.name, { from: block, to: slotBase + index * zoneSize }]),
  );
  const moved = (address: string, zone: string): string => {
    const move = moves.get(zone);
    const number = parseIpv4(address);
    if (move === undefined || number === undefined) throw new Error(`${address} is no address of zone ${zone}`);
    return ipv4Text(move.to + number - move.from.base);
  };
  return {
    ...definition,
    zones: definition.zones.map((zone) => {
      const move = moves.get(zone.name);
      return move === undefined ? zone : { ...zone, cidr: `${ipv4Text(move.to)}/${move.from.prefix}` };
    }),
    roles: definition.roles.map((role) =>
      role.pool === undefined
        ? role
        : { ...role, pool: role.pool.map((entry) => ({ ...entry, address: moved(entry.address, entry.zone) })) },
    ),
  };
}

function blockOf(zone: Zone): Block {
  const block = parseBlock(zone.cidr);
  if (block === undefined) throw new Error(`${zone.cidr} of zone ${zone.name} is no IPv4 block`);
  return block;
}
