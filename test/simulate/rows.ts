/** The rows of the decision tables, as the code that decides names them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../shared/lifecycle", import.meta.url));
/** Of a look that was made no more is said than what it leads to. */
const ROW = /(?<!look\()"((?:launch|terminate|in-service|gone|operator|state|sweep)\/[a-z0-9-]+)"/g;

/** Every row that a cluster can come to, by itself or as an operator asks. */
export function tableRows(): string[] {
  const files = readdirSync(FOLDER, { recursive: true }).filter((path) => String(path).endsWith(".ts"));
  const found = files.flatMap((path) =>
    [...readFileSync(join(FOLDER, String(path)), "utf8").matchAll(ROW)].map(([, row = ""]) => row),
  );
  return [...new Set(found)].sort();
}
