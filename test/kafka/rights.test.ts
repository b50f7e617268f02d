import { expect, test } from "vitest";
import { ACL, EVERYBODY, type TopicAcl, unseenTopics } from "../../shared/kafka/rights.ts";

const me = "User:rollcall-observer";
const allow: TopicAcl = {
  name: "*",
  pattern: ACL.pattern.literal,
  principal: me,
  host: "*",
  operation: ACL.operation.describe,
  permission: ACL.permission.allow,
};
const READ = 3;
const PREFIXED = 4;

test("who may describe topic * everywhere sees every topic", () => {
  expect(unseenTopics(me, [allow])).toBeUndefined();
  expect(unseenTopics(me, [{ ...allow, operation: ACL.operation.all }])).toBeUndefined();
  expect(unseenTopics(me, [{ ...allow, principal: EVERYBODY }])).toBeUndefined();
});

test.each<[string, TopicAcl[]]>([
  ["nothing", []],
  ["one topic", [{ ...allow, name: "orders" }]],
  ["topics that begin with a star", [{ ...allow, pattern: PREFIXED }]],
  ["one host", [{ ...allow, host: "10.0.1.7" }]],
  ["another's right", [{ ...allow, principal: "User:app" }]],
  ["another operation", [{ ...allow, operation: READ }]],
])("does not prove it: %s", (_, acls) => {
  expect(unseenTopics(me, acls)).toBe(`${me} may not describe every topic`);
});

test.each([me, EVERYBODY])("a denial to %s hides a topic, whatever is allowed", (principal) => {
  const deny = { ...allow, principal, permission: ACL.permission.deny, name: "orders", host: "10.0.1.7" };
  expect(unseenTopics(me, [allow, deny])).toBe(`${principal} is denied to describe topic orders`);
  expect(unseenTopics(me, [allow, { ...deny, operation: ACL.operation.all }])).toContain("denied");
  expect(unseenTopics(me, [allow, { ...deny, operation: READ }])).toBeUndefined();
});
