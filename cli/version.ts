/** Which Rollcall this is. */
import { readFileSync } from "node:fs";
import * as v from "valibot";

const manifest = new URL("../package.json", import.meta.url);

export const VERSION: string = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(manifest, "utf8")),
).version;
