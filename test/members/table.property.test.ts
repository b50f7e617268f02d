import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { commands, emptyModel, type Side } from "./table-model.ts";
import { type LocalDynamo, memorySide, startDynamo } from "./table-sides.ts";

const anyInterleaving = (side: () => Side, maxCommands: number) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands, size: "max" }), (steps) =>
    fc.asyncModelRun(() => ({ model: emptyModel(), real: side() }), steps),
  );

describe("any interleaving of claims, releases, lost answers and lost callers keeps the table's rules", () => {
  test("in memory", async () => {
    await fc.assert(anyInterleaving(memorySide, 30), { numRuns: 1000 });
  });

  describe("on DynamoDB", () => {
    let dynamo: LocalDynamo;
    beforeAll(async () => {
      dynamo = await startDynamo();
    });
    afterAll(() => dynamo.close());

    test("on dynalite", async () => {
      await fc.assert(
        anyInterleaving(() => dynamo.side(), 30),
        { numRuns: 12 },
      );
    });
  });
});
