import { describe, expect, test } from "vitest";
import type { Definition } from "../../shared/cluster/definition.ts";
import { gaugesOf } from "../../shared/lifecycle/gauges.ts";
import type { TableContents } from "../../shared/lifecycle/ports.ts";
import type { FleetSight, InstanceRecord, LifecycleState, RosterMember } from "../../shared/lifecycle/sights.ts";
import { definition } from "../definition.ts";
import { classic } from "./scene.ts";

const NOW = 1_000_000;
const [controllers, brokers] = ["lab-controller-eu-central-1a", "lab-broker-eu-central-1a"] as const;

function fleet(name: string, desired: number, states: Readonly<Record<string, LifecycleState>>, deleting = false) {
  const members = Object.entries(states).map(([instance, state]) => ({ instance, state, zone: "a", healthy: true }));
  return { groups: [{ name, desired, members, deleting }] } satisfies FleetSight;
}

const record = (instance: string, more: Partial<InstanceRecord>): [string, InstanceRecord] => [
  instance,
  { instance, role: "broker", group: brokers, zone: "a", version: 1, ...more },
];

const contents = (...records: [string, InstanceRecord][]): TableContents => ({
  rosters: new Map(),
  records: new Map(records),
});

describe("gauges", () => {
  test("a whole cluster misses nothing, and waits for nothing", () => {
    const whole = gaugesOf(definition, fleet(brokers, 2, { i1: "InService", i2: "InService" }), contents(), NOW);
    expect(whole).toMatchObject({ missing: 0, longestLaunch: 0, longestAbsence: 0 });
  });

  test("what is desired and not in service is missing, whether it launches or not", () => {
    const launching = fleet(brokers, 3, { i1: "InService", i2: "Pending:Wait" });
    expect(gaugesOf(definition, launching, contents(), NOW).missing).toBe(2);
  });

  test("an instance in service that Kafka does not count in is missing too, since when it is", () => {
    const absent = contents(record("i1", { unregistered: NOW - 5000 }), record("i2", { unregistered: NOW - 7000 }));
    expect(gaugesOf(definition, fleet(brokers, 2, { i1: "InService", i2: "InService" }), absent, NOW)).toMatchObject({
      missing: 2,
      longestAbsence: 7000,
    });
  });

  test("one of which something else is written is not absent", () => {
    const noted = contents(record("i1", { heartbeat: NOW - 5000 }));
    expect(gaugesOf(definition, fleet(brokers, 1, { i1: "InService" }), noted, NOW)).toMatchObject({
      missing: 0,
      longestAbsence: 0,
    });
  });

  test("an instance that leaves is absent on purpose", () => {
    const leaving = contents(record("i1", { unregistered: NOW - 5000 }));
    const gauges = gaugesOf(definition, fleet(brokers, 0, { i1: "Terminating:Wait" }), leaving, NOW);
    expect(gauges).toMatchObject({ missing: 0, longestAbsence: 0 });
  });

  test("the longest launch counts from when it was first seen, and only until the instance is in service", () => {
    const launches = contents(
      record("i1", { action: { kind: "launch", since: NOW - 9000 } }),
      record("i2", { action: { kind: "launch", since: NOW - 4000 } }),
      record("i3", { action: { kind: "terminate", since: NOW - 20_000 } }),
    );
    const states = { i1: "InService", i2: "Pending:Wait", i3: "Terminating:Wait" } as const;
    expect(gaugesOf(definition, fleet(brokers, 2, states), launches, NOW).longestLaunch).toBe(4000);
  });

  test.each<LifecycleState>(["Standby", "Pending", "Terminating", "Terminating:Wait", "Detaching"])(
    "what is %s launches no more, though nothing else has been written of it yet",
    (state) => {
      const launched = contents(record("i1", { action: { kind: "launch", since: NOW - 9000 } }));
      expect(gaugesOf(definition, fleet(brokers, 1, { i1: state }), launched, NOW).longestLaunch).toBe(0);
      expect(gaugesOf(definition, fleet(brokers, 1, {}), launched, NOW).longestLaunch).toBe(0);
    },
  );

  test("nothing of a group that is being deleted is missing, nor of one that is another's", () => {
    expect(gaugesOf(definition, fleet(brokers, 2, {}, true), contents(), NOW).missing).toBe(0);
    expect(gaugesOf(definition, fleet("web", 2, {}), contents(), NOW).missing).toBe(0);
    expect(gaugesOf(definition, fleet(controllers, 1, {}), contents(), NOW).missing).toBe(1);
  });

  test("users and ACLs count where somebody is asked who he is, once they have been applied", () => {
    const access = { digest: "d", at: NOW - 3000, versions: {}, drift: ["removed user x", "created user y"] };
    const { security } = classic.definition;
    if (!security) throw new Error("clusters/zookeeper.yml declares no security");
    const none = { groups: [] };
    const gauges = (of: Definition, more: Partial<TableContents>) =>
      gaugesOf(of, none, { ...contents(), ...more }, NOW);
    expect(gauges({ ...definition, security }, { access }).access).toEqual({ drift: 2, age: 3000 });
    expect(gauges({ ...definition, security }, {})).not.toHaveProperty("access");
    expect(gauges(definition, { access })).not.toHaveProperty("access");
  });

  test("ids are free that nobody holds: fresh ones and vacant ones", () => {
    const member = (id: number, owner?: string): [number, RosterMember] => [
      id,
      { id, zone: "a", since: 0, served: true, ...(owner && { owner }) },
    ];
    const members = new Map([member(1, "i1"), member(2), member(3, "i3")]);
    const rosters = new Map([["broker", { role: "broker", members }]] as const);
    const { freeIds } = gaugesOf(definition, { groups: [] }, { rosters, records: new Map() }, NOW);
    expect([...freeIds]).toEqual([
      ["controller", 3],
      ["broker", 98],
    ]);
  });
});
