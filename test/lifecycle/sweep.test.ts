/** A whole cluster on ZooKeeper, swept: what is asked once for all, and how users and ACLs come to be as declared. */
import { expect, test } from "vitest";
import { roleOf } from "../../shared/cluster/definition.ts";
import type { Ports } from "../../shared/lifecycle/ports.ts";
import type {
  AccessAnswer,
  CommandSight,
  FleetSight,
  InstanceRecord,
  LifecycleState,
} from "../../shared/lifecycle/sights.ts";
import { sweep } from "../../shared/lifecycle/sweep.ts";
import { memoryTable } from "../../shared/members/memory.ts";
import { A, at, B, C, classic, digestIn, groupName, kafka, markOf, NOW, quorumOf } from "./scene.ts";

const zones = [A, B, C];
const NOTHING: AccessAnswer = { created: [], changed: [], removed: [], versions: {} };

/** Three members and three brokers in service, all well; the clock stands still but for what a test lets pass. */
function world(did: () => AccessAnswer = () => NOTHING, first: LifecycleState = "InService") {
  let now = NOW;
  const calls: string[] = [];
  const nodes = (["zookeeper", "broker"] as const).flatMap((role) =>
    zones.map((zone, n) => {
      const address =
        role === "broker" ? `10.0.${n + 1}.50` : (roleOf(classic.definition, role).pool?.[n]?.address ?? "");
      return { role, zone, address, id: n + 1, instance: `i-${role}-${n + 1}` };
    }),
  );
  const fleet: FleetSight = {
    groups: nodes.map(({ role, zone, instance }) => ({
      name: groupName(role, zone, classic.definition),
      desired: 1,
      deleting: false,
      members: [{ instance, state: instance === "i-broker-1" ? first : "InService", zone, healthy: true }],
    })),
  };
  const record = ({ role, zone, id, address, instance }: (typeof nodes)[number]): InstanceRecord => ({
    instance,
    role,
    group: groupName(role, zone, classic.definition),
    zone,
    address,
    configured: { digest: digestIn(classic, role, id, zone, address), at: NOW - 900_000, times: 1 },
    version: 1,
  });
  const rosters = (["zookeeper", "broker"] as const).map((role) => {
    const members = nodes.filter((node) => node.role === role);
    const roster = members.map(
      ({ id, zone, address, instance }) =>
        [id, { id, zone, address, owner: instance, since: 1, served: true }] as const,
    );
    return [role, { role, members: new Map(roster) }] as const;
  });
  const table = memoryTable({
    contents: {
      rosters: new Map(rosters),
      records: new Map(nodes.map((node) => [node.instance, record(node)])),
      quorum: markOf(classic),
    },
  });
  const never = (what: string) => async (): Promise<never> => {
    throw new Error(`${what} is not to be called here`);
  };
  const ports: Ports = {
    clock: { now: () => now, wait: never("wait") },
    fleet: {
      look: async () => fleet,
      async complete({ instance }, result) {
        calls.push(`complete ${instance} ${result}`);
        return "done";
      },
      heartbeat: async () => "done",
      markUnhealthy: never("markUnhealthy"),
    },
    instances: { look: async (asked) => new Map(asked.map((id) => [id, "running" as const])) },
    addresses: {
      look: never("address"),
      attach: never("attach"),
      detach: never("detach"),
      keepOnTermination: never("keepOnTermination"),
    },
    commands: {
      agent: async () => ({ state: "online" }),
      async send({ instance, action }) {
        calls.push(`send ${action} ${instance}`);
        return { id: "c-1" };
      },
      look: async (_instance, { sent }): Promise<CommandSight> =>
        sent === now
          ? { status: "running", detail: "" }
          : { status: "success", detail: "", answer: { ok: true, action: "access", access: did() } },
    },
    table,
    kafka: {
      async brokers({ quorum, asked }) {
        calls.push(`brokers ${asked} ${quorum.length}`);
        return kafka({ 1: at("10.0.1.50"), 2: at("10.0.2.50"), 3: at("10.0.3.50") });
      },
      async ensemble(members) {
        calls.push(`ensemble ${members.map(({ server }) => server).join(" ")}`);
        return quorumOf({ 1: 0, 2: 0, 3: 0 }, [], 2);
      },
      listeners: never("listeners"),
      quorum: never("quorum"),
    },
    ids: { kafkaUuid: () => "AAAAAAAAAAAAAAAAAAAAAA" },
    log: { info() {}, warn: (message) => void calls.push(`warn ${message}`) },
  };
  const pass = async (ms: number) => {
    now += ms;
    const before = calls.length;
    const report = await sweep(classic, ports, { deadline: now + 60_000 });
    expect(report.failures).toEqual([]);
    return { ...report, calls: calls.slice(before) };
  };
  return { pass, table };
}

test("the ensemble is asked once for all of its members, and through nobody's node", async () => {
  const { pass, table } = world();
  await table.saveAccess({ digest: classic.access()?.digest ?? "", at: NOW, versions: {}, drift: [] });
  const { calls, outcomes } = await pass(0);
  expect(calls).toEqual(["brokers words 3", "ensemble 10.0.1.10:2181 10.0.2.10:2181 10.0.3.10:2181"]);
  expect(outcomes.map(({ outcome, row }) => `${outcome} ${row}`)).toEqual(Array(6).fill("settled in-service/4"));
});

test("users and ACLs are applied by one broker, compared again in time, and drift is measured and warned of", async () => {
  let answer: AccessAnswer = { ...NOTHING, created: ["user orders-app"], versions: { "orders-app": "v1" } };
  const { pass, table } = world(() => answer);
  const sent = (calls: readonly string[]) => calls.filter((call) => call.startsWith("send"));
  const { access: period } = classic.definition.periods;

  const first = await pass(0);
  expect(sent(first.calls)).toHaveLength(1);
  expect(first.gauges.access).toBeUndefined();
  expect(sent((await pass(1000)).calls)).toEqual([]);
  expect((await table.readAll()).access).toMatchObject({ at: NOW + 1000, drift: [], versions: { "orders-app": "v1" } });
  expect((await pass(1000)).gauges.access).toEqual({ drift: 0, age: 1000 });

  answer = { ...NOTHING, removed: ["user stranger"], versions: { "orders-app": "v1" } };
  expect(sent((await pass(period)).calls)).toHaveLength(1);
  const { calls } = await pass(1000);
  expect(calls).toContain("warn users and ACLs put right: removed user stranger");
  expect((await pass(1000)).gauges.access).toEqual({ drift: 1, age: 1000 });
});

test("a launching broker is told what the others said, since the sweep knows where each of them is", async () => {
  const { pass, table } = world(() => NOTHING, "Pending:Wait");
  await table.saveAccess({ digest: classic.access()?.digest ?? "", at: NOW, versions: {}, drift: [] });
  const { calls } = await pass(0);
  expect(calls.filter((call) => call.startsWith("brokers"))).toHaveLength(1);
  expect(calls).toContain("complete i-broker-1 CONTINUE");
});

test("who is held counts as held also while an invocation stays with it", async () => {
  const { pass, table } = world(() => NOTHING, "Terminating:Wait");
  await table.saveAccess({ digest: classic.access()?.digest ?? "", at: NOW, versions: {}, drift: [] });
  const record = (await table.read("i-broker-1")).record;
  if (!record) throw new Error("broker 1 has a record");
  const since = { kind: "terminate", since: NOW } as const;
  const attended = await table.save({ ...record, action: since, heartbeat: NOW, attended: NOW + 30_000 });
  if (attended === "changed") throw new Error("nobody else writes here");
  expect((await pass(0)).outcomes).toContainEqual(
    expect.objectContaining({ instance: "i-broker-1", outcome: "settled", row: "state/attended" }),
  );
  await table.save({ ...attended, hold: { reason: "stopping broker 1 is not safe", since: NOW } });
  expect((await pass(0)).outcomes).toContainEqual(
    expect.objectContaining({ instance: "i-broker-1", outcome: "held", reason: "stopping broker 1 is not safe" }),
  );
});
