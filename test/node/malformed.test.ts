import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Machine } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const pack = (text: string): string => gzipSync(text).toString("base64");

const VALID: Readonly<Record<string, string>> = {
  digest: "a".repeat(64),
  role: "controller",
  id: "101",
  "cluster-id": "5L6g3nShT-eMCtK--X86sw",
  address: "10.0.1.10",
  format: "join",
  file: "0644 config/server.properties bm9kZS5pZD0xMDEK",
  unit: "rollcall-kafka.service W1NlcnZpY2VdCg==",
};

function payloadWith(overrides: Readonly<Record<string, string | undefined>>, version = "rollcall 1"): string {
  const lines = Object.entries({ ...VALID, ...overrides }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${value}`],
  );
  return pack(`${[version, ...lines].join("\n")}\n`);
}

const FOUNDER = "founder JEXY6aqzQY-32P5TStzaFg 101@10.0.1.10:9093:JEXY6aqzQY-32P5TStzaFg";

const REGION = "eu-central-1";

const KAFKA = `4.3.1 ${"a".repeat(128)}`;

const CASES: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "", /needs a payload/],
  ["no base64", "%%%", /not whole/],
  ["no gzip", Buffer.from("rollcall 1\n").toString("base64"), /not whole/],
  ["half of it", payloadWith({}).slice(0, 80), /not whole/],
  ["another version", payloadWith({}, "rollcall 2"), /version this script does not know: 'rollcall 2'/],
  ["an unknown line", payloadWith({ run: "rm -rf /" }), /line this script does not know: 'run rm/],
  ["an empty line", pack("rollcall 1\n\ndigest x\n"), /does not know: ''/],
  ...Object.keys(VALID)
    .filter((key) => key !== "file")
    .map((key) => [`no ${key}`, payloadWith({ [key]: undefined }), new RegExp(`has no ${key} line`)] as const),
  ["no server.properties", payloadWith({ file: "0644 config/other ab==" }), /no config\/server.properties/],
  ["two ids", payloadWith({ id: "101\nid 102" }), /several id lines/],
  ["a digest in capitals", payloadWith({ digest: "A".repeat(64) }), /digest/],
  ["an unknown role", payloadWith({ role: "exhibitor" }), /role/],
  ["a word for an id", payloadWith({ id: "1; reboot" }), /node id/],
  ["a negative id", payloadWith({ id: "-1" }), /node id/],
  ["an octal id", payloadWith({ id: "0101" }), /node id/],
  ["a short cluster id", payloadWith({ "cluster-id": "abc" }), /cluster id/],
  ["a name for an address", payloadWith({ address: "localhost" }), /address/],
  ["an unknown format", payloadWith({ format: "standalone" }), /format line/],
  ["a founder without voters", payloadWith({ format: "founder JEXY6aqzQY-32P5TStzaFg" }), /format line/],
  ["a founder among strangers", payloadWith({ format: FOUNDER.replace("101@", "102@") }), /not among its voters/],
  ["a broker that founds", payloadWith({ role: "broker", format: FOUNDER }), /broker found the quorum/],
  [
    "a broker that founds an ensemble",
    payloadWith({ role: "broker", format: "ensemble new" }),
    /does not fit a broker/,
  ],
  [
    "a ZooKeeper member that joins Kafka",
    payloadWith({ role: "zookeeper", format: "join" }),
    /does not fit a zookeeper/,
  ],
  ["a controller without a quorum", payloadWith({ format: "none" }), /does not fit a controller/],
  ["an ensemble of another kind", payloadWith({ role: "zookeeper", format: "ensemble old" }), /format line/],
  ["a secret without its region", payloadWith({ secret: "admin-1 a/b password" }), /without their region/],
  ["a first user without its region", payloadWith({ scram: "admin a/b password" }), /without their region/],
  ["an object without its region", payloadWith({ object: "s3://abc/key aGk=" }), /without their region/],
  ["an object that is nowhere", payloadWith({ region: REGION, object: "https://abc/key aGk=" }), /object line/],
  ["an object without a key", payloadWith({ region: REGION, object: "s3://abc aGk=" }), /object line/],
  ["an object whose bucket is an option", payloadWith({ region: REGION, object: "s3://-abc/key aGk=" }), /object line/],
  ["an object with nothing in it", payloadWith({ region: REGION, object: "s3://abc/key " }), /object line/],
  ["an object that is no base64", payloadWith({ region: REGION, object: "s3://abc/key =aGk" }), /not base64/],
  ["a region with a command", payloadWith({ region: "eu-central-1;x" }), /region/],
  ["a secret with a path", payloadWith({ region: REGION, secret: "../admin a/b password" }), /secret line/],
  ["a hidden secret", payloadWith({ region: REGION, secret: ".admin a/b password" }), /secret line/],
  ["a secret that is an option", payloadWith({ region: REGION, secret: "admin --version password" }), /secret line/],
  ["a secret without a key", payloadWith({ region: REGION, secret: "admin a/b" }), /secret line/],
  ["a key with a command", payloadWith({ region: REGION, secret: 'admin a/b ";exit' }), /secret line/],
  ["a user with a comma", payloadWith({ region: REGION, scram: "a,password=x a/b password" }), /scram line/],
  ["a user that is an option", payloadWith({ region: REGION, scram: "--add a/b password" }), /scram line/],
  ["a file among the secrets", payloadWith({ file: "0644 secrets/admin-1 ab==" }), /for secrets/],
  ["an absolute path", payloadWith({ file: "0644 /etc/passwd ab==" }), /file line/],
  ["a path that climbs", payloadWith({ file: "0644 config/../../x ab==" }), /file line/],
  ["a hidden path", payloadWith({ file: "0644 .rollcall/tombstone ab==" }), /file line/],
  ["a path with a command", payloadWith({ file: "0644 $(touch${IFS}x) ab==" }), /file line/],
  ["a file among Kafka's data", payloadWith({ file: "0644 data/meta.properties ab==" }), /directory that is Kafka's/],
  ["a set-user-id mode", payloadWith({ file: "4755 config/x ab==" }), /file line/],
  ["a file that is no base64", payloadWith({ file: "0644 config/server.properties abc" }), /not base64/],
  ["a Kafka without its archive", payloadWith({ kafka: KAFKA }), /without its archive/],
  ["an archive without its Kafka", payloadWith({ archive: "s3://a/b.tgz" }), /without its archive/],
  ["a Kafka without a checksum", payloadWith({ kafka: "4.3.1", archive: "s3://a/b.tgz" }), /kafka line/],
  [
    "a Kafka of no version",
    payloadWith({ kafka: KAFKA.replace("4.3.1", "../x"), archive: "s3://a/b.tgz" }),
    /kafka line/,
  ],
  ["an archive without encryption", payloadWith({ kafka: KAFKA, archive: "http://a/b.tgz" }), /neither s3/],
  ["an archive with a command", payloadWith({ kafka: KAFKA, archive: "https://a/$(touch${IFS}x)" }), /neither s3/],
  ["an archive that is an option", payloadWith({ kafka: KAFKA, archive: "--endpoint-url=https://a/b" }), /neither s3/],
  ["a volume of another kind", payloadWith({ volume: "/dev/sda" }), /volume is of a kind/],
  ["a unit with a path", payloadWith({ unit: "../x.service ab==" }), /unit line/],
  ["a unit that is no service", payloadWith({ unit: "x.socket ab==" }), /unit line/],
];

describe("a malformed payload", () => {
  it.each(CASES)("is refused whole: %s", async (_, payload, words) => {
    const run = await machine.run("configure", payload);
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, action: "configure" });
    expect(run.answer.error).toMatch(words);
    expect(machine.has("config")).toBe(false);
    expect(machine.has("data")).toBe(false);
    expect(machine.changes()).toEqual([]);
  });

  it("differs from a valid one", async () => {
    machine.program("java", "exit 1");
    const run = await machine.run("configure", payloadWith({ format: FOUNDER }));
    expect(run.answer.error).toMatch(/^formatting/);
  });
});
