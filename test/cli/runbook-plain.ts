/** The runbook, tried on a cluster that asks nobody who he is. One cluster goes through all of it, in this order. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { throttled } from "../../lab/cloud/faults.ts";
import type { FunctionCode } from "../../lab/cloud/formation/kind.ts";
import { AwsError } from "../../lab/cloud/service.ts";
import { compileTemplate } from "../../lab/compile.ts";
import { parseDefinition } from "../../shared/cluster/parse.ts";
import { type Section, source } from "./runbook.ts";
import { Trial, type Tried } from "./trial.ts";

/** The lab's, with one broker id and one controller id to spare, and quicker to call an operator. */
const definition = parseDefinition(
  source("lab.yml")
    .replace("to: 100", "to: 4")
    .replace("identity: 180", "identity: 40")
    .replace("register: 90", "register: 60")
    .replaceAll(/(command|stop): 90/g, "$1: 30")
    .replace("{ id: 103,", "{ id: 104, zone: eu-central-1a, address: 10.0.1.11 }\n      - { id: 103,"),
  "lab.yml",
);

export function tryOnPlainCluster(sections: readonly Section[], tried: Tried): void {
  const trial = new Trial(definition, sections, tried);
  const { run, rings, ends, held, heldAt, operate, terminate, launches } = trial;
  const { ownerOf, replaced, groupOf, takeTurn, switchOff, switchOn, letters } = trial;

  const groupMembers = (name: string) =>
    trial.bench.lab.cloud
      .snapshot()
      .groups.find((g) => g.name === name)
      ?.members.filter((m) => m.state === "InService") ?? [];

  beforeAll(() => trial.start());
  afterAll(trial.close);
  beforeEach(async () => {
    trial.refuse = () => {};
    await trial.bench.whole();
  });

  describe("node-held", () => {
    test("what somebody has put aside comes back from standby, or is terminated", async () => {
      const { owner } = await trial.bench.member("broker", 2);
      const GROUP = groupOf(owner);
      await operate("autoscaling", "EnterStandby", {
        InstanceIds: [owner],
        AutoScalingGroupName: GROUP,
        ShouldDecrementDesiredCapacity: true,
      });
      await held(owner, "state/aside", /standby/, /Standby: it runs on and keeps 2/);
      await rings("node-held");
      await run("node-held", [/exit-standby/, { INSTANCE: owner, GROUP }]);
      await trial.bench.whole();
      await ends("node-held");
      await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
      await replaced(2, owner);
    });

    test("what was detached is attached again, or ended in EC2, and its id goes to another", async () => {
      const { owner } = await trial.bench.member("broker", 2);
      const GROUP = groupOf(owner);
      const detach = () =>
        operate("autoscaling", "DetachInstances", {
          InstanceIds: [owner],
          AutoScalingGroupName: GROUP,
          ShouldDecrementDesiredCapacity: true,
        });
      await detach();
      await held(owner, "state/aside", /detached/, /no group lists it, but EC2 says running: it keeps 2/);
      await run("node-held", [/attach-instances/, { INSTANCE: owner, GROUP }]);
      await trial.bench.whole();
      expect(await ownerOf(2)).toBe(owner);
      await detach();
      await heldAt(owner, /no group lists it/);
      await run("node-held", [/terminate-instances/, { INSTANCE: owner }]);
      await trial.bench.until("its id is vacant", async () => (await ownerOf(2)) === undefined || undefined);
      await run("node-held", [/set-desired-capacity/, { GROUP, NUMBER: "1" }]);
      await trial.bench.until("it has another holder", () => ownerOf(2));
    });

    test("what was never confirmed to have stopped is terminated again", async () => {
      const { owner } = await trial.bench.member("broker", 1);
      for (const name of ["lifecycle", "sweep"]) await switchOff(name);
      await terminate(owner);
      const stateOf = () =>
        trial.bench.lab.cloud
          .snapshot()
          .groups.flatMap((g) => g.members)
          .find((m) => m.instance === owner)?.state;
      await trial.bench.until("its time is over", () => stateOf() === "Terminating:Retained" || undefined);
      for (const name of ["lifecycle", "sweep"]) await switchOn(name);
      await held(owner, "state/aside", /Terminating:Retained/, /Terminating:Retained: it runs on and keeps 1/);
      await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
      await replaced(1, owner);
      await run("invocations-failed", [/redrive$/]);
    });

    test("what an operator holds is let go; who waits for its turn then goes on by itself", async () => {
      const [first, second] = [
        (await trial.bench.member("broker", 3)).owner,
        (await trial.bench.member("broker", 1)).owner,
      ];
      await trial.bench.rollcall("hold", first, "--yes");
      await held(first, "operator/hold", /somebody asked/, /an operator holds it/);
      await takeTurn(3, first);
      await terminate(second);
      await held(second, "terminate/2", /turn is another's/, /the turn is broker 3's/);
      const [status] = await run("node-held", [/rollcall status/]);
      expect(status?.out).toMatch(/holds \(terminate\/2\): the turn is broker 3's .* at most /);
      await run("node-held", [/rollcall resume/, { INSTANCE: first }]);
      await replaced(1, second);
      await trial.bench.whole();
      await ends("node-held");
    });

    test("who is in service without an id is terminated, and its replacement launches through the hook", async () => {
      const { owner } = await trial.bench.member("broker", 3);
      await trial.bench.rollcall("release", "3", "--force", "--yes", "--here");
      await held(owner, "in-service/0", /holds no id/, /in service in .* without an id/);
      await run("node-held", [/terminate-instance-in-auto-scaling-group/, { INSTANCE: owner }]);
      await trial.bench.whole();
      expect(await ownerOf(3)).not.toBe(owner);
    });

    test("an address that a stranger has is detached from it", async () => {
      const { owner } = await trial.bench.member("controller", 101);
      const GROUP = groupOf(owner);
      const launches = { AutoScalingGroupName: GROUP, ScalingProcesses: ["Launch"] };
      await operate("autoscaling", "SuspendProcesses", launches);
      await terminate(owner);
      const eni = await trial.bench.until("its address is free", () => {
        const found = trial.bench.lab.cloud.snapshot().interfaces.find((i) => i.address === "10.0.1.10");
        return found?.attachment ? undefined : found;
      });
      const zone = GROUP.slice("lab-controller-".length);
      const broker = trial.bench.lab.cloud.snapshot().groups.find((g) => g.name === `lab-broker-${zone}`)?.members[0];
      await operate("ec2", "AttachNetworkInterface", {
        NetworkInterfaceId: eni.id,
        InstanceId: broker?.instance,
        DeviceIndex: 1,
      });
      await operate("autoscaling", "ResumeProcesses", launches);
      const launching = (await trial.bench.until("another has its id", () => ownerOf(101, "controller"))) ?? "";
      await held(launching, "launch/3", /attached to an instance/, /does not hold controller 101/);
      const [doctor] = await run("node-held", [/rollcall doctor/]);
      const [, ATTACHMENT = ""] =
        /aws ec2 detach-network-interface --attachment-id (\S+)/.exec(doctor?.out ?? "") ?? [];
      await run("node-held", [/detach-network-interface/, { ATTACHMENT }]);
      await trial.bench.whole();
      expect(await ownerOf(101, "controller")).toBe(launching);
    });

    test("an interface that was deleted is made again", async () => {
      const { owner } = await trial.bench.member("controller", 102);
      const GROUP = groupOf(owner);
      await launches(GROUP, false);
      await terminate(owner);
      const { id } = await trial.bench.until("its address is free", () => {
        const found = trial.bench.lab.cloud.snapshot().interfaces.find((i) => i.address === "10.0.2.10");
        return found?.attachment ? undefined : found;
      });
      await operate("ec2", "DeleteNetworkInterface", { NetworkInterfaceId: id });
      await launches(GROUP, true);
      const launching = (await trial.bench.until("another has its id", () => ownerOf(102, "controller"))) ?? "";
      await held(launching, "launch/3", /no interface with its address/, /no network interface of this cluster/);
      const SUBNET = definition.zones.find(({ name }) => GROUP.endsWith(name))?.subnet ?? "";
      const made = { SUBNET, ADDRESS: "10.0.2.10", SECURITY_GROUP: "sg-0a1b2c3d", ROLE: "controller" };
      const [doctor] = await run("node-held", [/rollcall doctor/]);
      expect(doctor?.out).toContain("no interface of the cluster has 10.0.2.10, which controller 102 needs");
      await run("node-held", [/create-network-interface/, made]);
      await trial.bench.whole();
      expect(await ownerOf(102, "controller")).toBe(launching);
    });

    test("a voter that will not be replaced is forced, and taken out of the quorum once it is gone", async () => {
      const { owner: first } = await trial.bench.member("controller", 101);
      const GROUP = groupOf(first);
      await operate("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: GROUP, MaxSize: 2 });
      await run("node-held", [/set-desired-capacity/, { GROUP, NUMBER: "2" }]);
      const fourth = await trial.bench.until("the last address is given out", () => ownerOf(104, "controller"));
      await rings("controller-ids-nearly-used-up");
      await run("ids-nearly-used-up", [/rollcall status/]);
      const served = async () => (await trial.bench.member("controller", 104)).served || undefined;
      await trial.bench.until("it votes", served);
      await trial.bench.until("it is in service", () => groupMembers(GROUP).length === 2 || undefined);
      await terminate(fourth, true);
      await held(fourth, "terminate/3", /is a voter/, /it is still a voter/);
      // As long as it runs, it joins again by itself.
      trial.bench.kafka.removeController(104);
      const votes = () => trial.bench.kafka.quorum().voters.some(({ id }) => id === 104);
      await trial.bench.until("it votes again", () => votes() || undefined);
      await run("node-held", [/rollcall force/, { INSTANCE: fourth }]);
      await trial.bench.until("it is gone", async () => (await ownerOf(104, "controller")) === undefined || undefined);
      trial.bench.kafka.removeController(104);
      await trial.bench.whole();
      expect(votes()).toBe(false);
      await ends("controller-ids-nearly-used-up");
    });

    test("who can only launch once Kafka is in sight goes on by itself as soon as it is", async () => {
      const { owner } = await trial.bench.member("broker", 2);
      const GROUP = groupOf(owner);
      await launches(GROUP, false);
      await terminate(owner);
      await trial.bench.until("its id is vacant", async () => (await ownerOf(2)) === undefined || undefined);
      await switchOff("kafka");
      await launches(GROUP, true);
      const launching = (await trial.bench.until("another has its id", () => ownerOf(2))) ?? "";
      await held(launching, "launch/6", /Kafka is out of sight/, /Kafka cannot be seen, so whether broker 2/);
      // In sight until it is configured, and then no more.
      trial.refuse = ({ service, action, input }) => {
        if (service !== "ssm" || action !== "SendCommand" || !JSON.stringify(input).includes(launching)) return;
        trial.refuse = () => {};
        void switchOff("kafka");
      };
      await run("lifecycle-errors, sweep-errors, kafka-errors", [/delete-function-concurrency/]);
      await held(launching, "launch/9", /Kafka is out of sight/, /Kafka cannot be seen: /);
      await run("lifecycle-errors, sweep-errors, kafka-errors", [/delete-function-concurrency/]);
      await trial.bench.whole();
      expect(await ownerOf(2)).toBe(launching);
    });
  });

  test("launch-too-long: explain says what is waited for, and what cannot come is given up", async () => {
    const title = "launch-too-long";
    const { owner } = await trial.bench.member("broker", 1);
    await terminate(owner);
    const launching = (await replaced(1, owner)) ?? "";
    // It must not get into service before its process dies.
    trial.refuse = ({ action, input }) => {
      if (action === "CompleteLifecycleAction" && JSON.stringify(input).includes(launching))
        throw throttled("autoscaling");
    };
    await trial.bench.until("it is configured", async () => (await trial.bench.record(launching))?.configured);
    await trial.bench.lab.machine(launching).breakKafka();
    await trial.bench.until(
      "Kafka misses it",
      () => !trial.bench.kafka.registered().some(({ id }) => id === 1) || undefined,
    );
    const { ended } = trial.bench.lab.journal.sweeps;
    await trial.bench.until(
      "every older look is over",
      () => trial.bench.lab.journal.sweeps.ended > ended + 3 || undefined,
    );
    trial.refuse = () => {};
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
    await trial.bench.whole();
    await ends(title);
  });

  describe("node-absent", () => {
    const title = "node-absent";

    test("explain says what keeps it from being replaced: here the turn is another's, who is held", async () => {
      const [absent, other] = [
        (await trial.bench.member("broker", 1)).owner,
        (await trial.bench.member("broker", 2)).owner,
      ];
      await trial.bench.rollcall("hold", other, "--yes");
      await heldAt(other, /an operator holds it/);
      await takeTurn(2, other);
      await trial.bench.lab.machine(absent).breakKafka();
      await rings(title);
      const [status, explained, doctor] = await run(
        title,
        [/rollcall status/],
        [/rollcall explain/, { INSTANCE: absent }],
        [/rollcall doctor/],
      );
      expect(status?.out).toMatch(/holds \(in-service\/2\): the process of broker 1 is dead .* the turn is broker 2's/);
      expect(explained?.out).toContain("holds (in-service/2)");
      await held(absent, "in-service/2", /not its turn/, /the turn is broker 2's/);
      expect(doctor?.out).toContain(`broker 1 (${absent}) is in service, and Kafka does not count it in`);
      await run("node-held", [/rollcall resume/, { INSTANCE: other }]);
      await replaced(1, absent);
      await trial.bench.whole();
      await ends(title);
    });

    test("where several look dead at once, one is terminated, and the rest is replaced by itself", async () => {
      const owners = [
        (await trial.bench.member("broker", 1)).owner,
        (await trial.bench.member("broker", 2)).owner,
      ] as const;
      for (const owner of owners) await trial.bench.lab.machine(owner).breakKafka();
      await held(owners[0], "in-service/1", /look dead at once/, /look dead at once/);
      await rings("node-held");
      const [status, explained] = await run(title, [/rollcall status/], [/rollcall explain/, { INSTANCE: owners[0] }]);
      expect(status?.out).toContain("look dead at once");
      expect(explained?.out).toContain("(in-service/1)");
      await run(title, [/terminate-instance/, { INSTANCE: owners[0] }]);
      await replaced(1, owners[0]);
      await replaced(2, owners[1]);
      await trial.bench.whole();
      await ends("node-held");
    });
  });

  test("nodes-missing: a process that is suspended is found, and resumed", async () => {
    const title = "nodes-missing";
    const { owner } = await trial.bench.member("broker", 3);
    const GROUP = groupOf(owner);
    await operate("autoscaling", "SuspendProcesses", { AutoScalingGroupName: GROUP, ScalingProcesses: ["Launch"] });
    await terminate(owner);
    await trial.bench.until("its group is empty", () => {
      const group = trial.bench.lab.cloud.snapshot().groups.find((g) => g.name === GROUP);
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
    await trial.bench.whole();
    await ends(title);
  });

  test("passes-failing: explain names the call, and a hold keeps the instance until it is mended", async () => {
    const title = "passes-failing";
    const { owner } = await trial.bench.member("broker", 1);
    trial.refuse = ({ service, action }) => {
      if (service !== "ssm" || action !== "DescribeInstanceInformation") return;
      throw new AwsError("AccessDeniedException", "User is not authorized to perform: ssm:DescribeInstanceInformation");
    };
    await terminate(owner);
    await rings(title);
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
    trial.refuse = () => {};
    await run(title, [/rollcall resume/, { INSTANCE: owner }]);
    await replaced(1, owner);
    await ends(title);
  });

  test("sweep-not-running: the doctor says what keeps it, and an instance can be looked after from here", async () => {
    const title = "sweep-not-running";
    await switchOff("lifecycle");
    await switchOff("sweep");
    await operate("events", "DisableRule", { Name: "rollcall-lab-sweep" });
    await rings(title);
    const { owner } = await trial.bench.member("broker", 2);
    await terminate(owner);
    await trial.bench.until(
      "it waits for Rollcall",
      () =>
        trial.bench.lab.cloud
          .snapshot()
          .groups.some((g) => g.members.some((m) => m.instance === owner && m.state === "Terminating:Wait")) ||
        undefined,
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
    await trial.bench.whole();
    expect(await ownerOf(2)).not.toBe(owner);
  });

  describe("lifecycle-errors, sweep-errors, kafka-errors", () => {
    const title = "lifecycle-errors, sweep-errors, kafka-errors";

    test("what a function failed at for good says why, and is handed over once the cause is gone", async () => {
      trial.refuse = ({ service, caller }) => {
        if (service !== "dynamodb" || !/lifecycle/i.test(caller.role)) return;
        throw new AwsError("AccessDeniedException", "User is not authorized to perform: dynamodb:BatchGetItem");
      };
      const { owner } = await trial.bench.member("broker", 3);
      await terminate(owner);
      await rings("lifecycle-errors");
      await rings("invocations-failed");
      const [shown] = await run(title, [/redrive --dry-run/]);
      expect(shown?.out).toContain(owner);
      expect(shown?.out).toContain("AccessDeniedException");
      trial.refuse = () => {};
      const [redriven] = await run(title, [/rollcall redrive$/]);
      expect(redriven).toMatchObject({ status: 0, out: expect.stringContaining(", 0 left") });
      await replaced(3, owner);
      await ends("lifecycle-errors");
      await ends("invocations-failed");
    });

    test("where the sweep is denied the table, each sweep fails, until it may read it again", async () => {
      trial.refuse = ({ service, caller }) => {
        if (service !== "dynamodb" || !/sweep/i.test(caller.role)) return;
        throw new AwsError("AccessDeniedException", "User is not authorized to perform: dynamodb:Query");
      };
      await rings("sweep-errors");
      await trial.bench.until("one of them has failed for good", () => letters("failures") > 0 || undefined);
      const [, shown] = await run(title, [/rollcall doctor/], [/redrive --dry-run/]);
      expect(shown?.out).toContain("dynamodb:Query");
      trial.refuse = () => {};
      await ends("sweep-errors");
      await run(title, [/rollcall redrive$/]);
    });

    test("where the Kafka function's code is broken, nothing rests on Kafka's word until it is deployed again", async () => {
      const { lab } = trial.bench;
      const code: FunctionCode = (deployed) =>
        deployed.handler.startsWith("kafka.")
          ? () => Promise.reject(new Error("Cannot find module 'kafka'"))
          : lab.code(definition)(deployed);
      await lab.stack.stack.update(compileTemplate(definition), { code });
      await rings("kafka-errors");
      const { owner } = await trial.bench.member("broker", 1);
      await held(owner, "in-service/1", /Kafka is out of sight/, /Cannot find module 'kafka'/);
      await run(title, [/rollcall doctor/], [/sls deploy/]);
      await trial.bench.whole();
      await ends("kafka-errors");
      await ends("node-held");
    });

    test("without the Kafka function nothing is changed that rests on Kafka's word; with it, it goes on by itself", async () => {
      await switchOff("kafka");
      const { owner } = await trial.bench.member("broker", 3);
      await terminate(owner);
      const serving = (await trial.bench.member("broker", 1)).owner;
      await held(owner, "terminate/2", /Kafka cannot be seen/, /Kafka cannot be seen/);
      await held(serving, "in-service/1", /Kafka is out of sight/, /Kafka cannot be seen: .*changes nothing/);
      const [doctor] = await run(title, [/rollcall doctor/]);
      expect(doctor).toMatchObject({
        status: 1,
        out: expect.stringContaining("function rollcall-lab-kafka is switched off"),
      });
      await run(title, [/delete-function-concurrency/]);
      await replaced(3, owner);
      await trial.bench.whole();
      await ends("node-held");
    });
  });

  test("invocations-failed: what a function was switched off for is shown, and handed over", async () => {
    const title = "invocations-failed";
    await switchOff("lifecycle");
    const { owner } = await trial.bench.member("broker", 3);
    await terminate(owner);
    await rings(title);
    const [shown] = await run(title, [/--dry-run/]);
    expect(shown?.out).toContain(owner);
    await switchOn("lifecycle");
    const [redriven] = await run(title, [/redrive$/]);
    expect(redriven).toMatchObject({ status: 0, out: expect.stringContaining(", 0 left") });
    await replaced(3, owner);
    await trial.bench.whole();
    await ends(title);
    expect((await run(title, [/rollcall status/]))[0]?.status).toBe(0);
  });

  test("events-undelivered: the doctor says what keeps events away; letters to a stranger are purged", async () => {
    const title = "events-undelivered";
    const rule = { Rule: "rollcall-lab-lifecycle-actions" };
    const [target] = trial.bench.lab.cloud.bus.rule(rule.Rule)?.targets.values() ?? [];
    if (!target) throw new Error("the rule has a target");
    const Targets = [{ Id: target.id, Arn: target.arn, DeadLetterConfig: { Arn: target.deadLetters } }];
    await operate("events", "PutTargets", { ...rule, Targets: [{ ...Targets[0], Arn: `${target.arn}-gone` }] });
    const { owner } = await trial.bench.member("broker", 1);
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
    await trial.bench.whole();
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

  test("node-held: what waits for brokers goes on by itself when they are back; who is alive is left to come back", async () => {
    const { kafka } = trial.bench;
    kafka.createTopic("kept", { partitions: 3, replication: 3, minIsr: 2 });
    const [silent, leaving] = [await trial.bench.member("broker", 1), await trial.bench.member("broker", 2)];
    const address = silent.address ?? "";
    trial.bench.lab.machine(silent.owner).unplug(address);
    await trial.bench.until("Kafka misses it", () => kafka.registered().length === 2 || undefined);
    await terminate(leaving.owner);
    await held(leaving.owner, "terminate/2", /stopping it is not safe/, /below its min ISR 2/);
    await rings("node-absent");
    const said = () => trial.bench.lab.journal.latest(silent.owner)?.message ?? "";
    await trial.bench.until("its node says that it lives", () => said().includes("is alive") || undefined);
    const [status, explained] = await run(
      "node-absent",
      [/rollcall status/],
      [/rollcall explain/, { INSTANCE: silent.owner }],
      [/rollcall doctor/],
    );
    expect(status?.out).toContain("5 in service, 6 desired");
    expect(explained?.out).toContain("(in-service/2)");
    trial.bench.lab.machine(silent.owner).plug(address);
    await replaced(2, leaving.owner);
    await trial.bench.whole();
    expect(await ownerOf(1)).toBe(silent.owner);
    await ends("node-absent");
  });

  test("node-held: an empty disk waits for whoever has the messages, and goes on by itself when they are back", async () => {
    const { kafka } = trial.bench;
    kafka.createTopic("rare", { partitions: 1, replication: 2, minIsr: 1 });
    const rare = () => kafka.partitions().find(({ topic }) => topic === "rare");
    const [lost = 0, kept = 0] = rare()?.replicas ?? [];
    const { owner } = await trial.bench.member("broker", lost);
    const { owner: mate, address = "" } = await trial.bench.member("broker", kept);
    const machine = trial.bench.lab.machine(mate);
    const GROUP = groupOf(owner);
    await launches(GROUP, false);
    await operate("ec2", "TerminateInstances", { InstanceIds: [owner] });
    await trial.bench.until("its id is vacant", async () => (await ownerOf(lost)) === undefined || undefined);
    await trial.bench.until("the other alone is in sync", () => rare()?.isr.join() === `${kept}` || undefined);
    machine.unplug(address);
    await trial.bench.until("nobody leads", () => rare()?.leader === -1 || undefined);
    await launches(GROUP, true);
    const launching = (await trial.bench.until("another has its id", () => ownerOf(lost))) ?? "";
    await held(launching, "launch/6", /an empty disk is not safe/, /an empty disk is not safe/);
    machine.plug(address);
    await trial.bench.whole();
    expect(await ownerOf(lost)).toBe(launching);
  });

  /** From then on held whenever it is to be stopped: it has the only copy of something. */
  let precious = 0;
  test("node-held: the only copy of something: status and explain name the row, force passes it, twice", async () => {
    trial.bench.kafka.createTopic("precious", { partitions: 1, replication: 1, minIsr: 1 });
    const id = trial.bench.kafka.partitions().find((p) => p.topic === "precious")?.leader ?? 0;
    precious = id;
    const { owner } = await trial.bench.member("broker", id);
    await terminate(owner);
    await held(owner, "terminate/2", /stopping it is not safe/, /precious-0/);
    const [status] = await run("node-held", [/rollcall status/], [/rollcall force/, { INSTANCE: owner }]);
    expect(status?.out).toMatch(/holds \(terminate\/2\): .*precious-0.* at most /);
    const replacement = (await replaced(id, owner)) ?? "";
    await held(replacement, "launch/6", /an empty disk is not safe/, /an empty disk is not safe/);
    await run("node-held", [/rollcall force/, { INSTANCE: replacement }]);
    await trial.bench.whole();
    await ends("node-held");
  });

  test("node-held: who is dead with the only copy of something is replaced by force alone", async () => {
    const { owner } = await trial.bench.member("broker", precious);
    // The force that its launch needed would stand for a quarter of an hour.
    await run("node-held", [/rollcall resume/, { INSTANCE: owner }]);
    await trial.bench.lab.machine(owner).breakKafka();
    const reason = /the process of broker \d is dead .* stopping it is not safe: precious-0/;
    await held(owner, "in-service/2", /stopping it is not safe/, reason);
    await run("node-held", [/rollcall force/, { INSTANCE: owner }]);
    // Its termination is another action, and its replacement's launch a third.
    await heldAt(owner, /stopping broker \d is not safe/);
    await run("node-held", [/rollcall force/, { INSTANCE: owner }]);
    const replacement = (await replaced(precious, owner)) ?? "";
    await heldAt(replacement, /an empty disk is not safe/);
    await run("node-held", [/rollcall force/, { INSTANCE: replacement }]);
    await trial.bench.whole();
    await ends("node-held");
  });

  test("node-held: a new configuration waits for the turn, for the agent, and for force where it is not safe", async () => {
    const [first, second] = [1, 2, 3].filter((id) => id !== precious);
    const [holder, mute] = [
      (await trial.bench.member("broker", first ?? 0)).owner,
      (await trial.bench.member("broker", second ?? 0)).owner,
    ];
    const { owner } = await trial.bench.member("broker", precious);
    await run("node-held", [/rollcall resume/, { INSTANCE: owner }]);
    const { agents } = trial.bench.lab.cloud;
    await trial.bench.rollcall("hold", holder, "--yes");
    await heldAt(holder, /an operator holds it/);
    await takeTurn(first ?? 0, holder);
    agents.silence(mute);
    const settings = { ...definition.kafka.settings, "num.io.threads": "4" };
    trial.bench.declare({ ...definition, kafka: { ...definition.kafka, settings } });
    const deployed = trial.bench.lab.clock.now();
    await run("lifecycle-errors, sweep-errors, kafka-errors", [/sls deploy/]);
    await held(owner, "in-service/3", /not its turn/, /its configuration has changed, but the turn is broker/);
    // Who cannot be reached does not even line up for the turn.
    await held(mute, "in-service/3", /its agent is not online/, /but its agent is not online/);
    await run("node-held", [/rollcall resume/, { INSTANCE: holder }]);
    agents.silence(mute, false);
    const everybodyHasIt = (but?: string) =>
      trial.bench.until("each has it", async () => {
        const { records } = await trial.bench.lab.table.readAll();
        const others = [...records.values()].filter(({ instance }) => instance !== but);
        return others.every(({ configured }) => (configured?.at ?? 0) > deployed) || undefined;
      });
    await everybodyHasIt(owner);
    await held(owner, "in-service/3", /stopping it is not safe/, /not safe: precious-0/);
    await run("node-held", [/rollcall force/, { INSTANCE: owner }]);
    await everybodyHasIt();
    await trial.bench.whole();
    await ends("node-held");
  });

  /** Who has nothing that is precious; from here on a second id stays vacant in its zone, and the next instance there takes that one. */
  const other = (): number => [1, 2, 3].find((id) => id !== precious) ?? 0;

  test("ids-nearly-used-up: status lists the ids, and who is gone for good gives his back", async () => {
    const title = "ids-nearly-used-up";
    const kind = "broker-ids-nearly-used-up";
    const { owner } = await trial.bench.member("broker", other());
    const AutoScalingGroupName = groupOf(owner);
    await operate("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, DesiredCapacity: 2, MaxSize: 2 });
    const last = (await trial.bench.until("the last id is given out", () => ownerOf(4))) ?? "";
    await rings(kind);
    const [status] = await run(title, [/rollcall status/]);
    expect(status?.out).toMatch(/ broker 4 i-/);
    expect(status?.out).not.toMatch(/broker \d+ in /);
    await trial.bench.until(
      "it is in service",
      async () => (await trial.bench.member("broker", 4)).served || undefined,
    );

    // Its holder goes for good while nobody looks after the cluster.
    for (const name of ["lifecycle", "sweep"]) await switchOff(name);
    await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: last,
      ShouldDecrementDesiredCapacity: true,
    });
    await operate("ec2", "TerminateInstances", { InstanceIds: [last] });
    await trial.bench.until(
      "EC2 has ended it",
      () => trial.bench.lab.cloud.snapshot().instances.find((i) => i.id === last)?.state === "terminated" || undefined,
    );
    const [release] = await run(title, [/rollcall release/, { ID: "4" }]);
    expect(release?.out).toContain("Rollcall frees broker 4 by itself");
    const [here] = await run("sweep-not-running", [/release ID --here/, { ID: "4" }]);
    expect(here?.status).toBe(0);
    expect(await ownerOf(4)).toBeUndefined();
    expect((await run(title, [/rollcall status/]))[0]?.out).toMatch(/vacant .*broker 4 in eu-central-1/);
    for (const name of ["lifecycle", "sweep"]) await switchOn(name);
    await run("invocations-failed", [/redrive$/]);
    await ends(kind);
  });

  test("node-held: who is not to be replaced and still carries replicas stays, until the desired capacity is raised again", async () => {
    const id = other();
    // Whoever is registered gets replicas.
    await trial.bench.until(
      "broker 4's session is over",
      () => trial.bench.kafka.registered().length === 3 || undefined,
    );
    trial.bench.kafka.createTopic("orders", { partitions: 6, replication: 3, minIsr: 2 });
    const { owner } = await trial.bench.member("broker", id);
    const GROUP = groupOf(owner);
    const desire = (NUMBER: string) => run("node-held", [/set-desired-capacity/, { GROUP, NUMBER }]);
    await operate("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: GROUP, MaxSize: 2 });
    await desire("2");
    const fourth = (await trial.bench.until("broker 4 is there", () => ownerOf(4))) ?? "";
    await trial.bench.until(
      "it is in service",
      async () => (await trial.bench.member("broker", 4)).served || undefined,
    );
    await operate("autoscaling", "TerminateInstanceInAutoScalingGroup", {
      InstanceId: owner,
      ShouldDecrementDesiredCapacity: true,
    });
    await held(owner, "terminate/3", /carries replicas/, /will not be replaced: it carries \d+ replicas/);
    await desire("2");
    await replaced(id, owner);
    await trial.bench.until("both serve", () => groupMembers(GROUP).length === 2 || undefined);
    await ends("node-held");
    // Who carries nothing may go; so what broker 4 carries is moved.
    const before = trial.bench.kafka.partitions().find(({ topic }) => topic === "orders")?.replicas ?? [];
    const move = (replicas: readonly number[]) => trial.bench.kafka.reassign("orders", 0, replicas);
    move([4, ...before.slice(1)]);
    const carries = () =>
      trial.bench.kafka.partitions().some(({ replicas, isr }) => replicas.length === isr.length && isr.includes(4));
    await trial.bench.until("broker 4 carries something", () => carries() || undefined);
    await terminate(fourth, true);
    await held(fourth, "terminate/3", /carries replicas/, /broker 4 will not be replaced: it carries 1 replicas/);
    move(before);
    await trial.bench.until("broker 4 is gone", async () => ((await ownerOf(4)) === undefined ? true : undefined));
  });
}
