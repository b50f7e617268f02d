/**
 * The `Condition` element of a policy statement ("IAM JSON policy elements: Condition operators" and "Conditions with
 * multiple context keys or values" in IAM's user guide). Operators that are not modelled are an error, never ignored.
 */
import { matchesArn, matchesPattern } from "./pattern.ts";

/** What is known of a request, by condition key (lower case); a key that is not there was not in the request. */
export type Context = ReadonlyMap<string, readonly string[]>;

export type Condition = (context: Context) => boolean;

/** Key and values, e.g. `{"aws:ResourceTag/rollcall:cluster": "lab"}`. */
type Block = Readonly<Record<string, readonly string[]>>;

interface Operator {
  /** Whether the value that is there satisfies one that is asked for. */
  readonly test: (asked: string, there: string) => boolean;
  /** Satisfied where none of the values passes; so also where the key is not there. */
  readonly negated?: true;
}

const equal = (asked: string, there: string) => asked === there;
const sameLetters = (asked: string, there: string) => asked.toLowerCase() === there.toLowerCase();
const number = (compare: (there: number, asked: number) => boolean): Operator => ({
  test: (asked, there) => compare(Number(there), Number(asked)),
});

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: { test: equal },
  StringNotEquals: { test: equal, negated: true },
  StringEqualsIgnoreCase: { test: sameLetters },
  StringNotEqualsIgnoreCase: { test: sameLetters, negated: true },
  StringLike: { test: matchesPattern },
  StringNotLike: { test: matchesPattern, negated: true },
  // Both take wildcards: "ArnEquals and ArnLike behave identically".
  ArnEquals: { test: matchesArn },
  ArnLike: { test: matchesArn },
  ArnNotEquals: { test: matchesArn, negated: true },
  ArnNotLike: { test: matchesArn, negated: true },
  Bool: { test: sameLetters },
  NumericEquals: number((there, asked) => there === asked),
  NumericLessThan: number((there, asked) => there < asked),
  NumericLessThanEquals: number((there, asked) => there <= asked),
  NumericGreaterThan: number((there, asked) => there > asked),
  NumericGreaterThanEquals: number((there, asked) => there >= asked),
};

/** Every operator and every key of the element has to hold. Throws an Error that names an operator it does not know. */
export function compileCondition(element: Readonly<Record<string, Block>>): Condition {
  const conditions = Object.entries(element).flatMap(([operator, block]) =>
    Object.entries(block).map(([key, values]) => compileOne(operator, key, values)),
  );
  return (context) => conditions.every((holds) => holds(context));
}

function compileOne(text: string, key: string, asked: readonly string[]): Condition {
  const variable = asked.find((value) => value.includes("${"));
  if (variable !== undefined) throw new Error(`policy variables are not modelled: ${variable}`);
  const name = key.toLowerCase();
  if (text === "Null") {
    const absent = asked.includes("true");
    return (context) => (context.get(name) === undefined) === absent;
  }
  const [, quantifier, word = "", lenient] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
  const operator = OPERATORS[word];
  if (!operator) throw new Error(`the condition operator ${text} is not modelled`);
  const { test, negated = false } = operator;
  const passes = (there: string) => asked.some((one) => test(one, there)) !== negated;
  return (context) => {
    const there = context.get(name);
    if (there === undefined) return lenient !== undefined || quantifier === "ForAllValues" || (negated && !quantifier);
    if (quantifier === "ForAllValues") return there.every(passes);
    return negated && !quantifier ? there.every(passes) : there.some(passes);
  };
}
