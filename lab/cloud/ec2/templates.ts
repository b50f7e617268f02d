/** Launch templates: what an Auto Scaling group needs to start an instance, and the rest as it was given. */
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import type { Tag } from "./tags.ts";

export interface TemplateVersion {
  readonly version: number;
  readonly instanceType: string;
  readonly imageId?: string;
  /** Name or ARN of the instance profile. */
  readonly profile?: string;
  /** For its instances; a group's own win. */
  readonly tags: readonly Tag[];
  /** All of LaunchTemplateData: what else it says changes nothing here, and is there to be looked at. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly created: number;
  /** Oldest first; the first one is the default version. */
  readonly versions: readonly TemplateVersion[];
}

export interface TemplateReference {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
  /** A number, `$Latest` or `$Default` (which is also what leaving it out means). */
  readonly Version?: string | undefined;
}

export class LaunchTemplates {
  readonly #world: World;
  readonly #templates = new Map<string, LaunchTemplate>();

  constructor(world: World) {
    this.#world = world;
  }

  all(): LaunchTemplate[] {
    return [...this.#templates.values()];
  }

  /** Throws InvalidLaunchTemplateName.AlreadyExistsException. */
  create(name: string, content: Omit<TemplateVersion, "version">): LaunchTemplate {
    if (this.find({ LaunchTemplateName: name })) {
      throw new AwsError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
    }
    const created = this.#world.now();
    const template = { id: this.#world.id("lt"), name, created, versions: [{ ...content, version: 1 }] };
    this.#templates.set(template.id, template);
    return template;
  }

  /** Throws InvalidLaunchTemplateId.NotFound. */
  addVersion(reference: TemplateReference, content: Omit<TemplateVersion, "version">): LaunchTemplate {
    const template = this.find(reference);
    if (!template) {
      throw new AwsError("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.");
    }
    const added = { ...content, version: template.versions.length + 1 };
    const grown = { ...template, versions: [...template.versions, added] };
    this.#templates.set(template.id, grown);
    return grown;
  }

  /** Throws InvalidLaunchTemplateId.NotFound. */
  delete(id: string): void {
    if (!this.#templates.delete(id)) {
      throw new AwsError("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.");
    }
  }

  find({ LaunchTemplateId, LaunchTemplateName }: TemplateReference): LaunchTemplate | undefined {
    return this.all().find((t) => t.id === LaunchTemplateId || t.name === LaunchTemplateName);
  }

  /** The version that the reference means now; undefined where there is none. */
  version(reference: TemplateReference): TemplateVersion | undefined {
    const versions = this.find(reference)?.versions;
    const wanted = reference.Version ?? "$Default";
    if (wanted === "$Latest") return versions?.at(-1);
    if (wanted === "$Default") return versions?.at(0);
    return versions?.find((v) => String(v.version) === wanted);
  }
}
