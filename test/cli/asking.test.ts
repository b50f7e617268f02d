/** What an operator asks of Rollcall, from the command line to what becomes of it in the cluster. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AwsError, type Call } from "../../lab/cloud/service.ts";
import { type Bench, MUTATING, startBench, type Told } from "./lab.ts";

let bench: Bench;
/** Whether instances that launch now never get their agent. */
let mute = false;
/** What becomes of a call before it takes effect. */
let meddle: (call: Call) => void = () => {};
beforeAll(async () => {
  bench = await startBench({
    faults: { agent: () => (mute ? "never" : undefined), before: (call) => meddle(call) as undefined },
  });
});
afterAll(() => bench.close());
beforeEach(() => bench.whole());
afterEach(() => {
  meddle = () => {};
});

const terminate = (instance: string) =>
  bench.lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: instance,
    ShouldDecrementDesiredCapacity: false,
  });

const holdOf = async (instance: string) => (await bench.record(instance))?.hold;
const heldAt = (instance: string, words: RegExp) =>
  bench.until(`${instance} is held`, async () => {
    const hold = await holdOf(instance);
    return hold && words.test(hold.reason) ? hold : undefined;
  });
const ownerOf = async (id: number) => (await bench.lab.table.readAll()).rosters.get("broker")?.members.get(id)?.owner;

describe("hold and resume", () => {
  test("a node that is held is not replaced, though its process is dead; once resumed it is", async () => {
    const { owner } = await bench.member("broker", 1);
    const asked = await bench.json("hold", owner, "--yes", "--reason", "I look  at its disk");
    expect(asked.status).toBe(0);
    expect(asked.told).toMatchObject({
      instance: owner,
      done: true,
      operator: { wish: "hold", reason: "I look at its disk" },
      now: { do: "settled", row: "in-service/4" },
      after: { do: "hold", row: "operator/hold", reason: "an operator holds it: I look at its disk" },
    });
    await heldAt(owner, /^an operator holds it: I look at its disk$/);
    await bench.lab.machine(owner).breakKafka();
    // Longer than the grace, after which it would be asked, and then replaced.
    const end = bench.lab.clock.now() + 2 * bench.lab.definition.periods.grace;
    await bench.until("the grace is over", () => (bench.lab.clock.now() > end ? true : undefined));
    expect(await ownerOf(1)).toBe(owner);
    const status = await bench.json("status");
    expect(status.status).toBe(1);
    expect(status.told.concerns).toEqual([
      expect.stringContaining(`broker 1 (${owner}) is held: an operator holds it`),
    ]);

    expect(await bench.rollcall("resume", owner, "--yes")).toMatchObject({ status: 0 });
    expect((await bench.record(owner))?.operator).toBeUndefined();
    await bench.until("broker 1 is another instance", async () => ((await ownerOf(1)) === owner ? undefined : true));
  });

  test("where nothing was asked, resume has nothing to do", async () => {
    const { owner } = await bench.member("broker", 2);
    expect(await bench.json("resume", owner)).toMatchObject({ status: 0, told: { instance: owner, done: false } });
  });

  test("without --yes nobody can be asked here, so that nothing is done", async () => {
    const { owner } = await bench.member("broker", 2);
    const { status, out, err } = await bench.rollcall("hold", owner);
    expect(status).toBe(1);
    expect(out).toContain("holds (operator/hold)");
    expect(err).toContain("give --yes");
    expect(await bench.rollcall("hold", owner, "--dry-run")).toMatchObject({ status: 0 });
    expect((await bench.record(owner))?.operator).toBeUndefined();
  });
});

describe("Ctrl-C", () => {
  test.each([
    ["first", 1],
    ["once more, before it is written", 2],
  ])("while it is looked %s, leaves everything as it is, also with --yes", async (_when, look) => {
    const { owner } = await bench.member("broker", 2);
    const interruption = new AbortController();
    let looks = 0;
    meddle = ({ caller, action }) => {
      if (caller.role !== "operator" || action !== "DescribeAutoScalingGroups") return;
      looks += 1;
      if (looks === look) interruption.abort();
    };
    const mark = bench.lab.cloud.calls.all().length;
    const { status } = await bench.interruptible(interruption.signal, "hold", owner, "--yes");
    expect({ status, looks }).toEqual({ status: 130, looks: look });
    expect(bench.operatorCalls(mark).filter((call) => MUTATING.test(call.action))).toEqual([]);
    expect((await bench.record(owner))?.operator).toBeUndefined();
  });
});

describe("a question", () => {
  test("is answered yes, and it is done; anything else, and it is not", async () => {
    const { owner } = await bench.member("broker", 2);
    const no = await bench.answering(async () => "", "hold", owner);
    expect(no).toMatchObject({ status: 1, err: "rollcall: not done: the answer was no\n" });
    expect((await bench.record(owner))?.operator).toBeUndefined();
    expect(await bench.answering(async () => "y", "hold", owner)).toMatchObject({ status: 0 });
    expect((await bench.record(owner))?.operator).toMatchObject({ wish: "hold", reason: "asked by alice" });
    expect(await bench.answering(async () => "yes", "resume", owner)).toMatchObject({ status: 0 });
  });

  test("that was thought about for too long is asked again: nothing is written where the instance has moved on", async () => {
    const { owner } = await bench.member("broker", 2);
    const thinks = async () => {
      await terminate(owner);
      await bench.until(
        "its termination has begun",
        async () => (await bench.record(owner))?.action?.kind === "terminate" || undefined,
      );
      return "y";
    };
    const { status, err } = await bench.answering(thinks, "hold", owner);
    expect(status).toBe(1);
    expect(err).toMatch(/has moved on meanwhile|is not of cluster/);
    expect((await bench.record(owner))?.operator).toBeUndefined();
    await bench.until("broker 2 is another instance", async () => ((await ownerOf(2)) === owner ? undefined : true));
  });
});

describe("abandon", () => {
  test("is refused for an instance that is not launching, with what to do instead", async () => {
    const { owner } = await bench.member("broker", 3);
    const { status, told } = await bench.json("abandon", owner, "--yes", "--force");
    expect(status).toBe(1);
    expect(told.error).toContain(`${owner} is InService, not launching`);
    expect(told.error).toContain("terminate-instance-in-auto-scaling-group");
  });

  test("is refused where Kafka has the launch already, also while a hold hides how far it is", async () => {
    const { owner } = await bench.member("broker", 3);
    // It comes as far as the last step, which fails.
    meddle = ({ action, input }) => {
      if (action === "CompleteLifecycleAction" && JSON.stringify(input).includes("rollcall-launch"))
        throw new AwsError("Throttling", "Rate exceeded");
    };
    await terminate(owner);
    const launching = await bench.until("Kafka has the replacement, and Auto Scaling not yet", async () => {
      const now = await ownerOf(3);
      if (now === undefined || now === owner) return undefined;
      const { told } = await bench.json("explain", now);
      return told.step?.row === "launch/11" ? now : undefined;
    });
    expect(await bench.json("hold", launching, "--yes")).toMatchObject({ status: 0 });
    const { status, told } = await bench.json("abandon", launching, "--yes");
    expect(status).toBe(1);
    expect(told.error).toMatch(/^that is not safe: Kafka has it already: .*--force does it all the same$/);
    expect((await bench.record(launching))?.operator).toMatchObject({ wish: "hold" });
    meddle = () => {};
    expect(await bench.json("resume", launching, "--yes")).toMatchObject({ status: 0 });
    await bench.whole();
    expect(await ownerOf(3)).toBe(launching);
  });

  test("gives up a launch that waits for an agent that will not come", async () => {
    mute = true;
    const { owner } = await bench.member("broker", 2);
    await terminate(owner);
    const launching = await bench.until("a launch waits for its agent", async () => {
      const now = await ownerOf(2);
      const record = now === undefined || now === owner ? undefined : await bench.record(now);
      return record?.action?.kind === "launch" ? now : undefined;
    });
    expect(await bench.json("explain", launching ?? "")).toMatchObject({
      told: { step: { do: "wait", row: "launch/4" } },
    });
    mute = false;
    const asked = await bench.json("abandon", launching ?? "", "--yes");
    expect(asked.told.after).toMatchObject({
      row: "operator/abandon",
      change: { kind: "complete", result: "ABANDON" },
    });
    expect(asked.status).toBe(0);
    await bench.until("another instance launches", async () => ((await ownerOf(2)) === launching ? undefined : true));
    await bench.whole();
    const abandoned = bench.lab.cloud.calls
      .all()
      .filter((call) => call.action === "CompleteLifecycleAction" && JSON.stringify(call.input).includes("ABANDON"));
    expect(abandoned.map((call) => JSON.stringify(call.input))).toEqual([expect.stringContaining(launching ?? "")]);
  });
});

describe("release", () => {
  const functions = ["rollcall-lab-lifecycle", "rollcall-lab-sweep"];

  test("wants a node id that the roster has", async () => {
    expect(await bench.rollcall("release", "one")).toMatchObject({ status: 2 });
    const { status, told } = await bench.json("release", "77");
    expect(status).toBe(1);
    expect(told.error).toContain("ids given out: 1, 2, 3, 101, 102, 103");
  });

  test("is refused while the holder may run", async () => {
    const { owner } = await bench.member("broker", 3);
    const { status, told } = await bench.json("release", "3", "--yes");
    expect(status).toBe(1);
    expect(told.error).toContain(`${owner} is InService, EC2 says running`);
    expect(await ownerOf(3)).toBe(owner);
    // What would happen is shown all the same.
    const shown = await bench.rollcall("release", "3", "--dry-run");
    expect(shown).toMatchObject({ status: 1, err: expect.stringContaining("--force does it all the same") });
    expect(shown.out).toMatch(/now\n {2}settled .*\n.*\nthen\n {2}changes: frees broker 3 \(operator\/release\)/);
  });

  test("frees from here what EC2 has ended, also while the functions are down", async () => {
    for (const FunctionName of functions) {
      await bench.lab.operate("lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: 0 });
    }
    const { owner } = await bench.member("broker", 3);
    await bench.lab.operate("ec2", "TerminateInstances", { InstanceIds: [owner] });
    await bench.until("EC2 has ended it", () => {
      const state = bench.lab.cloud.snapshot().instances.find((i) => i.id === owner)?.state;
      return state === "terminated" ? true : undefined;
    });
    const told = await bench.json("release", "3");
    expect(told).toMatchObject({ status: 0, told: { id: 3, instance: owner, done: false } });
    expect(await ownerOf(3)).toBe(owner);
    expect(await bench.json("release", "3", "--here", "--yes")).toMatchObject({ status: 0, told: { done: true } });
    expect(await ownerOf(3)).toBeUndefined();
    expect(await bench.json("release", "3")).toEqual({ status: 0, told: { role: "broker", id: 3, done: false } });
    for (const FunctionName of functions)
      await bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName });
    await bench.whole();
    expect(await ownerOf(3)).not.toBe(owner);
  });

  test("with --force takes an id from an instance that runs on, which is then held", async () => {
    const { owner } = await bench.member("broker", 3);
    const asked = await bench.json("release", "3", "--force", "--yes", "--here");
    expect(asked.told).toMatchObject({
      unsafe: expect.stringContaining("has not confirmed"),
      after: { row: "operator/release", change: { kind: "release", role: "broker", id: 3 } },
      outcome: { changes: expect.arrayContaining(["release"]) },
    });
    expect(await ownerOf(3)).toBeUndefined();
    await heldAt(owner, /in service in lab-broker-.* without an id/);
    const doctor = await bench.json("doctor");
    expect(doctor.status).toBe(1);
    expect(doctor.told.findings.filter((f: Told) => f.level === "wrong").map((f: Told) => f.what)).toContain(
      `${owner} is in service and holds no id`,
    );
    await terminate(owner);
    await bench.whole();
  });
});

// Last: a broker that has the only copy of something is held whenever it is to be stopped.
describe("force", () => {
  test("is refused where nothing holds the instance", async () => {
    const { owner } = await bench.member("broker", 3);
    const { status, told } = await bench.json("force", owner, "--yes");
    expect(status).toBe(1);
    expect(told.error).toBe(`nothing holds ${owner}: well (in-service/4)`);
  });

  test("ends an instance that has the only copy of something, and lets its replacement come back empty", async () => {
    bench.kafka.createTopic("precious", { partitions: 1, replication: 1, minIsr: 1 });
    const [precious] = bench.kafka.partitions().filter((p) => p.topic === "precious");
    const id = precious?.leader ?? 0;
    const { owner } = await bench.member("broker", id);
    await terminate(owner);
    await heldAt(owner, /precious-0 would have no in-sync replica left/);
    const explained = await bench.json("explain", owner);
    expect(explained).toMatchObject({ status: 1, told: { step: { do: "hold", row: "terminate/2" } } });

    const asked = await bench.json("force", owner, "--yes", "--reason", "precious is not");
    expect(asked.status).toBe(0);
    expect(asked.told).toMatchObject({
      now: { do: "hold", row: "terminate/2" },
      after: {
        do: "change",
        change: { kind: "take-turn" },
        reason: `takes the turn for broker ${id}: an operator forces its stop: precious is not`,
      },
    });
    const replacement = await bench.until("broker is another instance", async () => {
      const now = await ownerOf(id);
      return now === owner ? undefined : now;
    });
    await heldAt(replacement, /an empty disk is not safe: precious-0 has no live leader/);
    expect(await bench.rollcall("force", replacement, "--yes")).toMatchObject({ status: 0 });
    await bench.whole();
    expect(await ownerOf(id)).toBe(replacement);
  });
});
