/** Plain JSON values as DynamoDB attributes, and back; sets of strings and of numbers are read as arrays. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** Properties that are undefined are left out. Throws on what JSON cannot say. */
export function toAttribute(value: unknown): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number" && Number.isFinite(value)) return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  if (typeof value === "object" && value !== null) return { M: toAttributes(value) };
  throw new TypeError(`a table attribute cannot be ${String(value)}`);
}

/** An object's properties as an item's attributes. Throws on what JSON cannot say. */
export function toAttributes(value: object): Record<string, AttributeValue> {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([name, part]) => [name, toAttribute(part)]));
}

/** What Rollcall never writes (binary, null) is read as undefined, for the schema to name. */
export function fromAttribute(attribute: AttributeValue): unknown {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L) return attribute.L.map(fromAttribute);
  if (attribute.M) return fromAttributes(attribute.M);
  if (attribute.SS) return attribute.SS;
  if (attribute.NS) return attribute.NS.map(Number);
  return undefined;
}

/** An item's attributes as an object's properties, for a schema to check. */
export function fromAttributes(attributes: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, fromAttribute(attribute)]));
}
