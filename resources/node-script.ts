import { readFileSync } from "node:fs";

/**
 * The body of the SSM document. A document may have 64 KB, and less where a long payload goes with it: so of the script's
 * comments only those at its head come along, for whoever looks at the document.
 */
export const NODE_SCRIPT = withoutComments(readFileSync(new URL("node/rollcall-node.sh", import.meta.url), "utf8"));

/** Whole lines that are comments, to the shell or to awk; the script has no other text of several lines. */
function withoutComments(script: string): string {
  const lines = script.split("\n");
  const head = lines.findIndex((line) => !line.startsWith("#"));
  return [...lines.slice(0, head), ...lines.slice(head).filter((line) => !/^\s*#/.test(line))].join("\n");
}
