import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterUncleanShutdown,
  elected,
  type Partition,
  withIsrMember,
  withoutBroker,
} from "../../lab/machines/modelled-partition.ts";

const healthy: Partition = {
  topic: "orders",
  index: 0,
  replicas: [1, 2, 3],
  minIsr: 2,
  leader: 1,
  isr: [1, 2, 3],
  elr: [],
};
const anyone = () => true;
const among = (ids: readonly number[]) => (id: number) => ids.includes(id);

describe("a broker leaves", () => {
  test("its partitions go to the next replica in sync", () => {
    const next = elected(withoutBroker(healthy, 1, true), among([2, 3]));
    expect([next.leader, next.isr]).toEqual([2, [2, 3]]);
  });

  test("with ELR, who leaves an ISR that falls under its minimum stays eligible, and no longer once it is refilled", () => {
    const two = withoutBroker(withoutBroker(healthy, 3, true), 2, true);
    expect([two.isr, two.elr]).toEqual([[1], [2]]);
    const none = withoutBroker(two, 1, true);
    expect([none.leader, none.isr, none.elr, none.lastKnownLeader]).toEqual([-1, [], [1, 2], 1]);
    const back = elected(none, among([2]));
    expect([back.leader, back.isr, back.elr]).toEqual([2, [2], [1]]);
    expect(withIsrMember(back, 3, true).elr).toEqual([]);
  });

  test("the eligible have to wait while anyone is in the ISR", () => {
    const waiting = { ...healthy, leader: -1, isr: [1], elr: [2] };
    expect(elected(waiting, among([2, 3])).leader).toBe(-1);
  });

  test("without ELR, the last ISR member is never removed, and nobody else leads", () => {
    const one = [2, 3, 1].reduce((partition, id) => withoutBroker(partition, id, false), healthy);
    expect([one.leader, one.isr]).toEqual([-1, [1]]);
    expect(elected(one, among([2, 3])).leader).toBe(-1);
    expect(elected(one, anyone).leader).toBe(1);
  });
});

describe("a broker comes back after an unclean shutdown", () => {
  test("with ELR it is not eligible any more", () => {
    const none = [3, 2, 1].reduce((partition, id) => withoutBroker(partition, id, true), healthy);
    const next = elected(afterUncleanShutdown(none, 1, true), among([1]));
    expect([next.leader, next.elr]).toEqual([-1, [2]]);
  });

  test("with ISR and ELR both empty, the last known leader leads, whatever it has", () => {
    const none = [3, 2, 1].reduce((partition, id) => withoutBroker(partition, id, true), healthy);
    const empty = [1, 2].reduce((partition, id) => afterUncleanShutdown(partition, id, true), none);
    expect(elected(empty, among([2, 3])).leader).toBe(-1);
    const next = elected(empty, among([1, 2, 3]));
    expect([next.leader, next.isr, next.lastKnownLeader]).toEqual([1, [1], undefined]);
  });

  test("without ELR the controller does not know", () => {
    expect(afterUncleanShutdown(healthy, 2, false)).toEqual(healthy);
  });
});

test("whatever comes and goes: the leader is in the ISR and acceptable, ISR and ELR are replicas and share none", () => {
  const event = fc.record({ kind: fc.constantFrom("leave", "return", "unclean"), id: fc.constantFrom(1, 2, 3) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, elr) => {
      let partition = healthy;
      const present = new Set([1, 2, 3]);
      for (const { kind, id } of events) {
        if (kind === "leave") {
          present.delete(id);
          partition = withoutBroker(partition, id, elr);
        } else if (!present.has(id)) {
          present.add(id);
          if (kind === "unclean") partition = afterUncleanShutdown(partition, id, elr);
        } else if (partition.leader !== -1) {
          partition = withIsrMember(partition, id, elr);
        }
        partition = elected(partition, among([...present]));
        if (partition.leader !== -1) {
          expect(present).toContain(partition.leader);
          expect(partition.isr).toContain(partition.leader);
        }
        expect(partition.elr.filter((member) => partition.isr.includes(member))).toEqual([]);
        for (const member of [...partition.isr, ...partition.elr]) expect(partition.replicas).toContain(member);
        if (!elr) expect(partition.isr.length).toBeGreaterThan(0);
      }
    }),
  );
});
