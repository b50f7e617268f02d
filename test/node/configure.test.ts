import { existsSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changedFiles, FOUNDER, Machine, payloadOf, UNIT, until } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const START = ["daemon-reload", `enable ${UNIT}`, `reset-failed ${UNIT}`, `restart ${UNIT}`];

describe("the first configure", () => {
  it("writes files and unit, formats the disk, starts the unit and says so", async () => {
    const { payload, digest } = payloadOf();
    const run = await machine.run("configure", payload);

    expect(run.answer).toEqual({ ok: true, action: "configure", digest, unit: "active", tombstone: false });
    expect(run.code).toBe(0);
    expect(machine.read("config/server.properties")).toContain("node.id=101\n");
    expect(statSync(join(machine.home, "config/tools.properties")).mode & 0o777).toBe(0o640);
    expect(machine.changes()).toEqual(START);
    expect(machine.processes()).toHaveLength(1);
    expect(machine.read("data/meta.properties")).toContain("cluster.id=5L6g3nShT-eMCtK--X86sw");
  });

  it("puts into the unit what only the machine knows", async () => {
    await machine.run("configure", payloadOf().payload);
    const unit = readFileSync(join(machine.units, UNIT), "utf8");
    expect(unit).toBe(
      `[Service]\nWorkingDirectory=${machine.home}\n` +
        `ExecStart=java -cp ${machine.kafka}/libs/* kafka.Kafka config/server.properties\n`,
    );
  });

  it("runs Kafka as user kafka where the machine has one", async () => {
    machine.cue("users", "kafka\n");
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer.ok).toBe(true);
    expect(readFileSync(join(machine.units, UNIT), "utf8")).toContain("User=kafka\n");
    expect(machine.lines("chown")).toEqual([`-R kafka: ${machine.home}/data ${machine.home}/logs`]);
  });

  it("runs it as whoever runs the script, where that is not root", async () => {
    machine.cue("users", "kafka\n");
    machine.cue("uid", "1000\n");
    await machine.run("configure", payloadOf().payload);
    expect(readFileSync(join(machine.units, UNIT), "utf8")).not.toContain("User=");
    expect(machine.lines("chown")).toEqual([]);
  });

  it("leaves nothing of the answer's pipe or the lock to what it starts", async () => {
    // The run resolves only when nobody holds its output open, and the lock is free although Kafka runs on.
    await machine.run("configure", payloadOf().payload);
    expect(machine.processes()).toHaveLength(1);
    const again = await machine.run("configure", payloadOf().payload, { ROLLCALL_LOCK_WAIT: "0" });
    expect(again.answer.ok).toBe(true);
  });
});

describe("formatting", () => {
  const formats = () => machine.lines("java-calls").filter((call) => call.includes("StorageTool"));

  it("founds the quorum where the payload says so, with the directory ids made in advance", async () => {
    const run = await machine.run("configure", payloadOf({ format: FOUNDER }).payload);
    expect(run.answer.ok).toBe(true);
    expect(formats()).toHaveLength(1);
    expect(formats()[0]).toContain(
      `format --cluster-id 5L6g3nShT-eMCtK--X86sw --config config/server.properties --initial-controllers ${FOUNDER.voters.join(",")}`,
    );
    expect(machine.read("data/meta.properties")).toContain(`directory.id=${FOUNDER.directoryId}`);
  });

  it("joins otherwise", async () => {
    await machine.run("configure", payloadOf().payload);
    expect(formats()[0]).toMatch(/--no-initial-controllers$/);
  });

  it("happens once, whatever the configuration becomes", async () => {
    await machine.run("configure", payloadOf({ format: FOUNDER }).payload);
    await machine.run("configure", payloadOf({ format: FOUNDER, files: changedFiles("a=1") }).payload);
    await machine.run("configure", payloadOf({ files: changedFiles("a=2") }).payload);
    expect(formats()).toHaveLength(1);
  });

  it("never founds on a disk that has joined", async () => {
    await machine.run("configure", payloadOf().payload);
    const run = await machine.run("configure", payloadOf({ format: FOUNDER }).payload);
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(/was formatted as directory 'f+A'.*not founded a second time/);
    expect(formats()).toHaveLength(1);
  });

  it.each([
    ["another cluster", { clusterId: "AAAAAAAAAAAAAAAAAAAAAA" }, /belongs to cluster '5L6g3nShT-eMCtK--X86sw'/],
    ["another node", { id: 102 }, /belongs to node '101', not to 102/],
  ])("leaves the disk of %s alone", async (_, overrides, words) => {
    await machine.run("configure", payloadOf().payload);
    const before = machine.changes();
    const run = await machine.run("configure", payloadOf(overrides).payload);
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(words);
    expect(machine.changes()).toEqual(before);
    expect(formats()).toHaveLength(1);
    expect((await machine.run("status")).answer.digest).toBe(payloadOf().digest);
  });

  it("refuses a disk that has something on it but is not formatted", async () => {
    machine.write("data/orders-0/00000000000000000000.log", "messages");
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer.error).toMatch(/has orders-0 in it but no meta.properties/);
    expect(machine.read("data/orders-0/00000000000000000000.log")).toBe("messages");
    expect(machine.processes()).toEqual([]);
  });

  it("takes the empty file system of a new volume", async () => {
    machine.write("data/lost+found/.keep", "");
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
    expect(machine.has("data/lost+found/.keep")).toBe(true);
  });

  it("refuses to format a second time where the disk was lost", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.systemctl("stop", UNIT);
    rmSync(join(machine.home, "data"), { recursive: true });
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer.error).toMatch(/was formatted before.*the disk was lost/);
    expect(formats()).toHaveLength(1);
  });

  it("says why it failed, and clears up after itself the next time", async () => {
    machine.cue("format-breaks", 'java.io.IOException: "No space left\ton device"');
    const broken = await machine.run("configure", payloadOf().payload);
    expect(broken.answer.error).toMatch(/formatting .*data failed: .*"No space left on device"/);
    expect(broken.code).toBe(1);
    expect(machine.changes()).toEqual(["daemon-reload"]);

    machine.uncue("format-breaks");
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
  });

  it("is not overtaken where the script is killed meanwhile", async () => {
    machine.cue("format-hold");
    const first = machine.start("configure", payloadOf().payload);
    await until(() => existsSync(join(machine.standIn, "format-hold.reached")), "it formats");
    process.kill(first.pid, "SIGKILL");

    const second = machine.start("configure", payloadOf().payload);
    const refused = await machine.run("stop", "", { ROLLCALL_LOCK_WAIT: "0" });
    expect(refused.answer.error).toMatch(/has held the lock/);
    expect(formats()).toHaveLength(1);
    machine.uncue("format-hold");
    expect((await second.ended).answer.ok).toBe(true);
    expect(machine.processes()).toHaveLength(1);
  });
});

describe("configure again", () => {
  it("restarts nothing and writes nothing where nothing changed", async () => {
    const { payload } = payloadOf();
    const first = await machine.run("configure", payload);
    const [changes, pids] = [machine.changes(), machine.processes()];
    const written = statSync(join(machine.home, "config/server.properties")).ino;

    const second = await machine.run("configure", payload);
    expect(second.answer).toEqual(first.answer);
    expect(machine.changes()).toEqual(changes);
    expect(machine.processes()).toEqual(pids);
    expect(statSync(join(machine.home, "config/server.properties")).ino).toBe(written);
  });

  it("restarts nothing where only the way to format has changed", async () => {
    await machine.run("configure", payloadOf({ format: FOUNDER }).payload);
    const pids = machine.processes();
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
    expect(machine.processes()).toEqual(pids);
  });

  it("restarts once with another digest", async () => {
    await machine.run("configure", payloadOf().payload);
    const before = machine.processes();
    const { payload, digest } = payloadOf({ files: changedFiles("num.io.threads=4") });
    const run = await machine.run("configure", payload);
    expect(run.answer).toMatchObject({ ok: true, digest });
    expect(machine.changes()).toEqual([...START, ...START]);
    expect(machine.processes()).toHaveLength(1);
    expect(machine.processes()).not.toEqual(before);
    expect(machine.read("config/server.properties")).toContain("num.io.threads=4");
  });

  it("starts a unit that does not run", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.systemctl("stop", UNIT);
    expect((await machine.run("configure", payloadOf().payload)).answer).toMatchObject({ ok: true, unit: "active" });
    expect(machine.processes()).toHaveLength(1);
  });

  it("removes files that are not wanted any more, and no others", async () => {
    const extra = { mode: "0644", path: "config/extra/old.properties", content: "old" };
    await machine.run("configure", payloadOf({ files: [...changedFiles(""), extra] }).payload);
    machine.write("config/operators.notes", "mine");
    expect(machine.has("config/extra/old.properties")).toBe(true);
    await machine.run("configure", payloadOf().payload);
    expect(machine.has("config/extra/old.properties")).toBe(false);
    expect(machine.has("config/tools.properties")).toBe(true);
    expect(machine.has("config/operators.notes")).toBe(true);
  });

  it("puts right what was changed by hand", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.write("config/server.properties", "node.id=999\n");
    await machine.run("configure", payloadOf().payload);
    expect(machine.read("config/server.properties")).toContain("node.id=101\n");
    expect(machine.lines("kafka-starts")).toHaveLength(2);
  });

  describe("after an attempt at another configuration that got no further than its files", () => {
    const other = payloadOf({ files: changedFiles("num.io.threads=4") });
    beforeEach(async () => {
      await machine.run("configure", payloadOf().payload);
      machine.program("systemctl", "exit 1");
      expect((await machine.run("configure", other.payload)).answer.error).toBe("systemctl daemon-reload failed");
      rmSync(join(machine.bin, "systemctl"));
    });

    it("the node counts as not configured", async () => {
      expect((await machine.run("status")).answer.digest).toBeUndefined();
    });

    it("the next attempt goes through with it", async () => {
      expect((await machine.run("configure", other.payload)).answer).toMatchObject({ ok: true, digest: other.digest });
      expect(machine.lines("kafka-starts")).toHaveLength(2);
    });

    it("there is a way back", async () => {
      expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
      expect(machine.read("config/server.properties")).not.toContain("num.io.threads");
      expect(machine.lines("kafka-starts")).toHaveLength(2);
    });
  });
});

describe("two configures at once", () => {
  it("take turns: one format, one start", async () => {
    const { payload } = payloadOf();
    const runs = await Promise.all([1, 2, 3].map(() => machine.run("configure", payload)));
    expect(runs.map((run) => run.answer.ok)).toEqual([true, true, true]);
    expect(machine.lines("java-calls")).toHaveLength(1);
    expect(machine.lines("kafka-starts")).toHaveLength(1);
    expect(machine.changes()).toEqual(START);
  });
});

describe("the address", () => {
  it("is waited for", async () => {
    machine.plug("10.0.1.1", "10.0.1.100");
    const run = machine.start("configure", payloadOf().payload);
    await until(() => machine.has(".rollcall"), "the script has begun");
    expect(machine.has("config")).toBe(false);
    machine.plug("10.0.1.1", "10.0.1.10");
    expect((await run.ended).answer.ok).toBe(true);
  });

  it("is named where it does not come, and nothing was changed", async () => {
    machine.plug("10.0.1.1", "10.0.1.100");
    const run = await machine.run("configure", payloadOf().payload, { ROLLCALL_ADDRESS_WAIT: "0" });
    expect(run.code).toBe(1);
    expect(run.answer.error).toBe(
      "address 10.0.1.10 did not appear on this machine within 0 s; it has 10.0.1.1, 10.0.1.100",
    );
    expect(run.stderr).toContain(run.answer.error);
    expect(machine.has("config")).toBe(false);
    expect(machine.changes()).toEqual([]);
  });

  it.each([
    ["its link is down", "down", "the link of its interface eth2 is down"],
    [
      "others' answers would go astray",
      "unrouted",
      "what is sent from it leaves by eth1, not by its own interface eth2",
    ],
    ["it leads nowhere", "cut off", "nothing sent from it has a way out of its subnet"],
  ])("is not used while %s", async (_, state, words) => {
    machine.plug("10.0.1.1", `10.0.1.10 ${state}`);
    const run = await machine.run("configure", payloadOf().payload, { ROLLCALL_ADDRESS_WAIT: "0" });
    expect(run.answer.error).toBe(`address 10.0.1.10 does not work after 0 s: ${words}`);
    expect(machine.has("config")).toBe(false);

    const waiting = machine.start("configure", payloadOf().payload);
    await until(() => machine.lines("routes").length > 3, "the script has looked for its way");
    machine.plug("10.0.1.1", "10.0.1.10");
    expect((await waiting.ended).answer.ok).toBe(true);
  });
});

describe("a machine that lacks something", () => {
  it("is told where Kafka's jars belong", async () => {
    rmSync(join(machine.kafka, "libs"), { recursive: true });
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer.error).toBe(`there is no Kafka in ${machine.kafka}: its jars belong into ${machine.kafka}/libs`);
    expect(machine.has("config")).toBe(false);
  });

  it("does not become another kind of node", async () => {
    await machine.run("configure", payloadOf().payload);
    const unit = { name: "rollcall-other.service", content: "[Service]\n" };
    const run = await machine.run("configure", payloadOf({ unit }).payload);
    expect(run.answer.error).toBe(`this machine runs ${UNIT}, and does not become rollcall-other.service`);
    expect(machine.processes()).toHaveLength(1);
  });
});

describe("a unit that does not stay up", () => {
  it("fails the command, with the log's own words", async () => {
    machine.cue("kafka-breaks", "Invalid value x for configuration num.io.threads");
    const run = await machine.run("configure", payloadOf().payload, { ROLLCALL_SETTLE_WAIT: "5" });
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, unit: "failed" });
    expect(run.answer.error).toMatch(/ended right after its start: .*Invalid value x for configuration num.io.threads/);
  });

  it("is left alone where somebody has masked it", async () => {
    symlinkSync("/dev/null", join(machine.units, UNIT));
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer.error).toMatch(/is masked, but not by a stop/);
    expect(machine.processes()).toEqual([]);
  });
});
