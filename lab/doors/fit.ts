/** Checks that a value is what its shape says; what is not is a Misfit with its path. */
import type { Member, Structure } from "./shapes.ts";
import { at, Misfit } from "./wire.ts";

export function expectString(value: unknown, path: string): string {
  if (typeof value !== "string") throw wrong("a string", value, path);
  return value;
}

export function expectNumber(value: unknown, path: string): number {
  if (typeof value !== "number" || Number.isNaN(value)) throw wrong("a number", value, path);
  return value;
}

export function expectBoolean(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") throw wrong("a boolean", value, path);
  return value;
}

export function expectDate(value: unknown, path: string): Date {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw wrong("a valid date", value, path);
  return value;
}

export function expectBytes(value: unknown, path: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrong("bytes", value, path);
  return value;
}

export function expectList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong("a list", value, path);
  return value;
}

export function expectObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw wrong("an object", value, path);
  return value;
}

/** Refuses an input that lacks a required member. */
export function requireMembers(shape: Structure, input: object, path: string): void {
  const missing = shape.required.find((name) => !Object.hasOwn(input, name));
  if (missing !== undefined) throw new Misfit("missing", at(path, missing), "is required");
}

/** The members that an answer has, each with its value; one that the shape lacks is refused. */
export function membersOf(shape: Structure, value: unknown, path: string): (readonly [Member, unknown])[] {
  const found: (readonly [Member, unknown])[] = [];
  for (const [name, item] of Object.entries(expectObject(value, path))) {
    if (item === undefined || item === null) continue;
    const member = shape.members.get(name);
    if (!member) throw noSuchMember(shape, at(path, name));
    found.push([member, item]);
  }
  return found;
}

export function noSuchMember(shape: Structure, path: string): Misfit {
  return new Misfit("unknown", path, `${shape.name} has no such member`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function wrong(expected: string, value: unknown, path: string): Misfit {
  return new Misfit("wrong", path, `expected ${expected}, got ${nameOf(value)}`);
}

function nameOf(value: unknown): string {
  if (value === null || typeof value !== "object") return typeof value === "string" ? `"${value}"` : String(value);
  if (value instanceof Date) return "a date";
  if (value instanceof Uint8Array) return "bytes";
  return Array.isArray(value) ? "a list" : "an object";
}
