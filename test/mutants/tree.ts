/** A copy of the source tree, in which one bug after the other can be let loose without touching the tree itself. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { applied, type FilePatch } from "./patch.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Tree {
  readonly folder: string;
  /**
   * Does the work with those patches in place, and takes them out again.
   *
   * @throws where one does not apply; then nothing is done
   */
  with<T>(patches: readonly FilePatch[], work: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/** What is not ignored, committed or not; packages are shared. */
export async function copyTree(): Promise<Tree> {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-mutants-"));
  try {
    const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { stdout } = await promisify(execFile)("git", list, { cwd: ROOT, maxBuffer: 2 ** 24 });
    for (const path of new Set(stdout.split("\0").filter(Boolean))) await copy(path, folder);
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    folder,
    async with(patches, work) {
      const sources = await Promise.all(
        patches.map(async (patch) => {
          const path = join(folder, patch.path);
          const before = await readFile(path, "utf8");
          return { path, before, after: applied(patch, before) };
        }),
      );
      try {
        for (const { path, after } of sources) await writeFile(path, after);
        return await work();
      } finally {
        for (const { path, before } of sources) await writeFile(path, before);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A file that is gone from the tree, though not yet from the index, is gone from the copy. */
async function copy(path: string, folder: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await cp(join(ROOT, path), join(folder, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
