/** EC2's filters: a resource passes when, for each filter, one of its values matches; `*` and `?` are wildcards. */
import * as v from "valibot";
import { AwsError } from "../service.ts";
import type { Tag } from "./tags.ts";

export const filters = v.optional(v.array(v.strictObject({ Name: v.string(), Values: v.array(v.string()) })), []);

export type Filters = v.InferOutput<typeof filters>;

/** What a resource has under each filter name the model knows; `tag:K` and `tag-key` come from its tags. */
export interface Filterable {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly tags: readonly Tag[];
}

/** Throws InvalidParameterValue for a filter the model does not know. */
export function passes(filterList: Filters, resource: Filterable): boolean {
  return filterList.every((filter) =>
    valuesOf(filter.Name, resource).some((value) => filter.Values.some((pattern) => matches(pattern, value))),
  );
}

function valuesOf(name: string, { values, tags }: Filterable): string[] {
  if (name.startsWith("tag:")) return tags.filter((t) => t.Key === name.slice(4)).map((t) => t.Value);
  if (name === "tag-key") return tags.map((t) => t.Key);
  if (!(name in values)) throw new AwsError("InvalidParameterValue", `The filter '${name}' is invalid`);
  const value = values[name];
  return value === undefined ? [] : [value];
}

function matches(pattern: string, value: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === value;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(value);
}
