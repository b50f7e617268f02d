import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packageProblems } from "../../resources/checks.ts";
import { NODE_SCRIPT } from "../../resources/node-script.ts";
import { secretArn, secretsOfNode } from "../../resources/secrets.ts";
import type { Resource, Template } from "../../resources/template.ts";
import type { Definition, Role } from "../../shared/cluster/definition.ts";
import { renderAccess } from "../../shared/config/access.ts";
import { unpack } from "../../shared/config/payload.ts";
import { render } from "../../shared/config/render.ts";
import type { QuorumMark } from "../../shared/lifecycle/sights.ts";
import { compile, deployable, ensemble, ofType, properties, secure, security } from "./compiled.ts";

const secretsIn = ({ Resources }: Template): [string, Resource][] => ofType(Resources, "AWS::SecretsManager::Secret");

const at = (generation: number): Definition => {
  return { ...secure, security: { ...security, generation } };
};

describe("the stack's secrets", () => {
  test("are the admin's of each generation, the observer's, and those of users without one of their own", () => {
    expect(secretsIn(compile(secure)).map(([id, { Properties }]) => [id, Properties.Name])).toEqual([
      ["AdminSecret1", "rollcall/lab/admin-1"],
      ["AdminSecret2", "rollcall/lab/admin-2"],
      ["AdminSecret3", "rollcall/lab/admin-3"],
      ["ObserverSecret", "rollcall/lab/observer"],
      [expect.stringMatching(/^UserReader[0-9A-F]\w{7}Secret$/i), "rollcall/lab/users/reader"],
      [expect.stringMatching(/^UserReadEr[0-9A-F]\w{7}Secret$/i), "rollcall/lab/users/read.er"],
    ]);
    expect(secretsIn(compile(deployable))).toEqual([]);
  });

  test("have 48 letters and digits each, made by Secrets Manager: another wish would draw all of them anew", () => {
    for (const [id, { Properties, DeletionPolicy }] of secretsIn(compile(secure))) {
      const { GenerateSecretString } = Properties;
      expect(GenerateSecretString, id).toEqual({
        SecretStringTemplate: "{}",
        GenerateStringKey: "password",
        PasswordLength: 48,
        ExcludePunctuation: true,
      });
      expect(Properties, id).not.toHaveProperty("SecretString");
      expect(DeletionPolicy, id).toBeUndefined();
    }
  });

  test("stay as they are when the admin's generation is raised, those too that a node which is behind may still need", () => {
    const madeAt = (generation: number) => new Map(secretsIn(compile(at(generation))));
    const admins = (generation: number) => [...madeAt(generation).keys()].filter((id) => id.startsWith("Admin"));
    // The next one is there before it is used.
    expect(admins(1)).toEqual(["AdminSecret1", "AdminSecret2"]);
    expect(admins(3)).toEqual(["AdminSecret1", "AdminSecret2", "AdminSecret3", "AdminSecret4"]);
    expect(admins(12)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((generation) => `AdminSecret${generation}`));
    for (const [id, secret] of madeAt(1)) expect(madeAt(3).get(id), id).toEqual(secret);
  });

  test("of users have logical ids of their own, whatever their names have besides letters and digits", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-zA-Z0-9._-]{0,30}$/), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(names, (users) => {
        const declared = users.map((name) => ({ name, acls: [] }));
        const made = secretsIn(compile({ ...secure, security: { ...security, users: declared } })).map(([id]) => id);
        expect(new Set(made).size).toBe(4 + users.length);
        for (const id of made) expect(id).toMatch(/^[A-Za-z0-9]{1,255}$/);
      }),
      { numRuns: 20 },
    );
  });
});

/** Resources of the statement that lets the role read secrets; none where it has none. */
function readable(template: Template, role: string): unknown[] {
  const { Policies } = properties<{
    Policies: [{ PolicyDocument: { Statement: readonly { Sid: string; Action: unknown; Resource: unknown[] }[] } }];
  }>(template, role);
  const found = Policies[0].PolicyDocument.Statement.filter((s) =>
    JSON.stringify(s.Action).includes("secretsmanager:"),
  );
  for (const { Action } of found) expect(Action).toEqual(["secretsmanager:GetSecretValue"]);
  return found.flatMap(({ Resource }) => Resource);
}

describe("may be read", () => {
  const CERTIFICATE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/lab-tls-AbCdEf";
  const AUTHORITY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/lab-authority-GhIjKl";
  const given = "secret:ops/kafka-??????";
  const ops = { "Fn::Sub": expect.stringMatching(new RegExp(`^arn:.*:${given.replaceAll("?", "\\?")}$`)) };
  const admins = [1, 2, 3].map((generation) => ({ Ref: `AdminSecret${generation}` }));
  const observer = { Ref: "ObserverSecret" };
  const users = secretsIn(compile(secure))
    .map(([Ref]) => ({ Ref }))
    .slice(4);
  const sorted = (list: readonly unknown[]) => [...list].map((one) => JSON.stringify(one)).sort();

  test("by brokers: all that there are", () => {
    const found = readable(compile(secure), "NodeRole");
    expect(found).toHaveLength(9);
    expect(found).toEqual(expect.arrayContaining([...admins, observer, ...users, ops, CERTIFICATE, AUTHORITY]));
  });

  test("by brokers that encrypt nothing themselves: whom to believe, but no certificate's key", () => {
    const plain = { ...secure, security: { ...security, encrypt: false } };
    const found = readable(compile(plain), "NodeRole");
    expect(found).toContain(AUTHORITY);
    expect(found).not.toContain(CERTIFICATE);
  });

  test("by controllers: the admins', the observer's for the founding, and the certificate", () => {
    expect(sorted(readable(compile(secure), "ControllerNodeRole"))).toEqual(
      sorted([...admins, observer, CERTIFICATE, AUTHORITY]),
    );
  });

  test("by ZooKeeper members: none; by their brokers as by any", () => {
    expect(readable(compile(ensemble), "ZookeeperNodeRole")).toEqual([]);
    const [user] = secretsIn(compile(ensemble)).slice(-1);
    expect(sorted(readable(compile(ensemble), "NodeRole"))).toEqual(
      sorted([...admins.slice(0, 2), observer, { Ref: user?.[0] }]),
    );
  });

  test("by the function that sees Kafka: its own, and whom to believe where brokers speak TLS, never a key", () => {
    expect(readable(compile(secure), "KafkaRole")).toEqual([observer, AUTHORITY]);
    const plain = { ...secure, security: { ...security, encrypt: false } };
    expect(readable(compile(plain), "KafkaRole")).toEqual([observer]);
    expect(readable(compile(deployable), "KafkaRole")).toEqual([]);
  });

  test("by nobody else", () => {
    for (const role of ["LifecycleRole", "SweepRole"]) expect(readable(compile(secure), role)).toEqual([]);
  });

  test("by its ARN where one is given whole, else with what Secrets Manager adds to a name", () => {
    const partial = CERTIFICATE.slice(0, -7);
    expect(secretArn(secure, CERTIFICATE)).toBe(CERTIFICATE);
    expect(secretArn(secure, partial)).toBe(`${partial}-??????`);
    expect(secretArn(secure, "rollcall/lab/observer")).toEqual({ Ref: "ObserverSecret" });
  });
});

describe("what a node is told to fetch", () => {
  const quorum = (formed: boolean, { ids }: Role): QuorumMark => ({
    clusterId: "q7Zk3vX9Tn2LwB8mRd5HcA",
    formed,
    voters: ids.map((id) => ({ id, directoryId: "q7Zk3vX9Tn2LwB8mRd5HcA" })),
  });

  /** Secrets in the lines of everything that a node of the role is ever handed. */
  function told(definition: Definition, role: Role): string[] {
    const [zone] = definition.zones;
    const fixed = role.pool?.[0];
    const node = { role, id: fixed?.id ?? 1, zone: zone?.name ?? "", address: fixed?.address ?? "10.0.1.77" };
    const [quorumRole] = definition.roles;
    if (!quorumRole) throw new Error("no roles");
    const payloads = [false, true].map((formed) => render(definition, node, quorum(formed, quorumRole)).payload);
    if (role.name === "broker") payloads.push(renderAccess(definition)?.payload ?? "");
    const lines = payloads.flatMap((payload) => unpack(payload));
    return lines.flatMap((line) => /^(?:secret|scram|user) \S+ (\S+) /.exec(line)?.[1] ?? []);
  }

  const cases = [secure, ensemble].flatMap((definition) => definition.roles.map((role) => [definition, role] as const));

  test.each(cases.map(([definition, role]) => [`${definition.kafka.mode}: ${role.name}`, definition, role] as const))(
    "%s: just what its role may read",
    (_name, definition, role) => {
      expect([...new Set(told(definition, role))].sort()).toEqual([...secretsOfNode(definition, role)].sort());
    },
  );
});

describe("the function that sees Kafka", () => {
  const variables = (definition: Definition) =>
    properties<{ Environment: { Variables: object } }>(compile(definition), "KafkaFunction").Environment.Variables;

  test("is told which secrets are its own, by their ARNs", () => {
    expect(variables(secure)).toEqual({
      NODE_OPTIONS: "--enable-source-maps",
      ROLLCALL_OBSERVER_SECRET: { Ref: "ObserverSecret" },
      ROLLCALL_AUTHORITY_SECRET: security.authority,
    });
    expect(variables(ensemble)).toEqual({
      NODE_OPTIONS: "--enable-source-maps",
      ROLLCALL_OBSERVER_SECRET: { Ref: "ObserverSecret" },
    });
  });

  test("has its security group in the outputs, for the VPC endpoint that has to let it in", () => {
    const { Outputs } = compile(secure);
    expect(Outputs.KafkaFunctionSecurityGroup?.Description).toMatch(/NAT gateway or a VPC endpoint/);
    expect(Outputs.UserSecrets?.Value).toBe("rollcall/lab/users/");
    expect(compile(deployable).Outputs).not.toHaveProperty("KafkaFunctionSecurityGroup");
  });
});

describe("more users than AWS can take", () => {
  const many = (count: number): Definition => ({
    ...secure,
    security: {
      ...security,
      users: Array.from({ length: count }, (_, index) => ({ name: `user-number-${index}`, acls: [] })),
    },
  });

  test("are told before anything is made", () => {
    expect(packageProblems(many(60), NODE_SCRIPT)).toEqual([]);
    expect(packageProblems(many(120), NODE_SCRIPT)).toMatchObject([
      { path: "security.users", problem: expect.stringMatching(/policy that lets brokers read .* 10240/) },
    ]);
  });

  test("so are more ACLs", () => {
    const acls = Array.from({ length: 40_000 }, (_, index) => ({
      permission: "allow" as const,
      resource: "topic" as const,
      name: `topic-${(index * 2_654_435_761) % 4_294_967_296}`,
      pattern: "literal" as const,
      operations: ["read"] as const,
      host: "*",
    }));
    const users = [{ name: "greedy", acls }];
    const problems = packageProblems({ ...secure, security: { ...security, users } }, NODE_SCRIPT);
    expect(problems).toMatchObject([{ path: "security.users", problem: expect.stringMatching(/ACLs make a command/) }]);
  });
});
