import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { castOf } from "../../lab/tour/security.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { User } from "../../shared/cluster/security.ts";

const clusters = (name: string): Definition => {
  const file = fileURLToPath(new URL(`../../clusters/${name}.yml`, import.meta.url));
  return parseDefinition(readFileSync(file, "utf8"), file);
};
const secure = clusters("secure");
const withUsers = (users: readonly User[]): Definition => {
  if (!secure.security) throw new Error("clusters/secure.yml has security");
  return { ...secure, security: { ...secure.security, users } };
};
const [writer, reader] = secure.security?.users ?? [];

describe("who plays which part", () => {
  test.each(["secure", "zookeeper"])("in clusters/%s.yml: one writes to its own topic, another may not", (name) => {
    const cast = castOf(clusters(name));
    expect([cast?.topic, cast?.writer.name, cast?.other.name]).toEqual(["orders-tour", "orders-app", "reporting"]);
  });

  test("nobody, where nobody is asked who he is", () => {
    expect(castOf(clusters("lab"))).toBeUndefined();
  });

  test("a definition without a load balancer is told so", () => {
    expect(() => castOf({ ...secure, loadBalancer: false })).toThrow("say loadBalancer: true");
  });

  test("a definition without a writer, or with writers alone, is told what it lacks", () => {
    expect(() => castOf(withUsers(reader ? [reader] : []))).toThrow("no user of secure may create and write a topic");
    expect(() => castOf(withUsers(writer ? [writer] : []))).toThrow("declare one that may not");
  });
});
