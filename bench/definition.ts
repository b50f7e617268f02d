/** The lab's cluster, as far as measurements need a definition. */
import { readFileSync } from "node:fs";
import type { Definition } from "../shared/cluster/definition.ts";
import { definitionJson, parseDefinitionJson } from "../shared/cluster/json.ts";
import { parseDefinition } from "../shared/cluster/parse.ts";

const SOURCE = "clusters/lab.yml";

export function labDefinition(): Definition {
  return parseDefinition(readFileSync(new URL(`../${SOURCE}`, import.meta.url), "utf8"), SOURCE);
}

/** The same with the periods of a cluster on EC2 instead of a laboratory's. */
export function productionDefinition(): Definition {
  const { periods: _, ...rest } = Object(definitionJson(labDefinition()));
  return parseDefinitionJson(rest, SOURCE);
}
