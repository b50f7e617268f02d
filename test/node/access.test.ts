import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Machine, payloadOf, type Run, until } from "./machine.ts";

const DIGEST = "d".repeat(64);
const ADMIN = "rollcall-admin-1";
const APP = "app";
const FILES = [
  { mode: "0644", path: "config/server.properties", content: "node.id=101\nlisteners=CLIENTS://10.0.1.10:9092\n" },
];

let machine: Machine;
beforeEach(async () => {
  machine = new Machine();
  machine.secret("s/admin", { password: "Admin1password" }, "v-admin");
  machine.secret("s/app", { password: "App1password" }, "v-app");
  machine.cue("users", `${ADMIN}\tSCRAM-SHA-512\t${ITERATIONS.admin}\tAdmin1password\n`);
  await machine.run("configure", payloadOf({ role: "broker", files: FILES }).payload);
  machine.cue("java-calls");
  machine.uncue("installs");
});
afterEach(() => machine.close());

/** 4096 and the first twelve bits of sha256("<user> <version>"). */
const iterations = (user: string, version: string) =>
  4096 + Number.parseInt(createHash("sha256").update(`${user} ${version}`).digest("hex").slice(0, 3), 16);
const ITERATIONS = { admin: iterations(ADMIN, "v-admin"), app: iterations(APP, "v-app") };

interface Declaration {
  readonly users?: readonly string[];
  readonly acls?: readonly string[] | "off";
  readonly keep?: readonly string[];
}

const USERS = [`${ADMIN} s/admin password -`, `${APP} s/app password -`];
const READ = ["User:app * ALLOW READ TOPIC PREFIXED orders", "User:app * ALLOW DESCRIBE TOPIC PREFIXED orders"];

const packed = (lines: readonly string[]) => gzipSync(`${lines.join("\n")}\n`).toString("base64");

function payload({ users = USERS, acls = READ, keep = [] }: Declaration = {}): string {
  return packed([
    "rollcall 1",
    "action access",
    `digest ${DIGEST}`,
    "region eu-central-1",
    ...keep.map((name) => `keep ${name}`),
    ...users.map((user) => `user ${user}`),
    `acls ${acls === "off" ? "off" : "kept"}`,
    ...(acls === "off" ? [] : acls.map((acl) => `acl ${acl}`)),
  ]);
}

const access = (declaration?: Declaration): Promise<Run> => machine.run("access", payload(declaration));
const users = () =>
  machine
    .lines("users")
    .filter(Boolean)
    .map((line) => line.split("\t"));
const acls = () => machine.lines("acls").filter(Boolean).sort();
/** What the tools were asked, without how the JVM is started. */
const calls = () =>
  machine
    .lines("java-calls")
    .filter(Boolean)
    .map((call) =>
      call
        .replace(/^.*libs\/\* (\S+\.)?/, "")
        .replace(/ --bootstrap-server 10.0.1.10:9092 --command-config config\/tools.properties/, ""),
    );

describe("access", () => {
  it("makes users and ACLs as declared, and says what it did", async () => {
    const run = await access();
    expect(run.answer).toEqual({
      ok: true,
      action: "access",
      digest: DIGEST,
      access: {
        created: ["user app", "allow User:app describe,read on topic orders*"],
        changed: [],
        removed: [],
        versions: { [ADMIN]: "v-admin", app: "v-app" },
      },
    });
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", String(ITERATIONS.app), "App1password"]);
    expect(acls()).toEqual([
      "ALLOW\tUser:app\t*\tDESCRIBE\tTOPIC\tPREFIXED\torders",
      "ALLOW\tUser:app\t*\tREAD\tTOPIC\tPREFIXED\torders",
    ]);
  });

  it("asks once for users and once for ACLs, and then changes nothing where nothing has changed", async () => {
    await access();
    machine.cue("java-calls");
    const run = await access();
    expect(run.answer.access).toMatchObject({ created: [], changed: [], removed: [] });
    expect(calls()).toEqual(["ConfigCommand --describe --entity-type users", "AclCommand --list"]);
  });

  it("goes through the node's own broker, as whoever its tools are", async () => {
    await access();
    for (const call of machine.lines("java-calls").filter(Boolean)) {
      expect(call).toContain("--bootstrap-server 10.0.1.10:9092 --command-config config/tools.properties");
      expect(call).toContain(
        "automatic.config.providers=org.apache.kafka.common.config.provider.DirectoryConfigProvider",
      );
    }
  });

  it("changes a password whose secret has another version than it was last set from", async () => {
    await access();
    machine.secret("s/app", { password: "New2password" }, "v-new");
    const run = await access({ users: [USERS[0] ?? "", `${APP} s/app password v-app`] });
    expect(run.answer.access).toMatchObject({
      created: [],
      changed: ["user app"],
      removed: [],
      versions: { app: "v-new" },
    });
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", expect.any(String), "New2password"]);
    expect((await access()).answer.access?.changed).toEqual([]);
  });

  it("sets no other password for a user that nodes log in as than they have, but for all others what is declared", async () => {
    const secrets = [{ file: "admin-1", secret: "s/admin", key: "password" }];
    await machine.run(
      "configure",
      payloadOf({ role: "broker", files: FILES, region: "eu-central-1", secrets }).payload,
    );
    machine.secret("s/admin", { password: "Another2password" }, "v-by-hand");
    const run = await access();
    expect(run.answer).toMatchObject({ ok: false, access: { created: [expect.any(String), expect.any(String)] } });
    expect(run.answer.error).toContain(`secret s/admin has another password of ${ADMIN} than this node has`);
    expect(JSON.stringify(run.answer)).not.toContain("2password");
    expect(users()).toContainEqual([ADMIN, "SCRAM-SHA-512", String(ITERATIONS.admin), "Admin1password"]);
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", String(ITERATIONS.app), "App1password"]);
  });

  it("puts a password right that somebody else has set", async () => {
    await access();
    machine.cue("users", `${machine.lines("users")[0]}\n${APP}\tSCRAM-SHA-512\t4096\tguessed\n`);
    const run = await access({ users: [USERS[0] ?? "", `${APP} s/app password v-app`] });
    expect(run.answer.access?.changed).toEqual(["user app"]);
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", String(ITERATIONS.app), "App1password"]);
  });

  it("makes a user that has a credential of another mechanism alone", async () => {
    machine.cue("users", `${APP}\tSCRAM-SHA-256\t4096\tx\n`);
    expect((await access()).answer.access?.created).toContain("user app");
    expect(users()).toHaveLength(3);
  });

  it("removes whatever is not declared", async () => {
    await access();
    const before = acls();
    machine.cue("quotas", "Quota configs for user-principal 'app' are producer_byte_rate=1000000.0\n");
    machine.cue(
      "users",
      `${machine.lines("users").join("\n")}\nold one\tSCRAM-SHA-256\t4096\tx\nold one\tSCRAM-SHA-512\t4096\tx\n`,
    );
    machine.cue(
      "acls",
      [
        ...before,
        "ALLOW\tUser:app\t*\tALL\tGROUP\tLITERAL\ta group",
        "ALLOW\tUser:old one\t10.1.1.1\tIDEMPOTENT_WRITE\tCLUSTER\tLITERAL\tkafka-cluster",
        "DENY\tUser:*\t*\tWRITE\tTOPIC\tLITERAL\torders",
        "ALLOW\tUser:app\t*\tDESCRIBE\tTRANSACTIONAL_ID\tPREFIXED\tt",
        "ALLOW\tUser:app\t*\tCREATE_TOKENS\tUSER\tLITERAL\tUser:x",
        "",
      ].join("\n"),
    );
    const run = await access();
    expect(run.answer).toMatchObject({ ok: true, access: { created: [], changed: [] } });
    expect([...(run.answer.access?.removed ?? [])].sort()).toEqual([
      "allow User:app all on group a group",
      "allow User:app create-tokens on user User:x",
      "allow User:app describe on transactional-id t*",
      "allow User:old one idempotent-write on cluster kafka-cluster from 10.1.1.1",
      "deny User:* write on topic orders",
      "user old one",
    ]);
    expect(acls()).toEqual(before);
    expect(users().map(([name]) => name)).toEqual([ADMIN, APP]);
  });

  it("leaves those alone whom it shall keep, and their ACLs", async () => {
    await access();
    const theirs = "ALLOW\tUser:operator\t*\tALL\tTOPIC\tLITERAL\tx";
    machine.cue("users", `${machine.lines("users").join("\n")}\noperator\tSCRAM-SHA-512\t4096\tx\n`);
    machine.cue("acls", `${acls().join("\n")}\n${theirs}\n`);
    expect((await access({ keep: ["operator"] })).answer.access?.removed).toEqual([]);
    expect(acls()).toContain(theirs);
    expect((await access()).answer).toMatchObject({ ok: true, access: { removed: { length: 2 } } });
  });

  it("opens doors before it closes any: what is new stands before what is old goes", async () => {
    await access();
    machine.cue("java-calls");
    machine.secret("s/app", { password: "New2password" }, "v-new");
    machine.cue("users", `${machine.lines("users").join("\n")}\nold\tSCRAM-SHA-512\t4096\tx\n`);
    await access({
      users: [...USERS, "reader s/admin password -"],
      acls: ["User:app * ALLOW READ TOPIC LITERAL orders"],
    });
    expect(calls().map((call) => call.replace(/\/dev\/fd\/\d+/, "<pipe>"))).toEqual([
      "ConfigCommand --describe --entity-type users",
      "AclCommand --list",
      "ConfigCommand --alter --entity-type users --entity-name reader --add-config-file <pipe>",
      "AclCommand --add --force --resource-pattern-type literal --allow-host=* --allow-principal=User:app --operation Read --topic=orders",
      "ConfigCommand --alter --entity-type users --entity-name app --add-config-file <pipe>",
      "AclCommand --remove --force --resource-pattern-type prefixed --allow-host=* --allow-principal=User:app --operation Describe --operation Read --topic=orders",
      "ConfigCommand --alter --entity-type users --entity-name=old --delete-config SCRAM-SHA-512",
    ]);
  });

  it("needs one run of the tool for all ACLs that differ in resource or user alone, denials first", async () => {
    const may = (user: string, topic: string, operations: readonly string[], permission = "ALLOW") =>
      operations.map((operation) => `User:${user} * ${permission} ${operation} TOPIC LITERAL ${topic}`);
    const declared = [
      ...may("a", "x", ["READ", "DESCRIBE_CONFIGS"]),
      ...may("a", "y", ["READ", "DESCRIBE_CONFIGS"]),
      ...may("b", "x", ["DESCRIBE_CONFIGS", "READ"]),
      ...may("b", "y", ["DESCRIBE_CONFIGS", "READ"]),
      ...may("c", "x", ["READ"]),
      "User:c * ALLOW READ CLUSTER LITERAL kafka-cluster",
      ...may("c", "-y", ["READ"], "DENY"),
    ];
    const run = await access({ acls: declared });
    expect(run.answer.ok).toBe(true);
    expect(acls()).toHaveLength(declared.length);
    expect(calls().filter((call) => call.includes("--add "))).toEqual([
      "AclCommand --add --force --resource-pattern-type literal --deny-host=* --deny-principal=User:c --operation Read --topic=-y",
      "AclCommand --add --force --resource-pattern-type literal --allow-host=* --allow-principal=User:a --allow-principal=User:b --operation DescribeConfigs --operation Read --topic=x --topic=y",
      "AclCommand --add --force --resource-pattern-type literal --allow-host=* --allow-principal=User:c --operation Read --cluster --topic=x",
    ]);
  });

  it("looks at no ACL where the cluster has no authorizer", async () => {
    const run = await access({ acls: "off" });
    expect(run.answer.access?.created).toEqual(["user app"]);
    expect(calls().some((call) => call.startsWith("AclCommand"))).toBe(false);
  });

  it("lets everybody else in where one user's secret is missing, and names the user and why", async () => {
    const run = await access({ users: [USERS[0] ?? "", "reader s/none password -", USERS[1] ?? ""] });
    expect([run.code, run.answer.ok, run.answer.digest]).toEqual([0, true, DIGEST]);
    expect(run.answer.access).toMatchObject({
      created: expect.arrayContaining(["user app"]),
      troubles: { reader: expect.stringMatching(/^fetching secret s\/none failed: .*ResourceNotFound/) },
    });
    expect(run.answer.access?.versions).not.toHaveProperty("reader");
    expect(users().map(([name]) => name)).toEqual([ADMIN, APP]);
    machine.secret("s/none", { password: "Reader1password" }, "v-reader");
    const mended = await access({ users: [...USERS, "reader s/none password -"] });
    expect(mended.answer.access).toMatchObject({ created: ["user reader"], versions: { reader: "v-reader" } });
    expect(mended.answer.access).not.toHaveProperty("troubles");
  });

  it("leaves a user's password as it is where its secret cannot be read any more", async () => {
    await access();
    machine.secret("s/app", { other: "x" }, "v-broken");
    const run = await access({ users: [USERS[0] ?? "", `${APP} s/app password v-app`] });
    expect(run.answer.access).toMatchObject({
      changed: [],
      removed: [],
      troubles: { app: "secret s/app is not a JSON object with a string 'password'" },
    });
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", String(ITERATIONS.app), "App1password"]);
  });

  it("fails where a secret of Rollcall's own users is missing, and applies the rest", async () => {
    const run = await access({ users: ["rollcall-observer s/none password -", ...USERS] });
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(/^fetching secret s\/none failed: .*ResourceNotFound/);
    expect(run.answer.access).toMatchObject({ created: expect.arrayContaining(["user app"]) });
    expect(users().map(([name]) => name)).toEqual([ADMIN, APP]);
  });

  it("undoes nothing that was sent after it, however late it comes", async () => {
    const sent = (issued: number, declaration?: Declaration) =>
      machine.run("access", payload(declaration), { SSM_issued: String(issued) });
    expect((await sent(2000)).answer.ok).toBe(true);
    machine.cue("java-calls");
    const late = await sent(1999, { acls: [] });
    expect(late.answer).toMatchObject({
      ok: false,
      error: expect.stringContaining("a newer declaration was taken up"),
    });
    expect(calls()).toEqual([]);
    expect(acls()).toHaveLength(2);
    expect((await sent(2000)).answer.ok).toBe(true);
    expect((await sent(2001, { acls: [] })).answer.access?.removed).toHaveLength(1);
    // A configuration has an order of its own.
    const configured = await machine.run("configure", payloadOf({ role: "broker", files: FILES }).payload, {
      SSM_issued: "1500",
    });
    expect(configured.answer.ok).toBe(true);
  });

  it("takes a password of any printable signs, and no other", async () => {
    machine.secret("s/app", { password: "a\\b=c!#:,[x]" });
    expect((await access()).answer.ok).toBe(true);
    expect(users()).toContainEqual([APP, "SCRAM-SHA-512", expect.any(String), "a\\b=c!#:,[x]"]);
    machine.secret("s/app", { password: "two\nlines" }, "v-2");
    const run = await access();
    expect(run.answer.access?.troubles?.app).toMatch("secret s/app must be of printable ASCII without blanks");
    expect(run.stderr).not.toContain("lines");
  });

  it("keeps out of trouble where two are at it: what is gone already is as good as removed", async () => {
    machine.cue("users", `${machine.lines("users")[0]}\nold\tSCRAM-SHA-512\t4096\tx\n`);
    machine.cue("config-hold");
    const first = machine.start("access", payload());
    await until(() => machine.lines("config-hold.reached").length > 0, "the first is at it");
    const second = machine.start("access", payload());
    machine.uncue("config-hold");
    const runs = await Promise.all([first.ended, second.ended]);
    expect(runs.map(({ answer }) => answer.error)).toEqual([undefined, undefined]);
    expect(runs.flatMap(({ answer }) => answer.access?.removed ?? [])).toEqual(["user old"]);
    expect(users().map(([name]) => name)).toEqual([ADMIN, APP]);
  });

  it("takes a user for removed that somebody else has removed meanwhile", async () => {
    const java = readFileSync(new URL("bin/java", import.meta.url), "utf8");
    machine.cue("users", `${machine.lines("users")[0]}\nold\tSCRAM-SHA-512\t4096\tx\n`);
    // Gone as soon as the list has been made.
    machine.program(
      "java",
      `${java.replace(/^#!.*\n/, "").replace('describe_users "$zookeeper"; fi', 'describe_users "$zookeeper"; sed -i /^old/d "$STAND_IN/users"; fi')}`,
    );
    expect((await access()).answer).toMatchObject({ ok: true, access: { removed: ["user old"] } });
  });

  it("never shows a password, and lets nobody else read what its programs say", async () => {
    machine.cue("config-hold");
    const run = machine.start("access", payload());
    await until(() => machine.lines("config-hold.reached").length > 0, "the tool runs");
    const complaints = `${machine.home}/.rollcall/complaints.${run.pid}`;
    expect((statSync(complaints).mode & 0o777).toString(8)).toBe("600");
    machine.uncue("config-hold");
    const { stdout, stderr } = await run.ended;
    const texts = [
      stdout,
      stderr,
      ...["java-calls", "installs", "environments"].flatMap((name) => machine.lines(name)),
    ];
    const state = readdirSync(`${machine.home}/.rollcall`);
    texts.push(...state.map((name) => machine.read(`.rollcall/${name}`)));
    expect(texts.join("\n")).not.toMatch(/Admin1password|App1password/);
    expect(state.filter((name) => name.startsWith("complaints"))).toEqual([]);
  });
});

describe("access fails", () => {
  it.each([
    ["config-breaks", /the broker at 10.0.1.10:9092 does not tell its users: .*SaslAuthenticationException/],
    ["acl-breaks", /the broker at 10.0.1.10:9092 does not tell its ACLs: .*SaslAuthenticationException/],
  ])("where the broker refuses (%s)", async (cue, words) => {
    machine.cue(cue, "SaslAuthenticationException: invalid credentials");
    const run = await access();
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(words);
    expect(users()).toHaveLength(1);
  });

  it.each([
    ["users", "quotas", "something new\n", /list of users is not understood: 'something new'/],
    ["ACLs", "acls", "ALLOW\tUser:a\t*\tREAD\tTOPIC\tLITERAL\ttwo)`\n", undefined],
  ])("rather than guess where the list of %s is not understood", async (_, cue, content, words) => {
    machine.cue(cue, content);
    const run = await access();
    if (words) expect(run.answer.error).toMatch(words);
    else expect(run.answer.ok).toBe(true);
  });

  it("on a node that was stopped for good", async () => {
    await machine.run("stop");
    expect((await access()).answer).toMatchObject({ ok: false, tombstone: true });
    expect(calls()).toEqual([]);
  });

  it("on a node that is not configured", async () => {
    const other = new Machine();
    const run = await other.run("access", payload());
    other.close();
    expect(run.answer.error).toMatch("not configured");
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no user", ["acls kept"], /no user line/],
    ["no word on ACLs", ["user a s p -"], /no acls line/],
    ["a user twice", ["acls kept", "user a s p -", "user a s p -"], /user a twice/],
    ["a user that is an option", ["acls kept", "user -a s p -"], /malformed user line/],
    ["a secret that is an option", ["acls kept", "user a --x p -"], /malformed user line/],
    ["a secret with a command", ["acls kept", "user a $(x) p -"], /malformed user line/],
    ["ACLs of a kind", ["acls some", "user a s p -"], /acls line/],
    [
      "an ACL of a host by name",
      ["acls kept", "user a s p -", "acl User:a host ALLOW READ TOPIC LITERAL x"],
      /acl line/,
    ],
    ["an ACL without a name", ["acls kept", "user a s p -", "acl User:a * ALLOW READ TOPIC LITERAL "], /acl line/],
    [
      "an ACL on what is not known",
      ["acls kept", "user a s p -", "acl User:a * ALLOW READ DISK LITERAL x"],
      /acl line/,
    ],
    ["an ACL with blanks", ["acls kept", "user a s p -", "acl User:a * ALLOW READ TOPIC LITERAL x y"], /acl line/],
    ["somebody to keep with a command", ["acls kept", "user a s p -", "keep $(x)"], /keep line/],
    ["another line", ["acls kept", "user a s p -", "file 0644 x x"], /does not know/],
  ])("whole where the payload has %s", async (_, lines, words) => {
    const text = ["rollcall 1", "action access", `digest ${DIGEST}`, "region eu-central-1", ...lines];
    const run = await machine.run("access", packed(text));
    expect(run.answer.error).toMatch(words);
    expect(calls()).toEqual([]);
  });

  it("where it is handed a configuration, and a configuration where that is handed this", async () => {
    expect((await machine.run("access", payloadOf().payload)).answer.error).toMatch(/does not know: 'format/);
    expect((await machine.run("configure", payload())).answer.error).toMatch(/does not know: 'action access'/);
    expect((await machine.run("access")).answer.error).toMatch("access needs a payload");
  });
});
