/** A cluster's template without packaging: for everything that does not have to show that packaging gives the same. */
import { readFileSync } from "node:fs";
import type { FunctionName } from "../resources/logical-ids.ts";
import { stackTemplate } from "../resources/stack.ts";
import type { Definition } from "../shared/cluster/definition.ts";

const SCRIPT = new URL("../resources/node/rollcall-node.sh", import.meta.url);

/** As `sls package` compiles it, but for where the functions' packages lie: plain JSON. */
export function compileTemplate(definition: Definition): unknown {
  const at = (name: FunctionName) => ({ S3Bucket: "deployments", S3Key: `${name}.zip` });
  const template = stackTemplate(definition, {
    script: readFileSync(SCRIPT, "utf8"),
    code: { lifecycle: at("lifecycle"), sweep: at("sweep"), kafka: at("kafka") },
  });
  return JSON.parse(JSON.stringify(template));
}
