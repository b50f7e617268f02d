import { readFileSync } from "node:fs";

/** The body of the SSM document. */
export const NODE_SCRIPT = readFileSync(new URL("node/rollcall-node.sh", import.meta.url), "utf8");
