/**
 * Secrets Manager's secrets and their versions. A staging label is on one version at a time; `AWSCURRENT` is the version
 * that is read where none is named, and `AWSPREVIOUS` the one that was so before ("What's in a Secrets Manager secret?" in
 * its user guide).
 */
import type { Random } from "../../random.ts";
import { drawUuid } from "../drawing.ts";
import type { Tag } from "../iam/demands/demand.ts";
import { AwsError } from "../service.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import { drawPassword, type PasswordRequest } from "./password.ts";
import { Sealed } from "./sealed.ts";

export const CURRENT = "AWSCURRENT";
export const PREVIOUS = "AWSPREVIOUS";

export interface SecretVersion {
  readonly id: string;
  readonly value: Sealed;
  readonly stages: readonly string[];
  readonly created: number;
}

export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly tags: readonly Tag[];
  readonly created: number;
  readonly changed: number;
  /** Oldest first; those without a label are deprecated, and kept as long as the secret is. */
  readonly versions: readonly SecretVersion[];
  /** Scheduled for deletion, at that time. */
  readonly deletion?: number;
}

export interface NewSecret {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: readonly Tag[];
}

export interface NewVersion {
  readonly text: string;
  /** ClientRequestToken; a request that is made again under it changes nothing. */
  readonly token?: string | undefined;
  readonly stages?: readonly string[] | undefined;
}

/** One of a secret's versions, by id, by label or by both. */
export interface Wanted {
  readonly id?: string | undefined;
  readonly stage?: string | undefined;
}

export class Secrets {
  readonly #world: World;
  /** By name. */
  readonly #secrets: Timeline<Secret>;
  #random: Random | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#secrets = new Timeline(() => world.now());
  }

  /** Those scheduled for deletion included. */
  all(asOf?: number): readonly Secret[] {
    return this.#secrets.values(asOf);
  }

  /** By name, ARN, or ARN without its six random characters. */
  find(id: string, asOf?: number): Secret | undefined {
    if (!id.startsWith("arn:")) return this.#secrets.get(id, asOf);
    return this.all(asOf).find(({ arn }) => arn === id || arn.slice(0, -SUFFIX_LENGTH) === id);
  }

  /** Throws ResourceNotFoundException. */
  get(id: string, asOf?: number): Secret {
    const found = this.find(id, asOf);
    if (found) return found;
    throw notFound("Secrets Manager can't find the specified secret.");
  }

  /** The same, where it is not scheduled for deletion. Throws InvalidRequestException too. */
  usable(id: string, asOf?: number): Secret {
    const secret = this.get(id, asOf);
    if (secret.deletion === undefined) return secret;
    throw new AwsError(
      "InvalidRequestException",
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  /** Throws ResourceNotFoundException, InvalidRequestException. */
  version({ versions }: Secret, { id, stage }: Wanted): SecretVersion {
    const labelled = stage ?? (id === undefined ? CURRENT : undefined);
    if (id !== undefined) {
      const found = versions.find((version) => version.id === id);
      if (!found) throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
      if (labelled === undefined || found.stages.includes(labelled)) return found;
      throw new AwsError(
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
      );
    }
    const found = versions.find(({ stages }) => labelled !== undefined && stages.includes(labelled));
    if (found) return found;
    throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${labelled}`);
  }

  /** Throws ResourceExistsException, InvalidRequestException. */
  create({ name, description, tags = [] }: NewSecret): Secret {
    const before = this.#secrets.get(name);
    if (before?.deletion !== undefined) {
      throw new AwsError(
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    }
    if (before) {
      throw new AwsError("ResourceExistsException", `The operation failed because the secret ${name} already exists.`);
    }
    const now = this.#world.now();
    const arn = this.#world.arn("secretsmanager", `secret:${name}-${this.#suffix()}`);
    return this.#keep({ name, arn, description, tags, created: now, changed: now, versions: [] });
  }

  /** Its newest version, current where no labels are given. Throws ResourceExistsException. */
  put(secret: Secret, { text, token, stages = [CURRENT] }: NewVersion): { secret: Secret; version: SecretVersion } {
    const before = secret.versions.find(({ id }) => id === token);
    if (before) {
      if (before.value.open() === text) return { secret, version: before };
      throw new AwsError(
        "ResourceExistsException",
        `The operation failed because a version with the ID ${token} already exists with another value.`,
      );
    }
    const now = this.#world.now();
    const version = { id: token ?? drawUuid(this.#own), value: new Sealed(text), stages, created: now };
    const former = secret.versions.map((one) => relabelled(one, stages));
    return { secret: this.#keep({ ...secret, changed: now, versions: [...former, version] }), version };
  }

  describe(secret: Secret, description: string | undefined): Secret {
    return this.#keep({ ...secret, description, changed: this.#world.now() });
  }

  tag(secret: Secret, tags: readonly Tag[]): Secret {
    return this.#keep({ ...secret, tags, changed: this.#world.now() });
  }

  /** Scheduled, `window` ms from now, until which it can be restored; gone at once where that is 0. */
  delete(secret: Secret, window: number): number {
    const deletion = this.#world.now() + window;
    if (window === 0) this.#secrets.delete(secret.name);
    else this.#keep({ ...secret, deletion });
    return deletion;
  }

  /** Usable again; without effect on one that is. */
  restore({ deletion: _, ...secret }: Secret): Secret {
    return this.#keep(secret);
  }

  /** A password drawn from the seeded randomness. */
  password(request: PasswordRequest): string {
    return drawPassword(this.#own, request);
  }

  /** Forked when first needed: a cloud without secrets draws as if there were none. */
  get #own(): Random {
    this.#random ??= this.#world.random.fork("secrets");
    return this.#random;
  }

  #suffix(): string {
    return Array.from({ length: SUFFIX_LENGTH - 1 }, () => this.#own.pick([...SUFFIX_CHARACTERS])).join("");
  }

  #keep(secret: Secret): Secret {
    this.#secrets.set(secret.name, secret);
    return secret;
  }
}

/** With the hyphen before it. */
const SUFFIX_LENGTH = 7;
const SUFFIX_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A version after these labels have gone to another one. */
function relabelled(version: SecretVersion, moved: readonly string[]): SecretVersion {
  const succeeded = moved.includes(CURRENT);
  const left = version.stages.filter((stage) => !moved.includes(stage) && !(succeeded && stage === PREVIOUS));
  return { ...version, stages: succeeded && version.stages.includes(CURRENT) ? [...left, PREVIOUS] : left };
}

function notFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message);
}
