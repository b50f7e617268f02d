import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, weigh } from "../../resources/bundle.ts";
import { readPackagedDefinition } from "../../shared/cluster/packaged.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { sample } from "../events/samples.ts";

const LAUNCH = "EC2 Instance-launch Lifecycle Action";
const source = new URL("../../clusters/lab.yml", import.meta.url);
let outdir = "";
let metafile: Metafile;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), "rollcall-bundle-"));
  const definition = parseDefinition(await readFile(source, "utf8"), "clusters/lab.yml");
  metafile = await bundle({ outdir, definition });
});

afterAll(() => rm(outdir, { recursive: true, force: true }));

/** Inputs of that package in the first load. */
function loaded(name: string, part: string): string[] {
  return weigh(metafile, name).inputs.filter((input) => input.includes(part));
}

describe("what a function loads before its first answer", () => {
  test("lifecycle: at most 400 KB", () => {
    expect(weigh(metafile, "lifecycle").first).toBeLessThanOrEqual(400_000);
  });

  test.each(["lifecycle", "sweep"])("%s: no client that a launch needs only later, and no kafkajs", (name) => {
    for (const part of ["client-ec2/", "client-ssm/", "client-lambda/", "kafkajs/"])
      expect(loaded(name, part)).toEqual([]);
    expect(loaded(name, "client-auto-scaling/")).not.toEqual([]);
  });

  test("kafka: kafkajs, and nothing of AWS", () => {
    expect(loaded("kafka", "kafkajs/")).not.toEqual([]);
    expect(loaded("kafka", "@aws-sdk/")).toEqual([]);
  });

  test("kafka: whoever it is asked for is looked up only once it is", () => {
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    expect(inputs.some((input) => input.includes("client-secrets-manager/"))).toBe(true);
    for (const name of ["lifecycle", "sweep", "kafka"]) expect(loaded(name, "client-secrets-manager/")).toEqual([]);
  });

  test("the functions read a definition that was validated when it was packaged, and do not carry what validates it", () => {
    for (const name of ["lifecycle", "sweep"]) expect(loaded(name, "shared/cluster/validate.ts")).toEqual([]);
  });

  test("the later clients are there when they are needed", () => {
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    for (const part of ["client-ec2/", "client-ssm/", "client-lambda/"]) {
      expect(inputs.some((input) => input.includes(part))).toBe(true);
    }
    const { first, total } = weigh(metafile, "lifecycle");
    expect(total).toBeGreaterThan(first);
  });

  test("nothing of the laboratory, the tests, or the YAML parser is in any function", () => {
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    expect(inputs.filter((input) => /^(lab|test|bench|resources)\/|node_modules\/yaml\//.test(input))).toEqual([]);
  });

  test("a function that is not in the bundle is an error that names those that are", () => {
    expect(() => weigh(metafile, "roster")).toThrow(/no function roster among .*lifecycle\.mjs/);
  });
});

test("the definition lies beside the functions, with every default written out", async () => {
  const packaged: unknown = JSON.parse(await readFile(join(outdir, "definition.json"), "utf8"));
  expect(readPackagedDefinition(packaged, "it")).toEqual(
    parseDefinition(await readFile(source, "utf8"), "clusters/lab.yml"),
  );
});

const CALL = `
  const { handler } = await import(process.argv[1]);
  const context = { functionName: "rollcall-lab-lifecycle", awsRequestId: "4a3c1f0e", getRemainingTimeInMillis: () => 60_000 };
  const ended = await handler(JSON.parse(process.argv[2]), context).then(
    (answer) => ({ answer }),
    ({ name, message }) => ({ name, message }),
  );
  console.error(JSON.stringify(ended));
`;

/** Calls the bundled function in a process of its own, as Lambda does; no AWS is within its reach. */
async function call(name: string, event: unknown, env: Readonly<Record<string, string>>) {
  const file = join(outdir, `${name}.mjs`);
  const child = spawn(process.execPath, ["--input-type=module", "-e", CALL, file, JSON.stringify(event)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { LAMBDA_TASK_ROOT: outdir, AWS_ENDPOINT_URL: "http://127.0.0.1:9", ...env },
  });
  const [out, ended] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const lines = out.split("\n").filter((line) => line !== "");
  return { lines: lines.map((line): unknown => JSON.parse(line)), ended: JSON.parse(ended) as unknown };
}

describe("the bundled lifecycle function", () => {
  const env = { ROLLCALL_TABLE: "rollcall-lab", ROLLCALL_KAFKA_FUNCTION: "rollcall-lab-kafka" };

  test("answers, logs structured lines, and counts in CloudWatch's embedded format", async () => {
    const { lines, ended } = await call("lifecycle", sample(LAUNCH, { AutoScalingGroupName: "web" }), env);
    const reason = "group web is not one of cluster lab";
    expect(ended).toEqual({ answer: { outcome: "left-alone", reason } });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "INFO", message: reason, service: "lifecycle", cluster: "lab" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ service: "lifecycle", cluster: "lab", LeftAlone: 1, _aws: expect.anything() }),
    );
  });

  test("throws the clear error on a malformed event, and counts the failure", async () => {
    const { lines, ended } = await call("lifecycle", sample(LAUNCH, { EC2InstanceId: "web-1" }), env);
    expect(ended).toMatchObject({ name: "EventError", message: expect.stringContaining('EC2InstanceId is "web-1"') });
    expect(lines).toContainEqual(expect.objectContaining({ cluster: "lab", Failed: 1 }));
  });

  test("throws what its environment lacks", async () => {
    const { ended } = await call("lifecycle", {}, {});
    expect(ended).toMatchObject({
      name: "EnvironmentError",
      message: expect.stringMatching(/ROLLCALL_TABLE is not set: .*ROLLCALL_KAFKA_FUNCTION is not set/),
    });
  });

  test("throws where no definition is packaged with it", async () => {
    const { ended } = await call("lifecycle", {}, { ...env, ROLLCALL_DEFINITION: "elsewhere.json" });
    expect(ended).toMatchObject({ message: expect.stringContaining("elsewhere.json") });
  });
});
