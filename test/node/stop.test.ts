import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Machine, payloadOf, UNIT, until } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const STOPPED = { ok: true, action: "stop", unit: "masked", tombstone: true, stopped: true };

describe("stop", () => {
  it("ends Kafka, masks its unit and leaves a tombstone", async () => {
    await machine.run("configure", payloadOf().payload);
    const run = await machine.run("stop");
    expect(run.answer).toEqual(STOPPED);
    expect(run.code).toBe(0);
    expect(machine.processes()).toEqual([]);
    expect(readlinkSync(join(machine.units, UNIT))).toBe("/dev/null");
    expect(machine.read(".rollcall/tombstone")).toMatch(/^stopped \d{4}-\d\d-\d\dT[\d:]+Z\n$/);
  });

  it("has systemd read the mask only after the stop, which needs the unit's own time limit", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.run("stop");
    expect(machine.changes().slice(-2)).toEqual([`stop ${UNIT}`, "daemon-reload"]);
  });

  it("says the same the second time", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.run("stop");
    const tombstone = machine.read(".rollcall/tombstone");
    expect((await machine.run("stop")).answer).toEqual(STOPPED);
    expect(machine.read(".rollcall/tombstone")).toBe(tombstone);
  });

  it("holds on a machine that was never configured", async () => {
    expect((await machine.run("stop")).answer).toEqual(STOPPED);
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(false);
  });

  it("is not confirmed while a Kafka of this home runs, whoever started it", async () => {
    mkdirSync(machine.home);
    const stray = spawn("bash", ["-c", "while :; do read -rt 1000 <> <(:); done", "java", "kafka.Kafka", "x"], {
      cwd: machine.home,
      stdio: "ignore",
    });
    await until(() => machine.processes().length === 1, "the stray process runs");
    const run = await machine.run("stop"); // Its process ends with the machine.
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, stopped: false, tombstone: true });
    expect(run.answer.error).toContain(`and process ${stray.pid} runs`);
  });

  it("takes neither a shell in the home nor another node's Kafka for its own", async () => {
    const other = new Machine();
    mkdirSync(machine.home);
    const shell = spawn("cat", { cwd: machine.home, stdio: ["pipe", "ignore", "ignore"] });
    try {
      await other.run("configure", payloadOf().payload);
      await machine.run("configure", payloadOf().payload);
      expect((await machine.run("stop")).answer).toEqual(STOPPED);
      expect(other.processes()).toHaveLength(1);
    } finally {
      shell.kill("SIGKILL");
      other.close();
    }
  });

  it.each([
    ["does not answer", "echo 'Failed to connect to bus' >&2; exit 1", "unknown"],
    [
      "is about to start it again",
      "[[ $1 != show ]] || printf '%s\\n' LoadState=masked ActiveState=activating MainPID=0",
      "activating",
    ],
    [
      "still stops it",
      "[[ $1 != show ]] || printf '%s\\n' LoadState=masked ActiveState=deactivating MainPID=0",
      "deactivating",
    ],
  ])("is not confirmed where systemd %s", async (_, systemctl, unit) => {
    machine.program("systemctl", systemctl);
    const run = await machine.run("stop");
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, stopped: false, tombstone: true, unit });
    expect(run.answer.error).toContain(`was told to stop, but is ${unit}`);
    expect((await machine.run("status")).answer).toMatchObject({ tombstone: true, stopped: false });
  });
});

describe("after a stop", () => {
  it("a configure that comes late is refused and changes nothing", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.run("stop");
    const before = machine.changes();
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, action: "configure", tombstone: true, unit: "masked" });
    expect(run.answer.error).toMatch(/stopped for good \(stopped .*its id may belong to another/);
    expect(machine.changes()).toEqual(before);
    expect(machine.processes()).toEqual([]);
  });

  it("a reboot brings nothing back", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.run("stop");
    await machine.reboot();
    expect(machine.processes()).toEqual([]);
    expect((await machine.run("status")).answer).toMatchObject({ unit: "masked", tombstone: true, stopped: true });
  });

  it("without one, a reboot brings Kafka back", async () => {
    await machine.run("configure", payloadOf().payload);
    await machine.reboot();
    expect(machine.processes()).toHaveLength(1);
    const run = await machine.run("configure", payloadOf().payload);
    expect(run.answer).toMatchObject({ ok: true, unit: "active" });
    expect(machine.lines("kafka-starts")).toHaveLength(2);
  });
});

describe("stop and configure at once", () => {
  it("a configure that waits for its address gives way", async () => {
    machine.plug("10.0.1.1");
    const configure = machine.start("configure", payloadOf().payload);
    await until(() => machine.has(".rollcall"), "the configure has begun");
    expect((await machine.run("stop")).answer).toEqual(STOPPED);
    // Without its address ever coming, and long before it would give up waiting.
    expect((await configure.ended).answer).toMatchObject({ ok: false, tombstone: true });
    expect(machine.processes()).toEqual([]);
  });

  it("a configure that waited for a stop to end finds the tombstone", async () => {
    mkdirSync(join(machine.home, ".rollcall"), { recursive: true });
    const held = join(machine.standIn, "held");
    const lock = spawn("flock", [join(machine.home, ".rollcall/lock"), "bash", "-c", 'touch "$0"; cat', held], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    try {
      await until(() => existsSync(held), "somebody has the lock");
      machine.program("ip", 'touch "$STAND_IN/ip-asked"; echo "1: eth0 inet 10.0.1.10/24"');
      const configure = machine.start("configure", payloadOf().payload);
      await until(() => existsSync(join(machine.standIn, "ip-asked")), "the configure sees its address");
      machine.write(".rollcall/tombstone", "stopped just now\n");
      lock.stdin.end();
      expect((await configure.ended).answer.error).toMatch(/stopped for good \(stopped just now\)/);
    } finally {
      lock.kill("SIGKILL");
    }
    expect(machine.has("config")).toBe(false);
  });

  it("a stop waits for the configure under way, and ends what it started", async () => {
    machine.cue("format-hold");
    const configure = machine.start("configure", payloadOf().payload);
    await until(() => existsSync(join(machine.standIn, "format-hold.reached")), "the configure formats");
    const stop = machine.start("stop");
    const late = machine.start("configure", payloadOf().payload);
    expect(machine.has(".rollcall/tombstone")).toBe(false);
    machine.uncue("format-hold");

    expect((await configure.ended).answer.ok).toBe(true);
    expect((await stop.ended).answer).toEqual(STOPPED);
    await late.ended;
    expect(machine.processes()).toEqual([]);
    expect(lstatSync(join(machine.units, UNIT)).isSymbolicLink()).toBe(true);
  });
});
