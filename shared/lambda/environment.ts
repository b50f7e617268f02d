import { resolve } from "node:path";
import * as v from "valibot";
import type { ObserverSecrets } from "../kafka/login.ts";

/** What a function is told by its environment variables. */
export interface Environment {
  /** Absolute path of the packaged definition, JSON. */
  readonly definition: string;
  /** DynamoDB table. */
  readonly table: string;
  /** Name of the function that sees Kafka. */
  readonly kafkaFunction: string;
}

/** What the Kafka function is told by its own, where the cluster asks who it is. */
export interface KafkaEnvironment {
  readonly region: string;
  readonly secrets: ObserverSecrets;
}

const variable = (pattern: RegExp, expected: string) => v.pipe(v.string(expected), v.regex(pattern, expected));

const variables = {
  ROLLCALL_DEFINITION: variable(
    /./,
    "the path of the packaged definition (JSON), absolute or in the function's folder",
  ),
  ROLLCALL_TABLE: variable(/^[\w.-]{3,255}$/, "the name of the cluster's DynamoDB table"),
  ROLLCALL_KAFKA_FUNCTION: variable(/^[\w-]{1,64}$/, "the name of the Lambda function that sees Kafka"),
  ROLLCALL_OBSERVER_SECRET: variable(/^\S{1,2048}$/, "the secret that holds the observer's password"),
  ROLLCALL_AUTHORITY_SECRET: variable(/^\S{1,2048}$/, "the secret that holds the authority's certificate"),
  // Set by Lambda itself.
  AWS_REGION: variable(/^[a-z0-9-]+$/, "the region of the cluster"),
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
export function environmentOf(env: Variables): Environment {
  const { read, checked } = reading(env);
  const definition = read("ROLLCALL_DEFINITION", "definition.json");
  const table = read("ROLLCALL_TABLE");
  const kafkaFunction = read("ROLLCALL_KAFKA_FUNCTION");
  checked();
  // Lambda unpacks the function there, and names it so.
  return { definition: resolve(env.LAMBDA_TASK_ROOT ?? ".", definition), table, kafkaFunction };
}

/**
 * Undefined: nobody is asked who he is.
 *
 * @throws {EnvironmentError} likewise
 */
export function kafkaEnvironmentOf(env: Variables): KafkaEnvironment | undefined {
  const { ROLLCALL_OBSERVER_SECRET, ROLLCALL_AUTHORITY_SECRET } = env;
  if (ROLLCALL_OBSERVER_SECRET === undefined && ROLLCALL_AUTHORITY_SECRET === undefined) return undefined;
  const { read, checked } = reading(env);
  const region = read("AWS_REGION");
  const observer = read("ROLLCALL_OBSERVER_SECRET");
  const authority = ROLLCALL_AUTHORITY_SECRET === undefined ? undefined : read("ROLLCALL_AUTHORITY_SECRET");
  checked();
  return { region, secrets: { observer, ...(authority !== undefined && { authority }) } };
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads one variable after the other; `checked` throws where any of those was missing or wrong. */
function reading(env: Variables) {
  const wrong: string[] = [];
  return {
    read(name: keyof typeof variables, fallback?: string): string {
      const result = v.safeParse(variables[name], env[name] ?? fallback);
      if (result.success) return result.output;
      const standing = env[name] === undefined ? "is not set" : `is ${JSON.stringify(env[name])}`;
      wrong.push(`${name} ${standing}: set it to ${result.issues[0].message}`);
      return "";
    },
    checked(): void {
      if (wrong.length === 0) return;
      throw new EnvironmentError(`the function's environment is not as it must be: ${wrong.join("; ")}`);
    },
  };
}
