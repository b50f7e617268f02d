/** The nodes' own credential is rotated: which generation each is given, and who waits for whom. */
import { describe, expect, test } from "vitest";
import { withGeneration } from "../../shared/cluster/definition.ts";
import { decide } from "../../shared/lifecycle/decide/index.ts";
import { planFor } from "../../shared/lifecycle/plan.ts";
import type { AccessMark, InstanceRecord } from "../../shared/lifecycle/sights.ts";
import { A, at, B, C, changeOf, classic, digestIn, facts, kafka, NOW, type Setting, step } from "./scene.ts";

const raised = (generation: number) => planFor(withGeneration(classic.definition, generation));
const mark = (generation: number): AccessMark => ({
  digest: raised(generation).access()?.digest ?? "",
  at: NOW - 1000,
  versions: {},
  drift: [],
});
const configured = (generation: number): Partial<InstanceRecord> => ({
  configured: {
    digest: digestIn(raised(generation), "broker", 1, A, "10.0.1.50"),
    at: NOW - 900_000,
    times: 1,
  },
});

/** Broker 1, which has the first of these generations, among others that are known to have the rest. */
function serving(declared: number, [own, ...others]: readonly number[], more: Partial<Setting> = {}): Setting {
  const nodes = [own, ...others].map((generation, n) => ({
    instance: `i-${n + 1}`,
    zone: [A, B, C][n] ?? A,
    state: "InService" as const,
    id: n + 1,
    served: true,
    address: `10.0.${n + 1}.50`,
    ...(generation !== undefined && { generation }),
  }));
  return {
    plan: raised(declared),
    nodes,
    record: configured(own ?? 1),
    access: mark(declared),
    ...more,
    seen: {
      kafka: kafka({ 1: at("10.0.1.50"), 2: at("10.0.2.50"), 3: at("10.0.3.50") }),
      agent: { state: "online" },
      ...more.seen,
    },
  };
}

const turn = { role: "broker", id: 1, instance: "i-1", reason: "its configuration has changed" } as const;

describe("a broker in service", () => {
  test("is given the next generation while the others have the one before", () => {
    const digest = digestIn(raised(2), "broker", 1, A, "10.0.1.50");
    expect(changeOf(serving(2, [1, 1, 1], { turn }))).toMatchObject({
      row: "in-service/3",
      action: "configure",
      digest,
    });
  });
  test("declared is the one after next: is given the next, once its users are there", () => {
    const digest = digestIn(raised(2), "broker", 1, A, "10.0.1.50");
    const twice = (generation: number) => serving(3, [1, 1, 1], { turn, access: mark(generation) });
    expect(changeOf(twice(2))).toMatchObject({ row: "in-service/3", action: "configure", digest });
    // Of the users of the last one, nobody here is one any more.
    expect(step(twice(3))).not.toMatchObject({ change: { action: "configure" } });
  });
  test("has the next, and goes no further before everybody has it", () => {
    expect(step(serving(3, [2, 2, 1], { access: mark(2) }))).toMatchObject({
      do: "wait",
      row: "in-service/3",
      reason: "has generation 2 of the credential; the next one waits for broker 3, which may still have 1",
      on: ["table"],
    });
    const digest = digestIn(raised(3), "broker", 1, A, "10.0.1.50");
    expect(changeOf(serving(3, [2, 2, 2], { turn }))).toMatchObject({
      row: "in-service/3",
      action: "configure",
      digest,
    });
  });
  test("waits for one that launches, too, which may have been configured already", () => {
    const setting = serving(3, [2, 2, 1], { access: mark(2) });
    const nodes = setting.nodes.map((node) => (node.id === 3 ? { ...node, state: "Pending:Wait" as const } : node));
    expect(step({ ...setting, nodes })).toMatchObject({ do: "wait", row: "in-service/3" });
  });
  test("not even by force", () => {
    const operator = { wish: "force", since: NOW - 10, reason: "a test" } as const;
    const setting = serving(3, [1, 1, 1], { access: mark(2), record: { ...configured(1), operator }, turn });
    const digest = digestIn(raised(2), "broker", 1, A, "10.0.1.50");
    expect(changeOf(setting)).toMatchObject({ action: "configure", digest });
  });
  test("that has come after says so, before it gives the turn back", () => {
    const noted = { kind: "note-generation", role: "broker", id: 1, generation: 2, row: "in-service/4" };
    const late = serving(2, [1, 2, 2], { turn, record: configured(2) });
    expect(changeOf(late)).toMatchObject({ ...noted, reason: "logs in with generation 2 of the credential" });
    expect(changeOf(serving(2, [2, 2, 2], { turn }))).toMatchObject({ kind: "give-turn" });
    // Nothing but its configuration proves it.
    expect(changeOf(serving(2, [1, 2, 2], { turn }))).toMatchObject({ kind: "send", action: "configure" });
  });
  test("keeps users as the generation has them that nodes are given, not as the last one has them", () => {
    // One after the other has the watch.
    const digests = [0, 120_000, 240_000].flatMap((later) => {
      const stale = { fleet: -later, table: -later, kafka: -later, agent: -later };
      const setting = serving(3, [1, 1, 1], { access: mark(1), stale });
      const answer = decide(raised(3), { ...facts(setting), now: NOW + later });
      return answer.do === "change" && answer.change.kind === "send" ? [answer.change.digest] : [];
    });
    expect(digests).toEqual([mark(2).digest]);
  });
});

test("a launching broker is given the generation that all the others can follow, and is known to have it at least", () => {
  const { nodes, ...setting } = serving(3, [1, 1, 1]);
  const newcomer = { instance: "i-9", zone: A, state: "Pending:Wait" as const };
  const record = { action: { kind: "launch", since: NOW - 400 }, heartbeat: NOW } as const;
  const claiming: Setting = { ...setting, record, nodes: [newcomer, ...nodes.slice(1)] };
  expect(changeOf(claiming)).toMatchObject({ kind: "claim", generation: 2 });
  const digest = digestIn(raised(2), "broker", 1, A, "10.0.1.99");
  const claimed: Setting = { ...claiming, nodes: [{ ...newcomer, id: 1, generation: 2 }, ...nodes.slice(1)] };
  expect(changeOf({ ...claimed, seen: { agent: { state: "online", address: "10.0.1.99" } } })).toMatchObject({
    row: "launch/7",
    action: "configure",
    digest,
  });
});

test("a ZooKeeper member logs in nowhere: it is not waited for, and waits for nobody", () => {
  const voters = [1, 2, 3].map((id) => ({ id, directoryId: "", logEndOffset: 1, lag: 0, caughtUpAgo: 0 }));
  const setting = serving(3, [1, 1, 1], {
    role: "zookeeper",
    record: {
      configured: { digest: digestIn(raised(3), "zookeeper", 1, A, "10.0.1.50"), at: NOW - 900_000, times: 1 },
    },
    seen: { quorum: { seen: true, leader: 1, voters, observers: [] } },
  });
  expect(step(setting)).toMatchObject({ do: "settled" });
  const newcomer: Setting = {
    ...setting,
    record: { action: { kind: "launch", since: NOW - 400 }, heartbeat: NOW },
    nodes: [{ instance: "i-9", zone: A, state: "Pending:Wait" }],
  };
  expect(changeOf(newcomer)).toMatchObject({ kind: "claim" });
  expect(changeOf(newcomer)).not.toHaveProperty("generation");
});
