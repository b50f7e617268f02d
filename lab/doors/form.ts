/**
 * Form bodies of the query protocols: `Filter.1.Name=status&Filter.1.Value.1=in-use` read as the SDK's input.
 * AWS Query has `.member` before a list's index; EC2 Query has not, and has names of its own for request members.
 * Maps and flattened lists, which the protocols also know, are in none of the APIs here.
 */
import { noSuchMember, requireMembers } from "./fit.ts";
import type { List, Member, Shape, Structure } from "./shapes.ts";
import { parseText } from "./text.ts";
import { at, Misfit } from "./wire.ts";

export type QueryDialect = "aws" | "ec2";

/** The parameters as the tree that their dotted names make. */
interface Node {
  text?: string;
  readonly children: Map<string, Node>;
}

/** Leaves out the protocol's own parameters, `Action` and `Version`. */
export function fromForm(dialect: QueryDialect, shape: Structure, parameters: URLSearchParams): object {
  const root: Node = { children: new Map() };
  for (const [key, text] of parameters) {
    if (key === "Action" || key === "Version") continue;
    let node = root;
    for (const part of key.split(".")) {
      const child: Node = node.children.get(part) ?? { children: new Map() };
      node.children.set(part, child);
      node = child;
    }
    node.text = text;
  }
  return fromStructure(dialect, shape, root, "");
}

function fromNode(dialect: QueryDialect, shape: Shape, node: Node, path: string): unknown {
  switch (shape.kind) {
    case "structure":
      return fromStructure(dialect, shape, node, path);
    case "list":
      return fromList(dialect, shape, node, path);
    case "map":
      throw new Misfit("unknown", path, "the doors do not read maps from a form");
    default: {
      const [child] = node.children.keys();
      if (child !== undefined) throw new Misfit("unknown", at(path, child), `a ${shape.kind} has no members`);
      return parseText(shape, node.text ?? "", path, "date-time");
    }
  }
}

function fromStructure(dialect: QueryDialect, shape: Structure, node: Node, path: string): object {
  if (node.text) throw new Misfit("wrong", path, `expected members, got "${node.text}"`);
  const members = membersByFormName(dialect, shape);
  const input: Record<string, unknown> = {};
  for (const [name, child] of node.children) {
    const member = members.get(name);
    if (!member) throw noSuchMember(shape, at(path, name));
    input[member.name] = fromNode(dialect, member.shape, child, at(path, name));
  }
  requireMembers(shape, input, path);
  return input;
}

function fromList(dialect: QueryDialect, { item }: List, node: Node, path: string): unknown[] {
  if (node.text) throw new Misfit("wrong", path, `expected a list, got "${node.text}"`);
  // An empty list is sent as `Names=`.
  if (node.children.size === 0) return [];
  if (dialect === "ec2") return fromItems(dialect, item, node, path);
  const name = item.traits.xmlName ?? "member";
  for (const other of node.children.keys()) {
    if (other !== name) throw new Misfit("unknown", at(path, other), `expected ${at(path, name)}.1`);
  }
  return [...node.children.values()].flatMap((items) => fromItems(dialect, item, items, at(path, name)));
}

/** Children `1`, `2`, … by their number; gaps are allowed, as AWS allows them. */
function fromItems(dialect: QueryDialect, item: Member, node: Node, path: string): unknown[] {
  for (const index of node.children.keys()) {
    if (!/^[1-9]\d*$/.test(index)) throw new Misfit("unknown", at(path, index), "expected a number from 1");
  }
  return [...node.children]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([index, child]) => fromNode(dialect, item.shape, child, at(path, index)));
}

type Names = ReadonlyMap<string, Member>;
const byFormName = { aws: new WeakMap<Structure, Names>(), ec2: new WeakMap<Structure, Names>() };

function membersByFormName(dialect: QueryDialect, shape: Structure): Names {
  const before = byFormName[dialect].get(shape);
  if (before) return before;
  const members = new Map([...shape.members.values()].map((member) => [formName(dialect, member), member]));
  byFormName[dialect].set(shape, members);
  return members;
}

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html: `ec2QueryName`, else the XML name, capitalised. */
function formName(dialect: QueryDialect, { name, traits }: Member): string {
  const xmlName = traits.xmlName ?? name;
  if (dialect === "aws") return xmlName;
  const { ec2QueryName } = traits;
  return typeof ec2QueryName === "string" ? ec2QueryName : xmlName.charAt(0).toUpperCase() + xmlName.slice(1);
}
