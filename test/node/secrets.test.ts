import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Payload } from "../../shared/config/payload.ts";
import { changedFiles, FOUNDER, Machine, payloadOf, until } from "./machine.ts";

const PASSWORD = "Qw7Zt1correctHorse";
const OBSERVER = "m4Lk9batteryStaple";
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB/+=\n-----END CERTIFICATE-----\n";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.secret("rollcall/orders/admin-1", { username: "rollcall-admin-1", password: PASSWORD }, "v-a");
  machine.secret("rollcall/orders/observer", { password: OBSERVER }, "v-o");
  machine.secret("kafka/certificate", { certificate: CERTIFICATE, key: "a key" });
});
afterEach(() => machine.close());

const SECRETS = {
  region: "eu-central-1",
  secrets: [
    { file: "admin-1", secret: "rollcall/orders/admin-1", key: "password" },
    { file: "certificate.pem", secret: "kafka/certificate", key: "certificate" },
    { file: "key.pem", secret: "kafka/certificate", key: "key" },
  ],
  scram: [
    { user: "rollcall-admin-1", secret: "rollcall/orders/admin-1", key: "password" },
    { user: "rollcall-observer", secret: "rollcall/orders/observer", key: "password" },
  ],
} as const;

const configure = (overrides: Partial<Payload> = {}) =>
  machine.run("configure", payloadOf({ ...SECRETS, ...overrides }).payload);
const modeOf = (path: string) => (statSync(join(machine.home, path)).mode & 0o777).toString(8);
const fetches = () => machine.lines("installs").filter((call) => call.includes("get-secret-value"));

describe("secrets", () => {
  it("come from Secrets Manager into files that only the unit's user can read", async () => {
    machine.cue("users", "kafka\n");
    expect((await configure()).answer.ok).toBe(true);
    expect(machine.read("secrets/admin-1")).toBe(PASSWORD);
    expect(machine.read("secrets/certificate.pem")).toBe(CERTIFICATE);
    expect(machine.read("secrets/key.pem")).toBe("a key");
    for (const file of ["admin-1", "certificate.pem", "key.pem"]) expect(modeOf(`secrets/${file}`)).toBe("600");
    expect(modeOf("secrets")).toBe("700");
    expect(machine.lines("chown")).toContain(`-R kafka: ${machine.home}/secrets`);
    expect(machine.lines("chown")).toContain(`-R kafka: ${machine.home}/.rollcall/secret.new`);
    expect(readdirSync(join(machine.home, ".rollcall")).filter((name) => /secret\.new|complaints/.test(name))).toEqual(
      [],
    );
  });

  it("are asked for once each, in the payload's region", async () => {
    await configure();
    const options = "--query [VersionId,SecretString] --output text";
    expect(fetches()).toEqual(
      ["rollcall/orders/admin-1", "kafka/certificate"].map(
        (id) => `aws secretsmanager get-secret-value --region eu-central-1 --secret-id ${id} ${options}`,
      ),
    );
  });

  it("restart nothing while they stay the same, and once when one is another", async () => {
    await configure();
    await configure();
    expect(machine.lines("kafka-starts")).toHaveLength(1);
    machine.secret("rollcall/orders/admin-1", { password: "another" }, "v-b");
    expect((await configure()).answer.ok).toBe(true);
    expect(machine.lines("kafka-starts")).toHaveLength(2);
    expect(machine.read("secrets/admin-1")).toBe("another");
  });

  it("that were renewed reach the node with its next configuration, and not before", async () => {
    await configure();
    machine.secret("kafka/certificate", { certificate: "renewed", key: "another key" }, "v-renewed");
    expect(machine.read("secrets/certificate.pem")).toBe(CERTIFICATE);
    // A generation of the credential more, or another secret's name: either makes another configuration.
    expect((await configure({ files: changedFiles("generation=2") })).answer.ok).toBe(true);
    expect([machine.read("secrets/certificate.pem"), machine.read("secrets/key.pem")]).toEqual([
      "renewed",
      "another key",
    ]);
    machine.secret("kafka/certificate-2027", { certificate: "of 2027", key: "its key" });
    const secrets = SECRETS.secrets.map(({ secret, ...file }) => ({
      ...file,
      secret: secret === "kafka/certificate" ? "kafka/certificate-2027" : secret,
    }));
    expect((await configure({ secrets })).answer.ok).toBe(true);
    expect([machine.read("secrets/certificate.pem"), machine.read("secrets/key.pem")]).toEqual(["of 2027", "its key"]);
    expect(machine.lines("kafka-starts")).toHaveLength(3);
  });

  it("of a new generation take the place of those before", async () => {
    await configure();
    machine.secret("rollcall/orders/admin-2", { password: "second" });
    const secrets = [{ file: "admin-2", secret: "rollcall/orders/admin-2", key: "password" }];
    expect((await configure({ secrets, files: changedFiles("generation=2") })).answer.ok).toBe(true);
    expect(readdirSync(join(machine.home, "secrets"))).toEqual(["admin-2"]);
    expect(machine.lines("kafka-starts")).toHaveLength(2);
  });

  it("are put right where somebody has changed, opened or added one", async () => {
    await configure();
    writeFileSync(join(machine.home, "secrets/admin-1"), "guessed", { mode: 0o644 });
    writeFileSync(join(machine.home, "secrets/other"), "guessed");
    await configure();
    expect(machine.read("secrets/admin-1")).toBe(PASSWORD);
    expect(modeOf("secrets/admin-1")).toBe("600");
    expect(machine.has("secrets/other")).toBe(false);
  });

  it("go once a payload names none", async () => {
    await configure();
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
    expect(machine.has("secrets")).toBe(false);
  });

  it("go with the node's last stop", async () => {
    await configure();
    expect((await machine.run("stop")).answer).toMatchObject({ ok: true, stopped: true });
    expect(machine.has("secrets")).toBe(false);
  });

  it.each([
    [
      "is not there",
      () => rmSync(join(machine.standIn, "secrets/kafka_certificate")),
      /fetching secret kafka\/certificate failed: .*ResourceNotFound/,
    ],
    [
      "lacks the key",
      () => machine.secret("kafka/certificate", { key: "a key" }),
      /secret kafka\/certificate is not a JSON object with a string 'certificate'/,
    ],
    [
      "has no text there",
      () => machine.secret("kafka/certificate", { certificate: 5, key: "a key" }),
      /with a string 'certificate'/,
    ],
    [
      "is empty there",
      () => machine.secret("kafka/certificate", { certificate: "", key: "a key" }),
      /with a string 'certificate'/,
    ],
    ["is no JSON", () => machine.secret("kafka/certificate", PASSWORD), /is not a JSON object/],
    ["is cut off", () => machine.secret("kafka/certificate", '{"certificate":"abc'), /is not a JSON object/],
    ["has no version", () => machine.secret("kafka/certificate", "{}", ""), /came without a version/],
  ])("fail the command where one %s, before anything was changed", async (_, spoil, words) => {
    spoil();
    const run = await configure();
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(words);
    expect(run.stdout + run.stderr).not.toContain(PASSWORD);
    expect(machine.has("secrets")).toBe(false);
    expect(machine.has("config")).toBe(false);
    expect(machine.changes()).toEqual([]);
  });

  it.each([
    [
      "spread over lines",
      '{\n  "port": 9092, "more": {"password": "no", "list": ["}", {"a": "\\"]"}]},\n  "password" :\t"Ab1" }',
      "Ab1",
    ],
    ["with escapes", '{"password":"a\\\\b\\"c\\/d\\u0041\\u007e\\u002d"}', 'a\\b"c/dA~-'],
    ["given twice", '{"password":"first","password":"last"}', "last"],
    ["named like another's value", '{"a":"password","password":"right"}', "right"],
  ])("are read from JSON %s", async (_, json, value) => {
    machine.secret("rollcall/orders/admin-1", json);
    expect((await configure()).answer.ok).toBe(true);
    expect(machine.read("secrets/admin-1")).toBe(value);
  });

  it("are said to need the AWS CLI where there is none", async () => {
    machine.program("aws", "exit 127");
    expect((await configure()).answer.error).toMatch("fetching secret rollcall/orders/admin-1 failed");
  });
});

describe("the first users of a cluster", () => {
  const BROKER = {
    role: "broker",
    id: 3,
    format: { kind: "none" },
    files: [
      {
        mode: "0644",
        path: "config/server.properties",
        content: "broker.id=3\nzookeeper.connect=10.0.1.1:2181,10.0.2.1:2181/kafka\n",
      },
    ],
  } as const;
  const known = () => machine.lines("users").map((line) => line.split("\t"));

  it("are founded with it, by way of no command line and no file", async () => {
    expect((await configure({ format: FOUNDER })).answer.ok).toBe(true);
    const [format] = machine.lines("java-calls");
    expect(format).toMatch(/--initial-controllers [^ ]+ @\/dev\/fd\/\d+$/);
    expect(machine.lines("format-arguments")).toEqual([
      "--add-scram",
      expect.stringMatching(
        new RegExp(`^SCRAM-SHA-512=\\[name=rollcall-admin-1,iterations=[4-8]\\d{3},password=${PASSWORD}\\]$`),
      ),
      "--add-scram",
      expect.stringMatching(`name=rollcall-observer,iterations=\\d+,password=${OBSERVER}`),
    ]);
  });

  it("are not made by whoever joins", async () => {
    await configure();
    expect(machine.lines("format-arguments")).toEqual([]);
    expect(fetches()).not.toContainEqual(expect.stringContaining("observer"));
  });

  it("are made in ZooKeeper before the first broker starts, below a node that is there", async () => {
    const run = await configure(BROKER);
    expect(run.answer.ok).toBe(true);
    expect(known()).toEqual([
      ["rollcall-admin-1", "SCRAM-SHA-512", expect.stringMatching(/^[4-8]\d{3}$/), PASSWORD],
      ["rollcall-observer", "SCRAM-SHA-512", expect.stringMatching(/^[4-8]\d{3}$/), OBSERVER],
    ]);
    const calls = machine.lines("java-calls").map((call) => call.replace(/^.*libs\/\* /, ""));
    const zookeeper = "10.0.1.1:2181,10.0.2.1:2181";
    const alter = `kafka.admin.ConfigCommand --zookeeper ${zookeeper}/kafka --alter --entity-type users --entity-name`;
    expect(calls).toEqual([
      `kafka.admin.ConfigCommand --zookeeper ${zookeeper}/kafka --describe --entity-type users`,
      `org.apache.zookeeper.ZooKeeperMain -server ${zookeeper} create /kafka`,
      expect.stringMatching(`^${alter} rollcall-admin-1 --add-config-file /dev/fd/\\d+$`),
      expect.stringMatching(`^${alter} rollcall-observer --add-config-file /dev/fd/\\d+$`),
    ]);
  });

  it("stay as they are in ZooKeeper where they are there", async () => {
    machine.cue("users", "rollcall-admin-1\tSCRAM-SHA-512\t4096\tolder\nrollcall-observer-2\tSCRAM-SHA-512\t4096\tx\n");
    machine.cue("chroot");
    await configure(BROKER);
    expect(known()).toContainEqual(["rollcall-admin-1", "SCRAM-SHA-512", "4096", "older"]);
    expect(known()).toContainEqual(["rollcall-observer", "SCRAM-SHA-512", expect.any(String), OBSERVER]);
  });

  it("are looked for once in a broker's life", async () => {
    await configure(BROKER);
    const calls = machine.lines("java-calls");
    await configure({ ...BROKER, files: [{ ...BROKER.files[0], content: `${BROKER.files[0].content}a=1\n` }] });
    expect(machine.lines("java-calls")).toEqual(calls);
  });

  it.each([
    ["config-breaks", /ZooKeeper at 10.0.1.1:2181,10.0.2.1:2181\/kafka does not tell its users: .*no way/],
    ["zookeeper-breaks", /refuses: .*no way/],
  ])("keep the broker from starting where they cannot be made (%s)", async (cue, words) => {
    machine.cue(cue, "no way");
    expect((await configure(BROKER)).answer.error).toMatch(words);
    expect(machine.processes()).toEqual([]);
    machine.uncue(cue);
    expect((await configure(BROKER)).answer.ok).toBe(true);
    expect(known()).toHaveLength(2);
  });
});

describe("no secret", () => {
  const everywhere = (run: { stdout: string; stderr: string }) => {
    const texts = [run.stdout, run.stderr];
    const walk = (directory: string): void => {
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        const path = join(directory, entry.name);
        if (path === machine.standIn || path === join(machine.home, "secrets")) continue;
        if (entry.isDirectory()) walk(path);
        else if (entry.isFile()) texts.push(readFileSync(path, "latin1"));
      }
    };
    walk(join(machine.home, ".."));
    for (const name of ["java-calls", "installs", "environments", "calls", "output"])
      texts.push(...machine.lines(name));
    return texts.join("\n");
  };

  it.each([
    ["founded", FOUNDER],
    ["joined", { kind: "join" } as const],
  ])("is in any other file, on a command line or in an environment once a node has %s", async (_, format) => {
    const run = await configure({ format });
    expect(run.answer.ok).toBe(true);
    const text = everywhere(run);
    for (const secret of [PASSWORD, OBSERVER, "MIIB/+=", "VERIFIER"]) expect(text).not.toContain(secret);
  });

  it("is among the words of a tool that fails", async () => {
    machine.cue("format-breaks", `Error: bad argument SCRAM-SHA-512=[name=x,password=${PASSWORD}]`);
    const run = await configure({ format: FOUNDER });
    expect(run.answer.error).toMatch(/^formatting .* failed: .*password=\*\*\*\]/);
    expect(everywhere(run)).not.toContain(PASSWORD);
  });

  it("is seen among the processes while a tool works with it", async () => {
    machine.cue("format-hold");
    const run = machine.start("configure", payloadOf({ ...SECRETS, format: FOUNDER }).payload);
    await until(() => machine.lines("format-arguments").length === 4, "the tool has its arguments");
    const seen = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
          const ours = environment.includes(`STAND_IN=${machine.standIn}`);
          return ours ? [readFileSync(`/proc/${pid}/cmdline`, "latin1"), environment] : [];
        } catch {
          return [];
        }
      });
    expect(seen.some((text) => text.includes("kafka.tools.StorageTool"))).toBe(true);
    expect(seen.join("\n")).not.toContain(PASSWORD);
    machine.uncue("format-hold");
    expect((await run.ended).answer.ok).toBe(true);
  });
});
