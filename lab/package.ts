/** Packages a cluster as its users do, with `sls package`, and reads the CloudFormation template that comes of it. */
import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Definition } from "../shared/cluster/definition.ts";
import { definitionJson } from "../shared/cluster/json.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What packaging reads of the project. It writes beside it, so that each run has a folder of its own with these. */
const FILES = ["serverless.yml", "package.json"];
const FOLDERS = ["node_modules", "resources", "shared", "functions"];
const TEMPLATE = "cloudformation-template-update-stack.json";

/**
 * The compiled template, as it would go to CloudFormation.
 *
 * @param folder where to work; nothing is left in it
 * @throws with what `sls` said, where it fails; an AbortError where the signal ended it
 */
export async function packageTemplate(definition: Definition, folder: string, signal?: AbortSignal): Promise<unknown> {
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, "package-"));
  try {
    // osls takes no link for its configuration.
    await Promise.all(FILES.map((name) => copyFile(join(ROOT, name), join(scratch, name))));
    await Promise.all(FOLDERS.map((name) => symlink(join(ROOT, name), join(scratch, name))));
    await writeFile(join(scratch, "cluster.json"), JSON.stringify(definitionJson(definition)));
    await sls(scratch, ["package", "--param=cluster=cluster.json", "--package", "packaged"], signal);
    return JSON.parse(await readFile(join(scratch, "packaged", TEMPLATE), "utf8"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function sls(folder: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  const program = join(ROOT, "node_modules/serverless/bin/serverless.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal && { signal }),
      env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1" },
    });
    let said = "";
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`sls ${args.join(" ")} ended with ${signal ?? code}:\n${said.trim()}`));
    });
  });
}
