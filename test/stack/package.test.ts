import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Template } from "../../resources/template.ts";
import { readPackagedDefinition } from "../../shared/cluster/packaged.ts";
import { compile, deployable, ofType, TEXT } from "./compiled.ts";
import { type Workplace, workplace } from "./sls.ts";
import { unzipped } from "./zip.ts";

const TEMPLATE = "cloudformation-template-update-stack.json";

/** Content by file name. */
function filesIn(folder: string): Map<string, Buffer> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}

describe("sls package, without credentials or network", { timeout: 60_000 }, () => {
  let places: Workplace[] = [];
  let packages: Map<string, Buffer>[] = [];
  /** Of the faster one, ms: the other tests run beside it. */
  let took = Number.POSITIVE_INFINITY;

  beforeAll(async () => {
    places = [workplace({ "cluster.yml": TEXT }), workplace({ "cluster.yml": TEXT })];
    for (const place of places) {
      const began = performance.now();
      const { status, said } = await place.sls("package", "--param=cluster=cluster.yml", "--package", "out");
      took = Math.min(took, performance.now() - began);
      expect(said).toContain("Service packaged");
      expect(status).toBe(0);
    }
    packages = places.map(({ folder }) => filesIn(join(folder, "out")));
  }, 60_000);

  afterAll(() => {
    for (const place of places) place.remove();
  });

  const first = () => packages[0] ?? new Map<string, Buffer>();
  const zip = (name: string) => {
    const [, content] = [...first()].find(([file]) => file.startsWith(`${name}-`)) ?? [];
    if (!content) throw new Error(`no package of ${name} among ${[...first().keys()].join(", ")}`);
    return unzipped(content);
  };
  const template = (): Template => JSON.parse(first().get(TEMPLATE)?.toString() ?? "{}");

  test("twice, in two places, makes the same bytes", () => {
    const [one, two] = packages;
    expect([...(one?.keys() ?? [])]).toEqual([...(two?.keys() ?? [])]);
    for (const [name, content] of one ?? []) expect(content.equals(two?.get(name) ?? Buffer.of()), name).toBe(true);
  });

  test("takes ten seconds at most", () => {
    expect(took).toBeLessThan(10_000);
  });

  test("makes the stack of resources/, and the bucket that its packages lie in", () => {
    const { Resources, Outputs } = template();
    const stack = compile(deployable);
    expect(Object.keys(Resources)).toEqual([
      "ServerlessDeploymentBucket",
      "ServerlessDeploymentBucketPolicy",
      ...Object.keys(stack.Resources),
    ]);
    for (const [id, resource] of Object.entries(stack.Resources)) {
      const { Code, ...Properties } = resource.Properties;
      expect(Resources[id]).toMatchObject({ ...resource, Properties });
      expect(Code !== undefined).toBe(resource.Type === "AWS::Lambda::Function");
    }
    expect(Outputs).toMatchObject(stack.Outputs);
    expect(Resources.ServerlessDeploymentBucket?.Properties).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
  });

  test("each function's package is one that was made, named by its content", () => {
    const keys = ofType(template().Resources, "AWS::Lambda::Function").map(
      ([, { Properties }]) => (Properties.Code as { S3Key: string }).S3Key.split("/").at(-1) ?? "",
    );
    const made = [...first().keys()].filter((name) => name.endsWith(".zip"));
    expect([...keys].sort()).toEqual(made);
    for (const name of made) expect(name).toMatch(/^(lifecycle|sweep|kafka)-[0-9a-f]{16}\.zip$/);
  });

  test("a package holds what its function needs, and no other function", () => {
    for (const name of ["lifecycle", "sweep"]) {
      const files = [...zip(name).keys()];
      expect(files).toContain(`${name}.mjs`);
      expect(files).toContain(`${name}.mjs.map`);
      expect(files).toContain("definition.json");
      expect(files.filter((file) => /^(lifecycle|sweep|kafka)\.mjs$/.test(file))).toEqual([`${name}.mjs`]);
      // Loaded when it is needed, so it must be a file of its own.
      expect(files.filter((file) => /^ec2-.*\.mjs$/.test(file))).toHaveLength(1);
    }
    expect([...zip("kafka").keys()].filter((file) => file.endsWith(".json"))).toEqual([]);
    expect([...zip("kafka").values()].some((file) => file.includes("DynamoDB_20120810"))).toBe(false);
  });

  test("what the packages hold is minified, and what its chunks import is there", () => {
    for (const name of ["lifecycle", "sweep", "kafka"]) {
      const files = zip(name);
      for (const [file, content] of files) {
        if (!file.endsWith(".mjs")) continue;
        const text = content.toString();
        expect(text.split("\n").length, file).toBeLessThan(text.length / 200 + 20);
        for (const [, chunk = ""] of text.matchAll(/(?:from|import)\s*\(?"\.\/([^"]+)"/g)) {
          expect([...files.keys()], `${name}: ${file}`).toContain(chunk);
        }
        expect([...files.keys()]).toContain(`${file}.map`);
      }
    }
  });

  test("the packaged definition is the one that was given", () => {
    const json = zip("sweep").get("definition.json")?.toString() ?? "";
    expect(readPackagedDefinition(JSON.parse(json), "it")).toEqual(deployable);
  });
});

describe("what sls refuses", { timeout: 60_000 }, () => {
  function at(definitions: Readonly<Record<string, string>>): Workplace {
    const place = workplace(definitions);
    onTestFinished(() => place.remove());
    return place;
  }

  const made = ({ folder }: Workplace) =>
    [".serverless", ".esbuild", "out"].filter((name) => existsSync(join(folder, name)));

  test("a wrong definition: everything at once, and nothing is made", async () => {
    const wrong = TEXT.replace("region: eu-central-1\n", "region: nowhere\n")
      .replace("mode: kraft", "mode: zookeepr")
      .replace(/perZone: 1/g, "perZone: 0")
      .concat("nonsense: 1\n");
    const place = at({ "wrong.yml": wrong });
    for (const command of ["package", "deploy"]) {
      const { status, said } = await place.sls(command, "--param=cluster=wrong.yml");
      expect(status).toBe(1);
      for (const word of ["region", "kafka.mode", "roles.controller.perZone", "roles.broker.perZone", "nonsense"]) {
        expect(said, command).toMatch(new RegExp(`line \\d+, ${word.replaceAll(".", "\\.")}: `));
      }
      // Words for the user, no stack trace.
      expect(said).not.toMatch(/^ +at .*\.(ts|js|cjs):\d+/m);
      expect(made(place)).toEqual([]);
    }
  });

  test("a laboratory's definition, but only to deploy it", async () => {
    const lab = readFileSync(new URL("../../clusters/lab.yml", import.meta.url), "utf8");
    const place = at({ "lab.yml": lab });
    const { status, said } = await place.sls("deploy", "--param=cluster=lab.yml");
    expect(status).toBe(1);
    expect(said).toContain("lab.yml cannot be deployed (3 problems)");
    for (const period of ["heartbeat", "sweep", "command"]) expect(said).toContain(`periods.${period}: `);
    expect(made(place)).toEqual([]);
  });

  test.each([
    ["no definition", ["package"], "name the cluster's definition"],
    ["a definition that is not there", ["package", "--param=cluster=none.yml"], "none.yml: there is no such file"],
    ["another stage", ["package", "--param=cluster=cluster.yml", "--stage=prod"], "leave out --stage"],
    ["another region", ["package", "--param=cluster=cluster.yml", "--region=us-east-1"], "leave out --region"],
    ["a function alone", ["deploy", "function", "-f", "sweep", "--param=cluster=cluster.yml"], "with its stack"],
  ])("%s", async (_what, args, words) => {
    const place = at({ "cluster.yml": TEXT });
    const { status, said } = await place.sls(...args);
    expect(status).toBe(1);
    expect(said).toContain(words);
    expect(made(place)).toEqual([]);
  });

  test("nothing of a user who asks for help", async () => {
    const { status, said } = await at({}).sls("deploy", "--help");
    expect(said).toContain("Deploy");
    expect(status).toBe(0);
  });
});
