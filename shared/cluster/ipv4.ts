/** IPv4 addresses and blocks as numbers. */
export interface Block {
  /** First address of the block. */
  readonly base: number;
  /** Length of the network part, bits. */
  readonly prefix: number;
  /** How many addresses it has. */
  readonly size: number;
}

/** The address as a number below 2^32; undefined where the text is no dotted quad in plain decimal. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet))) return undefined;
  const numbers = octets.map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  return numbers.reduce((sum, number) => sum * 256 + number, 0);
}

/** The address as a dotted quad; the inverse of `parseIpv4`. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** `a.b.c.d/n` whose host part is zero; undefined where the text is none. */
export function parseBlock(text: string): Block | undefined {
  const match = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text);
  const base = match?.[1] === undefined ? undefined : parseIpv4(match[1]);
  const prefix = Number(match?.[2]);
  if (base === undefined || !(prefix <= 32)) return undefined;
  const size = 2 ** (32 - prefix);
  return base % size === 0 ? { base, prefix, size } : undefined;
}

/** Whether the address lies in the block, its first and last included. */
export function contains(block: Block, address: number): boolean {
  return address >= block.base && address < block.base + block.size;
}

/** Whether some address lies in both. */
export function overlap(a: Block, b: Block): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

/**
 * Every subnet's first four addresses and its last are AWS's own (VPC User Guide, "Subnet sizing for IPv4").
 */
export function isReserved(block: Block, address: number): boolean {
  return address < block.base + 4 || address === block.base + block.size - 1;
}
