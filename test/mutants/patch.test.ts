/** Patches go where their lines are, and nowhere else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { applied, parsePatch } from "./patch.ts";

const TEXT = `Bug: one is two
Breaks: 3, 1
--- a/shared/one.ts
+++ b/shared/one.ts
@@ -1,3 +1,3 @@
 a
-b
+c
 d
@@ -9 +9,2 @@
 z
+
--- a/shared/two.ts
+++ b/shared/two.ts
@@ -1 +0,0 @@
-x
`;

test("reads bug, invariants, files and hunks", () => {
  expect(parsePatch(TEXT)).toEqual({
    bug: "one is two",
    breaks: [3, 1],
    files: [
      {
        path: "shared/one.ts",
        hunks: [
          { before: ["a", "b", "d"], after: ["a", "c", "d"] },
          { before: ["z"], after: ["z", ""] },
        ],
      },
      { path: "shared/two.ts", hunks: [{ before: ["x"], after: [] }] },
    ],
  });
});

test.each([
  ["says no bug", TEXT.replace("Bug: ", "")],
  ["says no invariants", TEXT.replace("Breaks: 3, 1", "Breaks: all")],
  ["changes nothing", "Bug: none\nBreaks: 1\n"],
  ["not a line of a diff", TEXT.replace("-b", "b")],
  ["no hunk has begun", TEXT.replace("@@ -1,3 +1,3 @@\n", "")],
])("refuses a patch that %s", (reason, text) => {
  expect(() => parsePatch(text)).toThrow(reason);
});

test("applies wherever the lines are by now", () => {
  const [one] = parsePatch(TEXT).files;
  if (!one) throw new Error("no file");
  expect(applied(one, "new\na\nb\nd\nnew\nz\nend")).toBe("new\na\nc\nd\nnew\nz\n\nend");
});

test("refuses lines that are gone, and lines that are there twice", () => {
  const file = { path: "shared/one.ts", hunks: [{ before: ["a", "b"], after: ["a"] }] };
  expect(() => applied(file, "a\nc\nb")).toThrow("shared/one.ts no longer has the lines around: a");
  expect(() => applied(file, "a\nb\na\nb")).toThrow("shared/one.ts has 2 places with the lines around: a");
});

test("changes what the hunk says and leaves all else as it is", () => {
  const line = fc.stringMatching(/^[a-y]{0,3}$/);
  fc.assert(
    fc.property(fc.array(line), fc.array(line), fc.array(line), (above, below, after) => {
      const file = { path: "p", hunks: [{ before: ["Z"], after }] };
      expect(applied(file, [...above, "Z", ...below].join("\n"))).toBe([...above, ...after, ...below].join("\n"));
    }),
  );
});
