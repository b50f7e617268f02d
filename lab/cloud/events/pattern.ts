/**
 * EventBridge's event patterns ("Amazon EventBridge event patterns" in its user guide): an object of the event's own
 * structure whose leaves are lists of what is accepted there. Modelled: plain values, `prefix`, `suffix`,
 * `equals-ignore-case`, `wildcard`, `exists`, `anything-but`, `numeric` and `$or`.
 */
export type Pattern = (event: object) => boolean;

/** Throws an Error whose message says what is wrong with the pattern. */
export function compilePattern(source: string): Pattern {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (error) {
    throw new Error(`Event pattern is not valid JSON: ${String(error)}`);
  }
  if (!isObject(parsed)) throw new Error("Event pattern is not an object");
  const matches = compileObject(parsed, "");
  return (event) => matches(event);
}

type Match = (value: unknown) => boolean;

function compileObject(pattern: Record<string, unknown>, path: string): Match {
  const fields = Object.entries(pattern).map(([key, wanted]): Match => {
    const at = path ? `${path}.${key}` : key;
    if (key === "$or" && Array.isArray(wanted)) {
      const branches = wanted.map((branch) => compileObject(mustBeObject(branch, at), at));
      return (value) => branches.some((branch) => branch(value));
    }
    const matches = Array.isArray(wanted) ? compileLeaf(wanted, at) : compileObject(mustBeObject(wanted, at), at);
    return (value) => matches(isObject(value) ? value[key] : undefined);
  });
  return (value) => fields.every((matches) => matches(value));
}

/** A list in the event matches where one of its elements does. */
function compileLeaf(accepted: readonly unknown[], at: string): Match {
  if (accepted.length === 0) throw new Error(`${at}: empty arrays are not allowed`);
  const any = accepted.map((one) => compileOne(one, at));
  return (value) => {
    const candidates = Array.isArray(value) && value.length > 0 ? value : [value];
    return any.some((matches) => candidates.some(matches));
  };
}

function compileOne(accepted: unknown, at: string): Match {
  if (!isObject(accepted)) return (value) => value === accepted;
  const [[operator, operand] = ["", undefined], ...more] = Object.entries(accepted);
  if (more.length > 0) throw new Error(`${at}: only one operator is allowed in an expression`);
  switch (operator) {
    case "exists":
      return (value) => (value !== undefined && !isObject(value)) === operand;
    case "anything-but": {
      const excluded = (Array.isArray(operand) ? operand : [operand]).map((one) => compileOne(one, at));
      return (value) => value !== undefined && !excluded.some((matches) => matches(value));
    }
    case "numeric":
      return compileNumeric(operand, at);
    default:
      return compileText(operator, operand, at);
  }
}

function compileText(operator: string, operand: unknown, at: string): Match {
  if (typeof operand !== "string") throw new Error(`${at}: ${operator} needs a string`);
  const text = (matches: (value: string) => boolean) => (value: unknown) => typeof value === "string" && matches(value);
  switch (operator) {
    case "prefix":
      return text((value) => value.startsWith(operand));
    case "suffix":
      return text((value) => value.endsWith(operand));
    case "equals-ignore-case":
      return text((value) => value.toLowerCase() === operand.toLowerCase());
    case "wildcard": {
      const source = operand.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", ".*");
      const expression = new RegExp(`^${source}$`, "s");
      return text((value) => expression.test(value));
    }
    default:
      throw new Error(`${at}: Unrecognized match type ${operator}`);
  }
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** `[">", 0, "<=", 5]`. */
function compileNumeric(operand: unknown, at: string): Match {
  if (!Array.isArray(operand) || operand.length % 2 !== 0) throw new Error(`${at}: numeric needs pairs`);
  const tests: ((value: number) => boolean)[] = [];
  for (let i = 0; i < operand.length; i += 2) {
    const compare = COMPARE[String(operand[i])];
    const bound: unknown = operand[i + 1];
    if (!compare || typeof bound !== "number") throw new Error(`${at}: numeric does not know ${String(operand[i])}`);
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === "number" && tests.every((test) => test(value));
}

function mustBeObject(value: unknown, at: string): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`${at} must be an object or an array`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
