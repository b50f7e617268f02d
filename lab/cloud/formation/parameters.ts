/** A template's parameters, and the public SSM parameters that some of them name. */
import type { TemplateParameter } from "./template.ts";

/** Public parameters of the lab's region: names as AWS has them, values of the lab's own. */
const PUBLIC: ReadonlyMap<string, string> = new Map(
  ["x86_64", "arm64"].flatMap((architecture, index) =>
    ["kernel-default", "kernel-6.1", "kernel-6.12"].map((kernel): [string, string] => [
      `/aws/service/ami-amazon-linux-latest/al2023-ami-${kernel}-${architecture}`,
      `ami-0a1b2c3d4e5f6000${index}`,
    ]),
  ),
);

export function publicParameter(name: string): string | undefined {
  return PUBLIC.get(name);
}

/**
 * The value of every parameter: what is given, otherwise its default; for `AWS::SSM::Parameter::Value<…>` what the
 * parameter of that name holds. Throws where one has no value, a value it does not allow, or is given and not declared.
 */
export function parameterValues(
  declared: Readonly<Record<string, TemplateParameter>>,
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const stranger = Object.keys(given).find((name) => !(name in declared));
  if (stranger !== undefined) throw new Error(`Parameters: [${stranger}] do not exist in the template`);
  return new Map(
    Object.entries(declared).map(([name, parameter]) => [name, parameterValue(name, parameter, given[name])]),
  );
}

function parameterValue(name: string, declared: TemplateParameter, given: string | undefined): string {
  const value = given ?? declared.Default?.toString();
  if (value === undefined) throw new Error(`Parameters.${name} must have a value`);
  const { AllowedPattern: pattern, AllowedValues: allowed } = declared;
  if ((pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) || allowed?.includes(value) === false) {
    throw new Error(`Parameters.${name}: not an allowed value, ${JSON.stringify(value)}`);
  }
  if (declared.Type.startsWith("AWS::SSM::Parameter::Value<")) {
    const held = publicParameter(value);
    if (held === undefined) throw new Error(`Parameters.${name}: Unable to fetch parameter ${value} from SSM`);
    return held;
  }
  if (declared.Type !== "String" && declared.Type !== "Number" && !declared.Type.startsWith("AWS::EC2::")) {
    throw new Error(`Parameters.${name}: the lab's CloudFormation does not know the type ${declared.Type}`);
  }
  return value;
}
