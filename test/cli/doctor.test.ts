/** The doctor on a cluster in the lab that differs from how it should be, one thing at a time. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decisionsOn } from "../../cli/aws/caller.ts";
import { operatorClients } from "../../cli/aws/clients.ts";
import { toOperate } from "../../cli/doctor/permissions.ts";
import { definition } from "../definition.ts";
import { type Bench, startBench, type Told } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

const operate = (service: string, action: string, input: object) => bench.lab.operate(service, action, input);
const GROUP = "lab-broker-eu-central-1a";

async function wrong(): Promise<{ status: number; found: string[] }> {
  const { status, told } = await bench.json("doctor");
  const findings: Told[] = told.findings.filter((f: Told) => f.level !== "fine");
  return { status, found: findings.map((f) => `${f.level} ${f.area}: ${f.what} → ${f.remedy ?? ""}`) };
}

/** Does it, asks the doctor, undoes it: what the doctor found. */
async function drifted(make: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<string[]> {
  await make();
  try {
    const { status, found } = await wrong();
    expect(status).toBe(found.every((f) => f.startsWith("note")) ? 0 : 1);
    return found;
  } finally {
    await undo();
  }
}

test("finds nothing wrong with a cluster that is as it should be, and says what it has looked at", async () => {
  const { status, told } = await bench.json("doctor");
  expect(told).toMatchObject({ ok: true, deployed: true });
  expect(told.findings.filter((f: Told) => f.level !== "fine")).toEqual([]);
  expect(status).toBe(0);
  const areas = told.findings.map((f: Told) => f.area);
  for (const area of ["subnets", "addresses", "groups", "quotas", "permissions", "functions", "rules", "archive"])
    expect(areas).toContain(area);
  for (const area of ["document", "dead letters", "roster", "turn", "records", "agents", "configuration", "Kafka"])
    expect(areas).toContain(area);
});

test("finds that whoever has the sweep's rights may take its steps, which it may only where the cluster's tag is", async () => {
  const { connection = {} } = bench.surroundings;
  const clients = operatorClients({ region: definition.region, ...connection });
  try {
    const iam = await clients.iam();
    const role = bench.lab.cloud.iam.roles.all().find(({ name }) => /sweep/i.test(name));
    if (!role) throw new Error("the sweep has no role");
    const caller = { account: "123456789012", partition: "aws", arn: role.arn };
    const questions = toOperate(definition, caller.account, caller.partition);
    const deniedIn = async (cluster: string): Promise<string[]> => {
      const decisions = await decisionsOn(iam, caller, cluster, questions);
      return decisions.filter(({ allowed }) => !allowed).map(({ action }) => action);
    };
    // It hands over and replays nothing, which only operators do.
    const denied = await deniedIn("lab");
    expect(denied.filter((action) => !/^(sqs|events|lambda):/.test(action))).toEqual([]);
    expect(await deniedIn("another")).toEqual(
      expect.arrayContaining(["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ssm:SendCommand"]),
    );
  } finally {
    clients.destroy();
  }
});

describe("groups and hooks", () => {
  test("a hook that is missing, and how to make it", async () => {
    const hook = {
      AutoScalingGroupName: GROUP,
      LifecycleHookName: "rollcall-terminate",
      LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      HeartbeatTimeout: 30,
      DefaultResult: "ABANDON",
      NotificationMetadata: JSON.stringify({ cluster: "lab", role: "broker" }),
    };
    const found = await drifted(
      () =>
        operate("autoscaling", "DeleteLifecycleHook", {
          AutoScalingGroupName: GROUP,
          LifecycleHookName: "rollcall-terminate",
        }),
      () => operate("autoscaling", "PutLifecycleHook", hook),
    );
    expect(found).toEqual([
      expect.stringMatching(
        /^wrong groups: lab-broker-eu-central-1a has no hook rollcall-terminate.*put-lifecycle-hook .*--heartbeat-timeout 30 --default-result ABANDON/,
      ),
    ]);
  });

  test("a hook with another heartbeat, and a stranger's hook", async () => {
    const put = (LifecycleHookName: string, HeartbeatTimeout: number) =>
      operate("autoscaling", "PutLifecycleHook", {
        AutoScalingGroupName: GROUP,
        LifecycleHookName,
        LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout,
      });
    const found = await drifted(
      async () => {
        await put("rollcall-terminate", 300);
        await put("drain", 60);
      },
      async () => {
        await put("rollcall-terminate", 30);
        await operate("autoscaling", "DeleteLifecycleHook", {
          AutoScalingGroupName: GROUP,
          LifecycleHookName: "drain",
        });
      },
    );
    expect(found).toEqual([
      expect.stringContaining("has a heartbeat of 300 s, not 30 s"),
      expect.stringContaining(`note groups: ${GROUP} has the hook drain, too`),
    ]);
  });

  test("processes that are suspended", async () => {
    const processes = { AutoScalingGroupName: GROUP, ScalingProcesses: ["Launch"] };
    const found = await drifted(
      () => operate("autoscaling", "SuspendProcesses", processes),
      () => operate("autoscaling", "ResumeProcesses", processes),
    );
    expect(found).toEqual([expect.stringMatching(/^wrong groups: .* has Launch suspended → .*resume-processes/)]);
  });
});

describe("what wakes Rollcall", () => {
  test("a rule that is disabled, and one that does not wake its function", async () => {
    const rule = { Rule: "rollcall-lab-lifecycle-actions" };
    const { Targets } = (await operate("events", "ListTargetsByRule", rule)) as Told;
    const found = await drifted(
      async () => {
        await operate("events", "DisableRule", { Name: "rollcall-lab-sweep" });
        await operate("events", "RemoveTargets", { ...rule, Ids: Targets.map((t: Told) => t.Id) });
      },
      async () => {
        await operate("events", "EnableRule", { Name: "rollcall-lab-sweep" });
        await operate("events", "PutTargets", { ...rule, Targets });
      },
    );
    expect(found).toEqual([
      expect.stringContaining("rule rollcall-lab-lifecycle-actions does not wake rollcall-lab-lifecycle"),
      expect.stringMatching(/rule rollcall-lab-sweep is disabled → aws events enable-rule --name rollcall-lab-sweep$/),
    ]);
  });

  test("dead letters", async () => {
    const queue = bench.lab.cloud.queues.all().find((q) => q.name === "rollcall-lab-undelivered");
    const found = await drifted(
      async () => queue?.send({}),
      async () => {
        // It was only counted, so that it can be had at once.
        for (const { receipt } of queue?.receive(10) ?? []) queue?.delete(receipt);
      },
    );
    expect(found).toEqual(["wrong dead letters: 1 message in rollcall-lab-undelivered → rollcall redrive"]);
    expect(queue?.messages).toEqual([]);
  });
});

describe("addresses and members", () => {
  test("an address that would go with its instance", async () => {
    const { owner } = await bench.member("controller", 101);
    const eni = bench.lab.cloud.snapshot().interfaces.find((i) => i.address === "10.0.1.10");
    const change = (DeleteOnTermination: boolean) =>
      operate("ec2", "ModifyNetworkInterfaceAttribute", {
        NetworkInterfaceId: eni?.id,
        Attachment: { AttachmentId: eni?.attachment?.id, DeleteOnTermination },
      });
    const found = await drifted(
      () => change(true),
      () => change(false),
    );
    expect(found).toEqual([
      expect.stringMatching(
        new RegExp(
          `^wrong addresses: ${eni?.id} \\(10.0.1.10\\) would be deleted with ${owner} → aws ec2 modify-network`,
        ),
      ),
    ]);
  });

  test("a node whose agent is lost, and whose process is dead", async () => {
    const { owner } = await bench.member("broker", 1);
    await bench.rollcall("hold", owner, "--yes", "--here");
    await bench.lab.machine(owner).breakKafka();
    await bench.until("Kafka does not count it in", async () => {
      const { told } = await bench.json("status");
      return told.groups.flatMap((g: Told) => g.nodes).some((n: Told) => n.id === 1 && n.kafka === "out") || undefined;
    });
    const { found } = await wrong();
    expect(found).toContainEqual(
      expect.stringMatching(
        new RegExp(`^wrong Kafka: broker 1 \\(${owner}\\) is in service, and Kafka does not count it in`),
      ),
    );
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^wrong records: ${owner} is held since .*: an operator holds it`)),
    );
    await bench.rollcall("resume", owner, "--yes", "--here");
    await bench.until("it is replaced", async () => {
      const { rosters } = await bench.lab.table.readAll();
      return rosters.get("broker")?.members.get(1)?.owner === owner ? undefined : true;
    });
    await bench.whole();
  });

  test("a turn that nobody gives back, and what Kafka says cannot be seen", async () => {
    const { owner } = await bench.member("broker", 3);
    const off = { FunctionName: "rollcall-lab-kafka", ReservedConcurrentExecutions: 0 };
    const found = await drifted(
      async () => {
        await operate("lambda", "PutFunctionConcurrency", off);
        const since = bench.lab.clock.now() - 2 * 3_600_000;
        await bench.lab.table.takeTurn({ role: "broker", id: 3, instance: owner, since, reason: "a test" });
      },
      async () => {
        await operate("lambda", "DeleteFunctionConcurrency", { FunctionName: "rollcall-lab-kafka" });
        await bench.whole();
      },
    );
    expect(found).toContainEqual(expect.stringMatching(/^wrong turn: broker 3 has had the turn for 2h/));
    expect(found).toContainEqual(expect.stringMatching(/^unseen Kafka: .*TooManyRequestsException/));
    expect(found).toContainEqual(
      expect.stringMatching(/^wrong functions: function rollcall-lab-kafka is switched off/),
    );
  });
});
