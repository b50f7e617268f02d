import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Payload } from "../../shared/config/payload.ts";
import { Machine, payloadOf, until, ZOOKEEPER_UNIT } from "./machine.ts";

let machine: Machine;
let home: string;
beforeEach(() => {
  machine = new Machine();
  home = join(dirname(machine.home), "exhibitor");
  mkdirSync(join(home, "libs"), { recursive: true });
  writeFileSync(join(home, "libs/exhibitor-core-1.5.6.jar"), "");
  machine.program("aws", AWS);
  machine.program("curl", CURL);
});
afterEach(() => machine.close());

/** Keeps one object, `object`; whether there is none is not told to those who only read. */
const AWS = `
echo "$*" >>"$STAND_IN/s3"
[[ $* == "s3api "*" --region eu-central-1 --bucket shared --key exhibitor/orders.properties "* ]] || exit 252
refuse() { echo "An error occurred ($1) when calling the $2 operation: no" >&2; exit 254; }
[[ ! -e $STAND_IN/s3-breaks ]] || refuse "$(<"$STAND_IN/s3-breaks")" any
if [[ $2 == get-object ]]; then
  if [[ -e $STAND_IN/object ]]; then cp "$STAND_IN/object" "\${!#}"; exit; fi
  refuse AccessDenied GetObject
fi
if [[ -e $STAND_IN/conflict ]]; then
  mv "$STAND_IN/conflict" "$STAND_IN/object"
  refuse ConditionalRequestConflict PutObject
fi
[[ $* != *' --if-none-match *' || ! -e $STAND_IN/object ]] || refuse PreconditionFailed PutObject
while [[ $1 != --body ]]; do shift; done
cp "$2" "$STAND_IN/object"
`;

/** Exhibitor's REST interface. */
const CURL = `
[[ \${!#} == http://10.0.1.10:8080/exhibitor/v1/cluster/state && -e $STAND_IN/rest ]] || exit 7
cat "$STAND_IN/rest"
`;

const SHARED = "com.netflix.exhibitor.servers-spec=1:10.0.1.10\n";

const MEMBER = {
  role: "zookeeper",
  id: 1,
  format: { kind: "ensemble", member: "join" },
  region: "eu-central-1",
  object: { bucket: "shared", key: "exhibitor/orders.properties", content: SHARED },
  files: [{ mode: "0644", path: "config/exhibitor.address", content: "10.0.1.10:8080\n" }],
  unit: {
    name: ZOOKEEPER_UNIT,
    content:
      "[Service]\nUser=@USER@\nWorkingDirectory=@HOME@\nExecStart=java -cp @EXHIBITOR_HOME@/libs/* " +
      "com.netflix.exhibitor.application.ExhibitorMain @KAFKA_HOME@\n",
  },
} as const satisfies Partial<Payload>;
const FOUNDING = { ...MEMBER, format: { kind: "ensemble", member: "new" } } as const;

const configure = (overrides: Partial<Payload> = MEMBER) =>
  machine.run("configure", payloadOf(overrides).payload, { EXHIBITOR_HOME: home });
const object = () => readFileSync(join(machine.standIn, "object"), "utf8");
/** What was asked of S3: operations, and whether on a condition. */
const calls = () =>
  machine.lines("s3").map((line) => `${line.split(" ")[1]}${line.includes("--if-none-match *") ? " if none" : ""}`);

describe("the object that members share", () => {
  it("is made where there is none, and then only looked at", async () => {
    expect((await configure()).answer).toMatchObject({ ok: true, unit: "active" });
    expect(object()).toBe(SHARED);
    expect(calls()).toEqual(["put-object if none", "get-object"]);
    expect((await configure()).answer.ok).toBe(true);
    expect(calls().slice(2)).toEqual(["put-object if none", "get-object"]);
    expect(readdirSync(join(machine.home, ".rollcall")).filter((name) => name.startsWith("object"))).toEqual([]);
  });

  it("may be made by another at the same moment", async () => {
    machine.cue("conflict", SHARED);
    expect((await configure()).answer.ok).toBe(true);
    expect(calls()).toEqual(["put-object if none", "put-object if none", "get-object"]);
  });

  it("is left alone where it is another, as is the node: its change restarts every member", async () => {
    await configure();
    const before = machine.changes();
    machine.cue("object", "servers-spec=1:10.9.9.9\n");
    const { answer } = await configure({ ...MEMBER, files: [{ ...MEMBER.files[0], content: "10.0.1.10:8081\n" }] });
    expect(answer.error).toMatch("s3://shared/exhibitor/orders.properties is not what the definition makes it");
    expect(object()).toBe("servers-spec=1:10.9.9.9\n");
    expect(machine.changes()).toEqual(before);
    expect(machine.read("config/exhibitor.address")).toBe("10.0.1.10:8080\n");
  });

  it("is put right by those who found the ensemble", async () => {
    machine.cue("object", "of a cluster before\n");
    expect((await configure(FOUNDING)).answer.ok).toBe(true);
    expect(object()).toBe(SHARED);
    expect(calls()).toEqual(["put-object if none", "get-object", "put-object"]);
  });

  it.each(["AccessDenied", "SlowDown", "ConditionalRequestConflict"])(
    "that S3 refuses (%s) stops the configuration before anything is changed",
    async (code) => {
      await configure();
      const before = machine.changes();
      machine.cue("s3-breaks", code);
      expect((await configure()).answer.error).toMatch(new RegExp(`writing s3:.*${code}`));
      expect(machine.changes()).toEqual(before);
      expect((await machine.run("status")).answer.digest).toBeDefined();
    },
  );

  it("is nothing to other nodes", async () => {
    const { object: _none, ...other } = MEMBER;
    expect((await configure(other)).answer.ok).toBe(true);
    expect(existsSync(join(machine.standIn, "s3"))).toBe(false);
  });
});

describe("Exhibitor", () => {
  const rest = (state: number, description: string) =>
    machine.cue("rest", JSON.stringify({ switches: { restarts: true }, state, description, isLeader: false }));

  it("comes from its own home, and is missed", async () => {
    expect((await configure()).answer.ok).toBe(true);
    const unit = readFileSync(join(machine.units, ZOOKEEPER_UNIT), "utf8");
    expect(unit).toContain(`ExecStart=java -cp ${home}/libs/* com.netflix`);
    rmSync(join(home, "libs"), { recursive: true });
    expect((await configure()).answer.error).toBe(
      `there is no Exhibitor in ${home}: its jars belong into ${home}/libs`,
    );
  });

  it("is asked how its member is: a unit without a member is none", async () => {
    await configure();
    rest(1, "down");
    expect((await machine.run("status")).answer).toMatchObject({ ok: true, unit: "failed", supervisor: "down" });
    rest(0, "latent");
    expect((await machine.run("status")).answer).toMatchObject({ unit: "activating", supervisor: "latent" });
    machine.uncue("rest");
    expect((await machine.run("status")).answer).toMatchObject({ unit: "failed", supervisor: "does not answer" });
    await machine.systemctl("stop", ZOOKEEPER_UNIT);
    expect((await machine.run("status")).answer).toMatchObject({ unit: "inactive", supervisor: "does not answer" });
  });

  it("does not make its member dead by its word, as long as there is a process", async () => {
    await configure();
    machine.cue("start-member");
    await until(() => machine.processes().length === 1, "the member runs");
    rest(1, "down");
    expect((await machine.run("status")).answer).toMatchObject({ unit: "active", supervisor: "down" });
    expect((await machine.run("stop")).answer).toMatchObject({ ok: true, stopped: true });
    expect(machine.processes()).toEqual([]);
  });
});
