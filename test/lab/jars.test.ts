import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findKafka, findKafkaAlsoBeside, javaVersion, type KafkaSearch } from "../../lab/kafka/jars.ts";
import type { Mode } from "../../shared/cluster/definition.ts";

const versionIn = (pom: string): string =>
  /<kafka\.version>(.+)</.exec(
    readFileSync(fileURLToPath(new URL(`../../lab/kafka/${pom}`, import.meta.url)), "utf8"),
  )?.[1] ?? "";
const VERSION = versionIn("pom.xml");

let folder = "";
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-jars-"));
  said = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A program for the PATH of the search. */
function program(name: string, script: string): string {
  const path = join(folder, "bin", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return path;
}

const java = (version: string) => program("java", `echo 'openjdk version "${version}"' >&2`);

/** Puts a Kafka of that version where \`-DoutputDirectory\` says, and counts its runs. */
const maven = (version = VERSION) =>
  program(
    "mvn",
    `echo run >>${join(folder, "runs")}
out=\${!#}
/bin/mkdir -p "\${out#-DoutputDirectory=}"
/bin/sleep 0.2
: >"\${out#-DoutputDirectory=}/kafka_2.13-${version}.jar"`,
  );

function kafkaHome(version: string): string {
  const home = join(folder, "home");
  mkdirSync(join(home, "libs"), { recursive: true });
  writeFileSync(join(home, "libs", `kafka_2.13-${version}.jar`), "");
  return home;
}

const search = (environment: Readonly<Record<string, string>>, mode: Mode): KafkaSearch => ({
  mode,
  environment: { PATH: join(folder, "bin"), ...environment },
  cache: join(folder, "cache"),
  say: (line) => said.push(line),
});

const find = (environment: Readonly<Record<string, string>> = {}, mode: Mode = "kraft") =>
  findKafka(search(environment, mode));

const cached = () => ({
  home: join(folder, "cache", `kafka-${VERSION}`),
  version: VERSION,
  java: join(folder, "bin/java"),
});

describe("Kafka", () => {
  test("is that of KAFKA_HOME, and nothing is fetched", async () => {
    java("21.0.1");
    const home = kafkaHome("4.2.0");
    expect(await find({ KAFKA_HOME: home })).toEqual({ home, version: "4.2.0", java: join(folder, "bin/java") });
    expect(said).toEqual([]);
  });

  test("is fetched with Maven once, and said so", async () => {
    java("17.0.15");
    maven();
    expect(await find()).toEqual(cached());
    expect(said).toEqual([`fetching Kafka ${VERSION} with Maven, once`]);
    expect(await find()).toEqual(cached());
    expect(readFileSync(join(folder, "runs"), "utf8")).toBe("run\n");
  });

  test("is whole, and the only thing left behind, where two fetch it at once", async () => {
    java("17.0.15");
    maven();
    expect(await Promise.all([find(), find()])).toEqual([cached(), cached()]);
    expect(readdirSync(join(folder, "cache"))).toEqual([`kafka-${VERSION}`]);
  });

  test("is run with the Java of JAVA_HOME, before that of the PATH", async () => {
    java("11.0.2");
    const own = join(folder, "jdk");
    mkdirSync(own);
    const path = program("../jdk/bin/java", `echo 'openjdk version "25"' >&2`);
    expect(await find({ KAFKA_HOME: kafkaHome("4.3.1"), JAVA_HOME: own })).toMatchObject({ java: path });
  });
});

describe("Kafka on ZooKeeper", () => {
  test("is one of its own, kept beside the other", async () => {
    java("17.0.15");
    const version = versionIn("pom-zookeeper.xml");
    maven(version);
    expect(await find({}, "zookeeper")).toMatchObject({ home: join(folder, "cache", `kafka-${version}`), version });
    maven();
    expect(await find()).toEqual(cached());
    expect(readdirSync(join(folder, "cache")).sort()).toEqual([`kafka-${version}`, `kafka-${VERSION}`].sort());
  });

  test("is 3.9, whichever KAFKA_HOME has", async () => {
    java("17.0.15");
    const home = kafkaHome("4.3.1");
    expect(await find({ KAFKA_HOME: home }, "zookeeper")).toEqual({
      missing: `KAFKA_HOME is ${home}, but ${home} has Kafka 4.3.1: the lab needs 3.9, the last on ZooKeeper`,
    });
  });

  test("is fetched beside a KAFKA_HOME of the other mode, where both may be wanted", async () => {
    java("17.0.15");
    const version = versionIn("pom-zookeeper.xml");
    maven(version);
    const other = { KAFKA_HOME: kafkaHome("4.3.1") };
    expect(await findKafkaAlsoBeside(search(other, "zookeeper"))).toMatchObject({
      home: join(folder, "cache", `kafka-${version}`),
      version,
    });
    expect(await findKafkaAlsoBeside(search(other, "kraft"))).toMatchObject({ home: other.KAFKA_HOME });
  });
});

describe("what is missing is said with its remedy:", () => {
  test("Java", async () => {
    expect(await find()).toEqual({
      missing: "there is no java on the PATH: install Java 17 or later, or name one by JAVA_HOME",
    });
  });

  test("a newer Java", async () => {
    const path = java("11.0.2");
    expect(await find()).toEqual({
      missing: `${path} is Java 11: install Java 17 or later, or name one by JAVA_HOME`,
    });
  });

  test("a Java that runs", async () => {
    program("java", "exit 1");
    expect(await find()).toMatchObject({ missing: expect.stringContaining("does not run") });
  });

  test("jars in KAFKA_HOME", async () => {
    java("17.0.15");
    expect(await find({ KAFKA_HOME: folder })).toEqual({
      missing: `KAFKA_HOME is ${folder}, but ${folder}/libs has no kafka_2.13-<version>.jar: give the directory Kafka was unpacked to`,
    });
  });

  test("a newer Kafka in KAFKA_HOME", async () => {
    java("17.0.15");
    const home = kafkaHome("4.1.2");
    expect(await find({ KAFKA_HOME: home })).toEqual({
      missing: `KAFKA_HOME is ${home}, but ${home} has Kafka 4.1.2: the lab needs 4.2 or later`,
    });
  });

  test("Maven", async () => {
    java("17.0.15");
    expect(await find()).toEqual({
      missing: `there are no Kafka ${VERSION} jars, and no Maven (mvn) to fetch them: install it, or set KAFKA_HOME`,
    });
  });

  test("what Maven could not fetch, in its words", async () => {
    java("17.0.15");
    program("mvn", "echo '[ERROR] Could not transfer artifact: Unknown host'; exit 1");
    expect(await find()).toEqual({
      missing: `Maven could not fetch Kafka ${VERSION} ([ERROR] Could not transfer artifact: Unknown host): see to its network access, or set KAFKA_HOME`,
    });
    expect(readdirSync(join(folder, "cache"))).toEqual([]);
  });
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ["command not found", undefined],
])("%s is Java %s", (text, version) => {
  expect(javaVersion(text)).toBe(version);
});
