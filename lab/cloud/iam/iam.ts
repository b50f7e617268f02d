/**
 * IAM: who may do what. Off unless the cloud is told who its administrators are; then every call by somebody else, and
 * everything that a service does in a role's name or on a resource with a policy of its own, is checked.
 */
import type { Call, Caller, ServiceName } from "../service.ts";
import type { World } from "../world.ts";
import type { Surroundings } from "./demands/demand.ts";
import { contextOf } from "./demands/demand.ts";
import { demandsOf } from "./demands/index.ts";
import { accessDenied, denialText, strangeKey } from "./denial.ts";
import { type Demand, evaluate } from "./evaluate.ts";
import { matchesAction, matchesArn } from "./pattern.ts";
import type { Statement } from "./policy.ts";
import { type RoleStatement, Roles } from "./roles.ts";

/** One action that one statement gives one role. */
export interface Permission {
  readonly role: string;
  readonly policy: string;
  readonly sid: string;
  /** As the statement has it. */
  readonly action: string;
}

export interface Denial {
  /** The role, or the service that acts for itself. */
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  /** As the caller is told. */
  readonly message: string;
}

export interface IamOptions {
  readonly world: World;
  readonly surroundings: Surroundings;
  /** Roles that may do everything. Absent: everybody may, and nothing is checked. */
  readonly administrators: readonly string[] | undefined;
}

export class Iam {
  readonly roles = new Roles();
  readonly #world: World;
  readonly #surroundings: Surroundings;
  readonly #administrators: ReadonlySet<string> | undefined;
  /** Policies of resources, by ARN, then by the name of what put them there. */
  readonly #resourcePolicies = new Map<string, Map<string, readonly Statement[]>>();
  readonly #used = new Set<string>();
  readonly #reached = new Set<string>();
  readonly #denials: Denial[] = [];

  constructor({ world, surroundings, administrators }: IamOptions) {
    this.#world = world;
    this.#surroundings = surroundings;
    this.#administrators = administrators && new Set(administrators);
  }

  /** Whether anything is checked. */
  get enforced(): boolean {
    return this.#administrators !== undefined;
  }

  /** Everything that was refused so far. */
  get denials(): readonly Denial[] {
    return this.#denials;
  }

  /** Throws the service's own error where the caller may not make that call. */
  authorize({ service, action, input, caller }: Pick<Call, "service" | "action" | "input" | "caller">): void {
    if (this.#mayAll(caller)) return;
    if (!this.roles.get(caller.role)) {
      this.#world.log(`${service}:${action} refused: the access key stands for ${caller.role}, which is no role here`);
      throw strangeKey(service);
    }
    const demands = demandsOf(service, action, input, this.#surroundings);
    if (!demands) {
      this.#world.log(
        `${service}:${action}: the lab has no authorization table for it, so that no policy can allow it`,
      );
      throw this.#deny(service, caller.role, anything(service, action), "no statement");
    }
    const code = this.#surroundings.functionOf(caller.role);
    for (const needed of demands) {
      // Calls of a function's own code tell which function it is; what Lambda does for it does not.
      const one = code === undefined ? needed : withKey(needed, "lambda:SourceFunctionArn", code);
      const why = this.#refusal(caller.role, one);
      if (why) throw this.#deny(service, caller.role, one, why);
    }
  }

  /** Whether a service may do that in the role's name, e.g. Lambda write a function's log; a refusal is logged. */
  permits(role: string, demand: Demand): boolean {
    if (this.#mayAll({ role })) return true;
    const why = this.#refusal(role, demand);
    if (why) this.#record(role, demand, denialText(this.#arnOf(role), demand, why));
    return why === undefined;
  }

  /** What a simulation of the role's policies comes to; nothing is recorded. */
  simulate(role: string, demand: Demand): "allowed" | "explicitDeny" | "implicitDeny" {
    if (this.#mayAll({ role })) return "allowed";
    const verdict = evaluate(this.roles.statements(role), demand);
    if (verdict.allowed) return "allowed";
    return verdict.why === "explicit deny" ? "explicitDeny" : "implicitDeny";
  }

  /** Whether a service may assume the role. */
  trusts(role: string, service: string): boolean {
    if (!this.enforced) return true;
    const demand: Demand = { action: "sts:AssumeRole", resource: "*", context: new Map() };
    return this.#admittedBy(this.roles.get(role)?.trust ?? [], service, demand);
  }

  /**
   * Whether the resource's own policy lets a service that acts for itself in: EventBridge invoke a function, or send to a
   * dead-letter queue. `source`: ARN of what it acts for. A refusal is logged.
   */
  admits(service: string, action: string, resource: string, source: string): boolean {
    if (!this.enforced) return true;
    const context = contextOf([
      ["aws:SourceArn", source],
      ["aws:SourceAccount", this.#world.account],
      ["aws:PrincipalServiceName", service],
      ["aws:PrincipalIsAWSService", "true"],
    ]);
    const demand = { action, resource, context };
    const statements = [...(this.#resourcePolicies.get(resource)?.values() ?? [])].flat();
    if (this.#admittedBy(statements, service, demand)) return true;
    const why = `${service} is not authorized to perform: ${action} on resource: ${resource} for ${source}`;
    this.#record(service, demand, `${why} because no resource-based policy allows the ${action} action`);
    return false;
  }

  /** A policy of a resource; several may stand beside each other. */
  putResourcePolicy(arn: string, name: string, statements: readonly Statement[]): void {
    const policies = this.#resourcePolicies.get(arn) ?? new Map<string, readonly Statement[]>();
    policies.set(name, statements);
    this.#resourcePolicies.set(arn, policies);
  }

  deleteResourcePolicy(arn: string, name: string): void {
    this.#resourcePolicies.get(arn)?.delete(name);
  }

  /** What statements allow and nothing has ever needed. */
  unusedPermissions(): Permission[] {
    return this.permissions().filter((permission) => !this.#used.has(keyOf(permission)));
  }

  /** Resources that statements give their roles and that nothing has ever needed, as the statements have them. */
  unusedResources(): { readonly role: string; readonly sid: string; readonly resource: string }[] {
    return this.roles
      .all()
      .flatMap(({ name }) => this.roles.statements(name))
      .filter((s) => s.effect === "Allow")
      .flatMap((s) => resourcesOf(s).map((resource) => ({ role: s.role, sid: s.sid, resource })))
      .filter(({ role, sid, resource }) => !this.#reached.has(JSON.stringify([role, sid, resource])));
  }

  /** Everything that the roles' statements allow, an action each. */
  permissions(): Permission[] {
    return this.roles
      .all()
      .flatMap(({ name }) => this.roles.statements(name))
      .filter((s) => s.effect === "Allow")
      .flatMap((s) => actionsOf(s).map((action) => ({ role: s.role, policy: s.policy, sid: s.sid, action })));
  }

  #mayAll({ role }: Caller): boolean {
    return this.#administrators === undefined || this.#administrators.has(role);
  }

  /** Why not; undefined where it may. */
  #refusal(role: string, demand: Demand): "explicit deny" | "no statement" | undefined {
    const verdict = evaluate(this.roles.statements(role), demand);
    if (!verdict.allowed) return verdict.why;
    for (const statement of verdict.by) {
      for (const action of actionsOf(statement)) {
        const { policy, sid } = statement;
        if (matchesAction(action, demand.action)) this.#used.add(keyOf({ role, policy, sid, action }));
      }
      for (const resource of resourcesOf(statement)) {
        if (matchesArn(resource, demand.resource)) this.#reached.add(JSON.stringify([role, statement.sid, resource]));
      }
    }
    return undefined;
  }

  #admittedBy(statements: readonly Statement[], service: string, demand: Demand): boolean {
    const ours = statements.filter((s) => s.principals?.services.some((name) => name === service || name === "*"));
    return evaluate(ours, demand).allowed;
  }

  #deny(service: ServiceName, role: string, demand: Demand, why: "explicit deny" | "no statement"): Error {
    const text = denialText(this.#arnOf(role), demand, why);
    this.#record(role, demand, text);
    return accessDenied(service, text);
  }

  #record(who: string, { action, resource }: Demand, message: string): void {
    this.#denials.push({ who, action, resource, message });
    this.#world.log(message);
  }

  #arnOf(role: string): string {
    return `arn:aws:sts::${this.#world.account}:assumed-role/${role}/lab`;
  }
}

function withKey({ context, ...rest }: Demand, key: string, value: string): Demand {
  return { ...rest, context: new Map([...context, [key.toLowerCase(), [value]]]) };
}

function anything(service: string, action: string): Demand {
  return { action: `${service}:${action}`, resource: "*", context: new Map() };
}

function actionsOf({ actions }: RoleStatement): readonly string[] {
  return "these" in actions ? actions.these : actions.allBut.map((action) => `all but ${action}`);
}

function resourcesOf({ resources }: RoleStatement): readonly string[] {
  return "these" in resources ? resources.these : [];
}

function keyOf({ role, policy, sid, action }: Permission): string {
  return JSON.stringify([role, policy, sid, action]);
}
