import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Definition, roleOf } from "../../shared/cluster/definition.ts";
import { toolSettings } from "../../shared/config/credentials.ts";
import { decodePayload, encodePayload, type Format, type Payload } from "../../shared/config/payload.ts";
import { parseProperties } from "../../shared/config/properties.ts";
import { render } from "../../shared/config/render.ts";
import { serverSettings } from "../../shared/config/server.ts";
import { definitionWith, FORMED, nodeOf, type Overrides, QUORUM, SECURITY } from "./cluster.ts";

function rendered(id: number, overrides: Overrides = {}, quorum = FORMED) {
  const definition = definitionWith(overrides);
  return render(definition, nodeOf(definition, id), quorum);
}

const fileOf = (payload: string, path: string): string =>
  decodePayload(payload).files.find((file) => file.path === path)?.content ?? "";

describe("render", () => {
  it("makes the same bytes of the same input", () => {
    expect(rendered(1)).toEqual(rendered(1));
    expect(rendered(101, {}, QUORUM)).toEqual(rendered(101, {}, QUORUM));
  });

  it("does not depend on the order of the definition's settings", () => {
    const names = ["num.io.threads", "num.network.threads", "queued.max.requests", "log.segment.bytes"];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const settings = Object.fromEntries(order.map((name) => [name, "4"]));
        expect(rendered(1, { settings }).digest).toBe(
          rendered(1, { settings: Object.fromEntries(names.map((name) => [name, "4"])) }).digest,
        );
      }),
    );
  });

  it("writes a server.properties that Kafka reads as it was meant, whatever the values", () => {
    const name = fc.stringMatching(/^x\.[a-z.]{1,20}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: "binary" })), (settings) => {
        const definition = definitionWith({ settings });
        const { payload } = render(definition, nodeOf(definition, 1), FORMED);
        expect(parseProperties(fileOf(payload, "config/server.properties"))).toEqual(
          serverSettings(definition, nodeOf(definition, 1)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ["the id", rendered(2)],
    ["the heap", rendered(1, { broker: { heap: 2048 } })],
    ["a setting for all", rendered(1, { settings: { "num.io.threads": "4" } })],
    ["a setting of the role", rendered(1, { broker: { settings: { "num.io.threads": "4" } } })],
    ["the cluster id", rendered(1, {}, { ...FORMED, clusterId: "AAAAAAAAAAAAAAAAAAAAAA" })],
  ])("has another digest where %s differs", (_, other) => {
    expect(other.digest).not.toBe(rendered(1).digest);
  });

  const archive = { url: "s3://artifacts/kafka.tgz", sha512: "a".repeat(128) };

  it("has another digest with another archive, wherever that comes from", () => {
    const digestWith = (nodes: Definition["nodes"]) => rendered(1, { nodes }).digest;
    const digests = [{}, { archive }, { archive: { ...archive, sha512: "b".repeat(128) } }].map(digestWith);
    expect(new Set(digests).size).toBe(3);
    expect(digestWith({ archive: { ...archive, url: "https://mirror.example/kafka.tgz" } })).toBe(digests[1]);
    expect(digestWith({ image: "ami-0a1b2c3d" })).toBe(digests[0]);
  });

  it("hands the archive to a node that may lack it", () => {
    expect(decodePayload(rendered(1, { nodes: { archive } }).payload).archive).toEqual({
      version: "4.3.1",
      ...archive,
    });
    expect(decodePayload(rendered(1).payload)).not.toHaveProperty("archive");
  });

  it("asks for a data volume where the stack launches the node, and leaves the digest out of it", () => {
    const own = rendered(1);
    const groups = roleOf(definitionWith(), "broker").groups.map((group) => ({ ...group, existing: true as const }));
    const existing = rendered(1, { broker: { groups } });
    expect(decodePayload(own.payload).volume).toBe(true);
    expect(decodePayload(existing.payload)).not.toHaveProperty("volume");
    expect(existing.digest).toBe(own.digest);
  });

  it("keeps the digest of a node where another role's setting changes", () => {
    const settings = { "num.io.threads": "4" };
    expect(rendered(101, { broker: { settings } }).digest).toBe(rendered(101).digest);
  });

  it("keeps the digest when the quorum has formed, so that nothing restarts for it", () => {
    const [founding, formed] = [rendered(101, {}, QUORUM), rendered(101, {}, FORMED)];
    expect(founding.digest).toBe(formed.digest);
    expect(founding.payload).not.toBe(formed.payload);
  });
});

describe("the format line", () => {
  const formatOf = (id: number, quorum = QUORUM) => decodePayload(rendered(id, {}, quorum).payload).format;

  it("has each founder found the quorum with all its voters, until it has formed", () => {
    expect(formatOf(102)).toEqual({
      kind: "founder",
      directoryId: "MvDxzVmcRsaTz33bUuRU6A",
      voters: [
        "101@10.0.1.10:9093:JEXY6aqzQY-32P5TStzaFg",
        "102@10.0.2.10:9093:MvDxzVmcRsaTz33bUuRU6A",
        "103@10.0.3.10:9093:07R5amHmR32VDA6jHkGbTA",
      ],
    });
    expect(formatOf(102, FORMED)).toEqual({ kind: "join" });
  });

  it("has controllers that are no founders join, and brokers always", () => {
    const two = { ...QUORUM, voters: QUORUM.voters.slice(0, 2) };
    expect(formatOf(103, two)).toEqual({ kind: "join" });
    expect(formatOf(1)).toEqual({ kind: "join" });
  });

  it("has founding members of an ensemble keep a new disk's word, and others first take over what there is", () => {
    const of = (id: number, quorum: typeof QUORUM) =>
      decodePayload(rendered(id, { mode: "zookeeper" }, quorum).payload).format;
    expect(of(102, QUORUM)).toEqual({ kind: "ensemble", member: "new" });
    expect(of(102, FORMED)).toEqual({ kind: "ensemble", member: "join" });
    expect(of(103, { ...QUORUM, voters: QUORUM.voters.slice(0, 2) })).toEqual({ kind: "ensemble", member: "join" });
  });

  it("has brokers on ZooKeeper format nothing", () => {
    expect(decodePayload(rendered(1, { mode: "zookeeper" }, QUORUM).payload).format).toEqual({ kind: "none" });
  });

  it("throws where a founder has no address", () => {
    const stranger = { ...QUORUM, voters: [...QUORUM.voters, { id: 109, directoryId: "AAAAAAAAAAAAAAAAAAAAAA" }] };
    expect(() => formatOf(101, stranger)).toThrow(/controller 109 .* no address/);
  });
});

describe("the unit", () => {
  const unitOf = (id: number, overrides: Overrides = {}) => decodePayload(rendered(id, overrides).payload).unit;

  it("runs Kafka with the role's heap, from whatever is in the libs directory", () => {
    expect(unitOf(1).content).toMatch(
      /^ExecStart=java -Xms4096m -Xmx4096m .* -cp @KAFKA_HOME@\/libs\/\* kafka.Kafka config\/server.properties$/m,
    );
    expect(unitOf(1).content).toContain("-XX:+UseG1GC");
    expect(unitOf(1, { broker: { heap: 256 } }).content).toContain("-XX:+UseSerialGC");
  });

  it("runs a member of an ensemble, which does not vote with an empty disk", () => {
    const unit = unitOf(101, { mode: "zookeeper" });
    expect(unit.name).toBe("rollcall-zookeeper.service");
    expect(unit.content).toMatch(
      /^ExecStart=java .* -Dzookeeper\.db\.autocreate=false -Dlog4j\.configuration=file:config\/log4j\.properties -cp @KAFKA_HOME@\/libs\/\* org\.apache\.zookeeper\.server\.quorum\.QuorumPeerMain config\/zoo\.cfg$/m,
    );
  });

  it("lets a secured node read secrets from its directory, and by no other way", () => {
    const flag =
      "-Dorg.apache.kafka.automatic.config.providers=org.apache.kafka.common.config.provider.DirectoryConfigProvider ";
    expect(unitOf(1, { security: SECURITY }).content).toContain(flag);
    expect(unitOf(1).content).not.toContain("providers");
  });

  it("does not start while its data's volume is not there", () => {
    expect(unitOf(1).content).toContain("\nRequiresMountsFor=@HOME@/data\n");
  });

  it("waits for a controlled shutdown, which may take Kafka five minutes", () => {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unitOf(1).content)?.[1])).toBeGreaterThan(300);
  });
});

describe("the files", () => {
  const filesOf = (id: number, overrides: Overrides) =>
    decodePayload(rendered(id, overrides).payload).files.map(({ path, mode }) => [path, mode]);

  it.each<[string, number, Overrides, string[]]>([
    [
      "a KRaft node",
      101,
      { security: SECURITY },
      [
        "config/log4j2.properties",
        "config/server.properties",
        "config/tools-log4j2.properties",
        "config/tools.properties",
      ],
    ],
    [
      "a broker on ZooKeeper",
      1,
      { mode: "zookeeper" },
      [
        "config/log4j.properties",
        "config/server.properties",
        "config/tools-log4j.properties",
        "config/tools.properties",
      ],
    ],
    ["a ZooKeeper member", 101, { mode: "zookeeper" }, ["config/log4j.properties", "config/zoo.cfg"]],
  ])("of %s", (_, id, overrides, paths) => {
    expect(filesOf(id, overrides)).toEqual(paths.map((path) => [path, "0644"]));
  });

  it("log to one bounded file, errors to the journal, and tools to stderr alone", () => {
    const settingsOf = (mode: "kraft" | "zookeeper", path: string) =>
      parseProperties(fileOf(rendered(1, { mode }).payload, path));
    expect(settingsOf("zookeeper", "config/log4j.properties")).toMatchObject({
      "log4j.rootLogger": "INFO, console, file",
      "log4j.appender.console.Threshold": "ERROR",
      "log4j.appender.file": "org.apache.log4j.RollingFileAppender",
      "log4j.appender.file.File": "logs/server.log",
    });
    expect(settingsOf("kraft", "config/log4j2.properties")).toMatchObject({
      "appender.file.fileName": "logs/server.log",
    });
    expect(settingsOf("zookeeper", "config/tools-log4j.properties")).toMatchObject({
      "log4j.rootLogger": "WARN, console",
      "log4j.appender.console.Target": "System.err",
    });
    expect(settingsOf("kraft", "config/tools-log4j2.properties")).toMatchObject({
      "appender.console.target": "SYSTEM_ERR",
    });
  });

  it("have the tools log in to their own kind: brokers by SCRAM, controllers by PLAIN over TLS", () => {
    const definition = definitionWith({ security: { ...SECURITY, encrypt: false } });
    const [broker, controller] = [1, 101].map((id) => toolSettings(definition, nodeOf(definition, id).role));
    expect(broker).toMatchObject({ "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512" });
    expect(broker).not.toHaveProperty("ssl.truststore.type");
    expect(controller).toMatchObject({
      "security.protocol": "SASL_SSL",
      "sasl.mechanism": "PLAIN",
      "ssl.truststore.certificates": "${secrets:secrets:authority.pem}",
    });
    expect(JSON.stringify([broker, controller])).not.toContain("ssl.keystore");
    const encrypted = definitionWith({ security: SECURITY });
    expect(toolSettings(encrypted, nodeOf(encrypted, 1).role)).toMatchObject({ "security.protocol": "SASL_SSL" });
  });
});

describe("the secrets", () => {
  const payloadOf = (id: number, overrides: Overrides = {}, quorum = FORMED) =>
    decodePayload(rendered(id, { security: SECURITY, ...overrides }, quorum).payload);
  const password = (secret: string) => ({ secret: `rollcall/orders/${secret}`, key: "password" });
  const PASSWORDS = [
    { file: "admin-1", ...password("admin-1") },
    { file: "admin-2", ...password("admin-2") },
  ];
  const certificate = (key: string) => ({ file: `${key}.pem`, secret: "kafka/certificate", key });
  const AUTHORITY = { file: "authority.pem", secret: "kafka/authority", key: "authority" };
  const FIRST = [
    { user: "rollcall-admin-1", ...password("admin-1") },
    { user: "rollcall-admin-2", ...password("admin-2") },
    { user: "rollcall-observer", ...password("observer") },
  ];

  it("are named with their region, each with the file it goes to", () => {
    const { secrets, region } = payloadOf(1);
    expect(region).toBe("eu-central-1");
    expect(secrets).toEqual([...PASSWORDS, ...["certificate", "key"].map(certificate), AUTHORITY]);
    expect(payloadOf(101).secrets).toEqual(secrets);
  });

  it("are no more than the node needs", () => {
    const plain = { ...SECURITY, encrypt: false };
    expect(payloadOf(1, { security: plain }).secrets).toEqual([...PASSWORDS, AUTHORITY]);
    expect(payloadOf(1, { security: plain, mode: "zookeeper" }).secrets).toEqual(PASSWORDS);
    const member = payloadOf(101, { mode: "zookeeper" });
    expect([member.secrets, member.region, member.scram]).toEqual([undefined, undefined, undefined]);
  });

  it("are those that the files refer to, and no others", () => {
    for (const overrides of [{}, { security: { ...SECURITY, encrypt: false, generation: 7 } }] satisfies Overrides[]) {
      for (const [id, mode] of [
        [1, "kraft"],
        [101, "kraft"],
        [1, "zookeeper"],
      ] as const) {
        const { files, secrets } = payloadOf(id, { ...overrides, mode });
        const named = files.flatMap(({ content }) =>
          [...content.matchAll(/\$\{secrets:secrets:([^}]+)\}/g)].map(([, file]) => file),
        );
        // PLAIN's entries are a controller's; a broker has the others' passwords for the script's sake, which logs in by any.
        const known = (secrets ?? []).map(({ file }) => file);
        expect(known).toEqual(expect.arrayContaining([...new Set(named)]));
        expect(known.filter((file) => !named.includes(file)).every((file) => file.startsWith("admin-"))).toBe(true);
      }
    }
  });

  it("of the first users go to founders, and to brokers on ZooKeeper, and do not change the digest", () => {
    expect(payloadOf(101, {}, QUORUM).scram).toEqual(FIRST);
    expect(payloadOf(101).scram).toBeUndefined();
    expect(payloadOf(1, {}, QUORUM).scram).toBeUndefined();
    expect(payloadOf(1, { mode: "zookeeper" }).scram).toEqual(FIRST);
    expect(payloadOf(101, {}, QUORUM).digest).toBe(payloadOf(101).digest);
  });

  it.each<[string, Partial<typeof SECURITY>]>([
    ["the generation", { generation: 2 }],
    ["the certificate", { certificate: "kafka/another" }],
    ["the authority", { authority: "kafka/another-authority" }],
    ["the super users", { superUsers: [] }],
    ["encryption", { encrypt: false }],
    ["the authorizer", { acl: false }],
  ])("make another digest where %s differs", (_, change) => {
    expect(payloadOf(1, { security: { ...SECURITY, ...change } }).digest).not.toBe(payloadOf(1).digest);
  });

  it("users and their rights are no part of a node's configuration", () => {
    expect(payloadOf(1, { security: { ...SECURITY, users: [] } }).digest).toBe(payloadOf(1).digest);
  });
});

describe("the payload", () => {
  it("is read back as it was", () => {
    const path = fc.stringMatching(/^[a-z0-9]{1,9}(\/[a-z0-9][a-z0-9.]{0,9}){0,2}$/);
    const uuid = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
    const always = {
      digest: fc.stringMatching(/^[0-9a-f]{64}$/),
      role: fc.constantFrom("broker", "controller", "zookeeper"),
      id: fc.nat(),
      clusterId: uuid,
      address: fc.ipV4(),
      format: fc.oneof(
        fc.constantFrom<Format[]>(
          { kind: "join" },
          { kind: "none" },
          { kind: "ensemble", member: "new" },
          { kind: "ensemble", member: "join" },
        ),
        fc.record({
          kind: fc.constant("founder" as const),
          directoryId: uuid,
          voters: fc.array(fc.stringMatching(/^[0-9]{1,3}@[0-9.]{7}:9093:[A-Za-z0-9_-]{22}$/), { minLength: 1 }),
        }),
      ),
      files: fc.array(
        fc.record({ mode: fc.constantFrom("0644", "0600"), path, content: fc.string({ unit: "grapheme" }) }),
      ),
      unit: fc.record({ name: fc.constant("x.service"), content: fc.string({ unit: "grapheme" }) }),
    };
    const archive = fc.record({
      version: fc.constant("4.3.1"),
      sha512: fc.stringMatching(/^[0-9a-f]{128}$/),
      url: fc.stringMatching(/^s3:\/\/[a-z]{3,9}\/[a-z]{1,9}$/),
    });
    const value = {
      secret: fc.stringMatching(/^[a-zA-Z0-9/_+=.@:-]{1,40}$/),
      key: fc.constantFrom("password", "authority"),
    };
    const some = { minLength: 1, maxLength: 5 };
    const secured = {
      region: fc.constant("eu-central-1"),
      secrets: fc.array(fc.record({ file: fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/), ...value }), some),
    };
    const scram = fc.array(fc.record({ user: fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/), ...value }), some);
    const payload: fc.Arbitrary<Payload> = fc.oneof(
      fc.record(always),
      fc.record({ ...always, ...secured }),
      fc.record({ ...always, ...secured, scram }),
      fc.record({ ...always, archive, volume: fc.constant(true as const) }),
    );
    fc.assert(
      fc.property(payload, (given) => {
        expect(decodePayload(encodePayload(given))).toEqual(given);
      }),
    );
  });

  it("has no time and no operating system in its gzip header", () => {
    const header = Buffer.from(rendered(1).payload, "base64").subarray(0, 10);
    expect([...header.subarray(4, 8), header[9]]).toEqual([0, 0, 0, 0, 255]);
  });

  it("leaves the SSM document most of what it and its parameters may take together", () => {
    expect(rendered(101, {}, QUORUM).payload.length).toBeLessThan(8_000);
  });

  it.each([
    ["another version", (text: string) => text.replace("rollcall 1", "rollcall 2"), /rollcall 2/],
    ["no unit", (text: string) => text.replace(/^unit .*\n/m, ""), /no unit/],
    ["two roles", (text: string) => text.replace(/^role .*\n/m, "$&$&"), /several role/],
    ["an unknown role", (text: string) => text.replace(/^role .*/m, "role observer"), /role observer/],
    [
      "no archive for its Kafka",
      (text: string) => text.replace(/^unit/m, `kafka 4.3.1 ${"a".repeat(128)}\nunit`),
      /without its archive/,
    ],
    [
      "two archives",
      (text: string) => text.replace(/^unit/m, "archive s3://a/b\narchive s3://a/c\nunit"),
      /several archive/,
    ],
    [
      "secrets from nowhere",
      (text: string) => text.replace(/^unit/m, "secret admin-1 rollcall/orders/admin-1 password\nunit"),
      /not their region/,
    ],
    [
      "an unknown kind of member",
      (text: string) => text.replace(/^format .*/m, "format ensemble old"),
      /format ensemble/,
    ],
    ["an unknown format", (text: string) => text.replace(/^format .*/m, "format standalone"), /format standalone/],
  ])("is refused with %s", (_, spoil, words) => {
    const text = gunzipSync(Buffer.from(rendered(1).payload, "base64")).toString();
    expect(() => decodePayload(gzipSync(spoil(text)).toString("base64"))).toThrow(words);
  });
});
