/** A CloudFormation template's form, in JSON. Sections and resource attributes that are not modelled are refused. */
import * as v from "valibot";

const parameter = v.strictObject({
  Type: v.string(),
  Default: v.optional(v.union([v.string(), v.number()])),
  AllowedValues: v.optional(v.array(v.string())),
  AllowedPattern: v.optional(v.string()),
  Description: v.optional(v.string()),
  NoEcho: v.optional(v.boolean()),
});

const resource = v.strictObject({
  Type: v.string(),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
  DependsOn: v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())]),
      v.transform((value) => [value].flat()),
    ),
    [],
  ),
  Condition: v.optional(v.string()),
  DeletionPolicy: v.optional(v.picklist(["Delete", "Retain", "RetainExceptOnCreate"]), "Delete"),
  UpdateReplacePolicy: v.optional(v.picklist(["Delete", "Retain"]), "Delete"),
  Metadata: v.optional(v.unknown()),
  /** Instances are replaced one by one through the lifecycle hooks, so that no policy of the group may do it. */
  UpdatePolicy: v.optional(
    v.strictObject({
      AutoScalingScheduledAction: v.optional(
        v.strictObject({ IgnoreUnmodifiedGroupSizeProperties: v.optional(v.boolean()) }),
      ),
      AutoScalingReplacingUpdate: v.optional(v.strictObject({ WillReplace: v.literal(false) })),
    }),
  ),
});

const template = v.strictObject({
  AWSTemplateFormatVersion: v.optional(v.literal("2010-09-09")),
  Description: v.optional(v.string()),
  Metadata: v.optional(v.unknown()),
  Parameters: v.optional(v.record(v.string(), parameter), {}),
  Conditions: v.optional(v.record(v.string(), v.unknown()), {}),
  Resources: v.record(v.string(), resource),
  Outputs: v.optional(
    v.record(
      v.string(),
      v.strictObject({
        Description: v.optional(v.string()),
        Value: v.unknown(),
        Export: v.optional(v.unknown()),
        Condition: v.optional(v.string()),
      }),
    ),
    {},
  ),
});

export type Template = v.InferOutput<typeof template>;
export type TemplateResource = v.InferOutput<typeof resource>;
export type TemplateParameter = v.InferOutput<typeof parameter>;

/** Throws an Error that names every place that is not as it must be. */
export function readTemplate(source: unknown): Template {
  const read = v.safeParse(template, source);
  if (read.success) return read.output;
  const reasons = read.issues.map((issue) => {
    const unknown = issue.type === "strict_object" && issue.expected === "never";
    const message = unknown ? "the lab's CloudFormation does not know this" : issue.message;
    return `${v.getDotPath(issue) ?? "template"}: ${message}`;
  });
  throw new Error(`the template cannot be read: ${reasons.join("; ")}`);
}
