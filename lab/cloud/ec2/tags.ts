import * as v from "valibot";

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const tag = v.strictObject({ Key: v.string(), Value: v.optional(v.string(), "") });

/** What a create call asks its new resources to be tagged with. */
export const tagSpecifications = v.optional(
  v.array(v.strictObject({ ResourceType: v.string(), Tags: v.optional(v.array(tag), []) })),
  [],
);

/** The tags meant for resources of that type. */
export function tagsFor(specifications: v.InferOutput<typeof tagSpecifications>, type: string): Tag[] {
  return specifications.filter((s) => s.ResourceType === type).flatMap((s) => s.Tags);
}
