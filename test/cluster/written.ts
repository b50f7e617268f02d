/** Definitions as users write them, and what is wrong with them. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { DefinitionError, type Problem } from "../../shared/cluster/problems.ts";

const read = (name: string): string => readFileSync(new URL(`../../clusters/${name}`, import.meta.url), "utf8");

export const LAB = read("lab.yml");
export const SECURE = read("secure.yml");
export const ZOOKEEPER = read("zookeeper.yml");

/** The problems of the lab's definition, or of another text, with one passage replaced by another. */
export function problemsWith(passage: string, replacement: string, text = LAB): readonly Problem[] {
  expect(text).toContain(passage);
  return problemsOf(text.replace(passage, replacement));
}

export function problemsOf(text: string): readonly Problem[] {
  try {
    parseDefinition(text, "test.yml");
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems;
    throw error;
  }
  return [];
}

/** A definition with every default left out; `rest` is added below. */
export function shortest(rest = ""): string {
  return `
cluster: orders
region: eu-west-1
zones:
  - { name: eu-west-1a, subnet: subnet-0a1b2c3d, cidr: 10.1.1.0/24 }
  - { name: eu-west-1b, subnet: subnet-0a1b2c3e, cidr: 10.1.2.0/24 }
  - { name: eu-west-1c, subnet: subnet-0a1b2c3f, cidr: 10.1.3.0/24 }
network: { vpc: vpc-0a1b2c3d, clients: [10.1.0.0/16] }
kafka: { version: 4.3.1 }
nodes: { image: ami-0a1b2c3d }
roles:
  controller:
    perZone: 1
    instanceType: t4g.small
    addresses:
      - { id: 3003, zone: eu-west-1c, address: 10.1.3.10 }
      - { id: 3001, zone: eu-west-1a, address: 10.1.1.10 }
      - { id: 3002, zone: eu-west-1b, address: 10.1.2.10 }
  broker: { perZone: 2, instanceType: m7g.large, ids: { from: 0, to: 5 } }
${rest}`;
}
