import fc from "fast-check";
import { expect, test } from "vitest";
import type { Definition } from "../../shared/cluster/definition.ts";
import { ipv4Text } from "../../shared/cluster/ipv4.ts";
import { definitionJson, parseDefinitionJson } from "../../shared/cluster/json.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";

/** What users may write, as a JSON value: any sound definition, with any of the optional keys left out. */
const WRITTEN = fc
  .record({
    cluster: fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/),
    shape: fc.constantFrom({ zones: 3, perZone: 1 }, { zones: 1, perZone: 3 }, { zones: 5, perZone: 1 }),
    prefix: fc.integer({ min: 20, max: 26 }),
    brokersPerZone: fc.integer({ min: 3, max: 6 }),
    firstBroker: fc.integer({ min: 0, max: 1000 }),
    pooledBrokers: fc.boolean(),
    gaps: fc.boolean(),
    spare: fc.integer({ min: 0, max: 3 }),
    settings: fc.dictionary(
      fc.stringMatching(/^x(\.[a-z]{1,5}){1,3}$/),
      fc.oneof(
        fc.string(),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e9, min: -1e9 }),
      ),
    ),
    heap: fc.option(fc.integer({ min: 64, max: 65_536 }), { nil: undefined }),
    ownName: fc.option(fc.stringMatching(/^g-[A-Za-z0-9._-]{0,60}$/), { nil: undefined }),
    ignoreTopics: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/), { maxLength: 4 }),
    periods: fc.option(
      fc.record(
        {
          sweep: fc.integer({ min: 100, max: 60_000 }).map((ms) => ms / 1000),
          heartbeat: fc.integer({ min: 1800, max: 7200 }),
          silentGrace: fc.integer({ min: 180_000, max: 172_800_000 }).map((ms) => ms / 1000),
        },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
  })
  .map((given) => {
    const names = Array.from({ length: given.shape.zones }, (_, i) => `eu-central-1${"abcde"[i]}`);
    const size = 2 ** (32 - given.prefix);
    const base = (zone: number): number => 10 * 2 ** 24 + zone * size;
    const pool = (perZone: number, firstId: number, firstAddress: number): object[] =>
      names.flatMap((zone, z) =>
        Array.from({ length: perZone }, (_, i) => ({
          id: firstId + z * perZone + i,
          zone,
          address: ipv4Text(base(z) + firstAddress + i),
        })),
      );
    const brokers = given.brokersPerZone * names.length + given.spare;
    const range = { from: given.firstBroker, to: given.firstBroker + brokers - 1 };
    const listed = Array.from({ length: brokers }, (_, i) => given.firstBroker + 2 * i).reverse();
    const ids = given.gaps ? listed : range;
    return {
      cluster: given.cluster,
      region: "eu-central-1",
      zones: names.map((name, z) => ({
        name,
        subnet: `subnet-0000000${z}`,
        cidr: `${ipv4Text(base(z))}/${given.prefix}`,
      })),
      kafka: { version: "4.3.1", settings: given.settings },
      roles: {
        controller: {
          perZone: given.shape.perZone,
          instanceType: "t4g.small",
          addresses: pool(given.shape.perZone + given.spare, 5000, 10),
          ...(given.heap === undefined ? {} : { heap: given.heap }),
        },
        broker: {
          perZone: given.brokersPerZone,
          instanceType: "m7g.large",
          ...(given.pooledBrokers ? { addresses: pool(given.brokersPerZone, 100, 40) } : { ids }),
          ...(given.ownName === undefined ? {} : { groups: { "eu-central-1a": given.ownName } }),
        },
      },
      safety: { ignoreTopics: given.ignoreTopics },
      ...(given.periods === undefined ? {} : { periods: given.periods }),
    };
  });

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a definition survives being written as JSON and read again", () => {
  fc.assert(
    fc.property(WRITTEN, (written) => {
      const definition: Definition = parseDefinitionJson(written);
      expect(parseDefinitionJson(overTheWire(definitionJson(definition)))).toEqual(definition);
    }),
  );
});

test("YAML and JSON make the same definition", () => {
  fc.assert(
    fc.property(WRITTEN, (written) => {
      expect(parseDefinition(JSON.stringify(written), "x.json")).toEqual(parseDefinitionJson(overTheWire(written)));
    }),
    { numRuns: 50 },
  );
});

test("whatever the value, it is a definition or a DefinitionError", () => {
  const outcome = (value: unknown): string => {
    try {
      parseDefinitionJson(value);
      return "Definition";
    } catch (error) {
      return error instanceof Error ? error.name : "thrown";
    }
  };
  const keys = [
    "cluster",
    "region",
    "zones",
    "kafka",
    "roles",
    "safety",
    "periods",
    "settings",
    "controller",
    "broker",
  ];
  fc.assert(fc.property(fc.jsonValue(), (value) => outcome(value) === "DefinitionError"));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()),
      (value) => outcome(value) === "DefinitionError",
    ),
  );
  // One part of a sound definition replaced by anything.
  fc.assert(
    fc.property(
      WRITTEN,
      fc.constantFrom("cluster", "region", "zones", "kafka", "roles", "safety", "periods"),
      fc.jsonValue(),
      (written, key, value) => ["Definition", "DefinitionError"].includes(outcome({ ...written, [key]: value })),
    ),
  );
});
