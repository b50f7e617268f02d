import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Definition } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { compile, deployable, various } from "./compiled.ts";

const CLUSTERS = new URL("../../clusters/", import.meta.url);

/** Every definition that comes with the project; a laboratory's with periods that AWS would take. */
function everyExample(): Definition[] {
  return readdirSync(CLUSTERS)
    .filter((name) => name.endsWith(".yml"))
    .map((name) => parseDefinition(readFileSync(new URL(name, CLUSTERS), "utf8"), name))
    .map((definition) => ({ ...definition, periods: deployable.periods }));
}

const hasCfnLint = spawnSync("cfn-lint", ["--version"]).status === 0;

test.skipIf(!hasCfnLint)(
  "cfn-lint finds nothing in the templates (skipped where there is no cfn-lint)",
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-lint-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const definitions = [various, ...everyExample()];
    const files = definitions.map((definition, index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(compile(definition)));
      return file;
    });
    const { status, stdout, stderr } = spawnSync("cfn-lint", ["--regions", deployable.region, "--", ...files], {
      encoding: "utf8",
    });
    expect(`${stdout}${stderr}`.trim()).toBe("");
    expect(status).toBe(0);
  },
);
