/** API answers, made typed values at the edge: a field that must be there and is not is a clear error, not an `undefined`. */
import * as v from "valibot";

/**
 * What the answer means by that schema.
 *
 * @param from which API answered, and about what: `"DescribeInstances about i-0a"`
 * @throws where the answer does not have the form, naming the field
 */
export function answered<S extends v.GenericSchema>(schema: S, from: string, answer: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, answer);
  if (success) return output;
  const [issue] = issues;
  throw new Error(`the answer of ${from} is not understood: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
}

/** A list that the SDK leaves undefined where the answer has none. */
export function listOf<S extends v.GenericSchema>(item: S) {
  return v.optional(v.array(item), []);
}
