/** Templates of definitions, as tests look at them. */
import { readFileSync } from "node:fs";
import { compileTemplate } from "../../lab/compile.ts";
import type { Resource, Resources, Template } from "../../resources/template.ts";
import type { Definition, Role } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { isQuorum } from "../../shared/cluster/role-kinds.ts";
import type { Security } from "../../shared/cluster/security.ts";

const LAB = readFileSync(new URL("../../clusters/lab.yml", import.meta.url), "utf8");

/** The lab's cluster as a definition that may be deployed: with the periods that a cluster on EC2 has. */
export const TEXT = LAB.replace(/^# Seconds\.[\s\S]*$/m, "");

export const deployable: Definition = parseDefinition(TEXT, "deployable.yml");

/** The same in all that varies: an image and an archive of Amazon's, brokers with addresses, and two groups that exist. */
export const various: Definition = parseDefinition(
  TEXT.replace(
    /^nodes:.*$/m,
    `nodes: { archive: { url: "s3://archives/kafka/kafka.tgz", sha512: "${"0123456789abcdef".repeat(8)}" } }`,
  )
    .replace(/^ {4}ids: .*$/m, "    groups: { eu-central-1a: brokers-a, eu-central-1b: brokers-b }\n$&")
    .replace(/^ {2}clients: .*$/m, "  clients: [10.1.0.0/16, sg-0a1b2c3d4e5f60718]")
    .concat("loadBalancer: false\nalarms: [arn:aws:sns:eu-central-1:123456789012:kafka-on-call]\n"),
  "various.yml",
);

/** Users with a secret of their own and without, TLS, and a second generation. */
export const security: Security = {
  sasl: "scram-sha-512",
  acl: true,
  superUsers: ["ops"],
  users: [
    { name: "ops", secret: "ops/kafka", acls: [] },
    {
      name: "reader",
      acls: [
        {
          permission: "allow",
          resource: "topic",
          name: "orders",
          pattern: "prefixed",
          operations: ["read", "describe"],
          host: "*",
        },
      ],
    },
    { name: "read.er", acls: [] },
  ],
  certificate: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/lab-tls-AbCdEf",
  authority: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka/lab-authority-GhIjKl",
  encrypt: true,
  generation: 2,
};

/** The same with everybody asked who he is. */
export const secure: Definition & { readonly security: Security } = { ...deployable, security };

/** Brokers on a ZooKeeper ensemble, with passwords but without TLS. */
export const ensemble: Definition = {
  ...deployable,
  kafka: { version: "3.9.1", mode: "zookeeper", settings: {} },
  roles: deployable.roles.map((role): Role => {
    if (!isQuorum(role)) return role;
    const pool = (role.pool ?? []).map((entry, index) => ({ ...entry, id: index + 1 }));
    const groups = role.groups.map(({ zone }) => ({ name: `lab-zookeeper-${zone}`, zone }));
    return {
      ...role,
      name: "zookeeper",
      ids: pool.map(({ id }) => id),
      pool,
      groups,
      settings: {},
      supervisor: { kind: "systemd" },
    };
  }),
  security: {
    sasl: "scram-sha-512",
    acl: true,
    superUsers: [],
    users: [{ name: "reader", acls: [] }],
    encrypt: false,
    generation: 1,
  },
};

export function compile(definition: Definition): Template {
  return compileTemplate(definition) as Template;
}

export function ofType(resources: Resources, type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

/** The properties of the resource with that logical id. */
export function properties<T>(template: Template, id: string): T {
  const resource = template.Resources[id];
  if (!resource) throw new Error(`the template has no ${id}`);
  return resource.Properties as T;
}

/** Logical ids that the value refers to. */
export function references(value: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (one: unknown): void => {
    if (Array.isArray(one)) for (const each of one) walk(each);
    else if (typeof one === "object" && one !== null) {
      for (const [key, each] of Object.entries(one)) {
        if (key === "Ref") found.add(String(each));
        else if (key === "Fn::GetAtt") found.add(String(each[0]));
        else if (key === "Fn::Sub" && typeof each === "string") {
          for (const [, name = ""] of each.matchAll(/\$\{([\w:]+)/g)) found.add(name);
        } else walk(each);
      }
    }
  };
  walk(value);
  return found;
}
