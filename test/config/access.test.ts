import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Security } from "../../shared/cluster/security.ts";
import { renderAccess } from "../../shared/config/access.ts";
import { definitionWith, SECURITY } from "./cluster.ts";

function rendered(change: Partial<Security> = {}, versions?: Readonly<Record<string, string>>) {
  const mark = versions && { digest: "", at: 0, versions, drift: [] };
  const access = renderAccess(definitionWith({ security: { ...SECURITY, ...change } }), mark);
  if (!access) throw new Error("nothing was rendered");
  return { ...access, lines: gunzipSync(Buffer.from(access.payload, "base64")).toString().trimEnd().split("\n") };
}

const HEAD = (digest: string): string[] => ["rollcall 1", "action access", `digest ${digest}`, "region eu-central-1"];
const USERS = [
  "user rollcall-admin-1 rollcall/orders/admin-1 password -",
  "user rollcall-admin-2 rollcall/orders/admin-2 password -",
  "user rollcall-observer rollcall/orders/observer password -",
  "user app rollcall/orders/users/app password -",
];
const OBSERVING = [
  "acl User:rollcall-observer * ALLOW DESCRIBE CLUSTER LITERAL kafka-cluster",
  "acl User:rollcall-observer * ALLOW DESCRIBE_CONFIGS CLUSTER LITERAL kafka-cluster",
  "acl User:rollcall-observer * ALLOW DESCRIBE TOPIC LITERAL *",
  "acl User:rollcall-observer * ALLOW DESCRIBE_CONFIGS TOPIC LITERAL *",
];

/** Generation 1 of the nodes' credential is declared, and 2 is valid with it. */
const LATER = [3, 4, 5, 6, 7, 8, 9, 10].map((generation) => `keep rollcall-admin-${generation}`);

describe("renderAccess", () => {
  it("names users by their secrets, and every right in the words of Kafka's tool, one a line", () => {
    const { lines, digest } = rendered();
    expect(lines).toEqual([
      ...HEAD(digest),
      ...USERS,
      "keep operator",
      ...LATER,
      "acls kept",
      ...OBSERVING,
      "acl User:app * ALLOW READ TOPIC PREFIXED orders",
      "acl User:app * ALLOW WRITE TOPIC PREFIXED orders",
    ]);
  });

  it("has nothing to say where nobody is asked who he is", () => {
    expect(renderAccess(definitionWith())).toBeUndefined();
  });

  it("leaves ACLs out where there is no authorizer", () => {
    const users = SECURITY.users.map((user) => ({ ...user, acls: [] }));
    const { lines, digest } = rendered({ acl: false, superUsers: [], users });
    expect(lines).toEqual([...HEAD(digest), ...USERS, ...LATER, "acls off"]);
  });

  it("gives the observer no right but to describe", () => {
    const rights = rendered().lines.filter((line) => line.startsWith("acl User:rollcall-observer"));
    expect(rights.every((line) => / ALLOW DESCRIBE(_CONFIGS)? /.test(line))).toBe(true);
  });

  it("spells every kind of right as Kafka does, each once", () => {
    const right = { permission: "deny", pattern: "literal", host: "10.0.0.1" } as const;
    const users = [
      {
        name: "app",
        secret: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf",
        acls: [
          { ...right, resource: "transactional-id", name: "t-1", operations: ["write"] },
          { ...right, resource: "cluster", name: "kafka-cluster", operations: ["idempotent-write", "cluster-action"] },
          { ...right, resource: "group", name: "*", operations: ["all"] },
          { ...right, resource: "group", name: "*", operations: ["all"] },
        ],
      },
    ] as const;
    const { lines } = rendered({ users });
    expect(lines).toContain("user app arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf password -");
    expect(lines.filter((line) => line.startsWith("acl User:app "))).toEqual([
      "acl User:app 10.0.0.1 DENY WRITE TRANSACTIONAL_ID LITERAL t-1",
      "acl User:app 10.0.0.1 DENY IDEMPOTENT_WRITE CLUSTER LITERAL kafka-cluster",
      "acl User:app 10.0.0.1 DENY CLUSTER_ACTION CLUSTER LITERAL kafka-cluster",
      "acl User:app 10.0.0.1 DENY ALL GROUP LITERAL *",
    ]);
  });

  it("keeps a super user's password where the user is declared", () => {
    const { lines } = rendered({ superUsers: ["app", "operator"] });
    expect(lines.filter((line) => line.startsWith("keep"))).toEqual(["keep operator", ...LATER]);
  });

  it("keeps what nodes log in as by the time that an order of an earlier deployment comes late", () => {
    const kept = (generation: number) =>
      rendered({ generation }).lines.filter((line) => line.startsWith("keep rollcall"));
    expect(kept(4)).toEqual([6, 7, 8, 9, 10, 11, 12, 13].map((later) => `keep rollcall-admin-${later}`));
  });

  it("tells which version of a password stands, under the same digest", () => {
    const told = rendered({}, { app: "v-7", gone: "v-1" });
    expect(told.lines).toContain("user app rollcall/orders/users/app password v-7");
    expect(told.lines.join()).not.toContain("gone");
    expect(told.digest).toBe(rendered().digest);
  });

  it.each<[string, Partial<Security>]>([
    ["a user", { users: [...SECURITY.users, { name: "other", acls: [] }] }],
    ["a right", { users: [{ name: "app", acls: [] }] }],
    ["a user's secret", { users: SECURITY.users.map((user) => ({ ...user, secret: "app/own" })) }],
    ["a super user", { superUsers: [] }],
    ["the generation", { generation: 2 }],
    ["the authorizer", { acl: false }],
  ])("has another digest where %s differs", (_, change) => {
    expect(rendered(change).digest).not.toBe(rendered().digest);
  });

  it("has the same digest where only the nodes' configuration differs", () => {
    expect(rendered({ encrypt: false, certificate: "kafka/another" }).digest).toBe(rendered().digest);
  });
});
