/** What each look asks of its port, read off the facts that are there. */
import { describe, expect, test } from "vitest";
import type { FactName, Facts, Plan } from "../../shared/lifecycle/facts.ts";
import { brokerQuestion, lookAt, lookAtListeners, quorumAsked, quorumMembers } from "../../shared/lifecycle/look.ts";
import type { SentCommand } from "../../shared/lifecycle/sights.ts";
import { portsOf } from "./ports.ts";
import { A, B, C, classic, definition, facts, NOW, plan, type Setting } from "./scene.ts";

const ME = "i-1";
const broker: Setting = {
  nodes: [
    { instance: ME, zone: A, state: "Pending:Wait", id: 1 },
    { instance: "i-2", zone: B, state: "InService", id: 2, served: true, address: "10.0.2.50" },
    { instance: "i-3", zone: C, state: "InService", id: 3, address: "10.0.3.50" },
  ],
  vacant: [{ id: 4, zone: C, served: true, address: "10.0.3.51" }],
};
const controller: Setting = {
  role: "controller",
  nodes: [
    { instance: ME, zone: A, state: "Pending:Wait", id: 101 },
    { instance: "i-2", zone: B, state: "InService", id: 102 },
  ],
  vacant: [{ id: 103, zone: C }],
};
const command: SentCommand = { action: "stop", digest: "", attempt: 1, sent: NOW };

async function looked(
  name: FactName,
  seen: Facts,
  answers: Record<string, unknown>,
  cluster: Plan = plan,
  via?: string,
) {
  const { ports, calls } = portsOf({ by: answers });
  return { value: await lookAt(name, cluster, ports, seen, via), calls };
}

test("the fleet is looked at as a whole", async () => {
  const fleet = { groups: [] };
  expect((await looked("fleet", facts(broker), { "fleet.look": fleet })).value).toBe(fleet);
});

test("the table is read for that instance", async () => {
  const { value } = await looked("table", facts(broker), {});
  expect(value).toMatchObject({ rosters: expect.any(Map) });
});

describe("EC2", () => {
  test("says how that instance is", async () => {
    const { value, calls } = await looked("ec2", facts(broker), {
      "instances.look": new Map([[ME, "stopping"]]),
    });
    expect(value).toBe("stopping");
    expect(calls).toEqual([{ name: "instances.look", given: [[ME]] }]);
  });
  test("does not know one that it does not answer about", async () => {
    expect((await looked("ec2", facts(broker), { "instances.look": new Map() })).value).toBe("unknown");
  });
});

test("an agent is asked about by its instance", async () => {
  const { value, calls } = await looked("agent", facts(broker), { "commands.agent": { state: "lost" } });
  expect(value).toEqual({ state: "lost" });
  expect(calls).toEqual([{ name: "commands.agent", given: [ME] }]);
});

describe("a command", () => {
  test("is the one that the record names", async () => {
    const sight = { status: "running", detail: "" };
    const { value, calls } = await looked("command", facts({ ...broker, record: { command } }), {
      "commands.look": sight,
    });
    expect(value).toBe(sight);
    expect(calls).toEqual([{ name: "commands.look", given: [ME, command] }]);
  });
  test.each([
    ["no record", broker],
    ["a record without one", { ...broker, record: {} }],
  ])("was never sent where there is %s", async (_, setting) => {
    expect(await looked("command", facts(setting), {})).toEqual({
      value: { status: "unsent", detail: "no command in its record" },
      calls: [],
    });
  });
  test("cannot be looked at before the table", async () => {
    const { table: _, ...seen } = facts(broker);
    await expect(looked("command", seen, {})).rejects.toThrow(
      "decide asked for a fact that rests on the table before the table",
    );
  });
});

describe("the address", () => {
  const sight = { address: "10.0.1.10", eni: "eni-1", zone: A };
  test("is the one of the id that it holds", async () => {
    const { value, calls } = await looked("address", facts(controller), { "addresses.look": sight });
    expect(value).toBe(sight);
    expect(calls).toEqual([
      { name: "addresses.look", given: [definition.roles.find(({ name }) => name === "controller"), "10.0.1.10"] },
    ]);
    const other = await looked("address", { ...facts(controller), instance: "i-2" }, { "addresses.look": sight });
    expect(other.calls[0]?.given[1]).toBe("10.0.2.10");
  });
  test("has no interface in this cluster", async () => {
    expect((await looked("address", facts(controller), { "addresses.look": undefined })).value).toBeNull();
  });
  test.each([
    ["a role that has none", broker],
    [
      "an id beyond the pool",
      { ...controller, nodes: [{ instance: ME, zone: A, state: "InService" as const, id: 109 }] },
    ],
  ])("is not looked for: %s", async (_, setting) => {
    expect(await looked("address", facts(setting), {})).toEqual({ value: null, calls: [] });
  });
  const bare = facts(controller);
  test("is looked for though no group lists the instance", async () => {
    const aside = facts({ ...controller, nodes: [{ instance: ME, zone: A, id: 101 }] });
    expect((await looked("address", aside, { "addresses.look": sight })).value).toBe(sight);
  });
  test.each([
    ["that holds no id", { ...bare, instance: "i-9" }],
    [
      "that its group lists without an id",
      facts({ ...controller, nodes: [{ instance: ME, zone: A, state: "InService" }] }),
    ],
    ["of a role without a roster", { ...bare, table: { at: NOW, value: { rosters: new Map() } } }],
  ])("of an instance %s is never asked for", async (_, seen) => {
    await expect(looked("address", seen, {})).rejects.toThrow(
      "decide asked for the address of an instance that holds no id",
    );
  });
});

describe("the quorum", () => {
  const sight = { seen: false, reason: "a test" };
  test("of KRaft is asked through a node: the one that is meant, or itself", async () => {
    const answers = { "kafka.quorum": sight };
    expect(await looked("quorum", facts(controller), answers)).toEqual({
      value: sight,
      calls: [{ name: "kafka.quorum", given: [ME] }],
    });
    const other = await looked("quorum", facts(controller), answers, plan, "i-2");
    expect(other.calls).toEqual([{ name: "kafka.quorum", given: ["i-2"] }]);
  });
  test("of ZooKeeper is asked member by member", async () => {
    const seen = facts({
      plan: classic,
      role: "zookeeper",
      nodes: [{ instance: ME, zone: A, state: "InService", id: 1 }],
    });
    const { calls } = await looked("quorum", seen, { "kafka.ensemble": sight }, classic);
    expect(calls).toEqual([
      {
        name: "kafka.ensemble",
        given: [[1, 2, 3].map((id) => ({ id, server: `10.0.${id}.10:2181` }))],
      },
    ]);
  });
  test("is a quorum's kind of role", () => {
    expect(quorumAsked(definition)).toBe("tool");
    expect(quorumAsked(classic.definition)).toBe("words");
    expect(() =>
      quorumAsked({ ...definition, roles: definition.roles.filter(({ name }) => name === "broker") }),
    ).toThrow("cluster lab has no quorum");
  });
  test("without a pool has no members to ask", () => {
    const roles = definition.roles.map(({ pool: _, ...role }) => role);
    expect(quorumMembers({ ...definition, roles })).toEqual([]);
  });
});

describe("Kafka", () => {
  const question = (setting: Setting, seen: Partial<Facts> = {}) => {
    const all = { ...facts(setting), ...seen };
    if (!all.table) throw new Error("no table");
    return brokerQuestion(plan, all.table.value, all);
  };
  const online = { agent: { at: NOW, value: { state: "online" as const, address: "10.0.1.51" } } };

  test("is asked about every id, through who was in service, and through the node itself", () => {
    expect(question({ ...broker, record: { address: "10.0.1.50" } })).toEqual({
      quorum: [],
      asked: "tool",
      bootstrap: ["10.0.2.50:9092", "10.0.1.50:9092"],
      ids: [1, 2, 3, 4],
      ignoreTopics: definition.safety.ignoreTopics,
    });
  });
  test("is asked as that", async () => {
    const sight = { seen: false, reason: "a test" };
    const { value, calls } = await looked("kafka", facts(broker), { "kafka.brokers": sight });
    expect(value).toBe(sight);
    expect(calls).toEqual([{ name: "kafka.brokers", given: [question(broker)] }]);
  });
  test("the node's address is that of its record, or its agent's", () => {
    const own = (record: Setting["record"], seen: Partial<Facts> = {}) =>
      question({ ...broker, ...(record && { record }) }, seen).bootstrap.slice(1);
    expect(own({ address: "10.0.1.50" }, online)).toEqual(["10.0.1.50:9092"]);
    expect(own({}, online)).toEqual(["10.0.1.51:9092"]);
    expect(own({})).toEqual([]);
    expect(own(undefined, online)).toEqual([]);
  });
  test("no quorum's node is taken for a broker", () => {
    expect(question({ ...broker, record: { role: "controller", address: "10.0.1.10" } }).bootstrap).toEqual([
      "10.0.2.50:9092",
    ]);
  });
  test("the roster's word on the node itself is left out: it may be its former incarnation's", () => {
    const nodes = broker.nodes.map((node) => ({ ...node, served: true, address: `10.0.9.${node.id}` }));
    expect(question({ ...broker, nodes, record: {} }).bootstrap).toEqual(["10.0.9.2:9092", "10.0.9.3:9092"]);
  });
  test("one in service whose address the roster does not know yet is not asked", () => {
    const nodes = [...broker.nodes, { instance: "i-5", zone: A, id: 5, served: true }];
    expect(question({ ...broker, nodes }).bootstrap).toEqual(["10.0.2.50:9092"]);
  });
  test("the quorum's members are those that ever held an id", () => {
    expect(question(controller).quorum).toEqual(["10.0.1.10:9093", "10.0.2.10:9093", "10.0.3.10:9093"]);
    expect(question({ ...controller, vacant: [] }).quorum).toEqual(["10.0.1.10:9093", "10.0.2.10:9093"]);
    expect(question(controller)).toMatchObject({ bootstrap: [], ids: [] });
  });
  test("nobody in particular may ask", () => {
    const { table } = facts({ ...broker, record: { address: "10.0.1.50" } });
    if (!table) throw new Error("no table");
    expect(brokerQuestion(plan, table.value).bootstrap).toEqual(["10.0.2.50:9092"]);
    expect(brokerQuestion(plan, { rosters: new Map() })).toMatchObject({ bootstrap: [], quorum: [], ids: [] });
  });
});

describe("the quorum's ports", () => {
  const table = facts(controller).table?.value ?? { rosters: new Map() };
  test("are tried where somebody holds the id, and answered by id", async () => {
    const { ports, calls } = portsOf({ by: { "kafka.listeners": new Map([["10.0.2.10:9093", "refused"]]) } });
    expect(await lookAtListeners(plan, ports, table)).toEqual(new Map([[102, "refused"]]));
    expect(calls).toEqual([{ name: "kafka.listeners", given: [["10.0.1.10:9093", "10.0.2.10:9093"]] }]);
  });
  test("are a fact like any other", async () => {
    const answers = { "kafka.listeners": new Map([["10.0.1.10:9093", "listening"]]) };
    expect((await looked("listeners", facts(controller), answers)).value).toEqual(new Map([[101, "listening"]]));
  });
  test("are nobody's where nobody has an id yet", async () => {
    const { ports, calls } = portsOf({ by: { "kafka.listeners": new Map() } });
    expect(await lookAtListeners(plan, ports, { rosters: new Map() })).toEqual(new Map());
    expect(calls).toEqual([{ name: "kafka.listeners", given: [[]] }]);
  });
  test.each([
    ["an error", new Error("function throttled")],
    ["anything else", "function throttled"],
  ])("that cannot be probed are unknown, and said to be: %s", async (_, thrown) => {
    const { ports, said } = portsOf({
      by: {
        "kafka.listeners": () => {
          throw thrown;
        },
      },
    });
    expect(await lookAtListeners(plan, ports, table)).toEqual(new Map());
    expect(said).toEqual([{ level: "warn", message: "the quorum cannot be probed: function throttled", detail: {} }]);
  });
});
