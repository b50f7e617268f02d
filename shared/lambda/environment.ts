import { resolve } from "node:path";
import * as v from "valibot";

/** What a function is told by its environment variables. */
export interface Environment {
  /** Absolute path of the packaged definition, JSON. */
  readonly definition: string;
  /** DynamoDB table. */
  readonly table: string;
  /** Name of the function that sees Kafka. */
  readonly kafkaFunction: string;
}

const variable = (pattern: RegExp, expected: string) => v.pipe(v.string(expected), v.regex(pattern, expected));

const variables = {
  ROLLCALL_DEFINITION: variable(
    /./,
    "the path of the packaged definition (JSON), absolute or in the function's folder",
  ),
  ROLLCALL_TABLE: variable(/^[\w.-]{3,255}$/, "the name of the cluster's DynamoDB table"),
  ROLLCALL_KAFKA_FUNCTION: variable(/^[\w-]{1,64}$/, "the name of the Lambda function that sees Kafka"),
};

/** The function was deployed without what it needs. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/**
 * Reads the environment once, at the function's first invocation.
 *
 * @throws {EnvironmentError} naming every variable that is missing or wrong, its value, and what belongs there
 */
export function environmentOf(env: Readonly<Record<string, string | undefined>>): Environment {
  const wrong: string[] = [];
  const read = (name: keyof typeof variables, fallback?: string): string => {
    const result = v.safeParse(variables[name], env[name] ?? fallback);
    if (result.success) return result.output;
    const standing = env[name] === undefined ? "is not set" : `is ${JSON.stringify(env[name])}`;
    wrong.push(`${name} ${standing}: set it to ${result.issues[0].message}`);
    return "";
  };
  const definition = read("ROLLCALL_DEFINITION", "definition.json");
  const table = read("ROLLCALL_TABLE");
  const kafkaFunction = read("ROLLCALL_KAFKA_FUNCTION");
  if (wrong.length > 0)
    throw new EnvironmentError(`the function's environment is not as it must be: ${wrong.join("; ")}`);
  // Lambda unpacks the function there, and names it so.
  return { definition: resolve(env.LAMBDA_TASK_ROOT ?? ".", definition), table, kafkaFunction };
}
