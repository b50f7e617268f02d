import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compile, deployable, various } from "./compiled.ts";

const hasCfnLint = spawnSync("cfn-lint", ["--version"]).status === 0;

test.skipIf(!hasCfnLint)(
  "cfn-lint finds nothing in the templates (skipped where there is no cfn-lint)",
  { timeout: 60_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-lint-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = [deployable, various].map((definition, index) => {
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
