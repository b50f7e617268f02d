import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changedFiles, Machine, payloadOf, UNIT, until, ZOOKEEPER_UNIT } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const MEMBER = {
  role: "zookeeper",
  id: 1,
  format: { kind: "ensemble", member: "new" },
  files: [{ mode: "0644", path: "config/zoo.cfg", content: "dataDir=data\n" }],
  unit: {
    name: ZOOKEEPER_UNIT,
    content:
      "[Service]\nUser=@USER@\nWorkingDirectory=@HOME@\n" +
      "ExecStart=java -cp @KAFKA_HOME@/libs/* org.apache.zookeeper.server.quorum.QuorumPeerMain config/zoo.cfg\n",
  },
} as const;
const JOINING = { ...MEMBER, format: { kind: "ensemble", member: "join" } } as const;

const starts = () => machine.lines("zookeeper-starts");

describe("a member of a ZooKeeper ensemble", () => {
  it("that founds it gets its id, and may trust its empty disk", async () => {
    const { payload, digest } = payloadOf(MEMBER);
    const run = await machine.run("configure", payload);
    expect(run.answer).toEqual({ ok: true, action: "configure", digest, unit: "active", tombstone: false });
    expect(machine.processes()).toHaveLength(1);
    expect(machine.read("data/myid")).toBe("1\n");
    expect(machine.read("data/member.properties")).toBe("cluster.id=5L6g3nShT-eMCtK--X86sw\nnode.id=1\n");
    expect(starts()).toEqual(["1 initialized"]);
    expect(machine.lines("java-calls")).toEqual([]);
  });

  it("that replaces another does not", async () => {
    expect((await machine.run("configure", payloadOf(JOINING).payload)).answer.ok).toBe(true);
    expect(machine.read("data/myid")).toBe("1\n");
    expect(starts()).toEqual(["1 started"]);
  });

  it("is trusted at its first configuration alone, and goes on with its disk after another", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    const files = [{ ...MEMBER.files[0], content: "dataDir=data\ntickTime=1000\n" }];
    expect((await machine.run("configure", payloadOf({ ...MEMBER, files }).payload)).answer.ok).toBe(true);
    expect(starts()).toEqual(["1 initialized", "1 started"]);
  });

  it("that never started while the ensemble formed is not trusted any more", async () => {
    machine.program("java", "exit 1");
    expect((await machine.run("configure", payloadOf(MEMBER).payload)).answer.error).toMatch(
      "ended right after its start",
    );
    expect(machine.has("data/initialize")).toBe(true);
    rmSync(join(machine.bin, "java"));
    await machine.run("configure", payloadOf(JOINING).payload);
    expect(starts()).toEqual(["1 started"]);
  });

  it("finishes an attempt that was cut short", async () => {
    machine.write(".rollcall/formatting", "");
    machine.write("data/initialize", "");
    await machine.run("configure", payloadOf(JOINING).payload);
    expect(starts()).toEqual(["1 started"]);
    expect(machine.has(".rollcall/formatting")).toBe(false);
  });

  it.each([
    ["another member", { id: 2 }, /belongs to node '1', not to 2/],
    ["another cluster", { clusterId: "AAAAAAAAAAAAAAAAAAAAAA" }, /belongs to cluster '5L6g3nShT-eMCtK--X86sw'/],
  ])("leaves the disk of %s alone", async (_, overrides, words) => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    const before = machine.changes();
    const run = await machine.run("configure", payloadOf({ ...MEMBER, ...overrides }).payload);
    expect(run.answer.error).toMatch(words);
    expect(machine.changes()).toEqual(before);
    expect(machine.read("data/myid")).toBe("1\n");
  });

  it.each(["data/meta.properties", "data/version-2/log.1"])("leaves a disk alone that has %s", async (path) => {
    machine.write(path, "somebody's");
    const run = await machine.run("configure", payloadOf(MEMBER).payload);
    expect(run.answer.error).toMatch(/but no member.properties.*look whose it is/);
    expect(machine.has("data/myid")).toBe(false);
  });

  it("does not start over where its disk was lost", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    await machine.systemctl("stop", ZOOKEEPER_UNIT);
    rmSync(join(machine.home, "data"), { recursive: true });
    expect((await machine.run("configure", payloadOf(MEMBER).payload)).answer.error).toMatch("the disk was lost");
    expect(machine.has("data/myid")).toBe(false);
  });

  it("belongs to the unit's user", async () => {
    machine.cue("users", "kafka\n");
    await machine.run("configure", payloadOf(MEMBER).payload);
    expect(machine.lines("chown")).toEqual([`-R kafka: ${machine.home}/data ${machine.home}/logs`]);
  });

  it("is stopped for good, and seen", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    const stop = await machine.run("stop");
    expect(stop.answer).toEqual({ ok: true, action: "stop", unit: "masked", tombstone: true, stopped: true });
    expect(machine.processes()).toEqual([]);
    await machine.reboot();
    expect(machine.processes()).toEqual([]);
    const late = await machine.run("configure", payloadOf(MEMBER).payload);
    expect(late.answer).toMatchObject({ ok: false, tombstone: true, unit: "masked" });
    expect((await machine.run("status")).answer).toMatchObject({ ok: true, tombstone: true, stopped: true });
    expect(starts()).toHaveLength(1);
  });

  it("is not taken for stopped while a process of it runs", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    // Out of systemd's sight.
    rmSync(join(machine.standIn, ZOOKEEPER_UNIT, "pid"));
    const stop = await machine.run("stop");
    expect(stop.answer).toMatchObject({ ok: false, tombstone: true, stopped: false });
    expect(stop.answer.error).toMatch(/process \d+ runs/);
  });

  it("comes back after a reboot", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    await machine.reboot();
    await until(() => starts().length === 2, "it runs again");
    expect(starts()).toEqual(["1 initialized", "1 started"]);
  });

  it("has no quorum of Kafka's to verify", async () => {
    await machine.run("configure", payloadOf(MEMBER).payload);
    expect((await machine.run("verify")).answer.error).toMatch("not configured, so it knows no quorum");
  });
});

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

describe("a broker whose cluster ZooKeeper keeps", () => {
  it("formats its disk itself", async () => {
    const { payload } = payloadOf(BROKER);
    expect((await machine.run("configure", payload, { ROLLCALL_SETTLE_WAIT: "1" })).answer.ok).toBe(true);
    expect(machine.lines("java-calls")).toEqual([]);
    expect(machine.read(".rollcall/formatted")).toBe("3\n");
    expect(statSync(join(machine.home, "data")).mode & 0o777).toBe(0o700);
    expect((await machine.run("configure", payload)).answer.ok).toBe(true);
    expect(machine.lines("kafka-starts")).toHaveLength(1);
  });

  it("is taken for formatted once it has done so, however late", async () => {
    machine.cue("meta-late");
    const { payload } = payloadOf(BROKER);
    await machine.run("configure", payload);
    expect(machine.has(".rollcall/formatted")).toBe(false);
    machine.write("data/meta.properties", "broker.id=3\nversion=0\n");
    expect((await machine.run("configure", payload)).answer.ok).toBe(true);
    expect(machine.has("data/.lock")).toBe(true);
    expect(machine.read(".rollcall/formatted")).toBe("3\n");
  });

  it.each(["broker.id=4\nversion=0\n", "node.id=3\nversion=1\n"])(
    "leaves a disk alone that says %j",
    async (content) => {
      machine.write("data/meta.properties", content);
      const run = await machine.run("configure", payloadOf(BROKER).payload);
      expect(run.answer.error).toMatch(/belongs to node '4?', not to 3/);
      expect(machine.changes()).toEqual([]);
    },
  );

  it("leaves a disk alone that has something on it", async () => {
    machine.write("data/myid", "1\n");
    expect((await machine.run("configure", payloadOf(BROKER).payload)).answer.error).toMatch("look whose it is");
    expect(machine.read("data/myid")).toBe("1\n");
  });

  it("does not start over where its disk was lost", async () => {
    await machine.run("configure", payloadOf(BROKER).payload, { ROLLCALL_SETTLE_WAIT: "1" });
    await machine.systemctl("stop", UNIT);
    rmSync(join(machine.home, "data"), { recursive: true });
    expect((await machine.run("configure", payloadOf(BROKER).payload)).answer.error).toMatch("the disk was lost");
  });

  it("has no quorum of Kafka's to verify", async () => {
    await machine.run("configure", payloadOf(BROKER).payload);
    expect((await machine.run("verify")).answer.error).toMatch("ZooKeeper keeps it");
  });
});

it("a Kafka node's data is closed to others", async () => {
  await machine.run("configure", payloadOf({ files: changedFiles("a=1") }).payload);
  expect(statSync(join(machine.home, "data")).mode & 0o777).toBe(0o700);
  expect(existsSync(join(machine.home, "secrets"))).toBe(false);
});
