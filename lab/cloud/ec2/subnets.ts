/** Subnets, and which addresses they have to give. */
import { AwsError } from "../service.ts";

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  /** Availability zone, e.g. `eu-central-1a`. */
  readonly zone: string;
  /** IPv4 block, e.g. `10.0.1.0/24`. */
  readonly cidr: string;
}

export class Subnets {
  readonly #subnets = new Map<string, Subnet>();
  /** Last address given by itself, by subnet: the next search goes on from there, so that addresses come back late. */
  readonly #last = new Map<string, number>();

  add(subnet: Subnet): void {
    this.#subnets.set(subnet.id, subnet);
  }

  all(): Subnet[] {
    return [...this.#subnets.values()];
  }

  /** Throws InvalidSubnetID.NotFound. */
  get(id: string): Subnet {
    const subnet = this.#subnets.get(id);
    if (!subnet) throw new AwsError("InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`);
    return subnet;
  }

  /** An address of the subnet that is not taken. Throws InsufficientFreeAddressesInSubnet. */
  free(subnet: Subnet, taken: (address: string) => boolean): string {
    const { first, last } = hosts(subnet.cidr);
    const size = last - first + 1;
    const start = (this.#last.get(subnet.id) ?? first - 1) + 1;
    for (let step = 0; step < size; step++) {
      const number = first + ((start - first + step) % size);
      const address = toText(number);
      if (taken(address)) continue;
      this.#last.set(subnet.id, number);
      return address;
    }
    throw new AwsError(
      "InsufficientFreeAddressesInSubnet",
      `Insufficient free addresses in subnet '${subnet.id}' to create the requested resource.`,
    );
  }

  /** How many addresses it has to give in all. */
  size({ cidr }: Subnet): number {
    const { first, last } = hosts(cidr);
    return last - first + 1;
  }

  /** Throws InvalidParameterValue where the address is not one that the subnet may give. */
  mustContain(subnet: Subnet, address: string): void {
    const { first, last } = hosts(subnet.cidr);
    const number = toNumber(address);
    if (number >= first && number <= last) return;
    throw new AwsError("InvalidParameterValue", `Address ${address} does not fall within the subnet's address range`);
  }
}

/** AWS keeps the first four addresses and the last one of each subnet for itself. */
function hosts(cidr: string): { first: number; last: number } {
  const [base = "", bits = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  const start = toNumber(base);
  return { first: start + 4, last: start + size - 2 };
}

/** NaN where the text is no IPv4 address. */
function toNumber(address: string): number {
  const parts = address.split(".").map(Number);
  return parts.length === 4 && parts.every((p) => p >= 0 && p <= 255)
    ? parts.reduce((sum, p) => sum * 256 + p, 0)
    : NaN;
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
