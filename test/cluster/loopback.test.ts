import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { toLoopback } from "../../lab/loopback.ts";
import type { Definition } from "../../shared/cluster/definition.ts";
import { definitionJson, parseDefinitionJson } from "../../shared/cluster/json.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";

const LAB = parseDefinition(readFileSync(new URL("../../clusters/lab.yml", import.meta.url), "utf8"), "lab.yml");

function withBlocks(cidrs: readonly string[], addresses: readonly string[]): Definition {
  const zones = LAB.zones.map((zone, i) => ({ ...zone, cidr: cidrs[i] ?? "" }));
  const roles = LAB.roles.map((role) =>
    role.pool === undefined
      ? role
      : { ...role, pool: role.pool.map((entry, i) => ({ ...entry, address: addresses[i] ?? "" })) },
  );
  return { ...LAB, zones, roles };
}

function placed(definition: Definition): { cidrs: string[]; addresses: string[] } {
  return {
    cidrs: definition.zones.map((zone) => zone.cidr),
    addresses: (definition.roles[0]?.pool ?? []).map((entry) => entry.address),
  };
}

test("the zone becomes the third octet, the place in its subnet the fourth", () => {
  expect(placed(toLoopback(LAB, 7))).toEqual({
    cidrs: ["127.7.0.0/24", "127.7.1.0/24", "127.7.2.0/24"],
    addresses: ["127.7.0.10", "127.7.1.10", "127.7.2.10"],
  });
});

test("nothing else changes, and the result is itself a sound definition", () => {
  const moved = toLoopback(LAB, 254);
  expect(parseDefinitionJson(definitionJson(moved))).toEqual(moved);
  const where = placed(LAB);
  expect({
    ...moved,
    zones: moved.zones.map((zone, i) => ({ ...zone, cidr: where.cidrs[i] })),
    roles: moved.roles.map((role) =>
      role.pool === undefined
        ? role
        : { ...role, pool: role.pool.map((entry, i) => ({ ...entry, address: where.addresses[i] })) },
    ),
  }).toEqual(LAB);
});

test("smaller subnets keep their size, larger ones take as many octets as they need", () => {
  expect(
    placed(
      toLoopback(withBlocks(["10.0.0.16/28", "10.0.0.0/28", "10.9.0.0/26"], ["10.0.0.20", "10.0.0.5", "10.9.0.62"]), 1),
    ),
  ).toEqual({
    cidrs: ["127.1.0.0/28", "127.1.1.0/28", "127.1.2.0/26"],
    addresses: ["127.1.0.4", "127.1.1.5", "127.1.2.62"],
  });
  expect(
    placed(
      toLoopback(
        withBlocks(["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/24"], ["10.0.1.7", "10.0.31.254", "10.0.32.9"]),
        1,
      ),
    ),
  ).toEqual({
    cidrs: ["127.1.0.0/20", "127.1.16.0/20", "127.1.32.0/24"],
    addresses: ["127.1.1.7", "127.1.31.254", "127.1.32.9"],
  });
});

test("throws where the subnets are larger than a slot", () => {
  const large = withBlocks(["10.0.0.0/17", "10.0.128.0/17", "10.1.0.0/17"], ["10.0.0.10", "10.0.128.10", "10.1.0.10"]);
  expect(() => toLoopback(large, 1)).toThrow("its 3 zones, the largest a /17, have more than 65536 addresses");
});

test.each([0, 255, 1.5])("throws for slot %d", (slot) => {
  expect(() => toLoopback(LAB, slot)).toThrow("give a slot from 1 to 254");
});
