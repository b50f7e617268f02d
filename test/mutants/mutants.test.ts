/** Every bug of this folder is one that can be tried, and the simulation can fail: the quickest to find are found. */
import { readFile } from "node:fs/promises";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hunt } from "./hunt.ts";
import { allMutants } from "./mutant.ts";
import { applied, parsePatch } from "./patch.ts";
import { copyTree, type Tree } from "./tree.ts";

const ROOT = new URL("../../", import.meta.url);
const mutants = await allMutants();
const source = (path: string): Promise<string> => readFile(new URL(path, ROOT), "utf8");
/** What the program is, without comments, types and layout. */
const program = async (code: string): Promise<string> =>
  (await transform(code, { loader: "ts", minify: true, legalComments: "none" })).code;

describe("the bugs", () => {
  test("are forty at least, each with a number of its own", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40);
    const numbers = mutants.map(({ name }) => /^(\d\d)-[a-z-]+$/.exec(name)?.[1]);
    expect(numbers).not.toContain(undefined);
    expect(new Set(numbers).size).toBe(mutants.length);
  });

  test("each apply to the sources, and change what they do", async () => {
    for (const { name, files } of mutants) {
      const changed = files.map(async (file) => {
        const before = await source(file.path);
        return (await program(applied(file, before))) !== (await program(before));
      });
      expect(await Promise.all(changed), name).toContain(true);
    }
  });

  test("are let loose in what runs, not in what watches it", () => {
    const paths = new Set(mutants.flatMap(({ files }) => files.map(({ path }) => path)));
    // The node's script is bash; histories run its model.
    paths.delete("lab/machines/modelled-script.ts");
    expect([...paths].filter((path) => !/^(shared|functions)\//.test(path))).toEqual([]);
  });

  test("each name invariants that there are", async () => {
    const [, listed = ""] = (await source("docs/architecture.md")).split("\n## Invariants\n");
    const numbers = [...(listed.split("\n## ")[0]?.matchAll(/^(\d)\. /gm) ?? [])].map(([, number]) => Number(number));
    expect(numbers).toContain(9);
    for (const { name, breaks } of mutants) expect([0, ...numbers], name).toEqual(expect.arrayContaining([...breaks]));
  });

  test("are all in docs/simulation.md, each with the seed that finds it", async () => {
    const rows = [...(await source("docs/simulation.md")).matchAll(/^\| `(\d\d-[a-z-]+)` \|.*\| (\d+) \| \d \|$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(mutants.map(({ name }) => name));
    for (const [row, , seed] of rows) expect(Number(seed), row).toBeLessThanOrEqual(2_000);
  });
});

describe("the simulation", () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await copyTree();
  });
  afterAll(() => tree.remove());

  test.each([
    ["10-frees-id-before-stop-is-known", 3],
    ["16-frees-id-before-address", 2],
    ["30-terminating-without-id-is-left-alone", 5],
  ])(
    "finds %s",
    async (name, invariant) => {
      const mutant = mutants.find((m) => m.name === name);
      if (!mutant) throw new Error(`there is no ${name}`);
      expect(await hunt(tree, mutant, { from: 1, seeds: 20 })).toMatchObject({ found: "yes", invariant });
    },
    120_000,
  );

  test("finds nothing where there is nothing, in the same copy", async () => {
    const none = { name: "none", bug: "none", breaks: [], files: [] };
    expect(await hunt(tree, none, { from: 1, seeds: 2 })).toEqual({ found: "no", seeds: 2 });
  });

  test("that cannot even start has found nothing", async () => {
    const patch = parsePatch(`Bug: an import of what is not there
Breaks: 6
--- a/functions/sweep.ts
+++ b/functions/sweep.ts
@@ -1 +1 @@
-import middy from "@middy/core";
+import middy from "@middy/cores";
`);
    const finding = await hunt(tree, { name: "broken", ...patch }, { from: 1, seeds: 2 });
    expect(finding).toMatchObject({ found: "broken", reason: expect.stringContaining("@middy/cores") });
  });

  test("is not run where the patch does not apply", async () => {
    const files = [{ path: "functions/sweep.ts", hunks: [{ before: ["not there"], after: [""] }] }];
    const finding = await hunt(tree, { name: "stale", bug: "none", breaks: [6], files }, { from: 1, seeds: 2 });
    const reason = "functions/sweep.ts no longer has the lines around: not there";
    expect(finding).toEqual({ found: "broken", reason });
  });
});
