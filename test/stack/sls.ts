/** `sls` as a user runs it, in a folder of its own, without credentials, and with an AWS that cannot be reached. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Workplace {
  readonly folder: string;
  /** @returns exit status, and all that was printed */
  sls(...args: readonly string[]): Promise<{ readonly status: number | null; readonly said: string }>;
  remove(): void;
}

/** @param definitions text by file name */
export function workplace(definitions: Readonly<Record<string, string>>): Workplace {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-sls-"));
  // osls takes no link for its configuration.
  for (const name of ["serverless.yml", "package.json"]) cpSync(join(ROOT, name), join(folder, name));
  for (const name of ["node_modules", "resources", "shared", "functions"])
    symlinkSync(join(ROOT, name), join(folder, name));
  for (const [name, text] of Object.entries(definitions)) writeFileSync(join(folder, name), text);
  const { PATH = "", HOME = "" } = process.env;
  return {
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    sls: (...args) =>
      new Promise((resolve, reject) => {
        const program = join(ROOT, "node_modules/serverless/bin/serverless.js");
        const child = spawn(process.execPath, [program, ...args], {
          cwd: folder,
          stdio: ["ignore", "pipe", "pipe"],
          // Port 9 is discard: whoever listens there does not speak AWS.
          env: { PATH, HOME, AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_EC2_METADATA_DISABLED: "true" },
        });
        let said = "";
        const hear = (chunk: Buffer): void => {
          said += chunk.toString();
        };
        child.stdout.on("data", hear);
        child.stderr.on("data", hear);
        child.once("error", reject);
        child.once("close", (status) => resolve({ status, said }));
      }),
  };
}
