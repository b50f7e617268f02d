import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NODE_SCRIPT } from "../../resources/node-script.ts";
import { Machine, payloadOf, SCRIPT, UNIT } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

describe("status", () => {
  it("tells of a machine that nobody has configured, and leaves it so", async () => {
    const run = await machine.run("status");
    expect(run.answer).toEqual({ ok: true, action: "status", unit: "absent", tombstone: false });
    expect(machine.has("")).toBe(false);
  });

  it("tells what was configured and what runs, without a JVM", async () => {
    const { payload, digest } = payloadOf();
    await machine.run("configure", payload);
    const calls = machine.lines("java-calls");
    expect((await machine.run("status")).answer).toEqual({
      ok: true,
      action: "status",
      unit: "active",
      digest,
      tombstone: false,
    });
    await machine.systemctl("stop", UNIT);
    expect((await machine.run("status")).answer.unit).toBe("inactive");
    expect(machine.lines("java-calls")).toEqual(calls);
  });
});

// As Kafka 4.3.1 prints it: tabs, and blanks that fill each column. 103 was replaced with an empty disk, so that its old
// directory is an observer now; broker 2 has just come and never caught up.
const REPLICATION = [
  "NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t",
  "102   \tMvDxzVmcRsaTz33bUuRU6A\t731         \t0  \t1795360746401     \t1795360746401        \tLeader  \t",
  "101   \tJEXY6aqzQY-32P5TStzaFg\t731         \t0  \t1795360746257     \t1795360746257        \tFollower\t",
  "103   \tq9anromB5PbtFYMPuEiq8A\t700         \t31 \t1795360746257     \t1795360745401        \tFollower\t",
  "2     \t8d96TcM9wj1YRvaLHTjPbg\t0           \t731\t1795360746261     \t-1                   \tObserver\t",
  "103   \t07R5amHmR32VDA6jHkGbTA\t225         \t506\t1795360497477     \t1795360497010        \tObserver\t",
].join("\n");

describe("verify", () => {
  it("tells the quorum's state, ages by the leader's clock", async () => {
    const { payload, digest } = payloadOf();
    await machine.run("configure", payload);
    machine.cue("quorum", `${REPLICATION}\n`);
    const run = await machine.run("verify");
    expect(run.answer).toEqual({
      ok: true,
      action: "verify",
      unit: "active",
      digest,
      tombstone: false,
      quorum: {
        leader: 102,
        voters: [
          { id: 102, directoryId: "MvDxzVmcRsaTz33bUuRU6A", logEndOffset: 731, lag: 0, caughtUpAgo: 0 },
          { id: 101, directoryId: "JEXY6aqzQY-32P5TStzaFg", logEndOffset: 731, lag: 0, caughtUpAgo: 144 },
          { id: 103, directoryId: "q9anromB5PbtFYMPuEiq8A", logEndOffset: 700, lag: 31, caughtUpAgo: 1000 },
        ],
        observers: [
          { id: 2, directoryId: "8d96TcM9wj1YRvaLHTjPbg", logEndOffset: 0, lag: 731, caughtUpAgo: -1 },
          { id: 103, directoryId: "07R5amHmR32VDA6jHkGbTA", logEndOffset: 225, lag: 506, caughtUpAgo: 249391 },
        ],
      },
    });
    expect(machine.lines("java-calls").at(-1)).toContain(
      "MetadataQuorumCommand --bootstrap-controller 10.0.1.10:9093,10.0.2.10:9093 --command-config config/tools.properties",
    );
  });

  it("does not know a leader that the table does not name", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.cue("quorum", REPLICATION.replace("Leader  ", "Follower"));
    const { quorum } = (await machine.run("verify")).answer;
    expect(quorum?.leader).toBe(-1);
    expect(quorum?.voters.map((voter) => voter.caughtUpAgo)).toEqual([-1, -1, -1]);
  });

  it("fails where the quorum does not answer, and still tells of the node", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.program("java", 'echo "org.apache.kafka.common.errors.TimeoutException: \\"Call\\" timed out" >&2; exit 1');
    const run = await machine.run("verify");
    expect(run.code).toBe(1);
    expect(run.answer).toMatchObject({ ok: false, unit: "active", tombstone: false });
    expect(run.answer.error).toContain('TimeoutException: "Call" timed out');
    expect(run.answer.quorum).toBeUndefined();
  });

  it("ends a tool that takes too long", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.cue("quorum-hold");
    const run = await machine.run("verify", "", { ROLLCALL_TOOL_WAIT: "1" });
    expect(run.answer.error).toMatch(/does not answer/);
  });

  it("fails where the tool's answer makes no sense", async () => {
    await machine.run("configure", payloadOf().payload);
    machine.cue("quorum", "something else\n");
    expect((await machine.run("verify")).answer.error).toMatch(/is not understood: something else/);
  });

  it("says that a node without a configuration knows no quorum", async () => {
    expect((await machine.run("verify")).answer.error).toMatch(/not configured/);
  });
});

describe("any action", () => {
  it.each(["", "restart", "stop; touch x", 'quo"te\\ \n\té'])("is refused where it is %j", async (action) => {
    const run = await machine.run(action);
    expect(run.code).toBe(1);
    expect(run.answer.ok).toBe(false);
    expect(run.answer.error).toMatch(/SSM_action must be/);
    expect(run.stdout.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    ["ROLLCALL_HOME", "/var/lib/roll call"],
    ["ROLLCALL_HOME", "relative"],
    ["KAFKA_HOME", "/opt/kafka:/opt/other"],
    ["ROLLCALL_UNITS", "/etc/$(id)"],
    ["ROLLCALL_LOCK_WAIT", "long"],
  ])("is refused where %s is %j", async (name, value) => {
    const run = await machine.run("status", "", { [name]: value });
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(new RegExp(`^${name} must be`));
  });
});

describe("the script", () => {
  const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

  it.skipIf(!hasShellcheck)("passes shellcheck (skipped where the machine has none)", () => {
    const standIns = ["systemctl", "ip", "java"].map((name) => join(import.meta.dirname, "bin", name));
    const check = spawnSync("shellcheck", [SCRIPT, ...standIns], { encoding: "utf8" });
    expect(check.stdout).toBe("");
    expect(check.status).toBe(0);
  });

  it("has nothing in it that SSM would take for a parameter", () => {
    expect(readFileSync(SCRIPT, "utf8")).not.toContain("{{");
  });

  it("fits an SSM document of 64 KB with room for the document's own words", () => {
    expect(JSON.stringify(NODE_SCRIPT).length).toBeLessThan(56 * 1024);
  });
});
