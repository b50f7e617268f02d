/** What the tables of demands are made with. */
import type { Group } from "../../autoscaling/group.ts";
import type { Instance } from "../../ec2/instances.ts";
import type { NetworkInterface } from "../../ec2/interfaces.ts";
import type { Context } from "../conditions.ts";
import type { Demand } from "../evaluate.ts";

/** What a demand has to know of the cloud: the resources that a call is about, and their tags. */
export interface Surroundings {
  arn(service: string, resource: string): string;
  readonly region: string;
  group(name: string): Group | undefined;
  /** The group that the instance is a member of. */
  groupOf(instance: string): Group | undefined;
  /** ARN of the function whose code runs in that role. */
  functionOf(role: string): string | undefined;
  instance(id: string): Instance | undefined;
  networkInterface(id: string): NetworkInterface | undefined;
  /** The interface that the attachment is of. */
  attached(attachment: string): NetworkInterface | undefined;
  /** By name or ARN. */
  secret(id: string): { readonly arn: string; readonly tags: readonly Tag[] } | undefined;
  /** An object in a bucket of S3. */
  object(bucket: string, key: string): object | undefined;
  /** Tags of what the lab keeps without modelling it, by ARN. */
  tagsOf(arn: string): readonly Tag[];
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/**
 * By the API's action: what a call with that input has to be allowed. Resource types and condition keys are those that
 * the Service Authorization Reference lists for the action; a key that is not listed is not in the request's context, so
 * that a policy that goes by it never allows anything.
 */
export type Demands = Readonly<Record<string, (input: Fields, at: Surroundings) => readonly Demand[]>>;

/** The input as it came, before the service has checked it. */
export type Fields = Readonly<Record<string, unknown>>;

/** The field's text; empty where it is none, which the service then refuses. */
export function text(input: Fields, field: string): string {
  const value = input[field];
  return typeof value === "string" ? value : "";
}

/** The texts of a list. */
export function texts(input: Fields, field: string): string[] {
  const value = input[field];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

export function demand(action: string, resource: string, ...contexts: readonly (readonly [string, string])[]): Demand {
  return { action, resource, context: contextOf(contexts) };
}

/** An action that knows no resources: policies have to say `*`. */
export function unbound(action: string, ...context: readonly (readonly [string, string])[]): readonly Demand[] {
  return [demand(action, "*", ...context)];
}

/** Each tag under each prefix, e.g. `aws:ResourceTag/rollcall:cluster`. */
export function tagKeys(tags: readonly Tag[], ...prefixes: readonly string[]): [string, string][] {
  return tags.flatMap(({ Key, Value }) => prefixes.map((prefix): [string, string] => [`${prefix}/${Key}`, Value]));
}

export function contextOf(entries: readonly (readonly [string, string])[]): Context {
  const context = new Map<string, string[]>();
  for (const [key, value] of entries) {
    const name = key.toLowerCase();
    context.set(name, [...(context.get(name) ?? []), value]);
  }
  return context;
}
