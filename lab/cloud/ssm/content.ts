/**
 * A command document's content (schema 2.2, JSON, one `aws:runShellScript` step), and what a node is to run for given
 * parameters. "Data elements and parameters" in the Systems Manager user guide.
 */
import * as v from "valibot";
import { AwsError } from "../service.ts";

const parameter = v.strictObject({
  type: v.picklist(["String", "StringList"]),
  description: v.optional(v.string()),
  default: v.optional(v.union([v.string(), v.array(v.string())])),
  allowedPattern: v.optional(v.string()),
  allowedValues: v.optional(v.array(v.string())),
  minChars: v.optional(v.number()),
  maxChars: v.optional(v.number()),
  /** `ENV_VAR`: the value reaches the script as the environment variable `SSM_<name>`, never as part of its text. */
  interpolationType: v.optional(v.literal("ENV_VAR")),
});

const step = v.strictObject({
  action: v.literal("aws:runShellScript"),
  name: v.string(),
  precondition: v.optional(v.strictObject({ StringEquals: v.array(v.string()) })),
  inputs: v.strictObject({
    runCommand: v.array(v.string()),
    /** Execution limit, seconds; by default 3600. */
    timeoutSeconds: v.optional(v.union([v.string(), v.number()]), 3600),
  }),
});

const content = v.strictObject({
  schemaVersion: v.literal("2.2"),
  description: v.optional(v.string()),
  parameters: v.optional(v.record(v.pipe(v.string(), v.regex(/^\w+$/)), parameter), {}),
  mainSteps: v.tuple([step]),
});

export type Content = v.InferOutput<typeof content>;
export type Parameters = Readonly<Record<string, readonly string[]>>;

export interface NodeScript {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Execution limit, ms. */
  readonly timeout: number;
}

const invalid = (reason: string) => new AwsError("InvalidParameters", reason);

/** Throws InvalidDocumentContent. */
export function parseContent(text: string): Content {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new AwsError("InvalidDocumentContent", `The content is not JSON: ${String(error)}`);
  }
  const result = v.safeParse(content, parsed);
  if (result.success) return result.output;
  const reasons = result.issues.map((issue) => `${v.getDotPath(issue) ?? "content"}: ${issue.message}`);
  throw new AwsError("InvalidDocumentContent", reasons.join("; "));
}

/** Throws InvalidParameters where they are not what the document asks for. */
export function scriptFor({ parameters, mainSteps: [{ inputs }] }: Content, given: Parameters): NodeScript {
  for (const name of Object.keys(given)) {
    if (!parameters[name]) throw invalid(`Document does not support parameter: ${name}`);
  }
  const environment: Record<string, string> = {};
  const texts = new Map<string, string>();
  for (const [name, rule] of Object.entries(parameters)) {
    const text = textOf(name, rule, given[name]);
    if (rule.interpolationType === "ENV_VAR") environment[`SSM_${name}`] = text;
    texts.set(name, rule.interpolationType === "ENV_VAR" ? `\${SSM_${name}}` : text);
  }
  const interpolated = (text: string) =>
    text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => texts.get(name) ?? whole);
  const timeout = Number(interpolated(String(inputs.timeoutSeconds))) * 1000;
  if (!(timeout > 0)) throw invalid(`timeoutSeconds is not a number of seconds: ${inputs.timeoutSeconds}`);
  return { script: inputs.runCommand.map(interpolated).join("\n"), environment, timeout };
}

function textOf(name: string, rule: v.InferOutput<typeof parameter>, given: readonly string[] | undefined): string {
  const values = given ?? (rule.default === undefined ? undefined : [rule.default].flat());
  if (!values) throw invalid(`Parameter ${name} is required and has no value`);
  if (rule.type === "String" && values.length !== 1) throw invalid(`Parameter ${name} takes exactly one value`);
  for (const value of values) {
    if (rule.allowedPattern !== undefined && !new RegExp(rule.allowedPattern).test(value)) {
      throw invalid(`Parameter ${name} does not match its allowedPattern ${rule.allowedPattern}`);
    }
    if (rule.allowedValues && !rule.allowedValues.includes(value)) {
      throw invalid(`Parameter ${name} is not one of its allowedValues`);
    }
    if (value.length < (rule.minChars ?? 0) || value.length > (rule.maxChars ?? Number.POSITIVE_INFINITY)) {
      throw invalid(`Parameter ${name} has ${value.length} characters, which is not allowed`);
    }
  }
  return values.join(",");
}
