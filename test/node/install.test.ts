import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Archive } from "../../shared/config/payload.ts";
import { Machine, payloadOf, UNIT, until } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.cue("users", "kafka\n");
});
afterEach(() => machine.close());

const S3 = "s3://artifacts/kafka/kafka.tgz";
const MIRROR = "https://mirror.example:8443/kafka.tgz";

/** Puts an archive where the machine can fetch it, and tells what a payload says of it. */
function published(version: string, { url = S3, jars = true } = {}): Archive {
  const folder = join(machine.standIn, `kafka_2.13-${version}`);
  mkdirSync(join(folder, "libs"), { recursive: true });
  if (jars) writeFileSync(join(folder, "libs", `kafka-clients-${version}.jar`), version);
  const archive = join(machine.standIn, "archive");
  execFileSync("tar", ["-czf", archive, "-C", machine.standIn, basename(folder)]);
  rmSync(folder, { recursive: true });
  return { version, url, sha512: createHash("sha512").update(readFileSync(archive)).digest("hex") };
}

/** The machine's image has no Java that Kafka runs on. */
function oldJava(): void {
  const jdk = join(machine.standIn, "jdk-11");
  mkdirSync(join(jdk, "bin"), { recursive: true });
  writeFileSync(join(jdk, "release"), 'IMPLEMENTOR="Amazon.com Inc."\nJAVA_VERSION="11.0.2"\n');
  writeFileSync(join(jdk, "bin/java"), "#!/bin/bash\nexit 1\n", { mode: 0o755 });
  symlinkSync(join(jdk, "bin/java"), join(machine.bin, "java"));
}

/** What dnf installs as Java. */
function packagedJava(): void {
  const java = new URL("bin/java", import.meta.url).pathname;
  mkdirSync(join(machine.standIn, "packages"));
  writeFileSync(join(machine.standIn, "packages/java"), `#!/bin/bash\nexec ${java} "$@"\n`, { mode: 0o755 });
}

const installedAt = ({ sha512 }: Archive): string => `${machine.kafka}-${sha512.slice(0, 16)}`;
const installs = (): string[] => machine.lines("installs");
const unit = (): string => readFileSync(join(machine.units, UNIT), "utf8");
const configure = (archive: Archive, environment = {}) =>
  machine.run("configure", payloadOf({ archive }).payload, environment);
/** Whatever of Kafka is beside the image's own. */
const beside = (): string[] =>
  readdirSync(dirname(machine.kafka)).filter((name) => name.startsWith(`${basename(machine.kafka)}-`));

describe("a stock machine", () => {
  it("gets Java, Kafka and a user, and runs that Kafka", async () => {
    rmSync(machine.kafka, { recursive: true });
    machine.uncue("users");
    oldJava();
    packagedJava();
    const archive = published("4.3.1");
    const run = await configure(archive);

    expect(run.answer).toMatchObject({ ok: true, unit: "active" });
    expect(installs()).toEqual([
      "dnf -y -q install java-21-amazon-corretto-headless",
      `aws s3 cp --only-show-errors ${S3} ${installedAt(archive)}.part/archive`,
      `useradd --system --no-create-home --home-dir ${machine.home} --shell /sbin/nologin kafka`,
    ]);
    expect(readdirSync(join(installedAt(archive), "libs"))).toEqual(["kafka-clients-4.3.1.jar"]);
    expect(beside()).toEqual([basename(installedAt(archive))]);
    expect(unit()).toContain(` -cp ${installedAt(archive)}/libs/* `);
    expect(unit()).toContain("User=kafka\n");
    expect(machine.lines("java-calls")[0]).toContain(`-cp ${installedAt(archive)}/libs/*`);
    expect(machine.processes()).toHaveLength(1);
  });

  it("gets it from a mirror too, over TLS only", async () => {
    const archive = published("4.3.1", { url: MIRROR });
    expect((await configure(archive)).answer.ok).toBe(true);
    expect(installs()).toEqual([
      expect.stringMatching(/^curl -fsSL --proto =https .*\.part\/archive https:\/\/mirror/),
    ]);
  });

  it("asks the quorum with the Kafka it got", async () => {
    const archive = published("4.3.1");
    await configure(archive);
    machine.cue("quorum", "101\tJEXY6aqzQY-32P5TStzaFg\t7\t0\t1000\t1000\tLeader\n");
    expect((await machine.run("verify")).answer.ok).toBe(true);
    expect(machine.lines("java-calls").at(-1)).toContain(`-cp ${installedAt(archive)}/libs/*`);
  });

  it("takes nothing over from an attempt that was cut short", async () => {
    const archive = published("4.3.1");
    const libs = join(`${installedAt(archive)}.part`, "kafka/libs");
    mkdirSync(libs, { recursive: true });
    writeFileSync(join(libs, "half-written.jar"), "");
    await configure(archive);
    expect(readdirSync(join(installedAt(archive), "libs"))).toEqual(["kafka-clients-4.3.1.jar"]);
  });

  it("installs nothing twice, and restarts nothing for it", async () => {
    const archive = published("4.3.1");
    await configure(archive);
    const [changes, once] = [machine.changes(), installs()];
    machine.uncue("archive");
    expect((await configure(archive)).answer.ok).toBe(true);
    expect(installs()).toEqual(once);
    expect(machine.changes()).toEqual(changes);
  });

  it("fetches once where two configure at once", async () => {
    const archive = published("4.3.1");
    const runs = await Promise.all([1, 2, 3].map(() => configure(archive)));
    expect(runs.map((run) => run.answer.ok)).toEqual([true, true, true]);
    expect(installs()).toHaveLength(1);
    expect(machine.lines("kafka-starts")).toHaveLength(1);
  });
});

describe("a machine that has everything", () => {
  it("gets nothing", async () => {
    writeFileSync(join(machine.kafka, "libs/kafka-clients-4.3.1.jar"), "");
    const archive = published("4.3.1");
    expect((await configure(archive)).answer.ok).toBe(true);
    expect(installs()).toEqual([]);
    expect(unit()).toContain(` -cp ${machine.kafka}/libs/* `);
  });

  it("gets nothing either where no archive is named, whatever its Kafka", async () => {
    machine.uncue("users");
    oldJava();
    await machine.run("configure", payloadOf().payload);
    expect(installs()).toEqual([]);
  });

  it("keeps running as root where its disk was formatted before there was a user", async () => {
    machine.uncue("users");
    await machine.run("configure", payloadOf().payload);
    expect((await configure(published("4.3.1"))).answer.ok).toBe(true);
    expect(installs()).toEqual([expect.stringMatching(/^aws /)]);
    expect(unit()).not.toContain("User=");
  });

  it("needs no user where the script is not root's", async () => {
    machine.uncue("users");
    machine.cue("uid", "1000\n");
    await configure(published("4.3.1"));
    expect(installs()).toEqual([expect.stringMatching(/^aws /)]);
  });
});

describe("another version", () => {
  it("is installed beside the one that runs, and restarts the node once", async () => {
    const first = published("4.3.1");
    await configure(first);
    const pids = machine.processes();

    const second = published("4.3.2");
    const run = await configure(second);
    expect(run.answer).toMatchObject({ ok: true, digest: payloadOf({ archive: second }).digest });
    expect(unit()).toContain(` -cp ${installedAt(second)}/libs/* `);
    expect(machine.processes()).toHaveLength(1);
    expect(machine.processes()).not.toEqual(pids);
    expect(existsSync(installedAt(first))).toBe(true);
  });

  it("takes away what nobody runs any more, an hour later, and nothing else", async () => {
    const versions = ["4.3.0", "4.3.1", "4.3.2"];
    const archives: Archive[] = [];
    const anHourAgo = new Date(Date.now() - 3_700_000);
    const mine = `${machine.kafka}-mine`;
    const remains = `${machine.kafka}-0123456789abcdef.part`;
    const unpackedJustNow = `${machine.kafka}-fedcba9876543210`;
    mkdirSync(unpackedJustNow);
    for (const path of [mine, remains]) {
      mkdirSync(path);
      utimesSync(path, anHourAgo, anHourAgo);
    }
    for (const version of versions) {
      const archive = published(version);
      archives.push(archive);
      expect((await configure(archive)).answer.ok).toBe(true);
      utimesSync(installedAt(archive), anHourAgo, anHourAgo);
    }
    expect(archives.map((archive) => existsSync(installedAt(archive)))).toEqual([false, true, true]);
    expect([mine, remains, unpackedJustNow].map((path) => existsSync(path))).toEqual([true, false, true]);
  });
});

describe("an archive that cannot be had", () => {
  it.each([
    [S3, "aws"],
    [MIRROR, "curl"],
  ])("is told with the words of who fetched it: %s", async (url, program) => {
    const archive = published("4.3.1", { url });
    machine.uncue("archive");
    const run = await configure(archive);
    expect(run.code).toBe(1);
    expect(run.answer.error).toBe(`fetching ${url} failed: ${program}: an error occurred (403): Forbidden `);
    expect(machine.has("config")).toBe(false);
    expect(machine.changes()).toEqual([]);
  });

  it("is not unpacked where its checksum is another's; the right one is had next time", async () => {
    const archive = published("4.3.1");
    const right = readFileSync(join(machine.standIn, "archive"));
    machine.cue("archive", "not the archive");
    const run = await configure(archive);
    expect(run.answer.error).toMatch(/is not the archive that was meant: its SHA-512/);
    expect(beside()).toEqual([`${basename(installedAt(archive))}.part`]);
    expect(existsSync(`${installedAt(archive)}.part/kafka/libs`)).toBe(false);

    writeFileSync(join(machine.standIn, "archive"), right);
    expect((await configure(archive)).answer.ok).toBe(true);
    expect(beside()).toEqual([basename(installedAt(archive))]);
  });

  it("is not taken for Kafka where it has no jars", async () => {
    const archive = published("4.3.1", { jars: false });
    expect((await configure(archive)).answer.error).toMatch(/is no Kafka: there are no jars in its libs/);
    expect(existsSync(installedAt(archive))).toBe(false);
  });
});

describe("Java", () => {
  it("is told as missing with the words of dnf", async () => {
    oldJava();
    const run = await configure(published("4.3.1"));
    expect(run.answer.error).toMatch(
      /^installing java-21-amazon-corretto-headless failed: Error: Failed to download metadata/,
    );
  });

  it("is told as too old where another one stays first", async () => {
    oldJava();
    mkdirSync(join(machine.standIn, "packages"));
    expect((await configure(published("4.3.1"))).answer.error).toMatch(
      /was installed, but the java on the PATH is still older/,
    );
  });

  it("is not waited for without end", async () => {
    oldJava();
    machine.cue("dnf-hangs");
    const run = await configure(published("4.3.1"), { ROLLCALL_INSTALL_WAIT: "1" });
    expect(run.answer.error).toMatch(/^installing java.* was not done within the 1 s there are for installing/);
  });
});

describe("while it downloads", () => {
  it("a stop need not wait, and what was fetched is not started", async () => {
    machine.cue("fetch-hold");
    const fetching = machine.start("configure", payloadOf({ archive: published("4.3.1") }).payload);
    await until(() => existsSync(join(machine.standIn, "fetch-hold.reached")), "it fetches");
    expect((await machine.run("stop", "", { ROLLCALL_LOCK_WAIT: "0" })).answer).toMatchObject({
      ok: true,
      stopped: true,
    });
    machine.uncue("fetch-hold");
    expect((await fetching.ended).answer).toMatchObject({ ok: false, tombstone: true });
    expect(machine.processes()).toEqual([]);
  });

  it("a second one waits, also where the first is killed, and starts over", async () => {
    const archive = published("4.3.1");
    machine.cue("fetch-hold");
    const first = machine.start("configure", payloadOf({ archive }).payload);
    await until(() => existsSync(join(machine.standIn, "fetch-hold.reached")), "it fetches");
    process.kill(first.pid, "SIGKILL");
    const impatient = await configure(archive, { ROLLCALL_INSTALL_WAIT: "0" });
    expect(impatient.answer.error).toMatch(/another configure has been installing for 0 s/);

    const second = machine.start("configure", payloadOf({ archive }).payload);
    machine.uncue("fetch-hold");
    expect((await second.ended).answer.ok).toBe(true);
    expect(installs()).toHaveLength(2);
    expect(beside()).toEqual([basename(installedAt(archive))]);
  });
});
