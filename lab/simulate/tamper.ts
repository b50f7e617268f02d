/** Users and ACLs: changed by hand, past what is declared, and at the end what is left of that. */
import { OBSERVER } from "../../shared/cluster/security.ts";
import { readOrder } from "../machines/modelled-access-order.ts";
import type { Blow } from "./blows.ts";
import type { Stage } from "./stage.ts";

const BY_HAND = { password: "made by hand", version: "none" };

/** Whether there was anything to change, and anybody to change it. */
export function tamper({ kafka }: Stage, what: Extract<Blow, { kind: "tamper" }>["with"]): boolean {
  const { access } = kafka;
  // What is refused, or was never set up, changes nothing.
  if (!kafka.hasController || access.users.size === 0) return false;
  switch (what) {
    case "acl": {
      const [first] = access.acls;
      if (first !== undefined) access.removeAcl(first);
      access.addAcl("User:stranger * ALLOW ALL TOPIC LITERAL *");
      return true;
    }
    case "user":
      access.setUser("stranger", BY_HAND);
      return true;
    case "password":
      access.setUser("orders-app", BY_HAND);
      return true;
    case "observer":
      access.removeUser(OBSERVER);
      return true;
  }
}

/** What users and ACLs are not as declared, in words. */
export function accessUnsettled({ kafka, plan, passwordOf }: Stage): string[] {
  const declared = plan().access();
  // Only brokers can tell, or change anything.
  if (!declared || kafka.registered().length === 0) return [];
  const { users, acls = [], kept } = readOrder(declared.payload);
  const names = new Set(users.map(({ name }) => name));
  const strangers = [...kafka.access.users.keys()].filter((name) => !names.has(name) && !kept.has(name));
  return [
    ...users
      .filter(({ name, secret }) => !kafka.access.lets(name, passwordOf(secret) ?? ""))
      .map(({ name }) => `user ${name} cannot log in by the password of its secret`),
    ...strangers.map((name) => `user ${name} is not declared`),
    ...acls.filter((acl) => !kafka.access.acls.has(acl)).map((acl) => `ACL ${acl} is missing`),
    ...[...kafka.access.acls].filter((acl) => !acls.includes(acl)).map((acl) => `ACL ${acl} is not declared`),
  ];
}
