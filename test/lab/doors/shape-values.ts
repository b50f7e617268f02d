/** Arbitrary values of an API's shapes, as SDK inputs and outputs have them. */
import fc from "fast-check";
import type { Member, Shape, Structure } from "../../../lab/doors/shapes.ts";

/** Nothing but line breaks the SDK takes for an XML document's layout, and drops. */
const text = fc
  .string({ unit: fc.constantFrom(..."aZ0-:/. <&>\"'=%+\n\r\tüß漢😀"), maxLength: 12 })
  .filter((text) => text.trim() !== "" || !text.includes("\n"));
const headerText = fc.stringMatching(/^[a-zA-Z0-9_:./-]{1,12}$/);

/** Below this depth only what must be there, or one member. */
const DEEP = 3;

/**
 * Has what is required, what a client would add by itself, and some more. Below the top it is never empty: no query
 * protocol can say "a structure without members".
 */
export function structureValues(shape: Structure, depth = 0): fc.Arbitrary<object> {
  const members = [...shape.members.values()];
  const must = members.filter((member) => isAlwaysThere(shape, member));
  const may = members.filter((member) => !isAlwaysThere(shape, member));
  const least = Math.min(must.length === 0 && depth > 0 ? 1 : 0, may.length);
  return fc
    .subarray(may, { minLength: least, maxLength: Math.min(may.length, depth > DEEP ? least : 4) })
    .chain((some) =>
      fc.record(
        Object.fromEntries([...must, ...some].map((member) => [member.name, memberValues(member, depth + 1)])),
        {
          noNullPrototype: true,
        },
      ),
    );
}

function isAlwaysThere({ required }: Structure, { name, traits }: Member): boolean {
  return required.includes(name) || [traits.idempotencyToken, traits.httpResponseCode, traits.httpPayload].includes(1);
}

function memberValues({ shape, traits }: Member, depth: number): fc.Arbitrary<unknown> {
  const outsideBody = traits.httpHeader !== undefined || traits.httpLabel || traits.httpQuery !== undefined;
  if (outsideBody && shape.kind === "string") return headerText;
  if (traits.httpResponseCode) return fc.constantFrom(200, 202);
  return values(shape, depth);
}

function values(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "structure":
      return structureValues(shape, depth);
    case "list":
      // EC2's clients send nothing for an empty list.
      return fc.array(memberValues(shape.item, depth + 1), { minLength: 1, maxLength: 3 });
    case "map":
      return fc.dictionary(text, memberValues(shape.value, depth + 1), {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      });
    case "string":
      return text;
    case "number":
      return fc.oneof(fc.integer(), fc.constantFrom(0.5, 1e15, -2.25));
    case "boolean":
      return fc.boolean();
    case "timestamp":
      // From 1970 to 2096; an HTTP date knows no milliseconds.
      return fc.nat(4_000_000_000_000).map((ms) => new Date(shape.format === "http-date" ? ms - (ms % 1000) : ms));
    case "blob":
      return fc.uint8Array({ minLength: 1, maxLength: 8 });
    case "document":
      return fc.constant({ any: ["thing", 1, true] });
  }
}
