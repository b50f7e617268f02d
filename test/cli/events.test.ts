/** What comes back to Rollcall: dead letters, and archived events. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Queue } from "../../lab/cloud/queue.ts";
import { AwsError, type Call } from "../../lab/cloud/service.ts";
import { type Bench, MUTATING, startBench, type Told } from "./lab.ts";

let bench: Bench;
/** What becomes of a call before it takes effect. */
let meddle: (call: Call) => void = () => {};
beforeAll(async () => {
  bench = await startBench({ faults: { before: (call) => meddle(call) as undefined } });
});
afterAll(() => bench.close());
beforeEach(() => bench.whole());
afterEach(() => {
  meddle = () => {};
});

function queue(name: string): Queue {
  const found = bench.lab.cloud.queues.all().find((q) => q.name === `rollcall-lab-${name}`);
  if (!found) throw new Error(`the lab has no queue ${name}`);
  return found;
}

const switchOff = (FunctionName: string) =>
  bench.lab.operate("lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: 0 });
const switchOn = (FunctionName: string) => bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName });

/** EC2's word, as EventBridge hands it over. */
const stopping = (instance: string) => ({
  version: "0",
  id: "11111111-2222-3333-4444-555555555555",
  "detail-type": "EC2 Instance State-change Notification",
  source: "aws.ec2",
  account: "123456789012",
  time: "2026-11-22T15:00:00Z",
  region: "eu-central-1",
  resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`],
  detail: { "instance-id": instance, state: "stopping" },
});

describe("redrive", () => {
  test("has nothing to do where there is nothing", async () => {
    expect(await bench.json("redrive")).toEqual({ status: 0, told: { letters: [], failures: [], more: false } });
  });

  test("hands over what a function that was switched off has missed, and the cluster goes on", async () => {
    const names = ["rollcall-lab-lifecycle", "rollcall-lab-sweep"];
    for (const name of names) await switchOff(name);
    const { owner } = await bench.member("broker", 1);
    await bench.lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: owner,
      ShouldDecrementDesiredCapacity: false,
    });
    const failures = queue("failures");
    await bench.until("the launch of its replacement is a dead letter", () =>
      failures.messages.some((m) => m.body.includes("EC2_INSTANCE_LAUNCHING")) ? true : undefined,
    );
    const status = await bench.json("status");
    expect(status).toMatchObject({ status: 1, told: { concerns: [expect.stringContaining("rollcall redrive")] } });
    await switchOn("rollcall-lab-lifecycle");

    const shown = await bench.json("redrive", "--dry-run");
    // The sweep is still off: what is for it would only come back.
    expect(shown.status).toBe(1);
    const about = shown.told.letters.find((l: Told) => l.about.startsWith(owner));
    expect(about).toMatchObject({
      function: "rollcall-lab-lifecycle",
      why: "ZeroReservedConcurrency",
      stays: null,
      handedOver: false,
    });
    // What is only shown can be had again at once.
    const count = failures.messages.length;
    const asked = await bench.json("redrive", "--yes");
    expect(asked.status).toBe(1);
    expect(asked.told.letters.length).toBeGreaterThanOrEqual(count);
    for (const letter of asked.told.letters) {
      const stays = letter.function === "rollcall-lab-sweep" ? "rollcall-lab-sweep is switched off" : null;
      expect(letter).toMatchObject({ stays, handedOver: stays === null });
    }
    await bench.until("broker 1 is another instance in service", async () => {
      const { rosters } = await bench.lab.table.readAll();
      const now = rosters.get("broker")?.members.get(1)?.owner;
      return now !== undefined && now !== owner ? true : undefined;
    });
    expect(failures.messages.filter((m) => m.body.includes("lab-lifecycle"))).toEqual([]);

    await switchOn("rollcall-lab-sweep");
    const sweeps = failures.messages.length;
    expect(sweeps).toBeGreaterThan(2);
    const mark = bench.lab.cloud.calls.all().length;
    const { status: last, out } = await bench.rollcall("redrive", "--yes");
    expect(last).toBe(0);
    expect(out).toMatch(/for rollcall-lab-sweep: a sweep, for all \d+ that were missed/);
    // One sweep looks at everything: a crowd of them would only be in each other's way.
    expect(bench.operatorCalls(mark).filter((call) => call.action === "Invoke")).toHaveLength(1);
    expect(failures.messages).toEqual([]);
    await bench.whole();
  });

  test("hands over events that EventBridge could not deliver, and leaves alone what is nobody's", async () => {
    const { owner } = await bench.member("broker", 2);
    const event = stopping(owner);
    const arn = "arn:aws:lambda:eu-central-1:123456789012:function";
    queue("undelivered").send(event, {
      TARGET_ARN: `${arn}:rollcall-lab-lifecycle`,
      ERROR_CODE: "NO_PERMISSIONS",
      ERROR_MESSAGE: "The rule may not",
    });
    queue("undelivered").send({ hello: "world" });
    queue("undelivered").send(event, { TARGET_ARN: `${arn}:somebody-elses`, ERROR_CODE: "X", ERROR_MESSAGE: "Y" });
    const mark = bench.lab.cloud.calls.all().length;
    const { status, told } = await bench.json("redrive", "--yes");
    expect(status).toBe(1);
    expect(told.letters.map((l: Told) => [l.function, l.handedOver])).toEqual([
      ["rollcall-lab-lifecycle", true],
      [null, false],
      [null, false],
    ]);
    expect(told.letters[0]).toMatchObject({
      about: expect.stringContaining(owner),
      why: "NO_PERMISSIONS: The rule may not",
    });
    const handed = bench.operatorCalls(mark).filter((call) => call.action === "Invoke");
    expect(handed.map((call) => (call.input as Told).FunctionName)).toEqual(["rollcall-lab-lifecycle"]);
    expect(queue("undelivered").messages.map((m) => m.body)).toEqual([
      JSON.stringify({ hello: "world" }),
      JSON.stringify(event),
    ]);
    for (const { receipt } of queue("undelivered").receive(10)) queue("undelivered").delete(receipt);
  });

  describe("of several letters", () => {
    const arn = "arn:aws:lambda:eu-central-1:123456789012:function:rollcall-lab-lifecycle";
    /** As many, each about that instance. */
    const send = (instance: string, count: number): void => {
      for (let n = 0; n < count; n += 1)
        queue("undelivered").send(stopping(instance), {
          TARGET_ARN: arn,
          ERROR_CODE: "NO_PERMISSIONS",
          ERROR_MESSAGE: "The rule may not",
        });
    };
    afterEach(() => queue("undelivered").purge());

    test("one that cannot be deleted is told as handed over, and so that it stays", async () => {
      const { owner } = await bench.member("broker", 2);
      send(owner, 2);
      let refused = false;
      meddle = ({ action }) => {
        if (action !== "DeleteMessage" || refused) return;
        refused = true;
        throw new AwsError("AccessDenied", "not that one");
      };
      const { status, out } = await bench.rollcall("redrive", "--yes");
      expect(status).toBe(1);
      expect(out).toContain("2 letters handed over, 0 left");
      expect(out).toMatch(/^handed over, but it stays in its queue: .*not that one/m);
      expect(out).not.toContain("not handed over");
      expect(queue("undelivered").messages).toHaveLength(1);
    });

    test("one that its function does not take stays, and hides no other", async () => {
      const { owner } = await bench.member("broker", 2);
      send(owner, 2);
      let refused = false;
      meddle = ({ action, caller }) => {
        if (action !== "Invoke" || caller.role !== "operator" || refused) return;
        refused = true;
        throw new AwsError("AccessDeniedException", "not that one");
      };
      const { status, out } = await bench.rollcall("redrive", "--yes");
      expect(status).toBe(1);
      expect(out).toContain("1 letter handed over, 1 left");
      expect(out).toMatch(/^not handed over: .*not that one/m);
      expect(queue("undelivered")).toMatchObject({ hidden: 0 });
    });

    test.each([
      ["before the first is handed over", "ReceiveMessage", 2, 0],
      ["after the first", "Invoke", 1, 1],
    ])("Ctrl-C %s leaves the rest to be had again at once, also with --yes", async (_when, action, nth, handed) => {
      const { owner } = await bench.member("broker", 2);
      send(owner, 3);
      const mark = bench.lab.cloud.calls.all().length;
      const interruption = new AbortController();
      let calls = 0;
      meddle = (call) => {
        if (call.caller.role !== "operator" || call.action !== action) return;
        calls += 1;
        if (calls === nth) interruption.abort();
      };
      const { status } = await bench.interruptible(interruption.signal, "redrive", "--yes");
      expect(status).toBe(130);
      expect(bench.operatorCalls(mark).filter((call) => call.action === "Invoke")).toHaveLength(handed);
      expect(queue("undelivered").messages).toHaveLength(3 - handed);
      expect(queue("undelivered")).toMatchObject({ hidden: 0 });
    });
  });
});

describe("replay", () => {
  const rules = ["lifecycle-actions", "scaling-outcomes", "instance-states", "commands"];

  test("goes to Rollcall's own rules alone, is followed to its end, and changes nothing in a healthy cluster", async () => {
    const mark = bench.lab.cloud.calls.all().length;
    const { status, told } = await bench.json("replay", "--since", "1h", "--yes");
    expect(told).toMatchObject({ done: true, state: "COMPLETED", differences: [] });
    expect(status).toBe(0);
    const [start] = bench.operatorCalls(mark).filter((call) => call.action === "StartReplay");
    expect(start?.input).toMatchObject({
      Destination: {
        FilterArns: rules.map((kind) => `arn:aws:events:eu-central-1:123456789012:rule/rollcall-lab-${kind}`),
      },
    });
    expect(bench.lab.cloud.archives.replay(told.name)).toMatchObject({ state: "COMPLETED" });
    expect(bench.lab.journal.replayed).toBeGreaterThan(0);
  });

  test("tells what changed meanwhile", async () => {
    const { owner } = await bench.member("broker", 3);
    const before = bench.lab.cloud.archives.replays().length;
    const replaying = bench.json("replay", "--since", "2h", "--yes");
    await bench.until("the replay has begun", () =>
      bench.lab.cloud.archives.replays().length > before ? true : undefined,
    );
    await bench.lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: owner,
      ShouldDecrementDesiredCapacity: false,
    });
    const { told } = await replaying;
    const about = told.differences.find((d: Told) => d.what === `instance ${owner}`);
    expect(about).toMatchObject({ before: expect.stringContaining("InService") });
    expect(about.after ?? "gone").not.toContain("InService");
  });

  test("is not begun after Ctrl-C, also with --yes", async () => {
    const mark = bench.lab.cloud.calls.all().length;
    const interruption = new AbortController();
    meddle = ({ action }) => {
      if (action === "ListRules") interruption.abort();
    };
    const { status } = await bench.interruptible(interruption.signal, "replay", "--since", "1h", "--yes");
    expect(status).toBe(130);
    expect(bench.operatorCalls(mark).filter((call) => MUTATING.test(call.action))).toEqual([]);
  });

  test("only shows what it would do where it is told so", async () => {
    const mark = bench.lab.cloud.calls.all().length;
    const { status, out } = await bench.rollcall("replay", "--since", "90m", "--until", "30m", "--dry-run");
    expect(status).toBe(0);
    expect(out).toContain("1h long");
    expect(bench.operatorCalls(mark).filter((call) => MUTATING.test(call.action))).toEqual([]);
  });

  test.each([
    [["--since", "yesterday"], "--since yesterday: give a time"],
    [["--since", "1h", "--until", "2h"], "is not before --until"],
    [
      ["--since", "1h", "--until", "2099-01-01T00:00Z"],
      "--until 2099-01-01T00:00:00.000Z is in the future: leave it out",
    ],
    [[], "since when?"],
  ])("%s is wrong use", async (args, words) => {
    const { status, told } = await bench.json("replay", ...args);
    expect(status).toBe(2);
    expect(told.error).toContain(words);
  });

  test("is refused where a rule is missing or disabled: a part of the events would pass for all", async () => {
    await bench.lab.operate("events", "DisableRule", { Name: "rollcall-lab-commands" });
    try {
      const { status, told } = await bench.json("replay", "--since", "1h", "--yes");
      expect(status).toBe(1);
      expect(told.error).toContain("rules rollcall-lab-commands are disabled");
    } finally {
      await bench.lab.operate("events", "EnableRule", { Name: "rollcall-lab-commands" });
    }
  });
});
