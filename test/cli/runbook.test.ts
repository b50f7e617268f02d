/** Every command of docs/runbook.md, in the situation that its section is about. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AwsError, type Call } from "../../lab/cloud/service.ts";
import { alarms } from "../../resources/alarms.ts";
import { definition } from "../definition.ts";
import { type Answer, type Bench, startBench } from "./lab.ts";
import { awsCall, perform, runbook, type Words } from "./runbook.ts";

const sections = runbook();
const tried = new Set<string>();

let bench: Bench;
/** Instances that launch now never get their agent. */
let mute = false;
/** What becomes of a call before it takes effect. */
let refuse: (call: Call) => void = () => {};
beforeAll(async () => {
  bench = await startBench({
    faults: {
      agent: () => (mute ? "never" : undefined),
      before(call) {
        refuse(call);
        return undefined;
      },
    },
  });
});
afterAll(() => bench.close());
beforeEach(() => bench.whole());

/** Runs those commands of a section, each with what the situation calls for. */
async function run(title: string, ...steps: readonly [command: RegExp, words: Words][]): Promise<Answer[]> {
  const section = sections.find((one) => one.title === title);
  if (!section) throw new Error(`the runbook has no section ${title}`);
  const answers: Answer[] = [];
  for (const [pattern, words] of steps) {
    const command = section.commands.find((line) => pattern.test(line));
    if (command === undefined) throw new Error(`section ${title} has no command like ${pattern}`);
    tried.add(`${title}: ${command}`);
    answers.push(await perform(bench, command, words));
  }
  return answers;
}

const terminate = (InstanceId: string) =>
  bench.lab.operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId,
    ShouldDecrementDesiredCapacity: false,
  });
const ownerOf = async (id: number) => (await bench.lab.table.readAll()).rosters.get("broker")?.members.get(id)?.owner;
const replaced = (id: number, former: string) =>
  bench.until(`broker ${id} is another instance`, async () => {
    const owner = await ownerOf(id);
    return owner === former ? undefined : owner;
  });
const heldAt = (instance: string, words: RegExp) =>
  bench.until(
    `${instance} is held`,
    async () => words.test((await bench.record(instance))?.hold?.reason ?? "") || undefined,
  );
const groupOf = async (instance: string) =>
  bench.lab.cloud.snapshot().groups.find((g) => g.members.some((m) => m.instance === instance))?.name ?? "";
const switchOff = (name: string) =>
  bench.lab.operate("lambda", "PutFunctionConcurrency", {
    FunctionName: `rollcall-lab-${name}`,
    ReservedConcurrentExecutions: 0,
  });

describe("the runbook", () => {
  test("has a section for each alarm", () => {
    const titles = sections.flatMap((section) => section.title.split(", "));
    for (const { kind } of alarms(definition)) {
      expect(titles).toContain(kind.endsWith("ids-nearly-used-up") ? "ids-nearly-used-up" : kind);
    }
  });

  test("is understood where it calls the AWS CLI", () => {
    expect(awsCall("autoscaling exit-standby --instance-ids i-1 --auto-scaling-group-name g".split(" "))).toEqual({
      service: "autoscaling",
      action: "ExitStandby",
      input: { InstanceIds: ["i-1"], AutoScalingGroupName: "g" },
    });
  });
});

describe("node-held", () => {
  test("what somebody has put aside comes back from standby, or is terminated", async () => {
    const { owner } = await bench.member("broker", 2);
    const GROUP = await groupOf(owner);
    await bench.lab.operate("autoscaling", "EnterStandby", {
      InstanceIds: [owner],
      AutoScalingGroupName: GROUP,
      ShouldDecrementDesiredCapacity: true,
    });
    await heldAt(owner, /Standby: it runs on and keeps 2/);
    const [explained] = await run(
      "node-held",
      [/rollcall explain/, { INSTANCE: owner }],
      [/exit-standby/, { INSTANCE: owner, GROUP }],
    );
    expect(explained?.out).toContain("(state/aside)");
    await bench.whole();
    await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
    await replaced(2, owner);
  });

  test("what an operator holds is let go", async () => {
    const { owner } = await bench.member("broker", 3);
    await bench.rollcall("hold", owner, "--yes");
    await heldAt(owner, /an operator holds it/);
    await run("node-held", [/rollcall resume/, { INSTANCE: owner }]);
    await bench.until("it is held no more", async () => ((await bench.record(owner))?.hold ? undefined : true));
  });
});

test("launch-too-long: explain says what is waited for, and what cannot come is given up", async () => {
  mute = true;
  const { owner } = await bench.member("broker", 1);
  await terminate(owner);
  const launching = await bench.until("a launch waits for its agent", async () => {
    const now = await ownerOf(1);
    const record = now === undefined || now === owner ? undefined : await bench.record(now);
    return record?.action?.kind === "launch" ? now : undefined;
  });
  const [, explained] = await run(
    "launch-too-long",
    [/rollcall status/, {}],
    [/rollcall explain/, { INSTANCE: launching }],
    [/rollcall doctor/, {}],
  );
  expect(explained?.out).toMatch(/waits at agent \(launch\/4\)/);
  mute = false;
  const [abandoned] = await run("launch-too-long", [/rollcall abandon/, { INSTANCE: launching }]);
  expect(abandoned?.status).toBe(0);
  await bench.until("another instance launches", async () => ((await ownerOf(1)) === launching ? undefined : true));
});

test("node-absent: where several look dead at once, one is terminated, and the rest is replaced by itself", async () => {
  const owners = [(await bench.member("broker", 1)).owner, (await bench.member("broker", 2)).owner] as const;
  for (const owner of owners) await bench.lab.machine(owner).breakKafka();
  await heldAt(owners[0], /look dead at once/);
  const [status, explained, doctor] = await run(
    "node-absent",
    [/rollcall status/, {}],
    [/rollcall explain/, { INSTANCE: owners[0] }],
    [/rollcall doctor/, {}],
  );
  expect(status?.out).toContain("look dead at once");
  expect(explained?.out).toContain("(in-service/1)");
  expect(doctor?.out).toContain(`broker 1 (${owners[0]}) is in service, and Kafka does not count it in`);
  await run("node-absent", [/terminate-instance/, { INSTANCE: owners[0] }]);
  await replaced(1, owners[0]);
  await replaced(2, owners[1]);
});

test("nodes-missing: a process that is suspended is found, and resumed", async () => {
  const { owner } = await bench.member("broker", 3);
  const GROUP = await groupOf(owner);
  await bench.lab.operate("autoscaling", "SuspendProcesses", {
    AutoScalingGroupName: GROUP,
    ScalingProcesses: ["Launch"],
  });
  await terminate(owner);
  await bench.until("its group is empty", () => {
    const group = bench.lab.cloud.snapshot().groups.find((g) => g.name === GROUP);
    return group?.members.length === 0 ? true : undefined;
  });
  const [status, doctor, activities] = await run(
    "nodes-missing",
    [/rollcall status/, {}],
    [/rollcall doctor/, {}],
    [/describe-scaling-activities/, { GROUP }],
  );
  expect(status?.out).toContain(`${GROUP} 0/1`);
  expect(doctor?.out).toContain(`${GROUP} has Launch suspended`);
  expect(activities?.out).toContain(owner);
  await run("nodes-missing", [/resume-processes/, { GROUP }]);
  await bench.whole();
});

test("passes-failing: explain names the call, and a hold keeps the instance until it is mended", async () => {
  const { owner } = await bench.member("broker", 1);
  refuse = ({ service, action }) => {
    if (service !== "ssm" || action !== "DescribeInstanceInformation") return;
    throw new AwsError("AccessDeniedException", "User is not authorized to perform: ssm:DescribeInstanceInformation");
  };
  await terminate(owner);
  await bench.until(
    "the sweep has failed at it",
    () =>
      bench.lab.journal.sayings.some((s) => s.instance === owner && s.message.includes("AccessDeniedException")) ||
      undefined,
  );
  const [explained, doctor] = await run(
    "passes-failing",
    [/rollcall explain/, { INSTANCE: owner }],
    [/rollcall doctor/, {}],
    [/rollcall hold/, { INSTANCE: owner }],
  );
  expect(explained).toMatchObject({
    status: 1,
    out: expect.stringMatching(/agent +cannot be seen: .*AccessDeniedException/),
  });
  expect(doctor?.out).toMatch(/\? nodes +cannot be seen: .*AccessDeniedException/);
  expect((await bench.record(owner))?.operator?.wish).toBe("hold");
  refuse = () => {};
  await run("passes-failing", [/rollcall resume/, { INSTANCE: owner }]);
  await replaced(1, owner);
});

test("ids-nearly-used-up: status lists the ids, and who is gone for good gives his back", async () => {
  await switchOff("lifecycle");
  await switchOff("sweep");
  const { owner } = await bench.member("broker", 2);
  await bench.lab.operate("ec2", "TerminateInstances", { InstanceIds: [owner] });
  await bench.until(
    "EC2 has ended it",
    () => bench.lab.cloud.snapshot().instances.find((i) => i.id === owner)?.state === "terminated" || undefined,
  );
  const [, release] = await run("ids-nearly-used-up", [/rollcall status/, {}], [/rollcall release/, { ID: "2" }]);
  expect(release?.out).toContain("Rollcall frees broker 2 by itself");
  const [here] = await run("sweep-not-running", [/release ID --here/, { ID: "2" }]);
  expect(here?.status).toBe(0);
  expect(await ownerOf(2)).toBeUndefined();
  expect((await run("ids-nearly-used-up", [/rollcall status/, {}]))[0]?.out).toMatch(
    /vacant +broker 2 in eu-central-1/,
  );

  await bench.lab.operate("events", "DisableRule", { Name: "rollcall-lab-sweep" });
  const [doctor] = await run(
    "sweep-not-running",
    [/rollcall doctor/, {}],
    [/enable-rule/, {}],
    [/delete-function-concurrency/, {}],
  );
  expect(doctor?.out).toContain("rule rollcall-lab-sweep is disabled");
  expect(doctor?.out).toContain("function rollcall-lab-sweep is switched off");
  const mark = bench.lab.clock.now();
  await bench.until(
    "the sweep runs",
    () => bench.lab.journal.sayings.some((s) => s.at > mark && s.function === "sweep") || undefined,
  );
  await bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName: "rollcall-lab-lifecycle" });
  await run("invocations-failed", [/redrive$/, {}]);
  await bench.whole();
});

test("errors: the doctor says which function is off; once it is on, what it missed is handed over", async () => {
  await switchOff("kafka");
  await switchOff("lifecycle");
  const title = "lifecycle-errors, sweep-errors, kafka-errors";
  const { owner } = await bench.member("broker", 3);
  await terminate(owner);
  await bench.until(
    "an event is a dead letter",
    () => (bench.lab.cloud.snapshot().queues["rollcall-lab-failures"] ?? 0) > 0 || undefined,
  );
  const [doctor] = await run(title, [/rollcall doctor/, {}], [/delete-function-concurrency/, {}]);
  expect(doctor).toMatchObject({
    status: 1,
    out: expect.stringContaining("function rollcall-lab-kafka is switched off"),
  });
  const [shown] = await run("invocations-failed", [/--dry-run/, {}]);
  expect(shown?.out).toContain(owner);
  await bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName: "rollcall-lab-lifecycle" });
  const [redriven] = await run(title, [/rollcall redrive/, {}]);
  expect(redriven).toMatchObject({ status: 0, out: expect.stringContaining("0 left") });
  await replaced(3, owner);
  await bench.whole();
  const [status] = await run("invocations-failed", [/rollcall status/, {}]);
  expect(status?.status).toBe(0);
});

test("events-undelivered: the doctor says what keeps events away; once that is mended they are handed over", async () => {
  const rule = { Rule: "rollcall-lab-lifecycle-actions" };
  const [target] = bench.lab.cloud.bus.rule(rule.Rule)?.targets.values() ?? [];
  if (!target) throw new Error("the rule has a target");
  const Targets = [{ Id: target.id, Arn: target.arn, DeadLetterConfig: { Arn: target.deadLetters } }];
  await bench.lab.operate("events", "PutTargets", { ...rule, Targets: [{ ...Targets[0], Arn: `${target.arn}-gone` }] });
  const { owner } = await bench.member("broker", 1);
  await terminate(owner);
  await bench.until(
    "an event is undelivered",
    () => (bench.lab.cloud.snapshot().queues["rollcall-lab-undelivered"] ?? 0) > 0 || undefined,
  );
  const [shown, doctor] = await run("events-undelivered", [/--dry-run/, {}], [/rollcall doctor/, {}]);
  expect(shown?.out).toContain("RESOURCE_NOT_FOUND");
  expect(doctor?.out).toContain("rule rollcall-lab-lifecycle-actions does not wake rollcall-lab-lifecycle");
  await bench.lab.operate("events", "PutTargets", { ...rule, Targets });
  // Meant for a function that is none of the cluster's, such letters stay; the sweep has looked for itself.
  const [left] = await run("events-undelivered", [/redrive$/, {}]);
  expect(left?.status).toBe(1);
  await replaced(1, owner);
  const queue = bench.lab.cloud.queues.all().find((q) => q.name === "rollcall-lab-undelivered");
  for (const { receipt } of queue?.receive(100) ?? []) queue?.delete(receipt);
  await bench.whole();
});

test("after an outage: a replay changes nothing where all is well", async () => {
  const [replay, status] = await run("After an outage", [/rollcall replay/, {}], [/rollcall status/, {}]);
  expect(replay).toMatchObject({ status: 0, out: expect.stringContaining("it changed nothing") });
  expect(status?.status).toBe(0);
});

// The last of its kind here: a broker that has the only copy of something is held whenever it is to be stopped.
test("node-held: the only copy of something: status and explain name the row, force passes it, twice", async () => {
  bench.kafka.createTopic("precious", { partitions: 1, replication: 1, minIsr: 1 });
  const id = bench.kafka.partitions().find((p) => p.topic === "precious")?.leader ?? 0;
  const { owner } = await bench.member("broker", id);
  await terminate(owner);
  await heldAt(owner, /precious-0/);
  const [status, explained] = await run(
    "node-held",
    [/rollcall status/, {}],
    [/rollcall explain/, { INSTANCE: owner }],
    [/rollcall force/, { INSTANCE: owner }],
  );
  expect(status?.out).toMatch(/holds \(terminate\/2\): .*precious-0.* at most /);
  expect(explained?.out).toContain("(terminate/2)");
  const replacement = (await replaced(id, owner)) ?? "";
  await heldAt(replacement, /an empty disk is not safe/);
  const [again] = await run(
    "node-held",
    [/rollcall explain/, { INSTANCE: replacement }],
    [/rollcall force/, { INSTANCE: replacement }],
  );
  expect(again?.out).toContain("(launch/6)");
  await bench.whole();
});

test("every command of the runbook was tried", () => {
  const all = sections.flatMap(({ title, commands }) => commands.map((command) => `${title}: ${command}`));
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter((command) => !tried.has(command))).toEqual([]);
});
