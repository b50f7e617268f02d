/** Shapes as JSON: AWS JSON 1.0 and 1.1, and the bodies of REST JSON. */
import {
  expectBoolean,
  expectBytes,
  expectDate,
  expectList,
  expectNumber,
  expectObject,
  expectString,
  membersOf,
  noSuchMember,
  requireMembers,
} from "./fit.ts";
import type { Member, Shape, Structure } from "./shapes.ts";
import { formatTimestamp, parseTimestamp } from "./text.ts";
import { at, Misfit, toText } from "./wire.ts";

/** Only REST JSON knows other names than the API's own; no shape of the other services carries any. */
export const jsonName = (member: Member): string => member.traits.jsonName ?? member.name;

/** A request's body; none at all is an empty object. */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(toText(body));
  } catch (cause) {
    throw new Misfit("wrong", "body", `it is not JSON: ${String(cause)}`);
  }
}

/** What becomes of members that the shape lacks: a service refuses them in a request, a client skips them in an answer. */
export type Strangers = "refuse" | "skip";

/** A JSON value as the SDK has it. */
export function fromJson(shape: Shape, value: unknown, path = "", strangers: Strangers = "refuse"): unknown {
  switch (shape.kind) {
    case "structure":
      return structureFromJson(shape, value, path, strangers);
    case "list":
      return expectList(value, path).map((item, i) => fromJson(shape.item.shape, item, `${path}[${i}]`, strangers));
    case "map":
      return mapValues(expectObject(value, path), (item, key) =>
        fromJson(shape.value.shape, item, at(path, key), strangers),
      );
    case "string":
      return expectString(value, path);
    case "number":
      return expectNumber(value, path);
    case "boolean":
      return expectBoolean(value, path);
    case "timestamp": {
      const text = typeof value === "number" ? value : expectString(value, path);
      return parseTimestamp(shape.format ?? "epoch-seconds", text, path);
    }
    case "blob":
      return new Uint8Array(Buffer.from(expectString(value, path), "base64"));
    case "document":
      return value;
  }
}

export function structureFromJson(
  shape: Structure,
  value: unknown,
  path = "",
  strangers: Strangers = "refuse",
): Record<string, unknown> {
  const members = membersByJsonName(shape);
  const structure: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(expectObject(value, path))) {
    const member = members.get(name);
    if (member && item !== null) {
      structure[member.name] = fromJson(member.shape, item, at(path, name), strangers);
    } else if (!member && strangers === "refuse") throw noSuchMember(shape, at(path, name));
  }
  requireMembers(shape, structure, path);
  return structure;
}

const byJsonName = new WeakMap<Structure, ReadonlyMap<string, Member>>();

function membersByJsonName(shape: Structure): ReadonlyMap<string, Member> {
  const before = byJsonName.get(shape);
  if (before) return before;
  const members = new Map([...shape.members.values()].map((member) => [jsonName(member), member]));
  byJsonName.set(shape, members);
  return members;
}

/** An answer, or part of one, as its JSON value. */
export function toJson(shape: Shape, value: unknown, path = ""): unknown {
  switch (shape.kind) {
    case "structure": {
      const output: Record<string, unknown> = {};
      for (const [member, item] of membersOf(shape, value, path)) {
        output[jsonName(member)] = toJson(member.shape, item, at(path, member.name));
      }
      return output;
    }
    case "list":
      return expectList(value, path).map((item, i) => toJson(shape.item.shape, item, `${path}[${i}]`));
    case "map":
      return mapValues(expectObject(value, path), (item, key) => toJson(shape.value.shape, item, at(path, key)));
    case "string":
      return expectString(value, path);
    case "number":
      return expectNumber(value, path);
    case "boolean":
      return expectBoolean(value, path);
    case "timestamp":
      return formatTimestamp(shape.format ?? "epoch-seconds", expectDate(value, path));
    case "blob":
      return Buffer.from(expectBytes(value, path)).toString("base64");
    case "document":
      return value;
  }
}

function mapValues(
  value: Readonly<Record<string, unknown>>,
  convert: (item: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item, key)]));
}
