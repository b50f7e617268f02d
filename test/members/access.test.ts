import { expect, test } from "vitest";
import { accessSaved } from "../../shared/members/access.ts";

const mark = { digest: "d", at: 10, versions: { "orders-app": "v1" }, drift: [] };

test("the first mark stands, and then the latest one", () => {
  expect(accessSaved(undefined, mark)).toEqual(mark);
  expect(accessSaved(mark, { ...mark, at: 11, digest: "e" })).toMatchObject({ at: 11, digest: "e" });
});

test("one that comes late changes nothing; of the same time it is the last one that counts", () => {
  expect(accessSaved(mark, { ...mark, at: 9, digest: "e" })).toEqual(mark);
  expect(accessSaved(mark, { ...mark, digest: "e" })).toMatchObject({ digest: "e" });
});
