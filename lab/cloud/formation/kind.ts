/** What CloudFormation knows of one type of resource: its properties, and how it is made, changed and deleted. */
import * as v from "valibot";
import type { Cloud } from "../cloud.ts";
import type { FunctionSpec } from "../lambda/functions.ts";

/** A function of the template, for whoever knows its code. */
export interface DeployedFunction {
  readonly logicalId: string;
  readonly name: string;
  /** `file.export`, e.g. `lifecycle.handler`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Name of the role that its calls are made in. */
  readonly role: string;
}

export type FunctionCode = (deployed: DeployedFunction) => FunctionSpec["handler"];

/** Where a resource is made. */
export interface Site {
  readonly cloud: Cloud;
  readonly stack: string;
  readonly logicalId: string;
  readonly region: string;
  readonly account: string;
  readonly code: FunctionCode;
  /** Calls a modelled service as CloudFormation does. */
  call(service: string, action: string, input: object): Promise<object>;
  wait(ms: number): Promise<void>;
  arn(service: string, resource: string): string;
  /** A name for what the template does not name: the same each time, another for a replacement. */
  readonly generatedName: string;
  /** An id such as `sg-0123456789abcdef0`, likewise. */
  id(prefix: string): string;
}

/** What came of it: what `Ref` and `Fn::GetAtt` answer. */
export interface Made {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface KindOf<P> {
  readonly type: string;
  /** Strict: what is not in it is an error. */
  readonly properties: v.GenericSchema<unknown, P> & { readonly entries: Readonly<Record<string, unknown>> };
  create(site: Site, properties: P): Promise<Made> | Made;
  /** Absent: whatever changes, it is replaced. */
  update?(site: Site, made: Made, properties: P, before: P): Promise<Made> | Made;
  /** Properties whose change needs a new one. */
  readonly createOnly?: readonly (keyof P & string)[];
  remove?(site: Site, made: Made, properties: P): Promise<void> | void;
}

/** A kind whose properties are checked whenever they are used. */
export interface Kind {
  readonly type: string;
  readonly names: readonly string[];
  create(site: Site, properties: unknown): Promise<Made>;
  /** `replace`: it cannot be changed into that. */
  update(site: Site, made: Made, properties: unknown, before: unknown): Promise<Made | "replace">;
  remove(site: Site, made: Made, properties: unknown): Promise<void>;
}

export function kind<P>(spec: KindOf<P>): Kind {
  const { type, createOnly = [] } = spec;
  const read = (properties: unknown, { logicalId }: Site): P => {
    const result = v.safeParse(spec.properties, properties);
    if (result.success) return result.output;
    throw new Error(result.issues.map((issue) => problem(logicalId, type, issue)).join("\n"));
  };
  return {
    type,
    names: Object.keys(spec.properties.entries),
    create: async (site, properties) => spec.create(site, read(properties, site)),
    async update(site, made, properties, before) {
      const [next, last] = [read(properties, site), read(before, site)];
      const fixed = createOnly.some((name) => JSON.stringify(next[name]) !== JSON.stringify(last[name]));
      return fixed || !spec.update ? "replace" : spec.update(site, made, next, last);
    },
    remove: async (site, made, properties) => spec.remove?.(site, made, read(properties, site)),
  };
}

/** What the lab has no model for: its properties are checked and kept, for everybody to see. */
export function kept<P>(
  spec: Pick<KindOf<P>, "type" | "properties" | "createOnly"> & { made(site: Site, properties: P): Made },
): Kind {
  return kind<P>({ ...spec, create: spec.made, update: (site, _made, properties) => spec.made(site, properties) });
}

function problem(logicalId: string, type: string, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const last = issue.path?.at(-1);
  const value = unknown ? last?.value : issue.input;
  const what = unknown ? "the lab's CloudFormation does not know this property" : issue.message;
  return `${logicalId} (${type}): Properties${path ? `.${path}` : ""}: ${what}, ${JSON.stringify(value)}`;
}
