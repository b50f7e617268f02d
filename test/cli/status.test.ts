import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/run.ts";
import { throttled } from "../../lab/cloud/faults.ts";
import type { Call } from "../../lab/cloud/service.ts";
import { type Bench, MUTATING, startBench, type Told } from "./lab.ts";

let bench: Bench;
/** Whether AWS answers the operator with errors only. */
let away = false;
beforeAll(async () => {
  const before = ({ service, caller }: Call): undefined => {
    if (away && caller.role === "operator") throw throttled(service);
  };
  bench = await startBench({ faults: { before } });
});
afterAll(() => bench.close());

const nodesOf = (told: Told): Told[] => told.groups.flatMap((group: Told) => group.nodes);

describe("a whole cluster", () => {
  test("shows every group and node with id, address, state and Kafka's view, and is fine", async () => {
    const { status, told } = await bench.json("status");
    expect(told).toMatchObject({ ok: true, concerns: [], cluster: "lab", unseen: [], vacant: [], outside: [] });
    expect(status).toBe(0);
    expect(told.groups.map((g: Told) => [g.name, g.desired, g.nodes.length])).toEqual(
      ["controller", "broker"].flatMap((role) =>
        ["a", "b", "c"].map((zone) => [`lab-${role}-eu-central-1${zone}`, 1, 1]),
      ),
    );
    const nodes = nodesOf(told);
    expect(nodes.map((n) => n.id).sort((a, b) => a - b)).toEqual([1, 2, 3, 101, 102, 103]);
    const controller = nodes.find((n) => n.id === 101);
    expect(controller).toMatchObject({
      role: "controller",
      address: "10.0.1.10",
      state: "InService",
      ec2: "running",
      kafka: "listening",
      next: { do: "settled", row: "in-service/4", reason: "well" },
    });
    expect(nodes.find((n) => n.id === 1)).toMatchObject({ role: "broker", kafka: "registered" });
    expect(told.letters).toEqual({ "rollcall-lab-failures": 0, "rollcall-lab-undelivered": 0 });
    expect(told.quorum).toMatchObject({ formed: true });
  });

  test("fits on one screen of text: a line for each node, and no more about those that are well", async () => {
    const { status, out } = await bench.rollcall("status");
    expect(status).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(14);
    for (const id of [1, 2, 3, 101, 102, 103]) {
      expect(
        lines.filter((line) => new RegExp(`^(broker|controller) ${id} .* lab-\\1-eu-central-1[abc] 1/1$`).test(line)),
      ).toHaveLength(1);
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(160);
  });

  test("explains a node by the facts and the row that applies", async () => {
    const { owner } = await bench.member("broker", 2);
    const { status, told } = await bench.json("explain", owner);
    expect(status).toBe(0);
    expect(told).toMatchObject({
      instance: owner,
      seen: { ec2: "running", kafka: { seen: true } },
      unseen: {},
      notes: [],
      step: { do: "settled", row: "in-service/4", reason: "well" },
    });
    const { out } = await bench.rollcall("explain", owner);
    expect(out).toContain("holds broker 2 since");
    expect(out).toMatch(/settled \(in-service\/4\)\n {4}well/);
  });

  test("asks a member who leads the quorum only where that is wanted, and sends it nothing but that question", async () => {
    const { owner } = await bench.member("controller", 102);
    const mark = bench.lab.cloud.calls.all().length;
    const { told } = await bench.json("explain", owner, "--quorum");
    expect(told).toMatchObject({
      step: { row: "in-service/4" },
      seen: { quorum: { seen: true, voters: { length: 3 } } },
    });
    const status = await bench.json("status", "--quorum");
    const { leader } = status.told.voters;
    for (const { id, kafka } of nodesOf(status.told).filter((n) => n.role === "controller"))
      expect(kafka).toBe(id === leader ? "listening, leads" : "listening, follows");
    expect((await bench.rollcall("status", "--quorum")).out).toContain(
      `formed, led by ${leader}, voters 101, 102, 103`,
    );
    const sent = bench.operatorCalls(mark).filter((call) => MUTATING.test(call.action));
    expect(sent.map((call) => [call.action, (call.input as Told).Parameters.action])).toEqual(
      sent.map(() => ["SendCommand", ["verify"]]),
    );
    expect(sent).toHaveLength(3);
  });

  test("knows nothing of an instance that is not the cluster's", async () => {
    const { status, told } = await bench.json("explain", "i-0123456789abcdef0");
    expect(status).toBe(1);
    expect(told).toMatchObject({ exit: 1, error: expect.stringContaining("not of cluster lab") });
  });

  test("what only looks makes no mutating call, and leaves the rosters as they are", async () => {
    const before = await bench.lab.table.readAll();
    const { owner } = await bench.member("controller", 101);
    const mark = bench.lab.cloud.calls.all().length;
    for (const args of [["status"], ["explain", owner], ["doctor"]]) {
      await bench.rollcall(...args);
    }
    const calls = bench.operatorCalls(mark);
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter((call) => MUTATING.test(call.action)).map((c) => `${c.service}:${c.action}`)).toEqual([]);
    expect((await bench.lab.table.readAll()).rosters).toEqual(before.rosters);
  });
});

test("a watch goes on where AWS does not answer for a while", async () => {
  let lines: Told[] = [];
  const interruption = new AbortController();
  const { surroundings } = bench;
  const watching = run(["status", "--watch", "--json", "--cluster", bench.file], {
    ...surroundings,
    interrupted: interruption.signal,
    streams: {
      ...surroundings.streams,
      out: {
        write(text: string) {
          lines = [...lines, JSON.parse(text)];
        },
      },
    },
  });
  await bench.until("a first status", () => lines.length > 0 || undefined);
  away = true;
  await bench.until(
    "an outage is told",
    () => lines.some((one) => one.error?.startsWith("AWS does not answer")) || undefined,
  );
  away = false;
  const mark = lines.length;
  await bench.until("it is seen again", () => lines.slice(mark).some((one) => one.ok) || undefined);
  interruption.abort();
  expect(await watching).toBe(130);
});

describe("what cannot be seen is said, and hides nothing else", () => {
  test("Kafka, where its function is switched off", async () => {
    const off = { FunctionName: "rollcall-lab-kafka", ReservedConcurrentExecutions: 0 };
    await bench.lab.operate("lambda", "PutFunctionConcurrency", off);
    try {
      const { status, told } = await bench.json("status");
      expect(status).toBe(1);
      expect(told.unseen.map((u: Told) => u.what)).toEqual(["Kafka", "the quorum's listeners"]);
      expect(told.unseen[0].reason).toMatch(/rollcall-lab-kafka.*TooManyRequestsException/);
      expect(nodesOf(told)).toHaveLength(6);
      expect(nodesOf(told).find((n) => n.id === 1)?.next).toMatchObject({ do: "hold", row: "in-service/1" });
      const { out } = await bench.rollcall("status");
      expect(out).toContain("! Kafka cannot be seen: ");
    } finally {
      await bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName: "rollcall-lab-kafka" });
    }
  });

  test("the functions that look after the cluster need not run for it", async () => {
    for (const name of ["lifecycle", "sweep"]) {
      const off = { FunctionName: `rollcall-lab-${name}`, ReservedConcurrentExecutions: 0 };
      await bench.lab.operate("lambda", "PutFunctionConcurrency", off);
    }
    try {
      const { told } = await bench.json("status");
      expect(told.unseen).toEqual([]);
      expect(nodesOf(told)).toHaveLength(6);
      const doctor = await bench.json("doctor");
      expect(doctor.status).toBe(1);
      const wrong = doctor.told.findings.filter((f: Told) => f.level === "wrong" && f.area === "functions");
      expect(wrong.map((f: Told) => f.remedy)).toEqual(
        ["lifecycle", "sweep"].map((name) => expect.stringContaining(`--function-name rollcall-lab-${name}`)),
      );
    } finally {
      for (const name of ["lifecycle", "sweep"]) {
        await bench.lab.operate("lambda", "DeleteFunctionConcurrency", { FunctionName: `rollcall-lab-${name}` });
      }
      const sqs = bench.lab.cloud.queues.all().find((q) => q.name === "rollcall-lab-failures");
      for (const { receipt } of sqs?.receive(1_000) ?? []) sqs?.delete(receipt);
    }
  });
});
