/** Who may do what on a cluster: as declared, after validation. Secrets are named here, never held. */

/** A Secrets Manager secret, by name or ARN. */
export type SecretId = string;

/** What an ACL is about (Kafka's `ResourceType`), as the definition spells it. */
export type AclResourceType = "topic" | "group" | "cluster" | "transactional-id";

export type AclOperation =
  | "all"
  | "read"
  | "write"
  | "create"
  | "delete"
  | "alter"
  | "describe"
  | "cluster-action"
  | "describe-configs"
  | "alter-configs"
  | "idempotent-write";

export interface Acl {
  readonly permission: "allow" | "deny";
  readonly resource: AclResourceType;
  /** `*` for all of a type; for the cluster always `kafka-cluster`. */
  readonly name: string;
  readonly pattern: "literal" | "prefixed";
  /** At least one, in Kafka's own order. */
  readonly operations: readonly AclOperation[];
  /** `*` or an IP address. */
  readonly host: string;
}

export interface User {
  readonly name: string;
  /** Its password: `{"password": "…"}`. Absent: the stack makes one, `rollcall/<cluster>/users/<name>`. */
  readonly secret?: SecretId;
  readonly acls: readonly Acl[];
}

export interface Security {
  readonly sasl: "scram-sha-512";
  /** Whether access is denied unless granted. */
  readonly acl: boolean;
  /** User names that no ACL binds, beside Rollcall's own for brokers, controllers and its tools. */
  readonly superUsers: readonly string[];
  /** Users and their ACLs, kept as declared. */
  readonly users: readonly User[];
  /**
   * TLS: a secret `{"certificate": PEM chain, "key": PEM (PKCS #8)}`. KRaft needs one, as its controllers speak PLAIN (never
   * SCRAM: a quorum could not form again after an outage of all).
   */
  readonly certificate?: SecretId;
  /**
   * Whom to believe: a secret `{"authority": PEM}`, there exactly where `certificate` is. One of its own, so that who only
   * has to know that may not read the key.
   */
  readonly authority?: SecretId;
  /** Whether clients and brokers speak TLS too (SASL_SSL), or SASL_PLAINTEXT. */
  readonly encrypt: boolean;
  /** From 1; raised by one, the brokers' and controllers' own credential is rotated (`generations`). */
  readonly generation: number;
}

/** The user that brokers, controllers and the tools on nodes are, in that generation of its credential. */
export const adminUser = (generation: number): string => `rollcall-admin-${generation}`;

/** The user that Rollcall's Kafka function is: it may describe, and nothing else. */
export const OBSERVER = "rollcall-observer";

/** The secrets that the stack makes, by what they are for; each holds `{"password": "…"}`. */
export const adminSecret = (cluster: string, generation: number): SecretId => `rollcall/${cluster}/admin-${generation}`;
/** Where the observer's password lies. */
export const observerSecret = (cluster: string): SecretId => `rollcall/${cluster}/observer`;
/** Where a user's password lies: where the definition says, or in a secret that the stack makes. */
export const userSecret = (cluster: string, user: User): SecretId =>
  user.secret ?? `rollcall/${cluster}/users/${user.name}`;

/**
 * The generations of the admin's credential that are valid: first the one that nodes log in with. The next is among them, so
 * that it is known everywhere before anybody uses it: nodes change over one by one, and a controller that logs in with a
 * credential its peers do not know yet never follows again.
 */
export function generations({ generation }: Pick<Security, "generation">): number[] {
  return [generation, generation - 1, generation + 1].filter((valid) => valid > 0);
}

/** How many generations a roll-out may be overtaken by: so many before the last one are kept, and so many after an order's own. */
const OVERTAKEN = 8;

/**
 * The generations that a node of the cluster may still have to be given, in order: one that is behind goes through each on its way
 * to the declared one (`shared/members/generation.ts`), and needs those beside it.
 */
export function generationsMade({ generation }: Pick<Security, "generation">): number[] {
  const first = Math.max(1, generation - OVERTAKEN);
  return Array.from({ length: generation + 2 - first }, (_, after) => first + after);
}

/**
 * Generations that may be in use though those that know no more than this one do not know it: an order of an earlier deployment may
 * come late, and must not take away what nodes log in as by then.
 */
export function generationsAfter({ generation }: Pick<Security, "generation">): number[] {
  return Array.from({ length: OVERTAKEN }, (_, after) => generation + 2 + after);
}
