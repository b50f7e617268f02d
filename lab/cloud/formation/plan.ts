/** A template read, with its parameters and conditions: as far as it can be known before anything is made. */
import { evaluateCondition, type Scope } from "./intrinsics.ts";
import type { FunctionCode, Made } from "./kind.ts";
import { creationOrder } from "./order.ts";
import { parameterValues, publicParameter } from "./parameters.ts";
import { KINDS } from "./resources/index.ts";
import { readTemplate, type Template, type TemplateResource } from "./template.ts";

/** Where a template's references lead. */
export interface Place {
  readonly stack: string;
  readonly region: string;
  readonly account: string;
  /** What was made for that logical id; undefined before it is. */
  resource(logicalId: string): { readonly made: Made } | undefined;
}

export interface Plan {
  readonly template: Template;
  /** Those whose condition holds. */
  readonly resources: Readonly<Record<string, TemplateResource>>;
  /** Logical ids, each after all it depends on. */
  readonly order: readonly string[];
  readonly scope: Scope;
  readonly code: FunctionCode;
}

/** What a template is deployed with. */
export interface Deployment {
  /** Values of the template's parameters that have no default, or are to have another. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What the functions run: called for each function, whenever the template is deployed. */
  readonly code: FunctionCode;
}

/** Throws where the template cannot be read, or has what the lab's CloudFormation does not know. */
export function makePlan(source: unknown, { parameters = {}, code }: Deployment, place: Place): Plan {
  const template = readTemplate(source);
  const scope = scopeOf(template, parameterValues(template.Parameters, parameters), place);
  const wanted = Object.entries(template.Resources).filter(
    ([id, { Condition }]) =>
      Condition === undefined || mustHold(scope.condition(Condition), `${id}.Condition: ${Condition}`),
  );
  for (const [id, resource] of wanted) mustBeKnown(id, resource);
  const resources = Object.fromEntries(wanted);
  return { template, resources, order: creationOrder(resources), scope, code };
}

function scopeOf({ Conditions }: Template, parameters: ReadonlyMap<string, string>, place: Place): Scope {
  const { stack, region, account } = place;
  const pseudo: Readonly<Record<string, string>> = {
    "AWS::Region": region,
    "AWS::AccountId": account,
    "AWS::Partition": "aws",
    "AWS::StackName": stack,
    "AWS::StackId": `arn:aws:cloudformation:${region}:${account}:stack/${stack}/00000000-0000-4000-8000-000000000000`,
    "AWS::URLSuffix": "amazonaws.com",
  };
  const scope: Scope = {
    ref: (wanted) => pseudo[wanted] ?? parameters.get(wanted) ?? place.resource(wanted)?.made.ref,
    attribute: (id, attribute) => place.resource(id)?.made.attributes?.[attribute],
    condition(wanted) {
      if (!(wanted in Conditions)) return undefined;
      return evaluateCondition(Conditions[wanted], scope, `Conditions.${wanted}`);
    },
    ssm: publicParameter,
  };
  return scope;
}

function mustHold(condition: boolean | undefined, what: string): boolean {
  if (condition === undefined) throw new Error(`${what}: no such condition`);
  return condition;
}

/** Before anything is made; values are checked when their references are resolved. */
function mustBeKnown(id: string, { Type, Properties }: TemplateResource): void {
  const kind = KINDS.get(Type);
  if (!kind) throw new Error(`${id}: the lab's CloudFormation does not know the resource type ${Type}`);
  for (const [name, value] of Object.entries(Properties)) {
    if (kind.names.includes(name)) continue;
    const what = "the lab's CloudFormation does not know this property";
    throw new Error(`${id} (${Type}): Properties.${name}: ${what}, ${JSON.stringify(value)}`);
  }
}
