/** The bugs that the simulation has to find: `NN-name.patch`, beside this file. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Patch, parsePatch } from "./patch.ts";

export interface Mutant extends Patch {
  /** `07-treats-unknown-as-dead` */
  readonly name: string;
}

const FOLDER = new URL(".", import.meta.url);

/**
 * All of them, by name.
 *
 * @throws where one cannot be read, saying which
 */
export async function allMutants(): Promise<Mutant[]> {
  const files = (await readdir(fileURLToPath(FOLDER))).filter((file) => file.endsWith(".patch")).sort();
  return Promise.all(
    files.map(async (file) => {
      try {
        return { name: file.replace(/\.patch$/, ""), ...parsePatch(await readFile(new URL(file, FOLDER), "utf8")) };
      } catch (cause) {
        throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      }
    }),
  );
}
