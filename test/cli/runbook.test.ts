/**
 * docs/runbook.md, tried: each alarm is brought about in the lab, every step that its section names is taken, and the alarm ends.
 * One cluster goes through all of it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { throttled } from "../../lab/cloud/faults.ts";
import { AwsError, type Call } from "../../lab/cloud/service.ts";
import { alarms } from "../../resources/alarms.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { alarming, meter } from "./alarms.ts";
import { type Answer, type Bench, startBench } from "./lab.ts";
import { awsCall, perform, runbook, type Words } from "./runbook.ts";

const source = (name: string): string => readFileSync(new URL(`../../clusters/${name}`, import.meta.url), "utf8");
/** The lab's, with one broker id to spare, and quicker to call an operator. */
const definition = parseDefinition(
  source("lab.yml")
    .replace("to: 100", "to: 4")
    .replace("identity: 180", "identity: 40")
    .replaceAll(/(command|stop): 90/g, "$1: 30"),
  "lab.yml",
);

const sections = runbook();
const tried = new Set<string>();
const { telemetry, values } = meter();

let bench: Bench;
/** What becomes of a call before it takes effect. */
let refuse: (call: Call) => void = () => {};
beforeAll(async () => {
  const before = (call: Call): undefined => refuse(call) as undefined;
  bench = await startBench({ definition, telemetry, faults: { before } });
});
afterAll(() => bench.close());
beforeEach(async () => {
  refuse = () => {};
  await bench.whole();
});

/** Runs those commands of a section, each with what the situation calls for. */
async function run(title: string, ...steps: readonly [command: RegExp, words?: Words][]): Promise<Answer[]> {
  const section = sections.find((one) => one.title === title);
  if (!section) throw new Error(`the runbook has no section ${title}`);
  const answers: Answer[] = [];
  for (const [pattern, words = {}] of steps) {
    const command = section.commands.find((line) => pattern.test(line));
    if (command === undefined) throw new Error(`section ${title} has no command like ${pattern}`);
    tried.add(`${title}: ${command}`);
    answers.push(await perform(bench, command, words));
  }
  return answers;
}

const ALARM_PERIOD = 60_000;

/** Kinds of the alarms that would ring now. */
function ringing(): string[] {
  const { cloud, clock } = bench.lab;
  const { queues } = cloud.snapshot();
  const failed = cloud.queues.all().flatMap(({ name, messages }) => (name.endsWith("-failures") ? messages : []));
  const records = failed.map(
    ({ body }) => JSON.parse(body).requestContext as { condition: string; functionArn: string },
  );
  const failing = records
    .filter((r) => r.condition === "RetriesExhausted")
    .map((r) => r.functionArn.split(":")[6] ?? "");
  const since = clock.now() - ALARM_PERIOD;
  const sweeps = cloud.calls.all().filter((call) => call.at > since && /sweep/i.test(call.caller.role)).length;
  return alarming(definition, { values, queues, sweeps, failing: new Set(failing) });
}
const rings = (kind: string) => bench.until(`alarm ${kind} rings`, () => ringing().includes(kind) || undefined);
const ends = (kind: string) => bench.until(`alarm ${kind} has ended`, () => !ringing().includes(kind) || undefined);

const operate = (service: string, action: string, input: object) => bench.lab.operate(service, action, input);
const terminate = (InstanceId: string) =>
  operate("autoscaling", "TerminateInstanceInAutoScalingGroup", { InstanceId, ShouldDecrementDesiredCapacity: false });
const ownerOf = async (id: number, role: "broker" | "controller" = "broker") =>
  (await bench.lab.table.readAll()).rosters.get(role)?.members.get(id)?.owner;
const replaced = (id: number, former: string, role: "broker" | "controller" = "broker") =>
  bench.until(`${role} ${id} is another instance`, async () => {
    const owner = await ownerOf(id, role);
    return owner === former ? undefined : owner;
  });
const heldAt = (instance: string, words: RegExp) =>
  bench.until(
    `${instance} is held`,
    async () => words.test((await bench.record(instance))?.hold?.reason ?? "") || undefined,
  );
const groupOf = async (instance: string) =>
  bench.lab.cloud.snapshot().groups.find((g) => g.members.some((m) => m.instance === instance))?.name ?? "";
const takeTurn = (id: number, instance: string) =>
  bench.lab.table.takeTurn({ role: "broker", id, instance, since: bench.lab.clock.now(), reason: "a test" });
const functionNamed = (name: string) => ({ FunctionName: `rollcall-lab-${name}` });
const switchOff = (name: string) =>
  operate("lambda", "PutFunctionConcurrency", { ...functionNamed(name), ReservedConcurrentExecutions: 0 });
const switchOn = (name: string) => operate("lambda", "DeleteFunctionConcurrency", functionNamed(name));
const letters = (queue: string) => bench.lab.cloud.snapshot().queues[`rollcall-lab-${queue}`] ?? 0;

describe("the runbook", () => {
  test("has a section for each alarm, of every kind of cluster", () => {
    const titles = sections.flatMap((section) => section.title.split(", "));
    const clusters = readdirSync(new URL("../../clusters", import.meta.url)).filter((name) => name.endsWith(".yml"));
    for (const name of clusters) {
      for (const { kind } of alarms(parseDefinition(source(name), name)))
        expect(titles).toContain(kind.endsWith("ids-nearly-used-up") ? "ids-nearly-used-up" : kind);
    }
  });

  test("tells what to do at every row of the decision tables that holds", () => {
    const folder = new URL("../../shared/lifecycle/decide/", import.meta.url);
    const code = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
    const rows = code.flatMap((text) =>
      [...text.matchAll(/\bhold\(\s*"([a-z-]+\/[a-z0-9-]+)"/g)].map(([, row]) => row),
    );
    expect(new Set(rows).size).toBeGreaterThan(8);
    const told = sections.find(({ title }) => title === "node-held")?.text ?? "";
    for (const row of rows) expect(told).toMatch(new RegExp(`^\\|.*\`${row}\``, "m"));
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
    await operate("autoscaling", "EnterStandby", {
      InstanceIds: [owner],
      AutoScalingGroupName: GROUP,
      ShouldDecrementDesiredCapacity: true,
    });
    await heldAt(owner, /Standby: it runs on and keeps 2/);
    await rings("node-held");
    const [explained] = await run(
      "node-held",
      [/rollcall explain/, { INSTANCE: owner }],
      [/exit-standby/, { INSTANCE: owner, GROUP }],
    );
    expect(explained?.out).toContain("(state/aside)");
    await bench.whole();
    await ends("node-held");
    await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
    await replaced(2, owner);
  });

  test("what an operator holds is let go; who waits for its turn then goes on by itself", async () => {
    const [first, second] = [(await bench.member("broker", 3)).owner, (await bench.member("broker", 1)).owner];
    await bench.rollcall("hold", first, "--yes");
    await heldAt(first, /an operator holds it/);
    await takeTurn(3, first);
    await terminate(second);
    await heldAt(second, /the turn is broker 3's/);
    const [status, explained] = await run("node-held", [/rollcall status/], [/rollcall explain/, { INSTANCE: second }]);
    expect(status?.out).toMatch(/holds \(terminate\/2\): the turn is broker 3's .* at most /);
    expect(explained?.out).toContain("holds (terminate/2)");
    await run("node-held", [/rollcall resume/, { INSTANCE: first }]);
    await replaced(1, second);
    await bench.whole();
    await ends("node-held");
  });

  test("who is in service without an id is terminated, and its replacement launches through the hook", async () => {
    const { owner } = await bench.member("broker", 3);
    await bench.rollcall("release", "3", "--force", "--yes", "--here");
    await heldAt(owner, /in service in .* without an id/);
    const [explained] = await run("node-held", [/rollcall explain/, { INSTANCE: owner }]);
    expect(explained?.out).toContain("holds (in-service/0)");
    await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
    await bench.whole();
    expect(await ownerOf(3)).not.toBe(owner);
  });

  test("an address that a stranger has is detached from it", async () => {
    const { owner } = await bench.member("controller", 101);
    const GROUP = await groupOf(owner);
    const launches = { AutoScalingGroupName: GROUP, ScalingProcesses: ["Launch"] };
    await operate("autoscaling", "SuspendProcesses", launches);
    await terminate(owner);
    const eni = await bench.until("its address is free", () => {
      const found = bench.lab.cloud.snapshot().interfaces.find((i) => i.address === "10.0.1.10");
      return found?.attachment ? undefined : found;
    });
    const zone = GROUP.slice("lab-controller-".length);
    const broker = bench.lab.cloud.snapshot().groups.find((g) => g.name === `lab-broker-${zone}`)?.members[0];
    await operate("ec2", "AttachNetworkInterface", {
      NetworkInterfaceId: eni.id,
      InstanceId: broker?.instance,
      DeviceIndex: 1,
    });
    await operate("autoscaling", "ResumeProcesses", launches);
    const launching = (await bench.until("another has its id", () => ownerOf(101, "controller"))) ?? "";
    await heldAt(launching, /does not hold controller 101/);
    const [explained] = await run("node-held", [/rollcall explain/, { INSTANCE: launching }]);
    expect(explained?.out).toContain("holds (launch/3)");
    const [doctor] = await run("node-held", [/rollcall doctor/]);
    const [, ATTACHMENT = ""] = /aws ec2 detach-network-interface --attachment-id (\S+)/.exec(doctor?.out ?? "") ?? [];
    await run("node-held", [/detach-network-interface/, { ATTACHMENT }]);
    await bench.whole();
    expect(await ownerOf(101, "controller")).toBe(launching);
  });
});

test("launch-too-long: explain says what is waited for, and what cannot come is given up", async () => {
  const title = "launch-too-long";
  const { owner } = await bench.member("broker", 1);
  await terminate(owner);
  const launching = (await replaced(1, owner)) ?? "";
  // It must not get into service before its process dies.
  refuse = ({ action, input }) => {
    if (action === "CompleteLifecycleAction" && JSON.stringify(input).includes(launching))
      throw throttled("autoscaling");
  };
  await bench.until("it is configured", async () => (await bench.record(launching))?.configured);
  await bench.lab.machine(launching).breakKafka();
  await bench.until("Kafka misses it", () => !bench.kafka.registered().some(({ id }) => id === 1) || undefined);
  const { ended } = bench.lab.journal.sweeps;
  await bench.until("every older look is over", () => bench.lab.journal.sweeps.ended > ended + 3 || undefined);
  refuse = () => {};
  await rings(title);
  const [, explained] = await run(
    title,
    [/rollcall status/],
    [/rollcall explain/, { INSTANCE: launching }],
    [/rollcall doctor/],
  );
  expect(explained?.out).toMatch(/\(launch\/\d+\) .*not registered/);
  const [abandoned] = await run(title, [/rollcall abandon/, { INSTANCE: launching }]);
  expect(abandoned?.status).toBe(0);
  await replaced(1, launching);
  await bench.whole();
  await ends(title);
});

describe("node-absent", () => {
  const title = "node-absent";

  test("explain says what keeps it from being replaced: here the turn is another's, who is held", async () => {
    const [absent, other] = [(await bench.member("broker", 1)).owner, (await bench.member("broker", 2)).owner];
    await bench.rollcall("hold", other, "--yes");
    await heldAt(other, /an operator holds it/);
    await takeTurn(2, other);
    await bench.lab.machine(absent).breakKafka();
    await rings(title);
    const [status, explained, doctor] = await run(
      title,
      [/rollcall status/],
      [/rollcall explain/, { INSTANCE: absent }],
      [/rollcall doctor/],
    );
    expect(status?.out).toMatch(/holds \(in-service\/2\): the process of broker 1 is dead .* the turn is broker 2's/);
    expect(explained?.out).toContain("holds (in-service/2)");
    expect(doctor?.out).toContain(`broker 1 (${absent}) is in service, and Kafka does not count it in`);
    await run("node-held", [/rollcall resume/, { INSTANCE: other }]);
    await replaced(1, absent);
    await bench.whole();
    await ends(title);
  });

  test("where several look dead at once, one is terminated, and the rest is replaced by itself", async () => {
    const owners = [(await bench.member("broker", 1)).owner, (await bench.member("broker", 2)).owner] as const;
    for (const owner of owners) await bench.lab.machine(owner).breakKafka();
    await heldAt(owners[0], /look dead at once/);
    await rings("node-held");
    const [status, explained] = await run(title, [/rollcall status/], [/rollcall explain/, { INSTANCE: owners[0] }]);
    expect(status?.out).toContain("look dead at once");
    expect(explained?.out).toContain("(in-service/1)");
    await run(title, [/terminate-instance/, { INSTANCE: owners[0] }]);
    await replaced(1, owners[0]);
    await replaced(2, owners[1]);
    await bench.whole();
    await ends("node-held");
  });
});

test("nodes-missing: a process that is suspended is found, and resumed", async () => {
  const title = "nodes-missing";
  const { owner } = await bench.member("broker", 3);
  const GROUP = await groupOf(owner);
  await operate("autoscaling", "SuspendProcesses", { AutoScalingGroupName: GROUP, ScalingProcesses: ["Launch"] });
  await terminate(owner);
  await bench.until("its group is empty", () => {
    const group = bench.lab.cloud.snapshot().groups.find((g) => g.name === GROUP);
    return group?.members.length === 0 ? true : undefined;
  });
  await rings(title);
  const [status, doctor, activities] = await run(
    title,
    [/rollcall status/],
    [/rollcall doctor/],
    [/describe-scaling-activities/, { GROUP }],
  );
  expect(status?.out).toContain(`${GROUP} 0/1`);
  expect(status?.out).toContain("1 instance more is desired");
  expect(doctor?.out).toContain(`${GROUP} has Launch suspended`);
  expect(activities?.out).toContain(owner);
  await run(title, [/resume-processes/, { GROUP }]);
  await bench.whole();
  await ends(title);
});

test("passes-failing: explain names the call, and a hold keeps the instance until it is mended", async () => {
  const title = "passes-failing";
  const { owner } = await bench.member("broker", 1);
  refuse = ({ service, action }) => {
    if (service !== "ssm" || action !== "DescribeInstanceInformation") return;
    throw new AwsError("AccessDeniedException", "User is not authorized to perform: ssm:DescribeInstanceInformation");
  };
  await terminate(owner);
  await bench.until(
    "Rollcall has failed at it",
    () => bench.lab.journal.latest(owner)?.message.includes("AccessDeniedException") || undefined,
  );
  const [explained, doctor] = await run(
    title,
    [/rollcall explain/, { INSTANCE: owner }],
    [/rollcall doctor/],
    [/rollcall hold/, { INSTANCE: owner }],
  );
  expect(explained).toMatchObject({
    status: 1,
    out: expect.stringMatching(/agent +cannot be seen: .*AccessDeniedException/),
  });
  expect(doctor?.out).toMatch(/\? agents +cannot be seen: .*AccessDeniedException/);
  await heldAt(owner, /an operator holds it/);
  refuse = () => {};
  await run(title, [/rollcall resume/, { INSTANCE: owner }]);
  await replaced(1, owner);
});

test("sweep-not-running: the doctor says what keeps it, and an instance can be looked after from here", async () => {
  const title = "sweep-not-running";
  await switchOff("lifecycle");
  await switchOff("sweep");
  await operate("events", "DisableRule", { Name: "rollcall-lab-sweep" });
  await rings(title);
  const { owner } = await bench.member("broker", 2);
  await terminate(owner);
  await bench.until(
    "it waits for Rollcall",
    () =>
      bench.lab.cloud
        .snapshot()
        .groups.some((g) => g.members.some((m) => m.instance === owner && m.state === "Terminating:Wait")) || undefined,
  );
  const [resumed] = await run(title, [/resume INSTANCE --here/, { INSTANCE: owner }]);
  expect(resumed?.out).toContain("changes: note, heartbeat, take-turn, send, note, release, complete");
  expect(await ownerOf(2)).toBeUndefined();

  const [doctor] = await run(title, [/rollcall doctor/], [/enable-rule/], [/delete-function-concurrency/]);
  expect(doctor?.out).toContain("rule rollcall-lab-sweep is disabled");
  expect(doctor?.out).toContain("function rollcall-lab-sweep is switched off");
  await ends(title);
  await switchOn("lifecycle");
  await run("invocations-failed", [/redrive$/]);
  await bench.whole();
  expect(await ownerOf(2)).not.toBe(owner);
});

describe("lifecycle-errors, sweep-errors, kafka-errors", () => {
  const title = "lifecycle-errors, sweep-errors, kafka-errors";

  test("what a function failed at for good says why, and is handed over once the cause is gone", async () => {
    refuse = ({ service, caller }) => {
      if (service !== "dynamodb" || !/lifecycle/i.test(caller.role)) return;
      throw new AwsError("AccessDeniedException", "User is not authorized to perform: dynamodb:BatchGetItem");
    };
    const { owner } = await bench.member("broker", 3);
    await terminate(owner);
    await rings("lifecycle-errors");
    await rings("invocations-failed");
    const [shown] = await run(title, [/redrive --dry-run/]);
    expect(shown?.out).toContain(owner);
    expect(shown?.out).toContain("AccessDeniedException");
    refuse = () => {};
    const [redriven] = await run(title, [/rollcall redrive$/]);
    expect(redriven).toMatchObject({ status: 0, out: expect.stringContaining(", 0 left") });
    await replaced(3, owner);
    await ends("lifecycle-errors");
    await ends("invocations-failed");
  });

  test("without the Kafka function nothing is changed that rests on Kafka's word; with it, it goes on by itself", async () => {
    await switchOff("kafka");
    const { owner } = await bench.member("broker", 3);
    await terminate(owner);
    await heldAt(owner, /Kafka cannot be seen/);
    const [doctor] = await run(title, [/rollcall doctor/]);
    expect(doctor).toMatchObject({
      status: 1,
      out: expect.stringContaining("function rollcall-lab-kafka is switched off"),
    });
    await run(title, [/delete-function-concurrency/]);
    await replaced(3, owner);
    await bench.whole();
    await ends("node-held");
  });
});

test("invocations-failed: what a function was switched off for is shown, and handed over", async () => {
  const title = "invocations-failed";
  await switchOff("lifecycle");
  const { owner } = await bench.member("broker", 3);
  await terminate(owner);
  await rings(title);
  const [shown] = await run(title, [/--dry-run/]);
  expect(shown?.out).toContain(owner);
  await switchOn("lifecycle");
  const [redriven] = await run(title, [/redrive$/]);
  expect(redriven).toMatchObject({ status: 0, out: expect.stringContaining(", 0 left") });
  await replaced(3, owner);
  await bench.whole();
  await ends(title);
  expect((await run(title, [/rollcall status/]))[0]?.status).toBe(0);
});

test("events-undelivered: the doctor says what keeps events away; letters to a stranger are purged", async () => {
  const title = "events-undelivered";
  const rule = { Rule: "rollcall-lab-lifecycle-actions" };
  const [target] = bench.lab.cloud.bus.rule(rule.Rule)?.targets.values() ?? [];
  if (!target) throw new Error("the rule has a target");
  const Targets = [{ Id: target.id, Arn: target.arn, DeadLetterConfig: { Arn: target.deadLetters } }];
  await operate("events", "PutTargets", { ...rule, Targets: [{ ...Targets[0], Arn: `${target.arn}-gone` }] });
  const { owner } = await bench.member("broker", 1);
  await terminate(owner);
  await rings(title);
  const [shown, doctor] = await run(title, [/--dry-run/], [/rollcall doctor/]);
  expect(shown?.out).toContain("RESOURCE_NOT_FOUND");
  expect(doctor?.out).toContain("rule rollcall-lab-lifecycle-actions does not wake rollcall-lab-lifecycle");
  await operate("events", "PutTargets", { ...rule, Targets });
  // Meant for a function that is none of the cluster's, such letters stay; the sweep has looked for itself.
  const [left] = await run(title, [/redrive$/]);
  expect(left?.status).toBe(1);
  await replaced(1, owner);
  await bench.whole();
  expect(letters("undelivered")).toBeGreaterThan(0);
  await run(title, [
    /purge-queue/,
    { QUEUE: "https://sqs.eu-central-1.amazonaws.com/123456789012/rollcall-lab-undelivered" },
  ]);
  await ends(title);
});

test("after an outage: a replay changes nothing where all is well", async () => {
  const [replay, status] = await run("After an outage", [/rollcall replay/], [/rollcall status/]);
  expect(replay).toMatchObject({ status: 0, out: expect.stringContaining("it changed nothing") });
  expect(status?.status).toBe(0);
});

/** From then on held whenever it is to be stopped: it has the only copy of something. */
let precious = 0;
test("node-held: the only copy of something: status and explain name the row, force passes it, twice", async () => {
  bench.kafka.createTopic("precious", { partitions: 1, replication: 1, minIsr: 1 });
  const id = bench.kafka.partitions().find((p) => p.topic === "precious")?.leader ?? 0;
  precious = id;
  const { owner } = await bench.member("broker", id);
  await terminate(owner);
  await heldAt(owner, /precious-0/);
  const [status, explained] = await run(
    "node-held",
    [/rollcall status/],
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
  await ends("node-held");
});

/** Who has nothing that is precious; from here on a second id stays vacant in its zone, and the next instance there takes that one. */
const other = (): number => [1, 2, 3].find((id) => id !== precious) ?? 0;

test("ids-nearly-used-up: status lists the ids, and who is gone for good gives his back", async () => {
  const title = "ids-nearly-used-up";
  const kind = "broker-ids-nearly-used-up";
  const { owner } = await bench.member("broker", other());
  const AutoScalingGroupName = await groupOf(owner);
  await operate("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, DesiredCapacity: 2, MaxSize: 2 });
  const last = (await bench.until("the last id is given out", () => ownerOf(4))) ?? "";
  await rings(kind);
  const [status] = await run(title, [/rollcall status/]);
  expect(status?.out).toMatch(/broker 4 .*vacant|vacant +no id/);
  await bench.until("it is in service", async () => (await bench.member("broker", 4)).served || undefined);

  // Its holder goes for good while nobody looks after the cluster.
  for (const name of ["lifecycle", "sweep"]) await switchOff(name);
  await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: last,
    ShouldDecrementDesiredCapacity: true,
  });
  await operate("ec2", "TerminateInstances", { InstanceIds: [last] });
  await bench.until(
    "EC2 has ended it",
    () => bench.lab.cloud.snapshot().instances.find((i) => i.id === last)?.state === "terminated" || undefined,
  );
  const [release] = await run(title, [/rollcall release/, { ID: "4" }]);
  expect(release?.out).toContain("Rollcall frees broker 4 by itself");
  const [here] = await run("sweep-not-running", [/release ID --here/, { ID: "4" }]);
  expect(here?.status).toBe(0);
  expect(await ownerOf(4)).toBeUndefined();
  expect((await run(title, [/rollcall status/]))[0]?.out).toMatch(/vacant +broker 4 in eu-central-1/);
  for (const name of ["lifecycle", "sweep"]) await switchOn(name);
  await run("invocations-failed", [/redrive$/]);
  await ends(kind);
});

test("node-held: who is not to be replaced and still carries replicas stays, until the desired capacity is raised again", async () => {
  const id = other();
  // Whoever is registered gets replicas.
  await bench.until("broker 4's session is over", () => bench.kafka.registered().length === 3 || undefined);
  bench.kafka.createTopic("orders", { partitions: 6, replication: 3, minIsr: 2 });
  const { owner } = await bench.member("broker", id);
  const GROUP = await groupOf(owner);
  const desire = (NUMBER: string) => run("node-held", [/set-desired-capacity/, { GROUP, NUMBER }]);
  await operate("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: GROUP, MaxSize: 2 });
  await desire("2");
  const fourth = (await bench.until("broker 4 is there", () => ownerOf(4))) ?? "";
  await bench.until("it is in service", async () => (await bench.member("broker", 4)).served || undefined);
  await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: owner,
    ShouldDecrementDesiredCapacity: true,
  });
  await heldAt(owner, /will not be replaced: it carries 6 replicas/);
  const [explained] = await run("node-held", [/rollcall explain/, { INSTANCE: owner }]);
  expect(explained?.out).toContain("holds (terminate/3)");
  await desire("2");
  await replaced(id, owner);
  await bench.until("both serve", async () => (await groupMembers(GROUP)).length === 2 || undefined);
  await ends("node-held");
  // Broker 4 carries nothing, so that it may go.
  await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
    InstanceId: fourth,
    ShouldDecrementDesiredCapacity: true,
  });
  await bench.until("broker 4 is gone", async () => ((await ownerOf(4)) === undefined ? true : undefined));
});

const groupMembers = async (name: string) =>
  bench.lab.cloud
    .snapshot()
    .groups.find((g) => g.name === name)
    ?.members.filter((m) => m.state === "InService") ?? [];

test("every command of the runbook was tried", () => {
  const all = sections.flatMap(({ title, commands }) => commands.map((command) => `${title}: ${command}`));
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter((command) => !tried.has(command))).toEqual([]);
});
