import { describe, expect, test } from "vitest";
import { explain } from "../../shared/lifecycle/explain.ts";
import type { FleetSight, InstanceRecord, QuorumMark } from "../../shared/lifecycle/sights.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { plan, world, zone } from "../functions/world.ts";
import { digestOf, kafka } from "./scene.ts";

const I = "i-0123456789abcdef0";
const START = Date.parse("2026-09-14T08:21:07Z");
const SKEW = 30_000;
const quorum: QuorumMark = {
  clusterId: "4L6g3nShT-eMCtK--X86sw",
  voters: [101, 102, 103].map((id) => ({ id, directoryId: `dir-${id}` })),
  formed: true,
};
const address = "10.0.1.50";
const digest = digestOf("broker", 1, zone, address, quorum);
const holding = (record: Partial<InstanceRecord>) =>
  memoryTable({
    contents: {
      quorum,
      rosters: new Map([
        [
          "broker",
          { role: "broker", members: new Map([[1, { id: 1, owner: I, zone, since: START, served: true, address }]]) },
        ],
      ]),
      records: new Map([
        [I, { instance: I, role: "broker", group: "lab-broker-eu-central-1a", zone, version: 1, ...record }],
      ]),
    },
  });
const READS = /\.(look|read|brokers|listeners|agent)$/;

test("looks as far as the decision needs, and does nothing", async () => {
  const { ports, calls } = world(
    { [I]: "InService" },
    {
      table: holding({ configured: { digest, at: START, times: 1 } }),
      kafka: {
        brokers: async () => kafka({ 1: { registered: { host: address, port: 9092 } } }),
        listeners: async () => new Map(),
        quorum: async () => ({ seen: false, reason: "is not to be asked" }),
        ensemble: async () => ({ seen: false, reason: "is not to be asked" }),
      },
    },
  );
  const { step, notes, failed } = await explain(plan, ports, I);
  expect(step).toMatchObject({ do: "settled", row: "in-service/4" });
  expect({ notes, failed: failed.size }).toEqual({ notes: [], failed: 0 });
  expect(calls).toEqual(["fleet.look", "table.read", "instances.look", "kafka.brokers"]);
  expect(calls.every((call) => READS.test(call))).toBe(true);
});

describe("what would only be written down", () => {
  test("is told, and the decision goes on from it", async () => {
    const { ports, calls } = world(
      { [I]: "InService" },
      {
        table: holding({ configured: { digest, at: START, times: 1 } }),
        kafka: {
          brokers: async () => kafka({ 1: {} }),
          listeners: async () => new Map(),
          quorum: async () => ({ seen: false, reason: "" }),
          ensemble: async () => ({ seen: false, reason: "" }),
        },
      },
    );
    const { step, notes } = await explain(plan, ports, I);
    expect(notes).toMatchObject([{ do: "change", change: { kind: "note", patch: { unregistered: START } } }]);
    expect(step).toMatchObject({ do: "wait", row: "in-service/2" });
    expect(calls.filter((call) => call.startsWith("table."))).toEqual(["table.read"]);
  });

  test("a heartbeat that is due hides nothing of what the instance waits for", async () => {
    const { ports } = world({ [I]: "Pending:Wait" });
    const { step, notes } = await explain(plan, ports, I);
    expect(notes.map((note) => note.row)).toEqual(["launch/begin", "launch/heartbeat"]);
    expect(step).toMatchObject({ do: "change", row: "launch/1", change: { kind: "claim", id: 1 } });
  });
});

test("a look that fails ends it there, with the reason", async () => {
  const { ports } = world(
    { [I]: "InService" },
    {
      table: holding({ configured: { digest, at: START, times: 1 } }),
      instances: {
        look: async () => {
          throw new Error("UnauthorizedOperation");
        },
      },
    },
  );
  const { step, failed } = await explain(plan, ports, I);
  expect(step).toMatchObject({ do: "look", facts: ["ec2"] });
  expect(failed.get("ec2")?.message).toBe("UnauthorizedOperation");
});

test("the quorum, which costs a command on a node, is asked only where that is wanted", async () => {
  const fleet: FleetSight = {
    groups: [
      {
        name: "lab-controller-eu-central-1a",
        desired: 1,
        deleting: false,
        members: [{ instance: I, state: "Terminating:Wait", zone, healthy: true }],
      },
    ],
  };
  const ground = world({});
  const asked: string[] = [];
  const ports = {
    ...ground.ports,
    fleet: { ...ground.ports.fleet, look: async () => fleet },
    table: memoryTable({
      contents: {
        quorum,
        rosters: new Map([
          [
            "controller",
            { role: "controller", members: new Map([[101, { id: 101, owner: I, zone, since: START, served: true }]]) },
          ],
        ]),
        records: new Map([
          [
            I,
            {
              instance: I,
              role: "controller",
              group: "lab-controller-eu-central-1a",
              zone,
              version: 1,
              action: { kind: "terminate", since: START },
              heartbeat: START,
              configured: { digest, at: START - 1, times: 1 },
            },
          ],
        ]),
      },
    }),
    kafka: {
      ...ground.ports.kafka,
      quorum: async (instance: string) => {
        asked.push(instance);
        return { seen: false, reason: "no leader" } as const;
      },
    },
  } as const;
  const unasked = await explain(plan, ports, I);
  expect(unasked.step).toMatchObject({ do: "look", facts: ["quorum"] });
  expect(asked).toEqual([]);
  const { step } = await explain(plan, ports, I, { askQuorum: true });
  expect(asked).toEqual([I]);
  expect(step).toMatchObject({ do: "hold", row: "terminate/2", reason: expect.stringContaining("no leader") });
});

test("a clock behind that of whoever gave it its id sees nothing of before that", async () => {
  const behind = { now: () => START - SKEW, wait: async () => {} };
  const { ports } = world({ [I]: "InService" }, { table: holding({}), clock: behind });
  expect((await explain(plan, ports, I)).facts.now).toBe(START);
});

test("a clock behind that of whoever wrote the record takes nothing that it sees for old", async () => {
  const { ports } = world(
    { [I]: "InService" },
    {
      table: holding({ configured: { digest, at: START + SKEW, times: 1 } }),
      kafka: {
        brokers: async () => kafka({ 1: { registered: { host: address, port: 9092 } } }),
        listeners: async () => new Map(),
        quorum: async () => ({ seen: false, reason: "" }),
        ensemble: async () => ({ seen: false, reason: "" }),
      },
    },
  );
  const { step, facts } = await explain(plan, ports, I);
  expect(step).toMatchObject({ do: "settled", row: "in-service/4" });
  expect(facts.now).toBe(START + SKEW);
});
