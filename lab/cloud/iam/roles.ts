/** Roles and instance profiles, with the statements of their policies. */
import type { Statement } from "./policy.ts";

/** A statement of a role's policy, and where it stands. */
export interface RoleStatement extends Statement {
  readonly role: string;
  readonly policy: string;
}

export interface Role {
  readonly name: string;
  readonly arn: string;
  /** Who may assume it. */
  readonly trust: readonly Statement[];
}

export class Roles {
  readonly #roles = new Map<string, Role>();
  /** By role, then by policy. */
  readonly #policies = new Map<string, Map<string, readonly RoleStatement[]>>();
  /** Role by instance profile. */
  readonly #profiles = new Map<string, string>();

  put(role: Role): void {
    this.#roles.set(role.name, role);
  }

  delete(name: string): void {
    this.#roles.delete(name);
    this.#policies.delete(name);
  }

  get(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  all(): Role[] {
    return [...this.#roles.values()];
  }

  putPolicy(role: string, policy: string, statements: readonly Statement[]): void {
    const policies = this.#policies.get(role) ?? new Map<string, readonly RoleStatement[]>();
    policies.set(
      policy,
      statements.map((s) => ({ ...s, role, policy })),
    );
    this.#policies.set(role, policies);
  }

  deletePolicy(role: string, policy: string): void {
    this.#policies.get(role)?.delete(policy);
  }

  statements(role: string): RoleStatement[] {
    return [...(this.#policies.get(role)?.values() ?? [])].flat();
  }

  putProfile(profile: string, role: string): void {
    this.#profiles.set(profile, role);
  }

  deleteProfile(profile: string): void {
    this.#profiles.delete(profile);
  }

  /** The role that an instance with that profile has, given by name or ARN. */
  ofProfile(profile: string): string | undefined {
    return this.#profiles.get(profile.split("/").at(-1) ?? "");
  }
}
