import { readFileSync } from "node:fs";
import { parseDefinition } from "../../shared/cluster/parse.ts";

const source = new URL("../../clusters/lab.yml", import.meta.url);

/** The cluster that the samples are of. */
export const definition = parseDefinition(readFileSync(source, "utf8"), "clusters/lab.yml");
