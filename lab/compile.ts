/** A cluster's template without packaging: for everything that does not have to show that packaging gives the same. */
import type { FunctionName } from "../resources/logical-ids.ts";
import { NODE_SCRIPT } from "../resources/node-script.ts";
import { stackTemplate } from "../resources/stack.ts";
import type { Definition } from "../shared/cluster/definition.ts";

/** As `sls package` compiles it, but for where the functions' packages lie: plain JSON. */
export function compileTemplate(definition: Definition): unknown {
  const at = (name: FunctionName) => ({ S3Bucket: "deployments", S3Key: `${name}.zip` });
  const template = stackTemplate(definition, {
    script: NODE_SCRIPT,
    code: { lifecycle: at("lifecycle"), sweep: at("sweep"), kafka: at("kafka") },
  });
  return JSON.parse(JSON.stringify(template));
}
