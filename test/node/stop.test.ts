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
    const run = await machine.run("stop");
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, stopped: false, tombstone: true });
    expect(run.answer.error).toContain(`process ${stray.pid} still runs here`);
  });

  it("takes neither a shell in the home nor another node's Kafka for its own", async () => {
    const other = new Machine();
    try {
      await other.run("configure", payloadOf().payload);
      await machine.run("configure", payloadOf().payload);
      const shell = spawn("bash", ["-c", "while :; do read -rt 1000 <> <(:); done"], {
        cwd: machine.home,
        stdio: "ignore",
      });
      expect((await machine.run("stop")).answer).toEqual(STOPPED);
      shell.kill("SIGKILL");
      expect(other.processes()).toHaveLength(1);
    } finally {
      other.close();
    }
  });

  it("is not confirmed where systemd does not answer", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.program("systemctl", "echo 'Failed to connect to bus' >&2; exit 1");
    const run = await machine.run("stop");
    expect(run.code).toBe(1);
    expect(run.answer.ok).toBe(false);
    expect(run.answer.stopped).toBeUndefined();
    expect(run.answer.error).toMatch(/is not known/);
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
    machine.plug("10.0.1.10");
    expect((await configure.ended).answer).toMatchObject({ ok: false, tombstone: true });
    expect(machine.processes()).toEqual([]);
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
