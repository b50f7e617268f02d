/** Policy documents: what a role may do, who may assume it, who may use a resource. */
import * as v from "valibot";
import { type Condition, compileCondition } from "./conditions.ts";

/** Whom a statement of a resource's policy is about: services by name, AWS principals by ARN; `*` is anybody. */
export interface Principals {
  readonly services: readonly string[];
  readonly arns: readonly string[];
}

export interface Statement {
  /** Its `Sid`, or its place in the document: `statement 2`. */
  readonly sid: string;
  readonly effect: "Allow" | "Deny";
  /** Patterns; either these or all but these. */
  readonly actions: { readonly these: readonly string[] } | { readonly allBut: readonly string[] };
  /** Patterns; a statement of a trust policy has none, and is about the role itself. */
  readonly resources: { readonly these: readonly string[] } | { readonly allBut: readonly string[] };
  /** Absent in identity policies. */
  readonly principals?: Principals;
  readonly condition: Condition;
}

const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
);

/** JSON has `true` and `5` where policies compare `"true"` and `"5"`. */
const values = v.pipe(
  v.union([v.string(), v.boolean(), v.number(), v.array(v.union([v.string(), v.boolean(), v.number()]))]),
  v.transform((value) => [value].flat().map(String)),
);

const principal = v.pipe(
  v.union([v.literal("*"), v.strictObject({ Service: v.optional(oneOrMore, []), AWS: v.optional(oneOrMore, []) })]),
  v.transform((value): Principals => {
    return value === "*" ? { services: ["*"], arns: ["*"] } : { services: value.Service, arns: value.AWS };
  }),
);

const statement = v.pipe(
  v.strictObject({
    Sid: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9]*$/, "a Sid has letters and digits only"))),
    Effect: v.picklist(["Allow", "Deny"]),
    Principal: v.optional(principal),
    Action: v.optional(oneOrMore),
    NotAction: v.optional(oneOrMore),
    Resource: v.optional(oneOrMore),
    NotResource: v.optional(oneOrMore),
    Condition: v.optional(v.record(v.string(), v.record(v.string(), values)), {}),
  }),
  v.check((s) => (s.Action === undefined) !== (s.NotAction === undefined), "it has either Action or NotAction"),
  v.check((s) => s.Resource === undefined || s.NotResource === undefined, "it has not both Resource and NotResource"),
);

const document = v.strictObject({
  Version: v.literal("2012-10-17"),
  Id: v.optional(v.string()),
  Statement: v.pipe(
    v.unknown(),
    v.transform((value) => [value].flat()),
    v.array(statement),
  ),
});

/**
 * Reads a document as it stands in a template, intrinsics already resolved.
 *
 * @param where names it in errors
 * @throws where it is malformed, or uses what the model of IAM does not have
 */
export function readPolicy(where: string, source: unknown): Statement[] {
  const read = v.safeParse(document, source);
  if (!read.success) {
    const reasons = read.issues.map((issue) => `${v.getDotPath(issue) ?? "document"}: ${issue.message}`);
    throw new Error(`${where} is no policy document: ${reasons.join("; ")}`);
  }
  return read.output.Statement.map((given, index) => {
    const sid = given.Sid || `statement ${index + 1}`;
    const resources = given.Resource ?? given.NotResource ?? ["*"];
    const variable = resources.find((r) => r.includes("${"));
    if (variable !== undefined) throw new Error(`${where}, ${sid}: policy variables are not modelled: ${variable}`);
    return {
      sid,
      effect: given.Effect,
      actions: given.Action ? { these: given.Action } : { allBut: given.NotAction ?? [] },
      resources: given.NotResource ? { allBut: given.NotResource } : { these: resources },
      ...(given.Principal && { principals: given.Principal }),
      condition: orSay(`${where}, ${sid}`, () => compileCondition(given.Condition)),
    };
  });
}

function orSay<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new Error(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
