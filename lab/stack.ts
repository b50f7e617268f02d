/** A cluster's stack in the lab's cloud: its compiled CloudFormation template, loaded, with the functions' code behind it. */
import type { Definition } from "../shared/cluster/definition.ts";
import type { Cloud } from "./cloud/cloud.ts";
import type { DeployedFunction, FunctionCode } from "./cloud/formation/kind.ts";
import { FORMATION, loadTemplate, type Stack, type StackResource } from "./cloud/formation/stack.ts";
import type { FunctionSpec } from "./cloud/lambda/functions.ts";

/** Roles that may do everything, where IAM is enforced: CloudFormation, whoever operates the lab, and what only looks. */
export const ADMINISTRATORS: readonly string[] = [FORMATION.role, "operator", "view"];

export interface StackFunctions {
  readonly lifecycle: (deployed: DeployedFunction) => FunctionSpec["handler"];
  readonly sweep: (deployed: DeployedFunction) => FunctionSpec["handler"];
  readonly kafka: (deployed: DeployedFunction) => FunctionSpec["handler"];
}

export interface DeployedStack {
  readonly stack: Stack;
  readonly table: string;
  /** ARNs of the rules that wake Rollcall: a replay goes to these alone. */
  readonly rules: readonly string[];
  readonly archive: string;
  /** The groups, whose instances launch at once. */
  launch(): Promise<void>;
}

export interface StackContents {
  /** Compiled: what `sls package` makes of the definition, or `stackTemplate`. */
  readonly template: unknown;
  readonly definition: Definition;
  readonly functions: StackFunctions;
  readonly clock: { wait(ms: number): Promise<void> };
}

/** Everything but the groups: nothing runs yet. Throws StackError. */
export async function deployStack(cloud: Cloud, contents: StackContents): Promise<DeployedStack> {
  const { template, definition, functions, clock } = contents;
  for (const { name, subnet, cidr } of definition.zones) {
    cloud.ec2.subnets.add({ id: subnet, vpc: definition.network.vpc, zone: name, cidr });
  }
  const stack = await loadTemplate(template, {
    name: `rollcall-${definition.cluster}`,
    cloud,
    clock,
    code: codeOf(functions),
    hold: ["AWS::AutoScaling::AutoScalingGroup"],
  });
  const only = (type: string): StackResource => {
    const [found, ...more] = stack.ofType(type);
    if (!found || more.length > 0) throw new Error(`stack ${stack.name} has ${more.length + 1} of ${type}, not one`);
    return found;
  };
  const rules = stack.ofType("AWS::Events::Rule").filter((r) => r.properties.EventPattern !== undefined);
  return {
    stack,
    table: only("AWS::DynamoDB::Table").physicalId,
    rules: rules.map((r) => r.attributes.Arn ?? ""),
    archive: only("AWS::Events::Archive").physicalId,
    launch: () => stack.release(),
  };
}

/** A function's code by the module that its handler is in. */
export function codeOf(functions: StackFunctions): FunctionCode {
  return (deployed) => {
    const [module = ""] = deployed.handler.split(".");
    if (module !== "lifecycle" && module !== "sweep" && module !== "kafka") {
      throw new Error(`the lab has no code for the handler ${deployed.handler}`);
    }
    return functions[module](deployed);
  };
}
