/** Property values that many types share. CloudFormation takes numbers and booleans as texts too. */
import * as v from "valibot";

export const text = v.string();
export const texts = v.array(v.string());

export const number = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^-?\d+$/, "a number is needed"))]),
  v.transform(Number),
);

export const boolean = v.pipe(
  v.union([v.boolean(), v.picklist(["true", "false"])]),
  v.transform((value) => value === true || value === "true"),
);

/** A policy document; `iam/policy.ts` reads it. */
export const document = v.record(v.string(), v.unknown());

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const tags = v.optional(v.array(v.strictObject({ Key: text, Value: text })), []);
