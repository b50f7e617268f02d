import { expect, test } from "vitest";
import { awsKafkaView } from "../../shared/aws/kafka.ts";
import type { Commands, KafkaQuestion } from "../../shared/lifecycle/ports.ts";
import type { CommandSight } from "../../shared/lifecycle/sights.ts";
import { type WireAnswer, wiredClients } from "./wire.ts";

const question: KafkaQuestion = { bootstrap: ["10.0.1.7:9092"], quorum: [], asked: "tool", ids: [1], ignoreTopics: [] };
const quorum = {
  leader: 101,
  voters: [{ id: 101, directoryId: "u-1", logEndOffset: 7, lag: 0, caughtUpAgo: 3 }],
  observers: [],
};

/** A clock on which nothing passes but waits. */
function waitingClock() {
  let now = 1000;
  const wait = async (ms: number) => {
    now += ms;
  };
  return { now: () => now, wait };
}

/** A node that takes a command and goes through those sights of it, staying at the last. */
function nodeThat(...sights: (Omit<CommandSight, "detail"> | Error)[]): Commands {
  return {
    agent: async () => ({ state: "online" }),
    send: async ({ action, payload }) => (action === "verify" && payload === "" ? { id: "c-1" } : "unreachable"),
    async look(_instance, { id }) {
      const sight = sights.length > 1 ? sights.shift() : sights[0];
      if (sight instanceof Error || !sight || id !== "c-1")
        throw sight ?? new Error("not asked about the command that was sent");
      return { detail: "detail", ...sight };
    },
  };
}

function viewThat(answer: () => WireAnswer, commands: Commands = nodeThat()) {
  const { clients, asked } = wiredClients(answer);
  const view = awsKafkaView({
    lambda: () => clients.lambda(),
    functionName: "rollcall-lab-kafka",
    commands,
    clock: waitingClock(),
  });
  return { view, asked };
}

const nobody = () => ({ body: "null" });

test("asks the Kafka function, and reads its answer", async () => {
  const sight = { replicas: 0, missing: 0, stop: { safe: true, reason: "r" }, startEmpty: { safe: true, reason: "r" } };
  const { view, asked } = viewThat(() => ({
    body: JSON.stringify({ brokers: { seen: true, clusterId: "c", brokers: [[1, sight]] } }),
  }));

  expect(await view.brokers(question)).toEqual({ seen: true, clusterId: "c", brokers: new Map([[1, sight]]) });
  expect(asked).toEqual([{ action: "Invoke", input: { brokers: question } }]);
});

test.each<[string, WireAnswer, string]>([
  [
    "fails",
    {
      headers: { "x-amz-function-error": "Unhandled" },
      body: '{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}',
    },
    "Task timed out",
  ],
  [
    "does not exist",
    {
      status: 404,
      headers: { "x-amzn-errortype": "ResourceNotFoundException" },
      body: '{"Message":"Function not found"}',
    },
    "could not ask Kafka through rollcall-lab-kafka: ResourceNotFoundException",
  ],
  ["answers something else", { body: '{"brokers":{"seen":"perhaps"}}' }, "cannot read the response"],
  ["answers nothing", { body: "{}" }, "did not answer about brokers"],
])("brokers are unseen, with the reason, where the function %s", async (_what, answer, reason) => {
  const { view } = viewThat(() => answer);

  expect(await view.brokers(question)).toEqual({
    seen: false,
    unasked: true,
    reason: expect.stringContaining(reason),
  });
  expect(await view.ensemble([{ id: 1, server: "10.0.1.10:2181" }])).toMatchObject({ seen: false });
  await expect(view.listeners(["10.0.1.10:9093"])).rejects.toThrow();
});

test("listeners are asked about in one call, and none in none", async () => {
  const { view, asked } = viewThat(() => ({ body: '{"listeners":[["10.0.1.10:9093","refused"]]}' }));

  expect(await view.listeners([])).toEqual(new Map());
  expect(asked).toHaveLength(0);
  expect(await view.listeners(["10.0.1.10:9093"])).toEqual(new Map([["10.0.1.10:9093", "refused"]]));
});

test("an ensemble is asked about through the function, too", async () => {
  const sight = { seen: true, ...quorum };
  const { view, asked } = viewThat(() => ({ body: JSON.stringify({ ensemble: sight }) }));
  const members = [{ id: 1, server: "10.0.1.10:2181" }];

  expect(await view.ensemble(members)).toEqual(sight);
  expect(asked).toEqual([{ action: "Invoke", input: { ensemble: members } }]);
});

test("the quorum is what a node's own tools say, once they have", async () => {
  const answer = { ok: true, action: "verify" as const, quorum };
  const { view } = viewThat(
    nobody,
    nodeThat({ status: "pending" }, { status: "running" }, { status: "success", answer }),
  );

  expect(await view.quorum("i-1")).toEqual({ seen: true, ...quorum });
});

test.each<[string, Commands, string]>([
  ["cannot be reached", { ...nodeThat(), send: async () => "unreachable" }, "i-1 cannot be reached"],
  ["fails", nodeThat({ status: "failed", answer: { ok: false, action: "verify", error: "no leader" } }), "no leader"],
  ["never ends", nodeThat({ status: "running" }), "has not answered within 20 s"],
  ["cannot be looked at", nodeThat(new Error("throttled")), "throttled"],
  ["says nothing of the quorum", nodeThat({ status: "success", answer: { ok: true, action: "verify" } }), "detail"],
])("the quorum is unseen, with the reason, where the command %s", async (_what, commands, reason) => {
  const { view } = viewThat(nobody, commands);

  expect(await view.quorum("i-1")).toEqual({ seen: false, reason: expect.stringContaining(reason) });
});
