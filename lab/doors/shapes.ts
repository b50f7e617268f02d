/**
 * The shapes of an API's inputs and outputs, read from the runtime schemas that the SDK's own clients carry. One walk
 * over a shape then serves every action of every service, and knows exactly what the SDK knows.
 *
 * A schema is a tuple whose first element tells its kind (`@smithy/types`, schema/static-schemas):
 * `[3, namespace, name, traits, memberNames, memberSchemas, howManyOfThemAreRequired]` is a structure, and so on; simple
 * types are numbers, of which the two highest bits say "list of" and "map of".
 */
import type { $SchemaRef, SchemaTraits, SchemaTraitsObject, StaticOperationSchema } from "@smithy/types";

export type TimestampFormat = "date-time" | "http-date" | "epoch-seconds";

export interface Structure {
  readonly kind: "structure";
  readonly name: string;
  /** By the API's own name, in its order. */
  readonly members: ReadonlyMap<string, Member>;
  readonly required: readonly string[];
}

export interface List {
  readonly kind: "list";
  readonly item: Member;
}

export interface Dictionary {
  readonly kind: "map";
  readonly key: Member;
  readonly value: Member;
}

export interface Timestamp {
  readonly kind: "timestamp";
  /** Absent: the protocol's own. */
  readonly format?: TimestampFormat;
}

export interface Plain {
  readonly kind: "string" | "number" | "boolean" | "blob" | "document";
}

export type Scalar = Plain | Timestamp;
export type Shape = Structure | List | Dictionary | Scalar;

/** A shape at its place in another: with its traits there, which win over the shape's own. */
export class Member {
  readonly name: string;
  readonly traits: SchemaTraitsObject;
  readonly #schema: $SchemaRef;
  #shape: Shape | undefined;

  constructor(name: string, schema: $SchemaRef, traits: SchemaTraitsObject) {
    this.name = name;
    this.traits = traits;
    this.#schema = schema;
  }

  /** Read when first asked for: shapes may contain themselves (DynamoDB's AttributeValue). */
  get shape(): Shape {
    this.#shape ??= shapeOf(this.#schema);
    return this.#shape;
  }
}

export interface Operation {
  readonly name: string;
  readonly input: Structure;
  /** Undefined: the action answers nothing. */
  readonly output: Structure | undefined;
  /** Method, path template and success status where the protocol binds actions to them. */
  readonly http: readonly [method: string, path: string, status: number] | undefined;
}

/** What a client's module exports, as far as the doors go by it: `…$` schemas of its operations. */
export type ClientModule = Readonly<Record<string, unknown>>;

export function operationsOf(client: ClientModule): ReadonlyMap<string, Operation> {
  return new Map(
    Object.values(client)
      .filter(isOperation)
      .map((schema) => [schema[2], operationOf(schema)]),
  );
}

export function operationOf([, , name, traits, input, output]: StaticOperationSchema): Operation {
  const { http } = traitsOf(traits);
  return {
    name,
    get input() {
      return topLevel(input) ?? NOTHING;
    },
    get output() {
      return topLevel(output);
    },
    http,
  };
}

const NOTHING: Structure = { kind: "structure", name: "Unit", members: new Map(), required: [] };

function isOperation(value: unknown): value is StaticOperationSchema {
  return Array.isArray(value) && value[0] === 9;
}

function topLevel(ref: $SchemaRef): Structure | undefined {
  if (resolve(ref) === "unit") return undefined;
  const shape = shapeOf(ref);
  if (shape.kind !== "structure") throw new Error(`an action's input or output is a ${shape.kind}, not a structure`);
  return shape;
}

const resolve = (ref: $SchemaRef) => (typeof ref === "function" ? ref() : ref);

const known = new WeakMap<object, Shape>();

function shapeOf(ref: $SchemaRef): Shape {
  const schema = resolve(ref);
  if (typeof schema === "number") return simpleShape(schema);
  if (!Array.isArray(schema)) throw new Error(`the SDK's schema ${String(schema)} is of a kind the doors do not know`);
  if (schema.length === 2) return shapeOf(schema[0]);
  const before = known.get(schema);
  if (before) return before;
  const shape = readShape(schema);
  known.set(schema, shape);
  return shape;
}

type Static = Extract<Exclude<ReturnType<typeof resolve>, readonly [$SchemaRef, SchemaTraits]>, readonly unknown[]>;

function readShape(schema: Static): Shape {
  switch (schema[0]) {
    case 0:
      return shapeOf(schema[4]);
    case 1:
      return { kind: "list", item: memberOf("member", schema[4]) };
    case 2:
      return { kind: "map", key: memberOf("key", schema[4]), value: memberOf("value", schema[5]) };
    case 9:
      throw new Error(`${schema[2]} is an action, not a shape`);
    default:
      return structureOf(schema);
  }
}

function structureOf(schema: Exclude<Static, { 0: 0 | 1 | 2 | 9 }>): Structure {
  const [, , name, , names, refs] = schema;
  const members = new Map(refs.map((ref, i) => [names[i] ?? "", memberOf(names[i] ?? "", ref)]));
  // The SDK's generator puts the required members first and only counts them.
  return { kind: "structure", name, members, required: names.slice(0, schema[6] ?? 0) };
}

function memberOf(name: string, ref: $SchemaRef): Member {
  const schema = resolve(ref);
  if (!Array.isArray(schema)) return new Member(name, schema, {});
  // A member with traits of its own is a pair of the shape it is of and those traits; any other tuple is a shape.
  if (schema.length !== 2) return new Member(name, ref, traitsOf(schema[3]));
  const target = memberOf(name, schema[0]);
  return new Member(name, schema[0], { ...target.traits, ...traitsOf(schema[1]) });
}

/** Traits without arguments are bits of a number, in this order. */
const TRAIT_BITS = [
  "httpLabel",
  "idempotent",
  "idempotencyToken",
  "sensitive",
  "httpPayload",
  "httpResponseCode",
  "httpQueryParams",
] as const;

function traitsOf(traits: SchemaTraits): SchemaTraitsObject {
  if (typeof traits === "object") return traits;
  return Object.fromEntries(TRAIT_BITS.filter((_, bit) => (traits >> bit) & 1).map((trait) => [trait, 1]));
}

const SIMPLE: Readonly<Record<number, Scalar>> = {
  0: { kind: "string" },
  1: { kind: "number" },
  2: { kind: "boolean" },
  4: { kind: "timestamp" },
  5: { kind: "timestamp", format: "date-time" },
  6: { kind: "timestamp", format: "http-date" },
  7: { kind: "timestamp", format: "epoch-seconds" },
  15: { kind: "document" },
  21: { kind: "blob" },
  42: { kind: "blob" },
};

const LIST_OF = 0b0100_0000;
const MAP_OF = 0b1000_0000;

function simpleShape(schema: number): Shape {
  const inner = schema & (LIST_OF - 1);
  if (schema & MAP_OF) return { kind: "map", key: new Member("key", 0, {}), value: new Member("value", inner, {}) };
  if (schema & LIST_OF) return { kind: "list", item: new Member("member", inner, {}) };
  const scalar = SIMPLE[schema];
  if (!scalar) throw new Error(`the SDK's simple schema ${schema} is of a kind the doors do not know`);
  return scalar;
}
