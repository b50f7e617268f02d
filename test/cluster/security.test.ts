/** Who may do what: what a definition's section becomes, and what is refused. */
import { describe, expect, test } from "vitest";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import type { Problem } from "../../shared/cluster/problems.ts";
import { problemsOf, SECURE, shortest, ZOOKEEPER } from "./written.ts";

const CERTIFICATE = "certificate: kafka/certificate, authority: kafka/authority";
const ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kafka/app-AbCdEf";

const withSecurity = (rest: string): string => shortest(`security: { sasl: scram-sha-512, ${rest} }`);
const withAcl = (acl: string): string => withSecurity(`${CERTIFICATE}, users: [{ name: app, acls: [${acl}] }]`);
const securityOf = (text: string) => parseDefinition(text, "x.yml").security;
const aclOf = (acl: string) => securityOf(withAcl(acl))?.users[0]?.acls[0];

/** On an ensemble, where a certificate is not needed. */
const onZookeeper = (security: string): readonly Problem[] =>
  problemsOf(ZOOKEEPER.replace(/\nsecurity:\n(?: .*\n|\n)+?(?=safety:)/, `\nsecurity: ${security}\n`));

describe("what a definition becomes", () => {
  test("nobody is asked who he is where it says nothing", () => {
    expect(parseDefinition(shortest(), "x.yml")).not.toHaveProperty("security");
    expect(parseDefinition(shortest("security:"), "x.yml")).not.toHaveProperty("security");
  });

  test("what is left out has its default", () => {
    expect(securityOf(withSecurity(CERTIFICATE))).toEqual({
      sasl: "scram-sha-512",
      acl: true,
      superUsers: [],
      users: [],
      certificate: "kafka/certificate",
      authority: "kafka/authority",
      encrypt: true,
      generation: 1,
    });
    expect(securityOf(withSecurity(`${CERTIFICATE}, encrypt: false`))?.encrypt).toBe(false);
    expect(onZookeeper("{ sasl: scram-sha-512 }")).toEqual([]);
  });

  test("the examples' users, each with its rights", () => {
    for (const text of [SECURE, ZOOKEEPER]) {
      const users = parseDefinition(text, "x.yml").security?.users;
      expect(users?.map(({ name }) => name)).toEqual(["orders-app", "reporting"]);
      expect(users?.[1]?.acls).toEqual([
        {
          permission: "allow",
          resource: "topic",
          name: "orders",
          pattern: "prefixed",
          operations: ["read"],
          host: "*",
        },
        {
          permission: "allow",
          resource: "group",
          name: "reporting",
          pattern: "prefixed",
          operations: ["read"],
          host: "*",
        },
      ]);
    }
  });

  test("operations come in Kafka's order, and the cluster by its own name", () => {
    expect(aclOf("{ topic: a, allow: [describe, write, read] }")?.operations).toEqual(["read", "write", "describe"]);
    expect(aclOf("{ cluster: true, allow: [describe] }")).toMatchObject({ resource: "cluster", name: "kafka-cluster" });
    expect(aclOf('{ transactionalId: "*", deny: [all], host: 10.0.0.1 }')).toEqual({
      permission: "deny",
      resource: "transactional-id",
      name: "*",
      pattern: "literal",
      operations: ["all"],
      host: "10.0.0.1",
    });
  });

  test("a user's secret may be one of one's own", () => {
    const secrets = securityOf(
      withSecurity(`${CERTIFICATE}, users: [{ name: a, secret: "${ARN}" }, { name: b, secret: b/pw }, { name: c }]`),
    )?.users.map(({ secret }) => secret);
    expect(secrets).toEqual([ARN, "b/pw", undefined]);
  });
});

describe("what is refused, each by itself", () => {
  const users = (list: string): string => withSecurity(`${CERTIFICATE}, users: [${list}]`);
  test.each<{ rule: string; text: string; path: string; problem: RegExp; remedy?: RegExp }>([
    {
      rule: "ACLs without a login",
      text: shortest(`security: { acl: true, ${CERTIFICATE} }`),
      path: "security.sasl",
      problem: /missing/,
    },
    {
      rule: "another login",
      text: shortest(`security: { sasl: plain, ${CERTIFICATE} }`),
      path: "security.sasl",
      problem: /not a way to log in/,
      remedy: /scram-sha-512/,
    },
    {
      rule: "controllers without a certificate",
      text: withSecurity("acl: true"),
      path: "security.certificate",
      problem: /compare passwords, so they need TLS/,
      remedy: /certificate and key/,
    },
    {
      rule: "a certificate that is none",
      text: withSecurity('certificate: "-----BEGIN CERTIFICATE-----", authority: a'),
      path: "security.certificate",
      problem: /not the name or ARN/,
    },
    {
      rule: "a certificate of another region",
      text: withSecurity(`certificate: "${ARN.replace("west", "north")}", authority: a`),
      path: "security.certificate",
      problem: /in eu-north-1/,
      remedy: /in eu-west-1/,
    },
    {
      rule: "a certificate that nobody knows to believe",
      text: withSecurity("certificate: kafka/certificate"),
      path: "security.authority",
      problem: /whose certificates to believe/,
      remedy: /a secret of its own/,
    },
    {
      rule: "an authority in the secret that has the key",
      text: withSecurity("certificate: kafka/tls, authority: kafka/tls"),
      path: "security.authority",
      problem: /could read the certificate's key/,
    },
    {
      rule: "an authority of another region",
      text: withSecurity(`certificate: c, authority: "${ARN.replace("west", "north")}"`),
      path: "security.authority",
      problem: /in eu-north-1/,
    },
    {
      rule: "a secret of the stack's as a user's",
      text: users("{ name: app, secret: rollcall/orders/admin-1 }"),
      path: "security.users[0].secret",
      problem: /the stack's own/,
    },
    {
      rule: "the same by its ARN",
      text: users(`{ name: app, secret: "${ARN.replace("kafka/app", "rollcall/orders/admin-1")}" }`),
      path: "security.users[0].secret",
      problem: /the stack's own/,
    },
    {
      rule: "a user of Rollcall's",
      text: users("{ name: rollcall-admin-1 }"),
      path: "security.users[0].name",
      problem: /Rollcall's own/,
    },
    {
      rule: "a super user of Rollcall's",
      text: withSecurity(`${CERTIFICATE}, superUsers: [rollcall-observer]`),
      path: "security.superUsers[0]",
      problem: /Rollcall's own/,
    },
    {
      rule: "a user twice",
      text: users("{ name: app }, { name: app }"),
      path: "security.users[1].name",
      problem: /twice/,
    },
    {
      rule: "a super user twice",
      text: withSecurity(`${CERTIFICATE}, superUsers: [a, a]`),
      path: "security.superUsers[1]",
      problem: /twice/,
    },
    {
      rule: "a name with quotes",
      text: users("{ name: 'a\"b' }"),
      path: "security.users[0].name",
      problem: /not a user's/,
    },
    {
      rule: "a principal",
      text: users('{ name: "User:app" }'),
      path: "security.users[0].name",
      problem: /not a user's/,
    },
    {
      rule: "a password",
      text: users("{ name: app, password: x }"),
      path: "security.users[0].password",
      problem: /not known/,
    },
    {
      rule: "a super user where all are",
      text: withSecurity(`${CERTIFICATE}, acl: false, superUsers: [a]`),
      path: "security.superUsers",
      problem: /without ACLs every user/,
    },
    {
      rule: "rights where all have all",
      text: withSecurity(`${CERTIFICATE}, acl: false, users: [{ name: a, acls: [{ topic: a, allow: [read] }] }]`),
      path: "security.users[0].acls",
      problem: /without ACLs every user/,
    },
    {
      rule: "no generation at all",
      text: withSecurity(`${CERTIFICATE}, generation: 0`),
      path: "security.generation",
      problem: /range/,
    },
  ])("$rule", ({ text, path, problem, remedy }) => {
    expect(problemsOf(text)).toMatchObject([{ path, problem: expect.stringMatching(problem) }]);
    if (remedy !== undefined) expect(problemsOf(text)[0]?.remedy).toMatch(remedy);
  });

  test("an authority of nothing", () => {
    expect(onZookeeper("{ sasl: scram-sha-512, authority: kafka/authority }")).toMatchObject([
      { path: "security.authority", problem: "there is no certificate that it has signed" },
    ]);
  });

  test("encryption without a certificate", () => {
    expect(onZookeeper("{ sasl: scram-sha-512, encrypt: true }")).toMatchObject([
      { path: "security.encrypt", problem: "there is no certificate to encrypt with" },
    ]);
  });

  test.each<{ rule: string; acl: string; at: string; problem: RegExp; remedy?: RegExp }>([
    { rule: "an ACL about nothing", acl: "{ allow: [read] }", at: "", problem: /what the ACL is about is missing/ },
    {
      rule: "an ACL about two",
      acl: "{ topic: a, group: a, allow: [read] }",
      at: ".group",
      problem: /topic is given too/,
      remedy: /two ACLs/,
    },
    { rule: "an ACL that says nothing", acl: "{ topic: a }", at: "", problem: /may or may not be done is missing/ },
    {
      rule: "allowed and denied",
      acl: "{ topic: a, allow: [read], deny: [write] }",
      at: ".deny",
      problem: /allow is given too/,
    },
    {
      rule: "an operation that is none of a topic's",
      acl: "{ topic: a, allow: [cluster-action] }",
      at: ".allow[0]",
      problem: /not an operation on a topic/,
      remedy: /all, read, write/,
    },
    {
      rule: "writing to a group",
      acl: "{ group: a, allow: [read, write] }",
      at: ".allow[1]",
      problem: /not an operation on a group/,
    },
    {
      rule: "reading the cluster",
      acl: "{ cluster: true, allow: [read] }",
      at: ".allow[0]",
      problem: /not an operation on a cluster/,
    },
    {
      rule: "reading a transactional id",
      acl: "{ transactionalId: a, allow: [read] }",
      at: ".allow[0]",
      problem: /not an operation on a transactional-id/,
    },
    { rule: "an operation twice", acl: "{ topic: a, allow: [read, read] }", at: ".allow[1]", problem: /twice/ },
    { rule: "no operation", acl: "{ topic: a, allow: [] }", at: ".allow", problem: /no operation/ },
    { rule: "a pattern's name", acl: "{ topic: a*, allow: [read] }", at: ".topic", problem: /not a topic's name/ },
    { rule: "a name with blanks", acl: "{ group: a b, allow: [read] }", at: ".group", problem: /not a group's name/ },
    {
      rule: "another pattern",
      acl: "{ topic: a, pattern: match, allow: [read] }",
      at: ".pattern",
      problem: /not a way to match/,
    },
    {
      rule: "all as a prefix",
      acl: '{ topic: "*", pattern: prefixed, allow: [read] }',
      at: ".pattern",
      problem: /all there are already/,
    },
    {
      rule: "a prefix of the cluster",
      acl: "{ cluster: true, pattern: prefixed, allow: [describe] }",
      at: ".pattern",
      problem: /only one cluster/,
    },
    { rule: "the cluster's name", acl: "{ cluster: lab, allow: [describe] }", at: ".cluster", problem: /no name/ },
    {
      rule: "a block of hosts",
      acl: "{ topic: a, allow: [read], host: 10.0.0.0/8 }",
      at: ".host",
      problem: /no IPv4 address/,
    },
  ])("$rule", ({ acl, at, problem, remedy }) => {
    const problems = problemsOf(withAcl(acl));
    expect(problems).toMatchObject([
      { path: `security.users[0].acls[0]${at}`, problem: expect.stringMatching(problem) },
    ]);
    if (remedy !== undefined) expect(problems[0]?.remedy).toMatch(remedy);
  });
});
