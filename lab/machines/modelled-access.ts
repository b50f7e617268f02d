/** Users and ACLs as the modelled Kafka keeps them in its metadata. */
import type { Credential } from "./modelled-process.ts";

/** Without these rights a view of the whole cluster has nothing to go by. */
const SEEING = ["CLUSTER LITERAL kafka-cluster", "TOPIC LITERAL *"].flatMap((resource) =>
  ["DESCRIBE", "DESCRIBE_CONFIGS"].map((operation) => `* ALLOW ${operation} ${resource}`),
);

export class Access {
  readonly #founding: () => ReadonlyMap<string, Credential>;
  readonly #changed: () => void;
  readonly #users = new Map<string, Credential>();
  readonly #acls = new Set<string>();
  /** What was taken over when the cluster was founded. */
  #begun: ReadonlyMap<string, Credential> | undefined;

  /** @param founding users that the cluster was founded with, once it was */
  constructor(founding: () => ReadonlyMap<string, Credential>, changed: () => void) {
    this.#founding = founding;
    this.#changed = changed;
  }

  get users(): ReadonlyMap<string, Credential> {
    this.#begin();
    return this.#users;
  }

  /** As `shared/config/access.ts` declares them: principal, host, permission, operation, resource type, pattern and name. */
  get acls(): ReadonlySet<string> {
    this.#begin();
    return this.#acls;
  }

  setUser(name: string, credential: Credential): void {
    this.#begin();
    this.#users.set(name, credential);
    this.#changed();
  }

  removeUser(name: string): void {
    this.#begin();
    this.#users.delete(name);
    this.#changed();
  }

  addAcl(line: string): void {
    this.#begin();
    this.#acls.add(line);
  }

  removeAcl(line: string): void {
    this.#acls.delete(line);
  }

  /** Whether that user can log in by that password. */
  lets(name: string, password: string): boolean {
    return this.users.get(name)?.password === password;
  }

  /** Whether ACLs let that user see everything there is. */
  letsSee(name: string): boolean {
    this.#begin();
    return SEEING.every((right) => this.#acls.has(`User:${name} ${right}`));
  }

  #begin(): void {
    const founding = this.#founding();
    if (founding.size === 0 || founding === this.#begun) return;
    this.#begun = founding;
    this.#users.clear();
    this.#acls.clear();
    for (const [name, credential] of founding) this.#users.set(name, credential);
  }
}
