/** The schema that editors use says the same as the parser, as far as a schema can. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { definitionJson, parseDefinitionJson } from "../../shared/cluster/json.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { DefinitionError, type Path, pathText } from "../../shared/cluster/problems.ts";
import { SECTIONS, WRITTEN } from "./arbitrary.ts";
import { shortest } from "./written.ts";

const file = (name: string): string => readFileSync(new URL(`../../clusters/${name}`, import.meta.url), "utf8");

interface Schema {
  readonly $ref?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const SCHEMA: Schema & object = JSON.parse(file("definition.schema.json"));
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(SCHEMA);
const example: unknown = parse(file("example.yml"));
const classic: unknown = parse(file("zookeeper.yml"));

/** A schema with what it refers to; its own keys win. */
function resolved(schema: Schema): Schema {
  const { $ref, ...own } = schema;
  return $ref === undefined ? own : { ...SCHEMA.definitions?.[$ref.replace("#/definitions/", "")], ...own };
}

/** Every place of the schema, the first element of a list standing for all. */
function places(schema: Schema = SCHEMA, path: Path = []): readonly { readonly path: Path; readonly at: Schema }[] {
  const at = resolved(schema);
  const below = [
    ...Object.entries(at.properties ?? {}).flatMap(([key, its]) => places(its, [...path, key])),
    ...(at.items ? places(at.items, [...path, 0]) : []),
    ...(at.oneOf ?? []).flatMap((its) => places(its, path)),
  ];
  return [{ path, at }, ...below];
}

/** The same value with another at that path; what is missing on the way there is made. */
function withAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (typeof key === "number") {
    const list = Array.isArray(value) ? value : [];
    return [...list.slice(0, key), withAt(list[key], rest, replacement), ...list.slice(key + 1)];
  }
  const mapping = Object(value);
  return { ...mapping, [key]: withAt(mapping[key], rest, replacement) };
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inner: unknown, key) => Object(inner)[key], value);
}

function accepts(value: unknown): boolean {
  try {
    parseDefinitionJson(value);
    return true;
  } catch (error) {
    if (error instanceof DefinitionError) return false;
    throw error;
  }
}

describe("the schema and the parser", () => {
  const mappings = places().filter(({ at }) => at.properties !== undefined);

  test.each(mappings.map(({ path, at }) => [pathText(path), path, at] as const))(
    "know the same keys in %s",
    (_, path, at) => {
      const whole = path.includes("zookeeper") ? classic : example;
      const given = valueAt(whole, path);
      const mapping = typeof given === "object" && !Array.isArray(given) ? given : {};
      const text = JSON.stringify(withAt(whole, path, { ...mapping, "?": 1 }));
      const keys = Object.keys(at.properties ?? {});
      expect(() => parseDefinition(text, "x.json")).toThrow(`Known are ${keys.join(", ")}.`);
    },
  );

  test("give the same defaults", () => {
    const security = "security: { sasl: scram-sha-512, users: [{ name: app, acls: [{ topic: a, allow: [read] }] }] }";
    const ensemble = ["1a", "1b", "1c"].map(
      (zone, i) => `{ id: ${i + 1}, zone: eu-west-${zone}, address: 10.1.${i + 1}.9 }`,
    );
    const onZookeeper = shortest(security)
      .replace("4.3.1", "3.9.2, mode: zookeeper")
      .replace("controller:", "zookeeper:")
      .replace(/addresses:(\n +- .*){3}/, `addresses: [${ensemble.join(", ")}]`);
    const least = onZookeeper.replace(security, "security: { sasl: scram-sha-512 }");
    const withoutRights = onZookeeper.replace(security, "security: { sasl: scram-sha-512, users: [{ name: app }] }");
    const filled = [shortest(), onZookeeper, least, withoutRights].map((text) =>
      definitionJson(parseDefinition(text, "x.yml")),
    );
    const defaults = places().flatMap(({ path, at }) => ("default" in at ? [{ path, default: at.default }] : []));
    // A volume's default is given as a whole, and its type's by itself.
    for (const { path, default: value } of defaults) {
      expect(filled.map((one) => [path, valueAt(one, path)])).toContainEqual([path, value]);
    }
    expect(defaults.length).toBeGreaterThan(20);
  });

  test("whatever the parser takes, the schema takes", () => {
    fc.assert(
      fc.property(WRITTEN, (written) => {
        parseDefinitionJson(written);
        expect(validate(JSON.parse(JSON.stringify(written))), JSON.stringify(validate.errors)).toBe(true);
      }),
    );
    // A definition with any one value replaced by something like it.
    const paths = places().map(({ path }) => path);
    const whole = fc.constantFrom(example, classic, parse(file("secure.yml")));
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, 0, 1, 3, 30, 14, 100, 3000, 65_536, 172_800, true, "io2", "10.0.0.0/8", "m7g.large"),
      fc.integer({ min: -1, max: 300_000 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.constantFrom(...paths).map((path) => valueAt(example, path) ?? null),
    );
    let taken = 0;
    fc.assert(
      fc.property(whole, fc.constantFrom(...paths), value, (base, path, given) => {
        const written = withAt(base, path, given);
        if (!accepts(written)) return;
        taken++;
        expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

describe("the schema", () => {
  test.each(["example.yml", "lab.yml", "secure.yml", "zookeeper.yml"])(
    "takes clusters/%s, which refers to it",
    (name) => {
      expect(validate(parse(file(name))), JSON.stringify(validate.errors)).toBe(true);
      expect(file(name)).toMatch(/^# yaml-language-server: \$schema=definition\.schema\.json\n/);
    },
  );

  test("explains every key", () => {
    const keys = places().filter(({ path }) => typeof path.at(-1) === "string");
    const explained = new Set(keys.flatMap(({ path, at }) => ("description" in at ? [pathText(path)] : [])));
    expect(keys.map(({ path }) => pathText(path)).filter((path) => !explained.has(path))).toEqual([]);
  });

  test.each<[string, Path, unknown]>([
    ["an unknown key", ["brokers"], 3],
    ["a missing section", ["network"], undefined],
    ["text for a number", ["roles", "broker", "perZone"], "3"],
    ["a number for text", ["kafka", "version"], 4.3],
    ["an old Kafka", ["kafka", "version"], "4.1.0"],
    ["another mode", ["kafka", "mode"], "zookeeper"],
    ["nested settings", ["kafka", "settings", "log"], { retention: 1 }],
    ["no AMI", ["nodes", "image"], "al2023"],
    ["an archive over HTTP", ["nodes", "archive", "url"], "http://mirror.example/kafka.tgz"],
    ["a SHA-256", ["nodes", "archive", "sha512"], "a".repeat(64)],
    ["a gp2", ["roles", "broker", "volume", "type"], "gp2"],
    ["controllers with ids", ["roles", "controller", "ids"], { from: 1, to: 3 }],
    ["days that CloudWatch Logs does not know", ["retention", "logs"], 31],
    ["a FIFO topic", ["alarms", 0], "arn:aws:sns:eu-central-1:111122223333:pager.fifo"],
    ["the internet as a client", ["network", "clients", 0], "0.0.0.0/0"],
  ])("refuses %s, as the parser does", (_, path, value) => {
    const written = JSON.parse(JSON.stringify(withAt(example, path, value)));
    expect([validate(written), accepts(written)]).toEqual([false, false]);
  });
});

describe("clusters/example.yml", () => {
  const text = file("example.yml");

  test("is a sound definition, with the default periods", () => {
    const definition = parseDefinition(text, "example.yml");
    const { periods: _, ...rest } = Object(example);
    expect(parseDefinitionJson(rest)).toEqual(definition);
  });

  test("shows every key, if only in a comment", () => {
    const keys = new Set(places().flatMap(({ path }) => path.filter((key) => typeof key === "string")));
    const shown = text.replace(/^ *#[ #]*(?=(- )?(\{|\w+:))/gm, "");
    expect([...keys].filter((key) => !new RegExp(`^[^#]*\\b${key}:`, "m").test(shown))).toEqual([]);
  });

  test("has every section, one of them in a comment", () => {
    expect([...Object.keys(Object(example)), "security"].toSorted()).toEqual([...SECTIONS].toSorted());
  });

  test("has a sound section on security and a sound ensemble in its comments", () => {
    const uncommented = text.replace(/^# security:\n(?:#.*\n)+/m, (section) => section.replace(/^# ?/gm, ""));
    const security = { sasl: "scram-sha-512", superUsers: ["kafka-operator"], generation: 1 };
    expect(parseDefinition(uncommented, "example.yml").security).toMatchObject(security);
    const zookeeper = Object(
      parse(text.replace(/^ {2}# zookeeper:\n(?: {2}#.*\n)+/m, (role) => role.replace(/^ {2}# ?/gm, "  "))),
    ).roles.zookeeper;
    expect(Object.keys(zookeeper)).toEqual(["perZone", "instanceType", "addresses", "supervisor"]);
  });
});
