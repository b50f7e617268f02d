/** Templates of definitions, as tests look at them. */
import { readFileSync } from "node:fs";
import { compileTemplate } from "../../lab/compile.ts";
import type { Resource, Resources, Template } from "../../resources/template.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";

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
