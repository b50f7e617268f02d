import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDefinitionJson } from "../../shared/cluster/json.ts";
import { readPackagedDefinition } from "../../shared/cluster/packaged.ts";
import { WRITTEN } from "./arbitrary.ts";

test("a definition is read from its package as it was packaged", () => {
  fc.assert(
    fc.property(WRITTEN, (written) => {
      const definition = parseDefinitionJson(written);
      expect(readPackagedDefinition(JSON.parse(JSON.stringify(definition)), "the package")).toEqual(definition);
    }),
  );
});

test("throws for anything else, naming the field", () => {
  expect(() => readPackagedDefinition(null, "definition.json")).toThrow(/definition\.json is no packaged definition/);
  fc.assert(
    fc.property(WRITTEN, fc.constantFrom("cluster", "roles", "periods", "kafka"), (written, key) => {
      const definition = { ...parseDefinitionJson(written), [key]: 7 };
      expect(() => readPackagedDefinition(definition, "it")).toThrow(key);
    }),
    { numRuns: 20 },
  );
});
