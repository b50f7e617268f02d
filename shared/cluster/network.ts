import type { Network } from "./definition.ts";
import { parseBlock } from "./ipv4.ts";
import type { Path, Problems } from "./problems.ts";
import type { Reader } from "./reader.ts";

const VPC = /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/;
const SECURITY_GROUP = /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** A security group takes 60 rules (VPC quotas), and needs some between the nodes. */
const MOST_CLIENTS = 50;

/** Where the cluster lives and who may use it; undefined where something of it could not be read. */
export function readNetwork(reader: Reader, problems: Problems, path: Path, value: unknown): Network | undefined {
  const mapping = reader.mapping(path, value, ["vpc", "clients"]);
  if (mapping === undefined) return undefined;
  const vpc = reader.text([...path, "vpc"], mapping.vpc, VPC, "a VPC's id", "vpc-0a1b2c3d4e5f60718");
  const clients = readClients(reader, problems, [...path, "clients"], mapping.clients);
  return vpc === undefined || clients === undefined ? undefined : { vpc, clients };
}

function readClients(reader: Reader, problems: Problems, path: Path, value: unknown): readonly string[] | undefined {
  const readClient = (at: Path, client: unknown): string | undefined => {
    const text = reader.text(at, client, /^/, "an IPv4 block or a security group", "10.0.0.0/16");
    if (text === undefined || SECURITY_GROUP.test(text)) return text;
    const block = parseBlock(text);
    if (block === undefined) {
      problems.add(
        at,
        text,
        "this is neither an IPv4 block with a zero host part nor a security group",
        "Give one such as 10.0.0.0/16 or sg-0a1b2c3d4e5f60718",
      );
      return undefined;
    }
    if (block.prefix === 0) {
      problems.add(
        at,
        text,
        "this lets in the whole internet where a subnet is public",
        "Name the blocks or security groups that your clients are in",
      );
      return undefined;
    }
    return text;
  };
  return reader.distinct(path, value, readClient, MOST_CLIENTS);
}
