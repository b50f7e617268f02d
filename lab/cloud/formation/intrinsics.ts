/**
 * Intrinsic functions and dynamic references, resolved against what there is so far. "Intrinsic function reference" in
 * CloudFormation's user guide; a function that is not modelled is an error that names its place.
 */

/** What references lead to. */
export interface Scope {
  /** A parameter's or pseudo parameter's value, or a resource's physical id; undefined where there is none of that name. */
  ref(name: string): unknown;
  /** Undefined where the resource or its attribute does not exist. */
  attribute(logicalId: string, name: string): string | undefined;
  /** Undefined where there is no such condition. */
  condition(name: string): boolean | undefined;
  /** A public SSM parameter; undefined where there is none of that name. */
  ssm(name: string): string | undefined;
}

/** `AWS::NoValue`: what has it is left out. */
export const NO_VALUE: unique symbol = Symbol("AWS::NoValue");

/** @param path where the value stands in the template; errors begin with it */
export function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === "string") return withDynamicReferences(value, scope, path);
  if (Array.isArray(value)) {
    return value.map((one, index) => resolve(one, scope, `${path}.${index}`)).filter((one) => one !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const [name, argument] = functionOf(value) ?? [];
  if (name !== undefined) return call(name, argument, scope, `${path}.${name}`);
  const entries = Object.entries(value).map(([key, one]) => [key, resolve(one, scope, `${path}.${key}`)]);
  return Object.fromEntries(entries.filter(([, one]) => one !== NO_VALUE));
}

/** Logical ids, parameters and pseudo parameters that the value refers to. */
export function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (one: unknown): void => {
    if (Array.isArray(one)) for (const item of one) walk(item);
    else if (isObject(one)) {
      const [name, argument] = functionOf(one) ?? [];
      if (name === "Ref") found.add(String(argument));
      else if (name === "Fn::GetAtt") found.add(attributeOf(argument)[0]);
      else {
        if (name === "Fn::Sub") for (const key of variablesOf(argument)) found.add(key.split(".")[0] ?? "");
        for (const item of Object.values(one)) walk(item);
      }
    }
  };
  walk(value);
  return found;
}

/** A condition's truth. Throws where it is none. */
export function evaluateCondition(value: unknown, scope: Scope, path: string): boolean {
  const outcome = resolve(value, scope, path);
  if (typeof outcome === "boolean") return outcome;
  throw new Error(`${path}: not a condition, ${JSON.stringify(value)}`);
}

function call(name: string, argument: unknown, scope: Scope, path: string): unknown {
  const fail = (why: string) => new Error(`${path}: ${why}, ${JSON.stringify(argument)}`);
  const list = (): unknown[] => {
    if (!Array.isArray(argument)) throw fail("needs a list");
    return argument;
  };
  const truth = (one: unknown) => evaluateCondition(one, scope, path);
  switch (name) {
    case "Ref": {
      if (argument === "AWS::NoValue") return NO_VALUE;
      const found = scope.ref(String(argument));
      if (found === undefined) throw fail("nothing of that name");
      return found;
    }
    case "Fn::GetAtt": {
      const [logicalId, attribute] = attributeOf(argument);
      const found = scope.attribute(logicalId, attribute);
      if (found === undefined) throw fail("no such resource or attribute");
      return found;
    }
    case "Fn::Sub":
      return substitute(argument, scope, path);
    case "Fn::Join": {
      const [separator, items] = list();
      const texts = resolve(items, scope, path);
      if (typeof separator !== "string" || !Array.isArray(texts)) throw fail("needs a separator and a list");
      return texts.map((one) => textOf(one, path)).join(separator);
    }
    case "Fn::Split": {
      const [separator, text] = list();
      return textOf(resolve(text, scope, path), path).split(String(separator));
    }
    case "Fn::Select": {
      const [index, items] = list();
      const from = resolve(items, scope, path);
      const chosen = Array.isArray(from) ? from[Number(resolve(index, scope, path))] : undefined;
      if (chosen === undefined) throw fail("nothing at that index");
      return chosen;
    }
    case "Fn::Base64":
      return Buffer.from(textOf(resolve(argument, scope, path), path)).toString("base64");
    case "Fn::If": {
      const [condition, yes, no] = list();
      const holds = scope.condition(String(condition));
      if (holds === undefined) throw fail("no such condition");
      return resolve(holds ? yes : no, scope, path);
    }
    case "Condition": {
      const holds = scope.condition(String(argument));
      if (holds === undefined) throw fail("no such condition");
      return holds;
    }
    case "Fn::Equals": {
      const [left, right] = list().map((one) => resolve(one, scope, path));
      return JSON.stringify(left) === JSON.stringify(right);
    }
    case "Fn::And":
      return list().every(truth);
    case "Fn::Or":
      return list().some(truth);
    case "Fn::Not":
      return !truth(list()[0]);
    default:
      throw fail("the lab's CloudFormation does not know this function");
  }
}

const VARIABLE = /\$\{([^!}][^}]*)\}/g;

/** `${Name}`, `${Name.Attribute}`, the function's own variables, and `${!Literal}`. */
function substitute(argument: unknown, scope: Scope, path: string): string {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof text !== "string" || !isObject(own)) throw new Error(`${path}: needs a text, ${JSON.stringify(argument)}`);
  return text
    .replace(VARIABLE, (_, name: string) => {
      if (name in own) return textOf(resolve(own[name], scope, path), path);
      const dot = name.indexOf(".");
      const found = dot < 0 ? scope.ref(name) : scope.attribute(name.slice(0, dot), name.slice(dot + 1));
      if (found === undefined) throw new Error(`${path}: nothing named ${name}, in ${JSON.stringify(text)}`);
      return textOf(found, path);
    })
    .replaceAll("${!", "${");
}

function variablesOf(argument: unknown): string[] {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  return [...String(text).matchAll(VARIABLE)].map(([, name = ""]) => name).filter((name) => !(name in Object(own)));
}

/** `{{resolve:ssm:/path}}`, as part of a text or alone. */
function withDynamicReferences(text: string, scope: Scope, path: string): string {
  return text.replace(/\{\{resolve:([^}]*)\}\}/g, (whole, reference: string) => {
    const [service, ...rest] = reference.split(":");
    const found = service === "ssm" ? scope.ssm(rest[0] ?? "") : undefined;
    if (found === undefined) throw new Error(`${path}: cannot be resolved, ${whole}`);
    return found;
  });
}

function functionOf(value: Record<string, unknown>): [name: string, argument: unknown] | undefined {
  const [only, ...more] = Object.entries(value);
  if (!only || more.length > 0) return undefined;
  const [name, argument] = only;
  // A policy statement has a `Condition` too: there it is an object.
  if (name === "Condition") return typeof argument === "string" ? only : undefined;
  return name === "Ref" || name.startsWith("Fn::") ? [name, argument] : undefined;
}

/** `["Name", "Attribute"]` or `"Name.Attribute"`. */
function attributeOf(argument: unknown): [logicalId: string, attribute: string] {
  if (Array.isArray(argument)) return [String(argument[0]), argument.slice(1).join(".")];
  const [logicalId = "", ...attribute] = String(argument).split(".");
  return [logicalId, attribute.join(".")];
}

function textOf(value: unknown, path: string): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`${path}: a text is needed, ${JSON.stringify(value)}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
