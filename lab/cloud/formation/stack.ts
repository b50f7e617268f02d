/**
 * CloudFormation: makes, changes and deletes a stack of the lab's cloud from a compiled template, one resource after the
 * other, each by the modelled service's own API. What fails stops the stack where it stands: the lab rolls nothing back.
 */
import type { Cloud } from "../cloud.ts";
import { asStackError, orStackError, StackError } from "./error.ts";
import { resolve } from "./intrinsics.ts";
import type { Kind, Made, Site } from "./kind.ts";
import { heldBack } from "./order.ts";
import { type Deployment, makePlan, type Place, type Plan } from "./plan.ts";
import { KINDS } from "./resources/index.ts";
import type { TemplateResource } from "./template.ts";

/** The role that CloudFormation's calls are made in: one of the cloud's administrators, where IAM is enforced. */
export const FORMATION = { role: "cloudformation" } as const;

export interface StackOptions extends Deployment {
  readonly name: string;
  readonly cloud: Cloud;
  /** Waits for groups to become empty. */
  readonly clock: { wait(ms: number): Promise<void> };
  /** Types that are left out, with everything that depends on them, until `release`. */
  readonly hold?: readonly string[];
}

/** A resource as it is deployed. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** What `Ref` answers. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` answers. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Everything resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Logical ids, in the order in which it was done. */
export interface Changes {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly deleted: readonly string[];
  /** No longer the stack's, but still there, as their DeletionPolicy says. */
  readonly kept: readonly string[];
}

interface Resource extends StackResource {
  readonly kind: Kind;
  readonly made: Made;
  readonly source: TemplateResource;
}

export class Stack {
  readonly name: string;
  readonly #options: StackOptions;
  readonly #resources = new Map<string, Resource>();
  /** How often a resource was replaced. */
  readonly #replacements = new Map<string, number>();
  #plan: Plan;
  #held: ReadonlySet<string>;

  /** Nothing is made yet. Throws StackError where the template cannot be read. */
  constructor(template: unknown, options: StackOptions) {
    this.name = options.name;
    this.#options = options;
    this.#plan = this.#planOf(template, options);
    this.#held = heldBack(this.#plan.resources, options.hold ?? []);
  }

  /** Everything that is not held back. Throws StackError, with the resource that failed. */
  async create(): Promise<void> {
    for (const id of this.#plan.order) if (!this.#held.has(id)) await this.#create(this.#plan, id);
  }

  /** Everything that was held back. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = new Set();
    for (const id of this.#plan.order) if (held.has(id)) await this.#create(this.#plan, id);
  }

  /** As deployed now, in the order in which they were made. */
  get resources(): readonly StackResource[] {
    return [...this.#resources.values()].map(({ kind: _kind, made: _made, source: _source, ...resource }) => resource);
  }

  ofType(type: string): StackResource[] {
    return this.resources.filter((r) => r.type === type);
  }

  /** Throws where the stack has none of that logical id. */
  resource(logicalId: string): StackResource {
    const found = this.resources.find((r) => r.logicalId === logicalId);
    if (!found) throw new StackError(`stack ${this.name} has no resource ${logicalId}`);
    return found;
  }

  /** The template's outputs. */
  outputs(): Record<string, unknown> {
    const { template, scope } = this.#plan;
    return Object.fromEntries(
      Object.entries(template.Outputs)
        .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition) === true)
        .map(([name, { Value }]) => [name, resolve(Value, scope, `Outputs.${name}`)]),
    );
  }

  /** Another template, or the same with other code or parameters: only what differs is touched. Throws StackError. */
  async update(template: unknown, deployment: Deployment): Promise<Changes> {
    const last = this.#plan;
    const next = this.#planOf(template, deployment);
    this.#plan = next;
    const changes = { created: [] as string[], updated: [] as string[], replaced: [] as string[] };
    const replaced: Resource[] = [];
    for (const id of next.order) {
      const before = this.#resources.get(id);
      if (!before) {
        await this.#create(next, id);
        changes.created.push(id);
        continue;
      }
      const outcome = await this.#change(next, before);
      if (outcome === "unchanged") continue;
      changes[outcome].push(id);
      if (outcome === "replaced") replaced.push(before);
    }
    const leaving = last.order.toReversed().flatMap((id) => {
      const resource = id in next.resources ? undefined : this.#resources.get(id);
      return resource ?? [];
    });
    const deleted: string[] = [];
    const kept: string[] = [];
    for (const old of replaced.toReversed()) {
      if (old.source.UpdateReplacePolicy === "Retain") kept.push(old.logicalId);
      else await this.#remove(old);
    }
    for (const old of leaving) {
      this.#resources.delete(old.logicalId);
      if (isKept(old.source)) kept.push(old.logicalId);
      else {
        await this.#remove(old);
        deleted.push(old.logicalId);
      }
    }
    return { ...changes, deleted, kept };
  }

  /** In the opposite order of creation. Throws StackError. */
  async delete(): Promise<Pick<Changes, "deleted" | "kept">> {
    const deleted: string[] = [];
    const kept: string[] = [];
    for (const id of this.#plan.order.toReversed()) {
      const resource = this.#resources.get(id);
      if (!resource) continue;
      if (isKept(resource.source)) kept.push(id);
      else {
        await this.#remove(resource);
        deleted.push(id);
      }
      this.#resources.delete(id);
    }
    return { deleted, kept };
  }

  #planOf(source: unknown, deployment: Deployment): Plan {
    return orStackError(this.name, () => makePlan(source, deployment, this.#place()));
  }

  #place(): Place {
    const { region, account } = this.#options.cloud;
    const found = (id: string) => this.#resources.get(id);
    return { stack: this.name, region, account, resource: found };
  }

  async #create(plan: Plan, id: string): Promise<void> {
    const { source, kind, properties } = this.#resolved(plan, id);
    const made = await this.#said(id, () => kind.create(this.#site(plan, id), properties));
    this.#keep(id, source, kind, properties, made);
  }

  /** A function's code is not in the template: it is deployed anew each time. */
  async #change(plan: Plan, before: Resource): Promise<"unchanged" | "updated" | "replaced"> {
    const id = before.logicalId;
    const { source, kind, properties } = this.#resolved(plan, id);
    const same = kind === before.kind && JSON.stringify(properties) === JSON.stringify(before.properties);
    const redeployed = plan.code !== this.#options.code && kind.type === "AWS::Lambda::Function";
    if (same && !redeployed) {
      this.#keep(id, source, kind, properties, before.made);
      return "unchanged";
    }
    const site = this.#site(plan, id);
    const outcome =
      kind === before.kind
        ? await this.#said(id, () => kind.update(site, before.made, properties, before.properties))
        : "replace";
    if (outcome !== "replace") {
      this.#keep(id, source, kind, properties, outcome);
      return same ? "unchanged" : "updated";
    }
    this.#replacements.set(id, (this.#replacements.get(id) ?? 0) + 1);
    const made = await this.#said(id, () => kind.create(this.#site(plan, id), properties));
    if (made.ref === before.physicalId) {
      const why = "CloudFormation cannot update a stack when a custom-named resource requires replacing";
      throw new StackError(`stack ${this.name}: ${id} (${kind.type}): ${why}. Rename ${before.physicalId}.`);
    }
    this.#keep(id, source, kind, properties, made);
    return "replaced";
  }

  async #remove({ kind, logicalId, made, properties }: Resource): Promise<void> {
    await this.#said(logicalId, () => kind.remove(this.#site(this.#plan, logicalId), made, properties));
  }

  #resolved({ resources, scope }: Plan, id: string) {
    const source = resources[id];
    const kind = source && KINDS.get(source.Type);
    if (!source || !kind) throw new StackError(`stack ${this.name} has no resource ${id}`);
    const path = `${id} (${source.Type}): Properties`;
    const properties = orStackError(this.name, () => resolve(source.Properties, scope, path));
    return { source, kind, properties: properties as Record<string, unknown> };
  }

  #keep(id: string, source: TemplateResource, kind: Kind, properties: Record<string, unknown>, made: Made): void {
    const { type } = kind;
    const physicalId = made.ref;
    const attributes = made.attributes ?? {};
    this.#resources.set(id, { logicalId: id, type, physicalId, attributes, properties, kind, made, source });
  }

  #site({ code }: Plan, logicalId: string): Site {
    const { cloud, clock } = this.#options;
    const replaced = this.#replacements.get(logicalId) ?? 0;
    const physical = replaced === 0 ? logicalId : `${logicalId}-${replaced}`;
    return {
      cloud,
      stack: this.name,
      logicalId,
      region: cloud.region,
      account: cloud.account,
      code,
      call: (service, action, input) => cloud.call(service, action, input, FORMATION),
      wait: (ms) => clock.wait(ms),
      arn: (service, resource) => `arn:aws:${service}:${cloud.region}:${cloud.account}:${resource}`,
      generatedName: `${this.name}-${physical}`,
      id: (prefix) => `${prefix}-0${hexOf(`${this.name}/${physical}`)}`,
    };
  }

  async #said<T>(id: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw asStackError(this.name, new Error(text.startsWith(id) ? text : `${id}: ${text}`, { cause: error }));
    }
  }
}

/** Makes a stack from a compiled template. Throws StackError. */
export async function loadTemplate(template: unknown, options: StackOptions): Promise<Stack> {
  const stack = new Stack(template, options);
  options.cloud.stacks.set(options.name, stack);
  await stack.create();
  return stack;
}

function isKept({ DeletionPolicy }: TemplateResource): boolean {
  return DeletionPolicy !== "Delete";
}

/** Sixteen hexadecimal digits of a text (FNV-1a, 64 bits). */
function hexOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}
