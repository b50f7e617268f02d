/** What the lab boots from is what `sls package` makes; tests that compile the template by themselves test the same. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compileTemplate } from "../../lab/compile.ts";
import { toLoopback } from "../../lab/loopback.ts";
import { packageTemplate } from "../../lab/package.ts";
import { definition } from "../definition.ts";
import type { Template } from "./formation/template.ts";

const moved = toLoopback(definition, 77);

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "rollcall-package-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Without what only a deployment has: the bucket, and where in it the functions' packages lie. */
function comparable({ Resources, Outputs }: Template) {
  const resources = Object.entries(Resources).filter(([, { Type }]) => !Type.startsWith("AWS::S3::"));
  const codeless = resources.map(([id, { Properties, ...rest }]) => {
    const { Code, ...properties } = Properties ?? {};
    return [id, { ...rest, Properties: Code === undefined ? properties : { ...properties, Code: "its own" } }];
  });
  const { ServerlessDeploymentBucketName: _, ...outputs } = Outputs ?? {};
  return { Resources: Object.fromEntries(codeless), Outputs: outputs };
}

test("packaging gives the template that is compiled in the process, and leaves nothing behind", async () => {
  const at = folder();
  const packaged = (await packageTemplate(moved, at)) as Template;
  expect(comparable(packaged)).toEqual(comparable(compileTemplate(moved) as Template));
  expect(Object.keys(packaged)).toEqual(["AWSTemplateFormatVersion", "Description", "Resources", "Outputs"]);
  expect(readdirSync(at)).toEqual([]);
}, 60_000);

test("a definition that cannot be packaged is refused in sls's own words", async () => {
  const wrong = { ...moved, region: "nowhere" };
  await expect(packageTemplate(wrong, folder())).rejects.toThrow(/sls package .* ended with 1:[\s\S]*region/);
}, 60_000);
