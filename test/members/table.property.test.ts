import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { findDynamoDbLocal, startDynamoDbLocal } from "./dynamodb-local.ts";
import { commands, emptyModel, type Side } from "./table-model.ts";
import { dynamoAt, type LocalDynamo, memorySide, startDynamo } from "./table-sides.ts";

const anyInterleaving = (side: () => Side, maxCommands: number) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands, size: "max" }), (steps) =>
    fc.asyncModelRun(() => ({ model: emptyModel(), real: side() }), steps),
  );

const local = await findDynamoDbLocal();

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

  if ("missing" in local) {
    // Told by its name in the count of what was skipped, and here for whoever runs this file alone.
    console.warn(`SKIPPED: the table's rules were not tried on DynamoDB Local: ${local.missing}`);
    test.skip(`on DynamoDB Local (${local.missing})`, () => {});
  } else {
    describe("on Amazon's own DynamoDB Local", () => {
      let dynamo: LocalDynamo;
      beforeAll(async () => {
        const running = await startDynamoDbLocal(local);
        dynamo = await dynamoAt(running.endpoint, () => running.stop());
      }, 120_000);
      afterAll(() => dynamo.close());

      test("as on dynalite", async () => {
        await fc.assert(
          anyInterleaving(() => dynamo.side(), 30),
          { numRuns: 12 },
        );
      }, 120_000);
    });
  }
});
