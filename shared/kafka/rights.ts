/**
 * May the observer see every topic? Kafka shows a client the topics that it may describe, and says nothing of the others: who
 * lacks the right sees an empty cluster, of which every broker may be stopped. So the right is proven first, by the ACLs.
 */

/** What a broker refused, for want of a valid login or of rights; users and ACLs are not as they are declared. */
export class DeniedError extends Error {
  override readonly name = "DeniedError";
}

/** One ACL about topics, in Kafka's own codes. */
export interface TopicAcl {
  readonly name: string;
  readonly pattern: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permission: number;
}

/** Kafka's codes (`ResourceType`, `PatternType`, `AclOperation`, `AclPermissionType`). */
export const ACL = {
  resource: { topic: 2 },
  pattern: { any: 1, literal: 3 },
  operation: { any: 1, all: 2, describe: 8 },
  permission: { any: 1, deny: 2, allow: 3 },
} as const;

export const EVERYBODY = "User:*";

/** Why that principal, `User:…`, does not see every topic; undefined where it does. */
export function unseenTopics(principal: string, acls: readonly TopicAcl[]): string | undefined {
  const mine = acls.filter((acl) => acl.principal === principal || acl.principal === EVERYBODY);
  const describing = mine.filter(
    ({ operation }) => operation === ACL.operation.describe || operation === ACL.operation.all,
  );
  const denied = describing.find(({ permission }) => permission === ACL.permission.deny);
  if (denied) return `${denied.principal} is denied to describe topic ${denied.name}`;
  const granted = describing.some(
    ({ permission, name, pattern, host }) =>
      permission === ACL.permission.allow && name === "*" && pattern === ACL.pattern.literal && host === "*",
  );
  return granted ? undefined : `${principal} may not describe every topic`;
}
