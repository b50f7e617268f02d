import { readFileSync } from "node:fs";
import { parseDefinition } from "../shared/cluster/parse.ts";

const SOURCE = "clusters/lab.yml";

/** The lab's cluster: what a test works with where any sound definition will do. */
export const definition = parseDefinition(readFileSync(new URL(`../${SOURCE}`, import.meta.url), "utf8"), SOURCE);
