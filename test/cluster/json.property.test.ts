import fc from "fast-check";
import { expect, test } from "vitest";
import type { Definition } from "../../shared/cluster/definition.ts";
import { definitionJson, parseDefinitionJson } from "../../shared/cluster/json.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { SECTIONS, WRITTEN } from "./arbitrary.ts";

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a definition survives being written as JSON and read again", () => {
  fc.assert(
    fc.property(WRITTEN, (written) => {
      const definition: Definition = parseDefinitionJson(written);
      expect(parseDefinitionJson(overTheWire(definitionJson(definition)))).toEqual(definition);
    }),
  );
});

test("YAML and JSON make the same definition", () => {
  fc.assert(
    fc.property(WRITTEN, (written) => {
      expect(parseDefinition(JSON.stringify(written), "x.json")).toEqual(parseDefinitionJson(overTheWire(written)));
    }),
    { numRuns: 50 },
  );
});

test("whatever the value, it is a definition or a DefinitionError", () => {
  const outcome = (value: unknown): string => {
    try {
      parseDefinitionJson(value);
      return "Definition";
    } catch (error) {
      return error instanceof Error ? error.name : "thrown";
    }
  };
  const keys = [...SECTIONS, "settings", "controller", "broker"];
  fc.assert(fc.property(fc.jsonValue(), (value) => outcome(value) === "DefinitionError"));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()),
      (value) => outcome(value) === "DefinitionError",
    ),
  );
  // One part of a sound definition replaced by anything.
  fc.assert(
    fc.property(WRITTEN, fc.constantFrom(...SECTIONS), fc.jsonValue(), (written, key, value) =>
      ["Definition", "DefinitionError"].includes(outcome({ ...written, [key]: value })),
    ),
  );
});
